from __future__ import annotations

import dataclasses

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.weight_costs import bytes_per_weight
from cutwise.costs.workload import Workload
from tests.core.costs.formula_calls import graph, op

NORM = graph(
    op("x", "input", shape=(1, 6)),
    op("fc", "linear", "x", (1, 10), weights={"w": (10, 6), "b": (10,)}),
    op(
        "bn",
        "batch_norm",
        "fc",
        (1, 10),
        weights={"gamma": (10,), "beta": (10,)},
        buffers={"mean": (10,), "var": (10,)},
    ),
)
TIED = graph(
    op("ids", "input", shape=(1, 4), dtype="int64"),
    op("wte", "embedding", "ids", (1, 4, 8), weights={"table": (100, 8)}),
    op("head", "linear", "wte", (1, 4, 100), weights={"table": (100, 8)}, in_features=8),
)


@pytest.mark.parametrize(
    ("dtype", "size"),
    [("fp32", 4), ("bf16", 2), ("fp16", 2), ("int8", 1), ("int4", 0.53125), ("nf4", 0.53125)],
)
def test_weight_in_four_bits_carries_its_share_of_a_scale(dtype: str, size: float):
    """0.5 B + 2 B / 64 = 0.53125 B."""
    assert bytes_per_weight(dtype) == size


def test_weights_are_held_in_the_workloads_number_format():
    """70 weights: 280 B in fp32, 140 B in bf16."""
    for dtype, expected in (("fp32", 280), ("bf16", 140)):
        assert price(NORM, Workload(weights_dtype=dtype)).row("fc").weight_bytes == expected


@pytest.mark.parametrize(("dtype", "fc"), [("nf4", 51.875), ("int4", 51.875), ("int8", 80)])
def test_only_matrices_of_dense_ops_are_quantised(dtype: str, fc: float):
    """fc: 60 weights x 0.53125 B = 31.875 B (int8: 60 B) and 10 biases x 2 B; norm 20 x 2 B."""
    cost = price(NORM, Workload(mode="inference", weights_dtype=dtype))
    assert cost.weight_bytes.tolist() == [0, fc, 40]


def test_table_of_an_embedding_is_not_quantised_even_where_the_output_layer_shares_it():
    """800 x 2 B; a matrix of its own 800 x 0.53125 B = 425 B."""
    own = graph(*TIED.ops[:2], op("head", "linear", "wte", (1, 4, 100), weights={"w": (100, 8)}))
    workload = Workload(mode="inference", weights_dtype="nf4")
    assert price(TIED, workload).weight_bytes.tolist() == [0, 1_600, 0]
    assert price(own, workload).weight_bytes.tolist() == [0, 1_600, 425]


def test_trained_weights_are_held_in_the_compute_format_and_frozen_ones_quantised():
    """70 trained weights x 2 B; frozen: 60 x 1 B + 10 x 2 B."""
    workload = Workload(weights_dtype="int8", compute_dtype="bf16", optimizer="adam")
    row = price(NORM, workload).row("fc")
    assert (row.weight_bytes, row.trainable_bytes, row.weight_gradient_bytes) == (140, 140, 140)
    assert row.optimizer_bytes == 70 * 2 * 4
    frozen = price(NORM, dataclasses.replace(workload, frozen=("fc",))).row("fc")
    assert (frozen.weight_bytes, frozen.trainable_bytes) == (80, 0)


def test_master_weights_are_an_fp32_copy_of_trained_weights_in_16_bit():
    """70 bf16 weights: Adam 70 x 2 x 4 = 560 B and a copy of 70 x 4 = 280 B; none of fp32 weights."""
    adam = Workload(weights_dtype="bf16", optimizer="adam", master_weights=True)
    assert price(NORM, adam).row("fc").optimizer_bytes == 840
    assert price(NORM, dataclasses.replace(adam, weights_dtype="fp32")).row("fc").optimizer_bytes == 560
    assert price(NORM, dataclasses.replace(adam, frozen=("fc",))).row("fc").optimizer_bytes == 0


def test_buffers_are_apart_from_weights_and_keep_their_own_format():
    """20 statistics of 4 B, whatever the weights."""
    row = price(NORM, Workload(weights_dtype="bf16")).row("bn")
    assert (row.weight_bytes, row.buffer_bytes) == (40, 80)


def test_running_statistics_are_exchanged_with_the_trained_parameters():
    """20 parameters x 4 B + 20 statistics x 4 B = 160 B."""
    row = price(NORM, Workload()).row("bn")
    assert (row.trainable_bytes, row.exchanged_bytes) == (80, 160)


def test_frozen_op_trains_and_exchanges_nothing_but_keeps_its_weights():
    row = price(NORM, Workload(frozen=("bn",))).row("bn")
    assert (row.weight_bytes, row.trainable_bytes, row.exchanged_bytes, row.optimizer_bytes) == (80, 0, 0, 0)


@pytest.mark.parametrize(("optimizer", "state"), [("sgd", 0), ("sgd_momentum", 280), ("adam", 560)])
def test_optimizer_keeps_its_own_copies_of_each_trained_parameter(optimizer: str, state: int):
    """70 parameters x 4 B x 0, 1 or 2 states."""
    assert price(NORM, Workload(optimizer=optimizer)).row("fc").optimizer_bytes == state


def test_mixed_precision_keeps_gradients_in_compute_and_states_in_optimizer_format():
    """70 bf16 weights: gradients 70 x 2 = 140 B; Adam 70 x 2 x 4 = 560 B."""
    row = price(NORM, Workload(weights_dtype="bf16", optimizer="adam")).row("fc")
    assert (row.weight_gradient_bytes, row.optimizer_bytes) == (140, 560)


def test_inference_holds_weights_and_buffers_only():
    row = price(NORM, Workload(mode="inference", optimizer="adam")).row("bn")
    assert (row.weight_bytes, row.buffer_bytes) == (80, 80)
    assert row.trainable_bytes == row.exchanged_bytes == row.weight_gradient_bytes == row.optimizer_bytes == 0


def test_tied_weight_is_charged_to_its_first_reader_once():
    """800 x 4 B = 3 200 B."""
    cost = price(TIED, Workload())
    assert cost.weight_bytes.tolist() == [0, 3_200, 0]
    assert cost.trainable_bytes.tolist() == [0, 3_200, 0]
    assert cost.parameters == cost.trainable_parameters == 800


def test_untied_weight_is_charged_to_each_reader():
    cost = price(TIED, Workload(tied_weights="untied"))
    assert cost.weight_bytes.tolist() == [0, 3_200, 3_200]
    assert cost.trainable_parameters == 1_600


@pytest.mark.parametrize("workload", [{"mode": "inference"}, {"frozen": ("wte", "head")}], ids=str)
def test_a_weight_that_nothing_trains_is_one_even_where_trained_ones_are_untied(workload: dict):
    cost = price(TIED, Workload(tied_weights="untied", **workload))
    assert cost.weight_bytes.tolist() == [0, 3_200, 0]
    assert cost.parameters == 800


def test_second_reader_of_a_tied_weight_still_works_out_its_gradient():
    """4 tokens x 100 x 8 = 3 200 multiply-adds = 6 400 FLOP."""
    assert price(TIED, Workload()).row("head").backward_weight_flops == 6_400


def test_weight_frozen_at_its_second_reader_is_not_trained_at_its_first():
    assert price(TIED, Workload(frozen=("head",))).trainable_bytes.sum() == 0


def test_weight_frozen_at_one_untied_reader_trains_at_the_other():
    cost = price(TIED, Workload(frozen=("wte",), tied_weights="untied"))
    assert cost.trainable_bytes.tolist() == [0, 0, 3_200]
