"""Jobs to different machines: against every assignment, and what its bound promises."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cutwise.errors import SolverError
from cutwise.solvers.groups.assignment import exact_assignment, longest_first_assignment


@pytest.mark.parametrize("seed", range(12))
def test_exact_is_the_least_of_all_assignments(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loads = rng.uniform(0.1, 5.0, (int(rng.integers(2, 8)), int(rng.integers(1, 4))))
    least = min(
        np.bincount(owner, loads[np.arange(len(loads)), owner], loads.shape[1]).max()
        for owner in map(np.array, itertools.product(range(loads.shape[1]), repeat=len(loads)))
    )
    found, fast = exact_assignment(loads), longest_first_assignment(loads)
    assert found.makespan == pytest.approx(least, rel=1e-9)
    assert found.bound == pytest.approx(least, rel=1e-9)
    assert fast.bound <= least * (1 + 1e-12) <= fast.makespan * (1 + 2e-12)
    ends = np.bincount(found.owner, loads[np.arange(len(loads)), found.owner], loads.shape[1])
    assert ends.max() == found.makespan


def test_a_job_that_only_one_machine_does_well_goes_there() -> None:
    assert exact_assignment([[1.0, 1e9], [1e9, 1.0]]).owner.tolist() == [0, 1]


def test_many_jobs_are_near_the_bound() -> None:
    loads = np.random.default_rng(1).uniform(1, 2, (200, 1)) * np.array([1.0, 1.5, 2.0])
    found = exact_assignment(loads, effort=0.2)
    assert found.bound <= found.makespan <= longest_first_assignment(loads).makespan


@pytest.mark.parametrize("loads", [[], [1.0], [[np.nan]], [[-1.0]]])
def test_tables_that_are_none_are_refused(loads: list) -> None:
    with pytest.raises(SolverError, match="give every job a finite time"):
        exact_assignment(loads)
