"""Whole blocks against enumeration, and between the continuous bound and rounding."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.solvers.shares.block_shares import minmax_blocks
from cutwise.solvers.shares.minmax_share import minmax_share
from tests.core.solvers.shares.cells import finish_of


def best_by_enumeration(work: np.ndarray, fixed: np.ndarray, blocks: int) -> float:
    splits = (s for s in itertools.product(range(1, blocks + 1), repeat=work.size) if sum(s) <= blocks)
    return min(float((fixed + work * blocks / np.array(split)).max()) for split in splits)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 50), st.floats(0, 20)), min_size=1, max_size=3), st.integers(3, 12))
def test_no_split_of_whole_blocks_is_better(items: list[tuple[float, float]], blocks: int) -> None:
    work, fixed = np.array(items).T
    found = minmax_blocks(lambda x: fixed + work / x, work.size, blocks=blocks)
    assert found.blocks.sum() <= blocks
    assert found.value == float((fixed + work / (found.blocks / blocks)).max())
    assert found.value == pytest.approx(best_by_enumeration(work, fixed, blocks), rel=1e-12)


def test_rounding_by_largest_remainder_is_not_exact() -> None:
    """Works 1 and 9 on 4 blocks: shares 0.1 and 0.9 are 0.4 and 3.6 blocks, rounded 0 and 4."""
    found = minmax_blocks(lambda x: np.array([1.0, 9.0]) / x, 2, blocks=4)
    assert found.blocks.tolist() == [1, 3]
    assert found.value == pytest.approx(12.0)


def test_an_item_without_work_needs_no_block() -> None:
    found = minmax_blocks(lambda x: np.array([5.0, 1.0]) + np.array([0.0, 1.0]) / x, 2, blocks=1)
    assert found.blocks.tolist() == [0, 1]
    assert found.value == 5.0


def test_too_few_blocks_is_an_infinite_value() -> None:
    assert np.isinf(minmax_blocks(lambda x: 1.0 / x, 3, blocks=2).value)
    assert np.isinf(minmax_blocks(lambda x: np.where(x < 0.7, np.inf, 1.0), 2, blocks=10).value)


def test_an_item_that_needs_most_blocks_to_finish_at_all_gets_them() -> None:
    """The first needs 8 of 10; the other then ends at 1/0.2 = 5."""
    found = minmax_blocks(lambda x: np.array([np.inf if x[0] < 0.75 else 1.0, 1.0 / x[1]]), 2, blocks=10)
    assert found.blocks.tolist() == [8, 2]
    assert found.value == pytest.approx(5.0)


@pytest.mark.parametrize("seed", range(6))
def test_blocks_lie_above_the_continuous_bound_and_converge_to_it(seed: int) -> None:
    finish = finish_of(seed, 8)
    bound = minmax_share(finish, 8).bound
    values = [minmax_blocks(finish, 8, blocks=blocks).value for blocks in (24, 106, 273, 100_000)]
    assert bound <= values[-1]
    assert values[0] >= values[-1]
    assert values[-1] == pytest.approx(bound, rel=1e-3)


def test_a_thousand_items_take_well_under_a_second() -> None:
    """8 devices in under 5 ms and 1,000 in under 200 ms, with room for a loaded machine."""
    for count, limit_s in ((8, 0.1), (1000, 2.0)):
        finish = finish_of(0, count)
        started = time.perf_counter()
        minmax_blocks(finish, count, blocks=5 * count)
        assert time.perf_counter() - started < limit_s
