"""The min-max split against closed forms and fine grids."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.solvers.shares.minmax_share import is_reachable, minmax_share

POSITIVE = st.floats(0.01, 100.0)


class Looked:
    """A law that counts how often it is asked."""

    def __init__(self, law: Callable[[np.ndarray], np.ndarray]) -> None:
        self.law, self.looks = law, 0

    def __call__(self, shares: np.ndarray) -> np.ndarray:
        self.looks += 1
        return self.law(shares)


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
    """The first finishes only with 0.8 of the resource; the other then ends at 1/0.2 = 5 at best. Half the
    rest brings it to 10: the search begins there, and five of 48 looks would be many.
    """
    finish = Looked(lambda x: np.array([1.0 if x[0] >= 0.8 else np.inf, 1.0 / x[1]]))
    split = minmax_share(finish, 2)
    assert finish.looks < 5 * 48
    assert split.value == pytest.approx(5.0)
    assert split.shares == pytest.approx([0.8, 0.2])


def test_where_no_split_lets_all_finish_value_and_bound_are_infinite() -> None:
    split = minmax_share(lambda x: np.where(x >= 0.6, 1.0, np.inf), 2)
    assert np.isinf(split.value)
    assert np.isinf(split.bound)


def test_where_no_split_lets_all_finish_the_shares_are_equal() -> None:
    """0.9 and 0.3 of the resource are more than all of it."""
    split = minmax_share(lambda x: np.where(x >= [0.9, 0.3], 1.0, np.inf), 2)
    assert np.isinf(split.value)
    assert split.shares.tolist() == [0.5, 0.5]


def test_one_item_takes_everything() -> None:
    split = minmax_share(lambda x: 3.0 / x, 1)
    assert (split.shares.tolist(), split.value) == ([1.0], 3.0)


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


@pytest.mark.parametrize("count", [20, 1000])
def test_secants_between_levels_save_a_fifth_of_halving_them(count: int) -> None:
    """31 halvings with four looks each, of reciprocal laws, and four around them: 128."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        law = Looked(rational(rng.uniform(0, 3, count), 10 ** rng.uniform(-2, 2, count)))
        minmax_share(law, count)
        assert law.looks < 0.8 * 128


@pytest.mark.parametrize("level", [500.0, 5000.0])
def test_a_straight_line_over_the_reciprocal_share_is_solved_by_one_secant(level: float) -> None:
    """Both ends, the root, its neighbour within the tolerance, and what the answer reaches: five looks."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        for fixed, work in zip(rng.uniform(0, 3, 20), 10 ** rng.uniform(-2, 2, 20), strict=True):
            law = Looked(rational(np.array([fixed]), np.array([work])))
            assert is_reachable(law, 1, level)
            assert law.looks == 5


@pytest.mark.parametrize(
    ("power", "part"), [(0.2, 0.5), (0.3, 0.5), (0.5, 0.5), (2.0, 0.75), (3.0, 0.75), (5.0, 0.75)]
)
def test_a_bent_line_is_solved_in_part_of_the_looks_of_halving(power: float, part: float) -> None:
    """48 halvings of the logarithms bring 1e-12 ... 1 to a share within 1e-13 of itself."""
    law = Looked(lambda x: x**-power)
    assert is_reachable(law, 2, 3.0**power)
    assert law.looks < part * 48


@pytest.mark.parametrize("late", [1e30, 1e200])
def test_a_jump_that_misleads_every_secant_is_found_by_the_halving_of_every_fourth_step(late: float) -> None:
    """48 halvings, three secants before each, both ends and the answer."""
    law = Looked(lambda x: np.where(x >= 0.3, 1.0, late))
    assert is_reachable(law, 2, 2.0)
    assert law.looks <= 4 * 48 + 3


def test_an_item_that_ends_at_the_level_whatever_its_share_needs_no_search() -> None:
    law = Looked(lambda x: 4.0 + 0.0 * x)
    assert is_reachable(law, 2, 4.0)
    assert law.looks == 3


def test_an_item_that_ends_late_with_the_whole_resource_needs_no_search() -> None:
    law = Looked(lambda x: 4.5 / x)
    assert not is_reachable(law, 1, 4.0)
    assert law.looks == 3


def test_a_level_that_takes_the_whole_resource_is_reached() -> None:
    """One item of work 3, and two of 1 and 3 that need a quarter and three."""
    assert is_reachable(lambda x: 3.0 / x, 1, 3.0)
    assert is_reachable(lambda x: np.array([1.0, 3.0]) / x, 2, 4.0)


def test_laws_that_fall_by_less_than_a_second_are_told_apart() -> None:
    """3.5 - x is 3.1 at 0.4 and 2.9 at 0.6; two such items end at 3 with half each."""

    def falling(x: np.ndarray) -> np.ndarray:
        return 3.5 - x

    assert is_reachable(falling, 2, 3.1)
    assert not is_reachable(falling, 2, 2.9)
    assert minmax_share(falling, 2).value == pytest.approx(3.0, rel=1e-9)


def test_items_that_all_end_at_once_need_no_level() -> None:
    """The whole resource, equal shares, where the search would begin, and the answer."""
    law = Looked(lambda x: 0.0 * x)
    split = minmax_share(law, 2)
    assert (split.value, split.bound, split.shares.tolist()) == (0.0, 0.0, [0.5, 0.5])
    assert law.looks == 4


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_unit_of_time_changes_no_share(unit: float) -> None:
    law = Looked(lambda x: unit * np.array([1.0, 3.0]) / x)
    split = minmax_share(law, 2)
    assert split.value == pytest.approx(4 * unit, rel=1e-9)
    assert split.shares == pytest.approx([0.25, 0.75], rel=1e-8)
    assert law.looks < 128


def test_shares_that_are_best_already_are_proven_at_a_single_level() -> None:
    """0.25 and 0.75 end 1/x and 3/x ms at 4 ms. A search of four looks for the shares that end just before
    proves it; before it one look at the whole resource, two at the start, and one at the answer.
    """
    law = Looked(lambda x: 1e-3 * np.array([1.0, 3.0]) / x)
    split = minmax_share(law, 2, start=np.array([0.25, 0.75]))
    assert split.value == pytest.approx(4e-3, rel=1e-12)
    assert split.value * (1 - 5e-10) <= split.bound < split.value
    assert law.looks == 8


def test_shares_to_start_from_may_be_far_from_the_best() -> None:
    law = Looked(lambda x: np.array([1.0, 3.0]) / x)
    split = minmax_share(law, 2, start=np.array([0.5, 0.5]))
    assert split.value == pytest.approx(4.0, rel=1e-9)
    assert law.looks < 200


def test_shares_with_which_an_item_cannot_finish_are_no_start() -> None:
    """The first needs 0.8; that found by halving, 48 looks a level, takes less than 31 levels."""
    law = Looked(lambda x: np.array([1.0 if x[0] >= 0.8 else np.inf, 1.0 / x[1]]))
    split = minmax_share(law, 2, start=np.array([0.5, 0.5]))
    assert split.value == pytest.approx(5.0)
    assert law.looks < 31 * 48


def test_any_level_is_reached_by_the_end_of_time() -> None:
    """Also where an item never finishes, and without a warning of infinity less infinity."""
    assert is_reachable(lambda shares: np.array([1.0, np.inf]) + 0 * shares, 2, np.inf)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=20))
def test_value_and_bound_close_and_no_level_below_is_reachable(items: list[tuple[float, float]]) -> None:
    fixed, work = np.array(items).T
    split = minmax_share(rational(fixed, work), len(items))
    assert split.shares.sum() == pytest.approx(1.0, rel=1e-12)
    assert split.value == pytest.approx((fixed + work / split.shares).max())
    assert split.bound <= split.value
    assert split.value - split.bound <= 1e-9 * split.value
    if split.bound > fixed.max():
        assert (work / (split.bound - fixed)).sum() >= 1 - 1e-11


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
