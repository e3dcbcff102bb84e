"""The augmented Lagrangian method against closed forms, scipy and the exact split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from cutwise.solvers.descent.augmented_lagrangian import augmented_lagrangian
from cutwise.solvers.descent.constrained import ConstrainedProblem
from cutwise.solvers.shares.minmax_share import minmax_share
from cutwise.solvers.shares.share_problem import share_problem, shares_reached
from tests.core.solvers.shares.cells import finish_of

PLANE = ConstrainedProblem(
    objective=lambda x: float((x**2).sum()), lower=np.full(3, -9.0), upper=np.full(3, 9.0)
)


def test_an_equality_holds_and_is_shared_evenly() -> None:
    """Nearest to 0 on x + y + z = 3: (1, 1, 1)."""
    found = augmented_lagrangian(
        replace(PLANE, equalities=lambda x: np.array([x.sum() - 3])), np.array([5.0, 0.0, 0.0])
    )
    assert found.point == pytest.approx([1.0, 1.0, 1.0], abs=1e-4)
    assert found.converged


def test_inequality_equality_and_bound_together() -> None:
    """x + y + z = 3 with x >= 2 and z >= 1.5: y = -0.5; the price is the slope 4 against 2y = -1: 5."""
    problem = replace(
        PLANE,
        lower=np.array([-9.0, -9.0, 1.5]),
        equalities=lambda x: np.array([x.sum() - 3]),
        inequalities=lambda x: np.array([2 - x[0]]),
    )
    found = augmented_lagrangian(problem, np.zeros(3))
    assert found.point == pytest.approx([2.0, -0.5, 1.5], abs=1e-4)
    assert found.multipliers == pytest.approx([5.0], abs=1e-2)


def test_an_inequality_that_does_not_bind_has_no_price() -> None:
    found = augmented_lagrangian(replace(PLANE, inequalities=lambda x: x - 1), np.full(3, 5.0))
    assert found.point == pytest.approx(np.zeros(3), abs=1e-5)
    assert found.multipliers == pytest.approx(np.zeros(3))


def test_what_cannot_hold_does_not_converge() -> None:
    found = augmented_lagrangian(replace(PLANE, inequalities=lambda x: np.array([100 - x[0]])), np.zeros(3))
    assert not found.converged
    assert found.violation == pytest.approx(91.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_nonlinear_problem_ends_where_scipy_ends(seed: int) -> None:
    """A weighted distance over a ball and a half-space."""
    rng = np.random.default_rng(seed)
    aim, weights = rng.normal(0, 3, 4), rng.uniform(0.5, 2, 4)
    problem = ConstrainedProblem(
        objective=lambda x: float(weights @ (x - aim) ** 2),
        lower=np.full(4, -2.0),
        upper=np.full(4, 2.0),
        inequalities=lambda x: np.array([x @ x - 4, x.sum() - 1]),
    )
    found = augmented_lagrangian(problem, np.zeros(4))
    oracle = minimize(
        problem.objective,
        np.zeros(4),
        bounds=[(-2, 2)] * 4,
        constraints=[{"type": "ineq", "fun": lambda x: -problem.inequalities(x)}],
        method="SLSQP",
        options={"ftol": 1e-12},
    )
    assert found.converged
    assert found.value == pytest.approx(oracle.fun, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_the_exact_split_is_never_beaten(seed: int) -> None:
    """P3 must-reproduce check 9: exact <= ALM, which comes within 0.01 %."""
    finish = finish_of(seed, 8)
    problem, start = share_problem(finish, 8)
    _, value = shares_reached(finish, augmented_lagrangian(problem, start).point)
    exact = minmax_share(finish, 8)
    assert exact.bound <= value <= exact.value * (1 + 1e-4)
