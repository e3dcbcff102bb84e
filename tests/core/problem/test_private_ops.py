"""What privacy keeps on the device, rule by rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.costs.cut_sums import crossing_ops
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.pricing import priced
from cutwise.problem.private_ops import private_ops, with_ancestors
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import LayerDepth, Privacy, Scenario
from tests.conftest import Load


def op(name: str, inputs: str = "", kind: str = "custom", weights: float = 0) -> dict[str, Any]:
    return {
        "id": name, "inputs": inputs.split(), "kind": kind, "forward_flops": 1, "output_bytes": 1,
        "weight_bytes": weights,
    }  # fmt: skip


def kept(graph: ModelGraph, rule: Any) -> set[str]:
    mask = private_ops(priced(graph, Workload()), rule)
    return {graph.ops[i].id for i in np.flatnonzero(mask)}


@pytest.fixture
def deep(load_ops: Load) -> ModelGraph:
    """x -> scale -> w1 -> act -> w2 -> w3 -> out, weights in the w ops."""
    return load_ops(
        [
            op("x", kind="input"), op("scale", "x"), op("w1", "scale", weights=4), op("act", "w1"),
            op("w2", "act", weights=4), op("w3", "w2", weights=4), op("out", "w3"),
        ]
    )  # fmt: skip


def test_raw_allowed_keeps_the_inputs_only(deep: ModelGraph) -> None:
    assert kept(deep, "raw_allowed") == {"x"}


def test_first_layer_keeps_all_up_to_the_first_op_with_weights(deep: ModelGraph) -> None:
    assert kept(deep, "first_layer") == {"x", "scale", "w1"}


def test_two_layers_go_up_to_the_second_op_with_weights(deep: ModelGraph) -> None:
    assert kept(deep, LayerDepth(layers=1)) == kept(deep, "first_layer")
    assert kept(deep, LayerDepth(layers=2)) == {"x", "scale", "w1", "act", "w2"}


def test_more_layers_than_there_are_keep_everything(deep: ModelGraph) -> None:
    assert kept(deep, LayerDepth(layers=99)) == {o.id for o in deep.ops}


def test_named_ops_stay_with_all_they_depend_on_and_the_inputs(deep: ModelGraph) -> None:
    assert kept(deep, ("act",)) == {"x", "scale", "w1", "act"}
    assert kept(deep, ()) == {"x"}


def test_every_unknown_op_is_named_and_inspect_is_pointed_to(deep: ModelGraph) -> None:
    with pytest.raises(ScenarioError, match="inspect") as caught:
        kept(deep, ("conv9", "w1", "conv8"))
    assert len(caught.value.mistakes) == 2
    assert "privacy.keep_on_device: toy has no op 'conv9'" in str(caught.value)


def test_the_rule_holds_on_every_path(load_ops: Load) -> None:
    """Both branches keep their own first layer; the merge reads only what is one layer deep."""
    graph = load_ops(
        [
            op("x", kind="input"), op("a1", "x", weights=1), op("a2", "a1", weights=1),
            op("b0", "x"), op("b1", "b0", weights=1), op("sum", "a2 b1"),
        ]
    )  # fmt: skip
    assert kept(graph, "first_layer") == {"x", "a1", "b0", "b1"}


def test_a_residual_from_the_input_carries_raw_data_past_the_first_layer(load_ops: Load) -> None:
    """x goes around w1 into the sum; on that path the next op with weights is the first."""
    graph = load_ops(
        [op("x", kind="input"), op("w1", "x", weights=1), op("sum", "x w1"), op("act", "sum"),
         op("w2", "act", weights=1), op("w3", "w2", weights=1)]
    )  # fmt: skip
    assert kept(graph, "first_layer") == {"x", "w1", "sum", "act", "w2"}


def test_every_input_has_a_first_layer_of_its_own(load_ops: Load) -> None:
    graph = load_ops(
        [op("x", kind="input"), op("y", kind="input"), op("fx", "x", weights=1), op("fy", "y", weights=1),
         op("dot", "fx fy"), op("head", "dot", weights=1)]
    )  # fmt: skip
    assert kept(graph, "first_layer") == {"x", "y", "fx", "fy"}


def test_without_weights_the_first_op_after_each_input_stays(load_ops: Load) -> None:
    graph = load_ops([op("x", kind="input"), op("a", "x"), op("b", "a"), op("c", "x b")])
    assert kept(graph, "first_layer") == {"x", "a", "b", "c"}
    chain = load_ops([op("x", kind="input"), op("a", "x"), op("b", "a")])
    assert kept(chain, "first_layer") == {"x", "a"}


def test_an_op_that_trains_has_weights_whatever_it_says_of_their_bytes(load_ops: Load) -> None:
    trained = {**op("a", "x"), "trainable_bytes": 4}
    graph = load_ops([op("x", kind="input"), trained, op("b", "a", weights=1)])
    assert kept(graph, "first_layer") == {"x", "a"}


def test_constants_reveal_nothing_and_stay_only_where_needed(load_ops: Load) -> None:
    graph = load_ops(
        [op("mask", kind="constant"), op("x", kind="input"), op("w1", "x", weights=1), op("far", "mask w1")]
    )
    assert kept(graph, "first_layer") == {"x", "w1"}
    assert kept(graph, ("far",)) == {"mask", "x", "w1", "far"}


def transformer(load_ops: Load, *, attention: str = "softmax", blocks: int = 2) -> ModelGraph:
    """ids -> lookup -> (q, k -> attention -> out + residual) -> (up -> down + residual) -> …"""
    ops = [op("ids", kind="input"), op("lookup", "ids", "embedding", weights=9)]
    stream = "lookup"
    for b in range(blocks):
        ops += [
            op(f"q{b}", stream, "linear", weights=1), op(f"k{b}", stream, "linear", weights=1),
            op(f"att{b}", f"q{b} k{b}", attention), op(f"out{b}", f"att{b}", "linear", weights=1),
            op(f"res{b}", f"{stream} out{b}", "add"), op(f"up{b}", f"res{b}", "linear", weights=1),
            op(f"down{b}", f"up{b}", "linear", weights=1), op(f"end{b}", f"res{b} down{b}", "add"),
        ]  # fmt: skip
        stream = f"end{b}"
    return load_ops([*ops, op("head", stream, "linear", weights=9)])


@pytest.mark.parametrize("attention", ["softmax", "attention"])
def test_behind_a_lookup_the_first_layer_is_the_first_attention_block(load_ops: Load, attention: str) -> None:
    """The residual sum too: it carries the looked-up rows of a table that the server knows."""
    graph = transformer(load_ops, attention=attention)
    assert kept(graph, "first_layer") == {"ids", "lookup", "q0", "k0", "att0", "out0", "res0"}


def test_behind_a_lookup_layers_count_attention_blocks(load_ops: Load) -> None:
    second = kept(transformer(load_ops), LayerDepth(layers=2))
    assert {"res1", "out1", "end0"} <= second
    assert not {"up1", "end1", "head"} & second


def test_a_lookup_without_attention_is_an_op_like_any_other(load_ops: Load) -> None:
    graph = load_ops(
        [op("ids", kind="input"), op("table", "ids", "embedding", weights=9), op("mean", "table"),
         op("fc", "mean", "linear", weights=1)]
    )  # fmt: skip
    assert kept(graph, "first_layer") == {"ids", "table"}


def test_gpt2_never_sends_its_embedding_after_the_first_attention_block() -> None:
    graph = cutwise.load_model("sample:gpt2")
    for depth in (1, 2, 5):
        scenario = Scenario(
            workload=Workload(tied_weights="untied"), privacy=Privacy(keep_on_device=LayerDepth(layers=depth))
        )
        problem = build_problem(graph, scenario)
        crossing = [graph.ops[i].id for i in np.flatnonzero(crossing_ops(problem.cost, problem.pinned)[0])]
        assert crossing == [f"h/{depth - 1}/attention/add"]


@pytest.mark.parametrize("merged", [False, True])
def test_adapters_make_no_layer_of_their_own(merged: bool) -> None:
    graph = cutwise.load_model("sample:gpt2")
    for depth in (1, 3):
        workload = Workload(tied_weights="untied", tuning=Lora(targets=("all_linear",), merged=merged))
        scenario = Scenario(workload=workload, privacy=Privacy(keep_on_device=LayerDepth(layers=depth)))
        problem = build_problem(graph, scenario)
        names = [one.id for one in problem.cost.graph.ops]
        crossing = [names[i] for i in np.flatnonzero(crossing_ops(problem.cost, problem.pinned)[0])]
        assert crossing == [f"h/{depth - 1}/attention/add"]


def test_the_first_layer_of_an_adapted_model_is_the_whole_adapted_layer() -> None:
    graph = cutwise.load_model("sample:vgg16")
    tuned = Scenario(workload=Workload(tuning=Lora(targets=("all_linear",))))
    plain, adapted = build_problem(graph, Scenario()), build_problem(graph, tuned)
    for depth in range(1, 16):
        rule = LayerDepth(layers=depth)
        last = {
            problem.cost.graph.ops[np.flatnonzero(private_ops(problem.cost, rule))[-1]].id
            for problem in (plain, adapted)
        }
        assert len(last) == 1, last


@pytest.mark.parametrize("sample", cutwise.samples())
def test_the_private_part_of_every_sample_is_closed_and_holds_the_inputs(sample: str) -> None:
    graph = cutwise.load_model(f"sample:{sample}")
    cost = priced(graph, Workload())
    mask = private_ops(cost, "first_layer")
    assert np.array_equal(with_ancestors(graph, mask), mask)
    assert mask[cost.is_input].all()
    assert mask.sum() > cost.is_input.sum()
    deeper = private_ops(cost, LayerDepth(layers=2))
    assert deeper[mask].all()
