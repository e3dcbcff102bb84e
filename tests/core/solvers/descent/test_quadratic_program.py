"""Quadratic programs against optimality conditions and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from cutwise.solvers.descent.quadratic_program import quadratic_minimum


def test_projection_on_a_half_plane() -> None:
    """The nearest point to (2, 2) with x + y <= 2 is (1, 1); the price is 1."""
    x, price = quadratic_minimum(np.eye(2), np.array([-2.0, -2.0]), np.array([[1.0, 1.0]]), np.array([2.0]))
    assert x == pytest.approx([1.0, 1.0], abs=1e-8)
    assert price == pytest.approx([1.0], abs=1e-8)


def test_a_limit_that_does_not_bind_has_no_price() -> None:
    x, price = quadratic_minimum(np.eye(1), np.array([-1.0]), np.array([[1.0]]), np.array([5.0]))
    assert x == pytest.approx([1.0], abs=1e-7)
    assert price == pytest.approx([0.0], abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_random_programs_meet_the_optimality_conditions_and_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root, linear = rng.normal(size=(5, 5)), rng.normal(size=5)
    hessian = root @ root.T
    rows, limits = np.vstack((rng.normal(size=(7, 5)), np.eye(5), -np.eye(5))), rng.uniform(0.1, 2, 17)
    x, price = quadratic_minimum(hessian, linear, rows, limits)
    assert hessian @ x + linear + price @ rows == pytest.approx(np.zeros(5), abs=1e-7)
    assert (rows @ x <= limits + 1e-7).all()
    assert (price >= 0).all()
    assert price * (limits - rows @ x) == pytest.approx(np.zeros(17), abs=1e-7)
    oracle = minimize(
        lambda z: 0.5 * z @ hessian @ z + linear @ z,
        np.zeros(5),
        jac=lambda z: hessian @ z + linear,
        constraints=[{"type": "ineq", "fun": lambda z: limits - rows @ z, "jac": lambda z: -rows}],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 200},
    )
    assert 0.5 * x @ hessian @ x + linear @ x == pytest.approx(oracle.fun, abs=1e-7)
