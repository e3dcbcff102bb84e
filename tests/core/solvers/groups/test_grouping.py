"""Groups: sizes, bounds, Graham's guarantee, and the exact optimum against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.errors import SolverError
from cutwise.solvers.groups.balanced_grouping import balanced_groups
from cutwise.solvers.groups.exact_grouping import exact_groups
from cutwise.solvers.groups.grouping import longest_first, random_groups, round_robin

LOADS = st.lists(st.floats(0.0, 100.0), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(LOADS, st.integers(1, 12), st.integers(0, 5))
def test_every_item_is_in_one_group_and_no_group_is_empty(loads: list[float], groups: int, seed: int) -> None:
    groups = min(groups, len(loads))
    histograms = np.random.default_rng(seed).integers(0, 9, (len(loads), 3))
    found = (
        round_robin(loads, groups),
        random_groups(loads, groups, seed=seed),
        longest_first(loads, groups),
        balanced_groups(loads, groups, histograms=histograms),
    )
    for grouping in found:
        assert sorted(itertools.chain(*grouping.groups)) == list(range(len(loads)))
        assert all(grouping.groups)
        sums = [sum(loads[item] for item in group) for group in grouping.groups]
        assert grouping.makespan == pytest.approx(max(sums))
        assert grouping.bound <= grouping.makespan


def test_turns_and_draws_make_equal_sizes() -> None:
    for grouping in (round_robin(np.ones(11), 4), random_groups(np.ones(11), 4, seed=2)):
        assert sorted(len(group) for group in grouping.groups) == [2, 3, 3, 3]


def test_draws_follow_the_seed() -> None:
    first, again, other = (random_groups(np.ones(20), 4, seed=seed).groups for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_longest_first_by_hand() -> None:
    """7, 6, 5, 4, 3 in two groups: 7 | 6; 5 to 6; 4 to 7; then 11 | 11; 3 to the first: 14."""
    found = longest_first([3.0, 7.0, 4.0, 6.0, 5.0], 2)
    assert found.makespan == 14.0
    assert found.bound == 12.5


def test_the_classic_worst_case_of_longest_first() -> None:
    """Graham: 5, 5, 4, 4, 3, 3, 3 on three: longest first 11, best 9, ratio 4/3 - 1/9."""
    loads = [5.0, 5.0, 4.0, 4.0, 3.0, 3.0, 3.0]
    assert longest_first(loads, 3).makespan == 11.0
    best = exact_groups(loads, 3)
    assert (best.makespan, best.bound) == (9.0, 9.0)


def test_one_group_and_groups_of_one() -> None:
    """The limits M = 1 and M = N: the sum, and the largest."""
    loads = [4.0, 1.0, 2.5]
    for method in (round_robin, longest_first, exact_groups):
        assert method(loads, 1).makespan == 7.5
        assert method(loads, 3).makespan == 4.0


def test_impossible_groups_and_loads_are_refused() -> None:
    with pytest.raises(SolverError, match="3 items cannot fill 4 groups"):
        longest_first(np.ones(3), 4)
    with pytest.raises(SolverError, match="finite and not negative"):
        round_robin([1.0, -2.0], 2)
