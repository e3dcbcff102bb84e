"""The min-max split against closed forms and fine grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.solvers.shares.minmax_share import is_reachable, minmax_share

POSITIVE = st.floats(0.01, 100.0)


def rational(fixed: np.ndarray, work: np.ndarray):
    return lambda x: fixed + work / x


def test_equal_work_gets_equal_shares() -> None:
    """Two items of work 2: half each, both end at 4."""
    split = minmax_share(lambda x: 2.0 / x, 2)
    assert split.shares == pytest.approx([0.5, 0.5])
    assert split.value == pytest.approx(4.0)


def test_fixed_seconds_are_made_up_for() -> None:
    """3 + 1/x = 1/(1 - x) where 3x^2 - x - 1 = 0: x = (1 + sqrt(13))/6 = 0.768, both end at 4.303."""
    split = minmax_share(rational(np.array([3.0, 0.0]), np.array([1.0, 1.0])), 2)
    assert split.shares[0] == pytest.approx((1 + 13**0.5) / 6)
    assert split.value == pytest.approx(4.3027756)


def test_an_item_without_work_needs_nothing() -> None:
    split = minmax_share(rational(np.array([1.0, 1.0]), np.array([2.0, 0.0])), 2)
    assert split.value == pytest.approx(3.0)
    assert split.shares[0] == pytest.approx(1.0)


def test_the_slowest_item_bounds_the_end_whatever_the_split() -> None:
    split = minmax_share(rational(np.array([50.0, 1.0]), np.array([0.0, 1.0])), 2)
    assert (split.value, split.bound) == (50.0, 50.0)


def test_an_item_that_cannot_finish_on_equal_shares_gets_what_it_needs() -> None:
    """The first finishes only with 0.8 of the resource; the other then ends at 1/0.2 = 5 at best."""

    def finish(x: np.ndarray) -> np.ndarray:
        return np.array([1.0 if x[0] >= 0.8 else np.inf, 1.0 / x[1]])

    split = minmax_share(finish, 2)
    assert split.value == pytest.approx(5.0)
    assert split.shares == pytest.approx([0.8, 0.2])


def test_where_no_split_lets_all_finish_value_and_bound_are_infinite() -> None:
    split = minmax_share(lambda x: np.where(x >= 0.6, 1.0, np.inf), 2)
    assert np.isinf(split.value)
    assert np.isinf(split.bound)


def test_one_item_takes_everything() -> None:
    split = minmax_share(lambda x: 3.0 / x, 1)
    assert (split.shares.tolist(), split.value) == ([1.0], 3.0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=20))
def test_value_and_bound_close_and_no_level_below_is_reachable(items: list[tuple[float, float]]) -> None:
    fixed, work = np.array(items).T
    split = minmax_share(rational(fixed, work), len(items))
    assert split.shares.sum() <= 1 + 1e-12
    assert split.value == pytest.approx((fixed + work / split.shares).max())
    assert split.bound <= split.value
    assert split.value - split.bound <= 1e-9 * split.value
    if split.bound > fixed.max():
        assert (work / (split.bound - fixed)).sum() >= 1 - 1e-9


def test_two_items_match_a_fine_grid() -> None:
    rng = np.random.default_rng(1)
    grid = np.linspace(1e-5, 1 - 1e-5, 200_001)
    for _ in range(20):
        fixed, work = rng.uniform(0, 3, 2), 10 ** rng.uniform(-2, 2, 2)
        steps = np.array([0.0, 2.0]) * rng.random(2)

        def finish(
            x: np.ndarray, fixed: np.ndarray = fixed, work: np.ndarray = work, steps: np.ndarray = steps
        ):
            return np.minimum(fixed + work / x, fixed + steps + 0.3 * work / x)

        brute = np.maximum(*(finish(np.stack([grid, 1 - grid], axis=1)).T)).min()
        assert minmax_share(finish, 2).value == pytest.approx(brute, rel=1e-3)
        assert minmax_share(finish, 2).value <= brute * (1 + 1e-9)


def test_three_items_match_a_grid_over_the_simplex() -> None:
    rng = np.random.default_rng(2)
    steps = np.arange(1, 800) / 800
    first, second = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    inside = first + second < 1
    shares = np.stack([first, second, 1 - first - second])[:, inside]
    for _ in range(10):
        fixed, work = rng.uniform(0, 3, 3), rng.uniform(0.2, 3, 3)
        brute = (fixed[:, None] + work[:, None] / shares).max(axis=0).min()
        value = minmax_share(rational(fixed, work), 3).value
        assert value == pytest.approx(brute, rel=0.02)
        assert value <= brute


def test_a_thousand_items_are_split_to_the_same_end() -> None:
    """Without fixed seconds every item ends at the sum of all work."""
    work = np.random.default_rng(3).uniform(0.1, 10, 1000)
    split = minmax_share(lambda x: work / x, 1000)
    assert split.value == pytest.approx(work.sum(), rel=1e-9)
    assert split.shares == pytest.approx(work / work.sum(), rel=1e-6)


@pytest.mark.parametrize("count", [2, 20, 1000])
def test_secants_need_a_sixth_of_what_halving_would(count: int) -> None:
    """A gap of 5e-10 is 31 halvings of the level, a share to 1e-13 of itself 45 more in each: 1,400 looks."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        fixed, work = rng.uniform(0, 3, count), 10 ** rng.uniform(-2, 2, count)
        for bent in (0.0, 0.1):
            looks: list[int] = []

            def finish(x: np.ndarray, bent=bent, fixed=fixed, work=work, looks=looks) -> np.ndarray:
                looks.append(1)
                return fixed + work / x + bent / np.sqrt(x)

            minmax_share(finish, count)
            assert len(looks) < 1400 / 6


def test_shares_that_are_best_already_are_proven_at_a_single_level() -> None:
    """0.25 and 0.75 end 1/x and 3/x at 4; one search for the shares that end just before proves it."""
    looks: list[int] = []

    def finish(x: np.ndarray) -> np.ndarray:
        looks.append(1)
        return np.array([1.0, 3.0]) / x

    split = minmax_share(finish, 2, start=np.array([0.25, 0.75]))
    assert split.value == pytest.approx(4.0, rel=1e-12)
    assert split.value * (1 - 1e-9) <= split.bound <= split.value
    assert len(looks) < 30


def test_any_level_is_reached_by_the_end_of_time() -> None:
    """Also where an item never finishes, and without a warning of infinity less infinity."""
    assert is_reachable(lambda shares: np.array([1.0, np.inf]) + 0 * shares, 2, np.inf)
