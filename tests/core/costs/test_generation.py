"""What generating text costs, worked out by hand for a decoder of 16 features and 4 heads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.costs.generation.steps import Roof, Step, Steps, steps_s
from cutwise.costs.generation.token_axis import token_axis
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.config_file import from_config, regenerate
from cutwise.problem.pricing import priced

SIZES: dict[str, Any] = {
    "model_type": "llama", "hidden_size": 16, "intermediate_size": 40, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 50, "tie_word_embeddings": False,
    "max_position_embeddings": 64,
}  # fmt: skip
BLOCK = 4 * 16 * 16 + 3 * 16 * 40 + 2 * 16
"""Weights of a layer with as many key heads as query heads, its two norms included."""


def decoder(**changes: Any) -> ModelGraph:
    return from_config(SIZES | changes, {"sequence": 8}, name="tiny")


def generating(graph: ModelGraph, prompt: int, new: int, **changes: Any) -> GraphCost:
    work = Workload(mode="inference", batch_size=3, prompt_tokens=prompt, new_tokens=new)
    return priced(graph, replace(work, **changes))


def steps_of(cost: GraphCost) -> Steps:
    assert cost.generation is not None
    return cost.generation.steps


@pytest.mark.parametrize(
    ("kv_heads", "per_token"), [(4, 2 * 4 * 4 * 4), (2, 2 * 2 * 4 * 4), (1, 2 * 1 * 4 * 4)]
)
def test_keys_and_values_are_counted_by_kind_of_attention(kv_heads: int, per_token: int) -> None:
    """Multi-head, grouped and multi-query: 2 x heads x 4 wide x 4 bytes, two layers, 3 samples, 15 tokens."""
    cost = generating(decoder(num_key_value_heads=kv_heads), 10, 5)
    (prompt, tokens) = steps_of(cost).steps
    assert prompt.first_bytes.sum() == 2 * 10 * per_token
    assert tokens.count == 5
    assert (tokens.first_bytes.sum(), tokens.last_bytes.sum()) == (2 * 10 * per_token, 2 * 14 * per_token)
    assert cost.buffer_bytes.sum() == 3 * 2 * 15 * per_token
    held = {cost.graph.ops[i].kind for i in np.flatnonzero(cost.buffer_bytes)}
    assert held == {"attention"}


def test_keys_and_values_of_heads_that_were_copied_are_counted_once() -> None:
    """A capped attention is written out, with keys and values copied for every query head."""
    family = {"model_type": "gemma2", "query_pre_attn_scalar": 4, "head_dim": 4, "num_key_value_heads": 2}
    graph = decoder(**family, sliding_window=4, attn_logit_softcapping=50.0, final_logit_softcapping=30.0)
    axis = token_axis(graph)
    assert axis is not None
    assert [one.elements for one in axis.attentions] == [2 * 2 * 4] * 2
    assert sorted(one.window for one in axis.attentions) == [4, np.inf]


def test_a_window_ends_what_a_token_reads() -> None:
    """Window 12: of contexts 10 to 16 three are below or at it, the other four read 12 tokens each."""
    cost = generating(decoder(model_type="mistral", sliding_window=12), 10, 7)
    _, before, after = steps_of(cost).steps
    a_token = 2 * 2 * 4 * 4 * 4
    assert (before.count, before.first_bytes.sum(), before.last_bytes.sum()) == (
        3,
        10 * a_token,
        12 * a_token,
    )
    assert (after.count, after.first_bytes.sum(), after.last_bytes.sum()) == (4, 12 * a_token, 12 * a_token)
    assert cost.buffer_bytes.sum() == 3 * 12 * a_token


@pytest.mark.parametrize("tied", [True, False])
def test_a_step_reads_all_weights_but_the_table_of_words(tied: bool) -> None:
    """Two layers, the last norm and the output layer, whether it shares the table or not; 4 bytes each."""
    cost = generating(decoder(tie_word_embeddings=tied), 4, 1)
    assert steps_of(cost).weight_bytes.sum() == 4 * (2 * BLOCK + 16 + 50 * 16)
    assert steps_of(cost).layers.sum() == 2


def test_flops_of_a_prompt_and_of_a_token() -> None:
    """2 a weight and token; attention 4 x 4 heads x 4 wide a pair: half of 10 x 10, 10 for a new token.

    The output layer scores one token of the prompt.
    """
    cost = generating(decoder(), 10, 1)
    dense = {op.id: 2.0 * sum(w.elements for w in op.weights) for op in cost.graph.ops if op.kind == "linear"}
    prompt, token = steps_of(cost).steps
    for at, op in enumerate(cost.graph.ops):
        if op.id == "lm_head":
            assert (prompt.first_flops[at], token.first_flops[at]) == (2 * 800, 2 * 800)
        elif op.kind == "linear":
            assert (prompt.first_flops[at], token.first_flops[at]) == (10 * dense[op.id], dense[op.id])
        elif op.kind == "attention":
            assert (prompt.first_flops[at], token.first_flops[at]) == (64 * 10 * 10 / 2, 64 * 10)


def test_what_crosses_and_what_is_held() -> None:
    """16 numbers of a residual stream for 10 tokens of the prompt and 5 new ones; words for the prompt."""
    cost = generating(decoder(), 10, 5)
    index = cost.graph.index
    assert cost.output_bytes[index["layers/0/mlp/add"]] == 15 * 16 * 4
    assert cost.output_bytes[index["input_ids"]] == 10 * 8
    assert cost.output_bytes[index["norm"]] == (1 + 5) * 16 * 4
    assert cost.transient_bytes[index["layers/0/mlp/gate_proj"]] == 10 * 40 * 4
    assert cost.transient_bytes[index["lm_head"]] == 50 * 4


def by_loop_s(side: Steps, batch: float, roof: Roof) -> float:
    total = 0.0
    for step in side.steps:
        for i in range(step.count):
            part = i / (step.count - 1) if step.count > 1 else 0.0
            flops = float((step.first_flops + part * (step.last_flops - step.first_flops))[0])
            cached = float((step.first_bytes + part * (step.last_bytes - step.first_bytes))[0])
            reading = (float(side.weight_bytes[0]) + batch * cached) / float(roof.bytes_per_s)
            total += max(batch * flops / float(roof.flops_per_s), reading)
            total += float(side.layers[0]) * float(roof.layer_s)
    return total


@pytest.mark.parametrize("seed", range(40))
def test_the_sum_over_tokens_is_exact_wherever_the_two_bounds_cross(seed: int) -> None:
    draw = np.random.default_rng(seed)
    steps = tuple(
        Step(
            count=int(draw.integers(1, 9)),
            **{
                name: draw.uniform(0, 10, 1)
                for name in ("first_flops", "last_flops", "first_bytes", "last_bytes")
            },
        )
        for _ in range(3)
    )
    steps = tuple(
        replace(s, last_flops=s.first_flops, last_bytes=s.first_bytes) if s.count == 1 else s for s in steps
    )
    side = Steps(weight_bytes=draw.uniform(0, 10, 1), layers=draw.uniform(0, 3, 1), steps=steps)
    roof = Roof(flops_per_s=2.0, bytes_per_s=3.0, layer_s=0.25)
    assert float(np.ravel(steps_s(side, 2.0, roof))[0]) == pytest.approx(
        by_loop_s(side, 2.0, roof), rel=1e-12
    )
    for ratio in (0.0, 0.3, 1.0):
        mixed = steps_s(side, 2.0, replace(roof, mix=(ratio,) * 3))
        assert float(np.ravel(mixed)[0]) <= by_loop_s(side, 2.0, roof) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("name", "says"),
    [("resnet18", "generates no text"), ("vit_b16", "generates no text"), ("unet", "generates no text")],
)
def test_a_model_without_text_is_refused_in_a_sentence(name: str, says: str) -> None:
    graph = cutwise.load_model(f"sample:{name}")
    with pytest.raises(ScenarioError, match=says) as error:
        priced(graph, Workload(mode="inference", new_tokens=4))
    assert error.value.mistakes[0].startswith("workload.new_tokens: ")


def test_an_encoder_generates_no_text() -> None:
    sizes = {
        key: SIZES[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size")
    }
    family = {"model_type": "bert", "architectures": ["BertForMaskedLM"], "type_vocab_size": 2}
    graph = from_config(family | sizes | {"num_attention_heads": 4, "max_position_embeddings": 64}, {})
    assert token_axis(graph) is None


def test_tokens_beyond_the_model_s_length_are_refused() -> None:
    with pytest.raises(ScenarioError, match=r"workload\.prompt_tokens: .*this model takes 1 to 64 tokens"):
        generating(decoder(), 60, 5)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"new_tokens": 4, "micro_batches": 2}, "micro_batches: new tokens follow one another"),
        ({"new_tokens": 0, "prompt_tokens": 0}, "both 0"),
    ],
)
def test_tokens_that_make_no_sense_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        Workload(mode="inference", **changes)


def test_what_is_generated_within_a_window_does_not_depend_on_the_length_a_model_was_read_at() -> None:
    graph = decoder(model_type="mistral", sliding_window=4)
    short, long = (
        generating(regenerate(graph, sequence=tokens), 10, 7, attention="flash") for tokens in (4, 16)
    )
    assert short.forward_flops.sum() == pytest.approx(long.forward_flops.sum())
    assert generating(graph, 10, 7).forward_flops.sum() == pytest.approx(long.forward_flops.sum())


def test_a_model_that_is_trained_generates_nothing() -> None:
    with pytest.raises(ScenarioError, match='set mode = "inference"'):
        priced(decoder(), Workload(new_tokens=4))


def test_the_shipped_gpt2_generates_though_its_attention_is_written_out() -> None:
    """2 x 12 heads x 64 wide in each of 12 layers."""
    axis = token_axis(cutwise.load_model("sample:gpt2"))
    assert axis is not None
    assert [one.elements for one in axis.attentions] == [2 * 768] * 12
    assert axis.tokens == 128


def test_formats_of_gguf_files_hold_every_matrix_and_the_output_layer_in_its_own() -> None:
    """4.83 bits a weight of the layers and the table, 6.56 of the output layer; norms in 16 bit."""
    cost = priced(decoder(), Workload(mode="inference", weights_dtype="q4_k_m"))
    matrices, norms = 2 * (BLOCK - 32), 2 * 32 + 16
    bits = 4.83 * (matrices + 50 * 16) + 6.56 * 50 * 16 + 16 * norms
    assert cost.weight_bytes.sum() == pytest.approx(bits / 8)
