"""Derivatives by differences and Hessian updates against calculus."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.solvers.descent.constrained import ConstrainedProblem, damped_update, differences

BOX = np.zeros(2), np.full(2, 5.0)


def test_differences_are_the_jacobian() -> None:
    """(x y, x + y^2) at (2, 3): rows (3, 2) and (1, 6)."""
    found = differences(lambda x: np.array([x[0] * x[1], x[0] + x[1] ** 2]), np.array([2.0, 3.0]), *BOX)
    assert found == pytest.approx(np.array([[3.0, 2.0], [1.0, 6.0]]), rel=1e-8)


def test_differences_stay_inside_the_box() -> None:
    found = differences(lambda x: np.sqrt(x), np.array([0.0, 5.0]), *BOX)
    assert np.isfinite(found).all()
    assert found[1, 1] == pytest.approx(0.5 / 5**0.5, rel=1e-5)


def test_a_variable_without_room_has_no_slope() -> None:
    point = np.array([1.0])
    assert differences(lambda x: 3 * x, point, point, point).tolist() == [[0.0]]


def test_given_derivatives_are_used() -> None:
    problem = ConstrainedProblem(
        objective=lambda x: 0.0,
        lower=BOX[0],
        upper=BOX[1],
        objective_gradient=lambda x: np.array([7.0, 8.0]),
        inequality_jacobian=lambda x: np.array([[1.0, 2.0]]),
    )
    assert problem.gradient(np.ones(2)).tolist() == [7.0, 8.0]
    assert problem.slopes(np.ones(2))[0].tolist() == [[1.0, 2.0]]


def test_violation_is_the_worst_of_both_kinds() -> None:
    problem = ConstrainedProblem(
        objective=lambda x: 0.0,
        lower=BOX[0],
        upper=BOX[1],
        inequalities=lambda x: np.array([0.5, -9.0]),
        equalities=lambda x: np.array([-0.75]),
    )
    assert problem.violation(np.ones(2)) == 0.75


def test_an_update_takes_the_curvature_seen_and_stays_positive() -> None:
    """Without damping H s = y; with y against s it is damped and stays positive definite."""
    moved, turned = np.array([1.0, 0.0]), np.array([2.0, 1.0])
    assert damped_update(np.eye(2), moved, turned) @ moved == pytest.approx(turned)
    damped = damped_update(np.eye(2), moved, -turned)
    assert (np.linalg.eigvalsh(damped) > 0).all()
