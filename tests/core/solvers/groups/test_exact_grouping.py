"""The exact grouping against enumeration, and what a search that ends early still proves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cutwise.solvers.groups.exact_grouping import exact_groups
from cutwise.solvers.groups.grouping import longest_first, round_robin


def best_makespan(loads: np.ndarray, groups: int) -> float:
    """Enumerates which group holds each item; the first item is in the first group."""
    owners = itertools.product(range(groups), repeat=loads.size - 1)
    return min(max(np.bincount((0, *owner), loads, groups)) for owner in owners)


@pytest.mark.parametrize("seed", range(8))
def test_exact_groups_are_those_of_enumeration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loads, groups = rng.uniform(1, 20, int(rng.integers(4, 8))), int(rng.integers(2, 4))
    found = exact_groups(loads, groups)
    assert found.makespan == pytest.approx(best_makespan(loads, groups), rel=1e-9)
    assert found.bound == pytest.approx(found.makespan, rel=1e-9)


def test_orderings_over_200_draws() -> None:
    """P5 must-reproduce check 6: longest first <= turns in at least 95 %; exact <= longest first <= 4/3 exact
    always, N <= 10."""
    rng = np.random.default_rng(0)
    wins = 0
    for _ in range(200):
        loads, groups = rng.lognormal(0, 0.7, int(rng.integers(5, 11))), int(rng.integers(2, 5))
        longest, exact = longest_first(loads, groups), exact_groups(loads, groups)
        wins += longest.makespan <= round_robin(loads, groups).makespan * (1 + 1e-12)
        assert exact.makespan <= longest.makespan <= (4 / 3 - 1 / (3 * groups)) * exact.makespan * (1 + 1e-9)
    assert wins >= 190


def test_when_the_effort_ends_the_bound_still_holds() -> None:
    loads = np.random.default_rng(1).uniform(1, 2, 60)
    found = exact_groups(loads, 7, effort=0.02)
    assert loads.sum() / 7 <= found.bound <= found.makespan <= longest_first(loads, 7).makespan


def test_thirty_items_in_six_groups_are_balanced_to_a_hundredth() -> None:
    """The size of P5's scenario: exchanges leave longest first's 1 to 5 % behind."""
    for seed in range(3):
        loads = np.random.default_rng(seed).uniform(1, 9, 30)
        found = exact_groups(loads, 6, effort=0.05)
        assert found.makespan <= found.bound * 1.01
        assert found == exact_groups(loads, 6, effort=0.05)
