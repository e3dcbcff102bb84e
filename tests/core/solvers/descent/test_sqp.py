"""Sequential quadratic programming against closed forms, scipy and the exact split."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from cutwise.errors import SolverError
from cutwise.solvers.descent.constrained import ConstrainedProblem
from cutwise.solvers.descent.sqp import sequential_quadratic
from cutwise.solvers.shares.minmax_share import minmax_share
from cutwise.solvers.shares.share_problem import share_problem, shares_reached
from tests.core.solvers.shares.cells import finish_of


def test_the_corner_of_a_parabola_and_a_line() -> None:
    """Least 2x + y where y >= x^2 and y >= 2 - x: the lower crossing (-2, 4). There (2, 1) is
    1/3 (4, 1) + 2/3 (1, 1), the slopes of the two limits with their prices."""
    problem = ConstrainedProblem(
        objective=lambda x: float(2 * x[0] + x[1]),
        lower=np.full(2, -9.0),
        upper=np.full(2, 9.0),
        inequalities=lambda x: np.array([x[0] ** 2 - x[1], 2 - x[0] - x[1]]),
    )
    found = sequential_quadratic(problem, np.array([3.0, 0.0]))
    assert found.point == pytest.approx([-2.0, 4.0], abs=1e-6)
    assert found.multipliers == pytest.approx([1 / 3, 2 / 3], abs=1e-5)
    assert found.converged


def test_an_optimum_that_is_not_unique_is_reached() -> None:
    """Least x + y above the parabola and the line x + y = 2: the whole stretch of the line between them."""
    problem = ConstrainedProblem(
        objective=lambda x: float(x[0] + x[1]),
        lower=np.full(2, -9.0),
        upper=np.full(2, 9.0),
        inequalities=lambda x: np.array([x[0] ** 2 - x[1], 2 - x[0] - x[1]]),
    )
    found = sequential_quadratic(problem, np.array([3.0, 0.0]))
    assert found.value == pytest.approx(2.0, abs=1e-7)
    assert found.violation < 1e-7


def test_the_circle_that_bends_full_steps_out() -> None:
    """Maratos: least 2 (x^2 + y^2 - 1) - x on the unit disc: at (1, 0)."""
    problem = ConstrainedProblem(
        objective=lambda x: float(2 * (x @ x - 1) - x[0]),
        lower=np.full(2, -2.0),
        upper=np.full(2, 2.0),
        inequalities=lambda x: np.array([1 - x @ x]),
    )
    found = sequential_quadratic(problem, np.array([np.cos(1.0), np.sin(1.0)]))
    assert found.point == pytest.approx([1.0, 0.0], abs=1e-5)
    assert found.iterations < 25


def test_prices_are_those_of_the_constraints() -> None:
    """Least x^2 where x >= 3: price 6."""
    problem = ConstrainedProblem(
        objective=lambda x: float(x @ x),
        lower=np.array([-9.0]),
        upper=np.array([9.0]),
        inequalities=lambda x: 3 - x,
    )
    assert sequential_quadratic(problem, np.zeros(1)).multipliers == pytest.approx([6.0], abs=1e-5)


def test_what_cannot_hold_does_not_converge() -> None:
    problem = ConstrainedProblem(
        objective=lambda x: float(x @ x),
        lower=np.array([-1.0]),
        upper=np.array([1.0]),
        inequalities=lambda x: 3 - x,
    )
    found = sequential_quadratic(problem, np.zeros(1))
    assert not found.converged
    assert found.violation == pytest.approx(2.0, abs=1e-3)


def test_equalities_are_refused() -> None:
    problem = ConstrainedProblem(
        objective=lambda x: 0.0, lower=np.zeros(1), upper=np.ones(1), equalities=lambda x: x
    )
    with pytest.raises(SolverError, match="no equalities"):
        sequential_quadratic(problem, np.zeros(1))


@pytest.mark.parametrize(("seed", "count"), [(0, 2), (1, 5), (2, 8), (3, 8), (4, 16)])
def test_shares_are_those_of_scipys_method(seed: int, count: int) -> None:
    finish = finish_of(seed, count)
    problem, start = share_problem(finish, count)
    found = sequential_quadratic(problem, start)
    oracle = minimize(
        problem.objective,
        start,
        jac=problem.objective_gradient,
        bounds=list(zip(problem.lower, problem.upper, strict=True)),
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: -problem.inequalities(x),
                "jac": lambda x: -problem.slopes(x)[0],
            }
        ],
        method="SLSQP",
        options={"ftol": 1e-11, "maxiter": 300},
    )
    assert found.converged
    assert shares_reached(finish, found.point)[1] == pytest.approx(
        shares_reached(finish, oracle.x)[1], rel=1e-6
    )


@pytest.mark.parametrize("seed", range(10))
def test_the_exact_split_is_never_beaten(seed: int) -> None:
    """P3 must-reproduce check 9: exact <= SQP, to which it agrees to one part in a million."""
    finish = finish_of(seed, 8)
    problem, start = share_problem(finish, 8)
    _, value = shares_reached(finish, sequential_quadratic(problem, start).point)
    exact = minmax_share(finish, 8)
    assert exact.bound <= value <= exact.value * (1 + 1e-6)
