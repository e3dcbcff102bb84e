"""Descent inside a box against closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from cutwise.solvers.descent.bounded_descent import bounded_minimum


def rosenbrock(x: np.ndarray) -> float:
    return float((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2)


def rosenbrock_slope(x: np.ndarray) -> np.ndarray:
    bend = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * bend, 200 * bend])


def test_the_free_minimum_of_a_curved_valley() -> None:
    box = {"lower": np.full(2, -5.0), "upper": np.full(2, 5.0)}
    found = bounded_minimum(rosenbrock, rosenbrock_slope, np.array([-1.2, 1.0]), **box)
    assert found == pytest.approx([1.0, 1.0], abs=1e-5)


def test_a_bound_that_cuts_the_valley() -> None:
    """With x <= 0.5 the valley y = x^2 ends at (0.5, 0.25)."""
    box = {"lower": np.full(2, -5.0), "upper": np.array([0.5, 5.0])}
    found = bounded_minimum(rosenbrock, rosenbrock_slope, np.array([-1.2, 1.0]), **box)
    assert found == pytest.approx([0.5, 0.25], abs=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_convex_quadratics_end_where_scipy_ends(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root, aim = rng.normal(size=(6, 6)), rng.normal(size=6) * 2
    hessian = root @ root.T + 0.1 * np.eye(6)

    def value(x: np.ndarray) -> float:
        return float(0.5 * (x - aim) @ hessian @ (x - aim))

    def slope(x: np.ndarray) -> np.ndarray:
        return hessian @ (x - aim)

    lower, upper = np.full(6, -1.0), np.full(6, 1.0)
    found = bounded_minimum(value, slope, np.zeros(6), lower=lower, upper=upper)
    oracle = minimize(
        value, np.zeros(6), jac=slope, bounds=[(-1, 1)] * 6, options={"ftol": 1e-15, "gtol": 1e-10}
    )
    assert value(found) <= oracle.fun + 1e-9
    assert (found >= lower).all()
    assert (found <= upper).all()
