from __future__ import annotations

import pytest

from tests.core.costs.formula_calls import flops, work

SHAPE = (2, 3, 4)  # 24 elements
FREE = (
    "input constant reshape transpose flatten squeeze unsqueeze identity cast expand slice split concat pad "
    "depth_to_space space_to_depth"
)


@pytest.mark.parametrize("kind", FREE.split())
def test_moving_and_naming_data_costs_no_operations_and_keeps_nothing(kind: str):
    answer = work(kind, SHAPE, output=SHAPE)
    assert flops(answer) == (0, 0, 0)
    assert (answer.saves, answer.extra_bytes) == ((), 0)


def test_dropout_in_training_multiplies_by_a_mask_of_one_byte_an_element():
    answer = work("dropout", SHAPE, output=SHAPE, ratio=0.5)
    assert flops(answer) == (24, 24, 0)
    assert answer.extra_bytes == 24


def test_dropout_in_inference_or_at_ratio_zero_is_free():
    for free in (
        work("dropout", SHAPE, output=SHAPE, training=False),
        work("dropout", SHAPE, output=SHAPE, ratio=0),
    ):
        assert flops(free) == (0, 0, 0)
        assert free.extra_bytes == 0


def test_embedding_looks_up_for_nothing_and_trains_by_adding_rows():
    """3 ids x 8 wide = 24 additions back; the ids are kept."""
    answer = work("embedding", (1, 3), output=(1, 3, 8), weights=((100, 8),), grads=(False,))
    assert flops(answer) == (0, 0, 24)
    assert answer.saves == (0,)


def test_frozen_embedding_keeps_no_ids():
    answer = work("embedding", (1, 3), output=(1, 3, 8), weights=((100, 8),), grads=(False,), trained=False)
    assert answer.saves == ()


def test_gather_adds_gradients_back_and_keeps_its_indices():
    answer = work("gather", SHAPE, (5,), output=(2, 3, 5), grads=(True, False))
    assert flops(answer) == (0, 30, 0)
    assert answer.saves == (1,)


def test_tile_adds_up_the_gradients_of_its_copies():
    assert flops(work("tile", SHAPE, output=(2, 6, 4))) == (0, 48, 0)


@pytest.mark.parametrize(("mode", "taps"), [("nearest", 0), ("linear", 8), ("cubic", 32)])
def test_resize_costs_its_taps(mode: str, taps: int):
    """96 outputs of none, 4 or 16 taps of a multiplication and an addition."""
    assert flops(work("resize", SHAPE, output=(2, 6, 8), mode=mode)) == (96 * taps, 96 * taps, 0)


@pytest.mark.parametrize("kind", ["equal", "less", "greater", "floor", "round", "sign", "not"])
def test_comparisons_and_rounding_cost_one_operation_and_send_no_gradient(kind: str):
    assert flops(work(kind, SHAPE, output=SHAPE)) == (24, 0, 0)


def test_picking_the_largest_compares_every_input_and_keeps_the_places():
    """8 inputs, 2 kept: 8 comparisons, 2 gradients back, 2 x 8 B of places."""
    answer = work("top_k", (1, 8), output=(1, 2))
    assert flops(answer) == (8, 2, 0)
    assert (answer.saves, answer.extra_bytes) == ((), 16)
