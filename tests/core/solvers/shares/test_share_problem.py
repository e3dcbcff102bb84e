"""The split as a constrained problem: its limits, its derivatives, its scale."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.solvers.descent.constrained import differences
from cutwise.solvers.shares.share_problem import share_problem, shares_reached
from tests.core.solvers.shares.cells import finish_of


def test_equal_shares_start_on_the_limits() -> None:
    problem, start = share_problem(finish_of(0, 5), 5)
    limits = problem.inequalities(start)
    assert limits[:5].max() == pytest.approx(0.0)
    assert limits[5] == pytest.approx(0.0)
    assert problem.objective(start) == 1.0


def test_the_jacobian_is_that_of_differences() -> None:
    problem, start = share_problem(finish_of(1, 4), 4)
    point = start * np.array([1.2, 0.7, 0.9, 1.0, 1.0])
    expected = differences(problem.inequalities, point, problem.lower, problem.upper)
    assert problem.slopes(point)[0] == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_shares_are_scaled_to_the_whole() -> None:
    shares, value = shares_reached(lambda x: np.array([1.0, 2.0]) / x, np.array([0.1, 0.3, 9.0]))
    assert shares == pytest.approx([0.25, 0.75])
    assert value == pytest.approx(4.0)
