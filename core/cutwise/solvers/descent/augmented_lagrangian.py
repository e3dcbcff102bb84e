"""The augmented Lagrangian method: constraints become prices and a penalty, and the prices learn."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats
from cutwise.solvers.descent.bounded_descent import bounded_minimum
from cutwise.solvers.descent.constrained import ConstrainedOptimum, ConstrainedProblem


def augmented_lagrangian(
    problem: ConstrainedProblem,
    start: Floats,
    *,
    penalty: float = 10.0,
    growth: float = 2.0,
    largest_penalty: float = 1e5,
    tolerance: float = 1e-5,
    iterations: int = 30,
) -> ConstrainedOptimum:
    r"""A local optimum under the constraints, violated by no more than `tolerance` where it converged.

    Each iteration minimises inside the box
    $f(x) + \frac{1}{2\rho} \sum_i (\max(0, \mu_i + \rho g_i(x))^2 - \mu_i^2) + \lambda^T h(x) +
    \frac{\rho}{2} \|h(x)\|^2$, sets $\mu \leftarrow \max(0, \mu + \rho g)$ and
    $\lambda \leftarrow \lambda + \rho h$, and raises $\rho$ (Hestenes 1969, Powell 1969; the method P3,
    arXiv 2501.09237, names for its large timescale). Scale objective and constraints to about 1.

    >>> toy = ConstrainedProblem(objective=lambda x: float(x @ x), lower=np.full(2, -9.0),
    ...                          upper=np.full(2, 9.0), inequalities=lambda x: np.array([1 - x.sum()]))
    >>> found = augmented_lagrangian(toy, np.zeros(2))  # nearest to 0 on x + y = 1; price 2x = 1
    >>> found.point.round(4), found.multipliers.round(4)
    (array([0.5, 0.5]), array([1.]))
    """
    point = np.clip(start, problem.lower, problem.upper)
    prices = np.zeros_like(problem.inequalities(point))
    tensions = np.zeros_like(problem.equalities(point))
    done = 0
    while done < iterations:
        done += 1
        point = _inner_minimum(problem, point, prices, tensions, penalty)
        change = penalty * problem.inequalities(point)
        moved = float(np.abs(np.maximum(0.0, prices + change) - prices).max(initial=0.0))
        prices = np.maximum(0.0, prices + change)
        tensions = tensions + penalty * problem.equalities(point)
        if moved <= tolerance * penalty and problem.violation(point) <= tolerance:
            break
        penalty = min(growth * penalty, largest_penalty)
    violation = problem.violation(point)
    return ConstrainedOptimum(
        point=point,
        value=float(problem.objective(point)),
        violation=violation,
        multipliers=prices,
        iterations=done,
        converged=violation <= tolerance,
    )


def _inner_minimum(
    problem: ConstrainedProblem, point: Floats, prices: Floats, tensions: Floats, penalty: float
) -> Floats:
    def value(x: Floats) -> float:
        pushed = np.maximum(0.0, prices + penalty * problem.inequalities(x))
        off = problem.equalities(x)
        inequality_term = float(pushed @ pushed - prices @ prices) / (2 * penalty)
        return float(problem.objective(x)) + inequality_term + float(off @ (tensions + penalty / 2 * off))

    def slope(x: Floats) -> Floats:
        pushed = np.maximum(0.0, prices + penalty * problem.inequalities(x))
        unequal, equal = problem.slopes(x)
        return problem.gradient(x) + pushed @ unequal + (tensions + penalty * problem.equalities(x)) @ equal

    return bounded_minimum(value, slope, point, lower=problem.lower, upper=problem.upper)
