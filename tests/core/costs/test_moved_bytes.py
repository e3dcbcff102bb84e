"""Bytes that ops move, weights that they read and kernels that they start, against sums by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight


def graph(batch: int = 1) -> ModelGraph:
    """An image of 3 x 8 x 8, a convolution to 4 channels, an activation, a flattening, a layer to 10."""
    image, maps = TensorSpec(shape=(batch, 3, 8, 8)), TensorSpec(shape=(batch, 4, 8, 8))
    flat, scores = TensorSpec(shape=(batch, 256)), TensorSpec(shape=(batch, 10))
    return ModelGraph(
        name="small",
        ops=(
            Op(id="x", kind="input", output=image),
            Op(id="conv", kind="conv2d", inputs=("x",), output=maps,
               weights=(Weight(id="k", shape=(4, 3, 3, 3)),)),
            Op(id="relu", kind="relu", inputs=("conv",), output=maps),
            Op(id="flat", kind="flatten", inputs=("relu",), output=flat),
            Op(id="fc", kind="linear", inputs=("flat",), output=scores,
               weights=(Weight(id="w", shape=(10, 256)),)),
        ),
        batch_size=batch,
    )  # fmt: skip


def columns(cost: GraphCost, name: str) -> list[float]:
    return np.asarray(getattr(cost, name)).tolist()


@pytest.mark.parametrize("batch", [1, 4])
def test_an_op_moves_its_inputs_and_its_output_and_a_view_moves_nothing(batch: int) -> None:
    """192 numbers in, 256 out of the convolution, 256 through the activation, 256 to 10: 4 bytes each."""
    cost = price(graph(batch), Workload())
    assert columns(cost, "moved_bytes") == [0, 4 * (192 + 256), 4 * (256 + 256), 0, 4 * (256 + 10)]
    assert columns(cost, "read_bytes") == [0, 4 * 108, 0, 0, 4 * 2560]
    assert columns(cost, "launches") == [0, 1, 1, 0, 1]


def test_a_backward_pass_moves_all_twice_but_once_where_no_input_needs_a_gradient() -> None:
    cost = price(graph(), Workload())
    assert columns(cost, "backward_moved_bytes") == [0, 4 * 448, 2 * 4 * 512, 0, 2 * 4 * 266]
    assert columns(cost, "backward_read_bytes") == [0, 4 * 108, 0, 0, 2 * 4 * 2560]
    assert columns(cost, "backward_launches") == [0, 1, 2, 0, 2]


def test_inference_moves_nothing_backward() -> None:
    cost = price(graph(), Workload(mode="inference"))
    for name in ("backward_moved_bytes", "backward_read_bytes", "backward_launches"):
        assert not any(columns(cost, name))


def test_a_frozen_layer_passes_its_gradient_on_and_makes_none_of_its_own() -> None:
    """The convolution trains: the frozen layer behind it is passed once, not twice."""
    cost = price(graph(), Workload(frozen=("fc",)))
    assert columns(cost, "backward_moved_bytes")[-1] == 4 * 266
    assert columns(cost, "backward_launches")[-1] == 1


def test_half_precision_moves_half() -> None:
    full, half = price(graph(), Workload()), price(graph(), Workload(weights_dtype="fp16"))
    moved = np.array([192, 0, 0, 0, 0])  # the image stays as it is
    assert columns(half, "read_bytes") == [0, 2 * 108, 0, 0, 2 * 2560]
    assert columns(half, "moved_bytes")[2] == columns(full, "moved_bytes")[2] / 2
    assert columns(half, "moved_bytes")[1] == 4 * moved[0] + 2 * 256


def test_a_lookup_reads_the_rows_that_it_picks_not_the_table() -> None:
    ids, rows = TensorSpec(shape=(1, 5), dtype="int64"), TensorSpec(shape=(1, 5, 16))
    words = ModelGraph(
        name="words",
        ops=(
            Op(id="ids", kind="input", output=ids),
            Op(id="table", kind="embedding", inputs=("ids",), output=rows,
               weights=(Weight(id="e", shape=(1000, 16)),)),
        ),
    )  # fmt: skip
    cost = price(words, Workload(mode="inference"))
    assert columns(cost, "moved_bytes") == [0, 5 * 8 + 2 * 4 * 80]
    assert columns(cost, "read_bytes") == [0, 0]


def written_out() -> ModelGraph:
    """Two heads of width 4 over 6 tokens: scores, probabilities, their sum of values."""
    heads, scores = TensorSpec(shape=(1, 2, 6, 4)), TensorSpec(shape=(1, 2, 6, 6))
    keys = TensorSpec(shape=(1, 2, 4, 6))
    return ModelGraph(
        name="attention",
        ops=(
            Op(id="q", kind="input", output=heads),
            Op(id="k", kind="input", output=keys),
            Op(id="v", kind="input", output=heads),
            Op(id="s", kind="matmul", inputs=("q", "k"), output=scores),
            Op(id="p", kind="softmax", inputs=("s",), output=scores),
            Op(id="c", kind="matmul", inputs=("p", "v"), output=heads),
        ),
    )


def test_a_fused_attention_never_moves_its_scores() -> None:
    """Queries, keys, values and the result are 48 numbers each; the scores are 72."""
    fused = price(written_out(), Workload(mode="inference"))
    eager = price(written_out(), Workload(mode="inference", attention="eager"))
    assert columns(fused, "moved_bytes")[3:] == [4 * 96, 0, 4 * 96]
    assert columns(fused, "launches")[3:] == [0, 0, 1]
    assert columns(eager, "moved_bytes")[3:] == [4 * (96 + 72), 4 * 144, 4 * (72 + 96)]
    assert columns(eager, "launches")[3:] == [1, 1, 1]


def test_ops_that_state_bytes_move_them_and_measured_ones_move_nothing() -> None:
    figures = {"output_bytes": 100.0, "weight_bytes": 40.0, "forward_flops": 1e6}
    ops = (
        Op(id="x", kind="input", output=TensorSpec(shape=(1, 5))),
        Op(id="a", kind="custom", inputs=("x",), figures=figures),
        Op(id="b", kind="custom", inputs=("a",), figures={**figures, "device_forward_s": 0.1}),
    )
    cost = price(ModelGraph(name="stated", ops=ops), Workload(mode="inference"))
    assert columns(cost, "moved_bytes") == [0, 20 + 100, 0]
    assert columns(cost, "read_bytes") == [0, 40, 0]
    assert columns(cost, "launches") == [0, 1, 0]


def test_what_checkpointing_runs_again_moves_its_bytes_again() -> None:
    layered = replace(
        graph(),
        ops=tuple(
            replace(op, block=f"layers/{0 if op.id in ('conv', 'relu') else 1}") if op.kind != "input" else op
            for op in graph().ops
        ),
    )
    plain = price(layered, Workload())
    again = price(layered, Workload(checkpointing="blocks"))
    gained = again.backward_moved_bytes - plain.backward_moved_bytes
    assert gained.tolist() == plain.moved_bytes.tolist()
