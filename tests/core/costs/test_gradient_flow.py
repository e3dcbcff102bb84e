from __future__ import annotations

import pytest

from cutwise.costs.gradient_flow import gradient_flow
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from tests.core.costs.formula_calls import graph, op, stated

LAYERS = graph(
    op("x", "input", shape=(1, 4)),
    op("stem", "linear", "x", (1, 4), weights={"w0": (4, 4)}, block="stem"),
    op("a", "linear", "stem", (1, 4), weights={"w1": (4, 4)}, block="layer1/0/conv"),
    op("b", "linear", "a", (1, 4), weights={"w2": (4, 4)}, block="layer1/1"),
    op("c", "linear", "b", (1, 4), weights={"w3": (4, 4)}, block="layer10"),
)
TIED = graph(
    op("ids", "input", shape=(1, 4), dtype="int64"),
    op("wte", "embedding", "ids", (1, 4, 2), weights={"table": (9, 2)}),
    op("head", "linear", "wte", (1, 4, 9), weights={"table": (9, 2)}),
)


def named(model, flags) -> set[str]:
    return {op.id for op, flag in zip(model.ops, flags, strict=True) if flag}


def test_op_needs_a_gradient_if_it_or_an_ancestor_trains():
    flow = gradient_flow(
        graph(
            op("x", "input", shape=(1, 4)),
            op("norm", "mul", "x", (1, 4)),
            op("a", "linear", "norm", (1, 4), weights={"w": (4, 4)}),
            op("b", "relu", "a", (1, 4)),
        ),
        Workload(),
    )
    assert list(flow.trains) == [False, False, True, False]
    assert list(flow.needs_grad) == [False, False, True, True]


def test_whole_numbers_pass_no_gradient_on():
    model = graph(
        op("x", "input", shape=(1, 4)),
        op("a", "linear", "x", (1, 4), weights={"w": (4, 4)}),
        op("top", "other:ArgMax", "a", (1,), dtype="int64"),
        op("again", "cast", "top", (1,)),
    )
    assert named(model, gradient_flow(model, Workload()).needs_grad) == {"a"}


def test_a_gradient_stops_where_the_model_says_and_nothing_trains_there():
    """b runs without gradients: it trains nothing, and a gets none through it but by the other way, c."""
    model = graph(
        op("x", "input", shape=(1, 4)),
        op("a", "linear", "x", (1, 4), weights={"w": (4, 4)}),
        op("b", "linear", "a", (1, 4), weights={"v": (4, 4)}, stops_gradient=True),
        op("d", "relu", "b", (1, 4)),
        op("c", "linear", "a", (1, 4), weights={"u": (4, 4)}),
    )
    flow = gradient_flow(model, Workload())
    assert named(model, flow.trains) == {"a", "c"}
    assert named(model, flow.needs_grad) == {"a", "c"}
    assert flow.trained[2] == frozenset()


def test_nobody_trains_in_inference():
    flow = gradient_flow(LAYERS, Workload(mode="inference"))
    assert not any((*flow.trains, *flow.needs_grad, *flow.silenced))


@pytest.mark.parametrize(
    ("pattern", "frozen"),
    [
        ("a", {"a"}),
        ("layer1/*", {"a", "b"}),
        ("layer1", {"a", "b"}),
        ("layer1/0", {"a"}),
        ("layer*", {"a", "b", "c"}),
        ("*", {"x", "stem", "a", "b", "c"}),
    ],
)
def test_pattern_names_an_op_or_a_block_and_all_inside_it(pattern: str, frozen: set[str]):
    assert named(LAYERS, gradient_flow(LAYERS, Workload(frozen=(pattern,))).frozen) == frozen


def test_every_pattern_that_matches_nothing_is_reported():
    with pytest.raises(ScenarioError) as caught:
        gradient_flow(LAYERS, Workload(frozen=("layr1/*", "stem", "tail")))
    assert len(caught.value.mistakes) == 2
    assert "workload.frozen: 'layr1/*' matches no op and no block of toy" in str(caught.value)


def test_gradient_stops_at_the_first_trained_op_above_a_frozen_stem():
    flow = gradient_flow(LAYERS, Workload(frozen=("stem", "layer1")))
    assert named(LAYERS, flow.needs_grad) == {"c"}
    assert named(LAYERS, flow.silenced) == {"stem", "a", "b"}


def test_frozen_op_behind_a_trained_one_still_passes_the_gradient():
    flow = gradient_flow(LAYERS, Workload(frozen=("b",)))
    assert named(LAYERS, flow.trains) == {"stem", "a", "c"}
    assert named(LAYERS, flow.needs_grad) == {"stem", "a", "b", "c"}


def test_shared_weight_is_frozen_with_any_of_its_readers():
    assert named(TIED, gradient_flow(TIED, Workload(frozen=("head",))).trains) == set()


def test_untied_weight_is_frozen_reader_by_reader():
    workload = Workload(frozen=("head",), tied_weights="untied")
    assert named(TIED, gradient_flow(TIED, workload).trains) == {"wte"}


def test_integer_tables_and_buffers_are_not_trained():
    model = graph(
        op("x", "input", shape=(1, 2)),
        op("norm", "batch_norm", "x", (1, 2), buffers={"mean": (2,), "var": (2,)}),
    )
    assert named(model, gradient_flow(model, Workload()).trains) == set()


def test_op_that_states_trainable_bytes_trains():
    model = graph(
        stated("x", kind="input", output_bytes=8), stated("a", "x", trainable_bytes=4), stated("b", "a")
    )
    assert named(model, gradient_flow(model, Workload()).needs_grad) == {"a", "b"}


def test_later_output_of_a_trained_op_needs_a_gradient_as_well():
    """The final state of a first recurrent layer: its weights are listed with output 0."""
    model = graph(
        op("x", "input", shape=(7, 1, 3)),
        op("l", "lstm", "x", (7, 1, 2), weights={"W": (1, 8, 3), "R": (1, 8, 2)}),
        op("l:1", "lstm", "x", (1, 1, 2), output_index=1),
    )
    assert named(model, gradient_flow(model, Workload()).needs_grad) == {"l", "l:1"}
