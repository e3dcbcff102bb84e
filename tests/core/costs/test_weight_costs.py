from __future__ import annotations

import dataclasses

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.options.quantisation import Quantisation
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
    [("fp32", 4), ("bf16", 2), ("fp16", 2), ("int8", 1), ("int4", 0.51953125), ("nf4", 0.5625)],
)
def test_weight_in_four_bits_carries_its_share_of_a_scale(dtype: str, size: float):
    """nf4 in blocks of 64 with fp32 scales: 0.5 B + 4 B / 64; int4 in groups of 128 with a scale of 2 B and a
    zero point of 4 bit: 0.5 B + 2.5 B / 128."""
    assert bytes_per_weight(dtype) == size


def test_scales_may_be_quantised_themselves_or_stand_for_more_weights():
    """One byte for 64 weights and 4 B for 256 such scales; 2 B for 32 weights."""
    assert bytes_per_weight("nf4", Quantisation(scales="double")) == 0.5 + 1 / 64 + 4 / (64 * 256)
    assert bytes_per_weight("nf4", Quantisation(scales="fp16", block=32)) == 0.5 + 2 / 32


def test_weights_are_held_in_the_workloads_number_format():
    """70 weights: 280 B in fp32, 140 B in bf16."""
    for dtype, expected in (("fp32", 280), ("bf16", 140)):
        assert price(NORM, Workload(weights_dtype=dtype)).row("fc").weight_bytes == expected


@pytest.mark.parametrize(("dtype", "fc"), [("nf4", 53.75), ("int4", 51.171875), ("int8", 80)])
def test_only_matrices_of_dense_ops_are_quantised(dtype: str, fc: float):
    """fc: 60 weights x 0.5625 B = 33.75 B (int4 31.171875, int8 60) and 10 biases x 2 B; norm 20 x 2 B."""
    cost = price(NORM, Workload(mode="inference", weights_dtype=dtype))
    assert cost.weight_bytes.tolist() == [0, fc, 40]


def test_table_of_an_embedding_is_not_quantised_even_where_the_output_layer_shares_it():
    """800 x 2 B; a matrix of its own 800 x 0.5625 B = 450 B, where the head is quantised at all."""
    own = graph(*TIED.ops[:2], op("head", "linear", "wte", (1, 4, 100), weights={"w": (100, 8)}))
    workload = Workload(mode="inference", weights_dtype="nf4")
    assert price(TIED, workload).weight_bytes.tolist() == [0, 1_600, 0]
    assert price(own, workload).weight_bytes.tolist() == [0, 1_600, 1_600]
    whole = dataclasses.replace(workload, quantisation=Quantisation(skip=("embeddings", "norms")))
    assert price(own, whole).weight_bytes.tolist() == [0, 1_600, 450]


def test_trained_weights_are_held_in_the_compute_format_and_frozen_ones_quantised():
    """70 trained weights x 2 B; frozen: 60 x 1 B + 10 x 2 B."""
    workload = Workload(weights_dtype="int8", compute_dtype="bf16", optimizer="adam")
    row = price(NORM, workload).row("fc")
    assert (row.weight_bytes, row.trainable_bytes, row.weight_gradient_bytes) == (140, 140, 140)
    assert row.optimizer_bytes == 70 * 2 * 2
    frozen = price(NORM, dataclasses.replace(workload, frozen=("fc",))).row("fc")
    assert (frozen.weight_bytes, frozen.trainable_bytes) == (80, 0)


def test_master_weights_are_an_fp32_copy_of_trained_weights_in_16_bit():
    """70 bf16 weights: AdamW 70 x 2 x 2 = 280 B and a copy of 70 x 4 = 280 B; 560 B and none of fp32."""
    adam = Workload(weights_dtype="bf16", optimizer="adam", master_weights=True)
    assert price(NORM, adam).row("fc").optimizer_bytes == 560
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


def test_gradients_and_states_have_the_format_of_their_weight_unless_another_is_given():
    """70 bf16 weights: gradients 70 x 2 = 140 B; AdamW 70 x 2 x 2 = 280 B, in fp32 560 B, in 8 bit 70 x 2 x
    (1 + 4 / 256) = 142.1875 B; its step copies 140 B unless it is fused. Measured of whole models in bf16:
    10 B a weight, 2 + 2 + 4 + 2."""
    adam = Workload(weights_dtype="bf16", optimizer="adamw")
    row = price(NORM, adam).row("fc")
    assert (row.weight_gradient_bytes, row.optimizer_bytes, row.step_bytes) == (140, 280, 140)
    whole = price(NORM, dataclasses.replace(adam, optimizer_dtype="fp32")).row("fc")
    assert (whole.optimizer_bytes, whole.step_bytes) == (560, 280)
    eighth = price(NORM, dataclasses.replace(adam, optimizer="adamw_8bit")).row("fc")
    assert (eighth.optimizer_bytes, eighth.step_bytes) == (142.1875, 0)
    assert price(NORM, dataclasses.replace(adam, optimizer_step="fused")).row("fc").step_bytes == 0


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
