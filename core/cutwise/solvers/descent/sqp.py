"""Sequential quadratic programming: a quadratic model of the Lagrangian under linearised constraints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.solvers.descent.constrained import ConstrainedOptimum, ConstrainedProblem, damped_update
from cutwise.solvers.descent.quadratic_program import quadratic_minimum

SUFFICIENT = 1e-4
SHORTEST_STEP = 1e-6
PENALTY_GROWTH = 10.0
LARGEST_PENALTY = 1e6
FEASIBLE = 1e-6
FLAT = 1e-15
"""A promised descent below the rounding error of a merit of about 1."""


def sequential_quadratic(
    problem: ConstrainedProblem,
    start: Floats,
    *,
    penalty: float = 10.0,
    tolerance: float = 1e-8,
    iterations: int = 100,
) -> ConstrainedOptimum:
    r"""A local optimum under inequalities and bounds.

    Each step minimises $\nabla f^T d + \frac12 d^T H d + M t$ where $g + \nabla g\, d \le t$, $t \ge 0$,
    with a damped BFGS Hessian; the merit $f + M \max(0, g)$ sets its length, and a second-order correction
    follows where the full step bends out of the feasible set (P3, arXiv 2501.09237, names the method for
    its small timescale). Raises `SolverError` for a problem with equalities.

    >>> toy = ConstrainedProblem(objective=lambda x: float(x @ x), lower=np.full(2, -9.0),
    ...                          upper=np.full(2, 9.0), inequalities=lambda x: np.array([1 - x.sum()]))
    >>> sequential_quadratic(toy, np.zeros(2)).point.round(6)
    array([0.5, 0.5])
    """
    here = _seen(problem, np.clip(start, problem.lower, problem.upper))
    if problem.equalities(here.point).size:
        raise SolverError(
            "sequential quadratic programming takes no equalities; write each as two inequalities"
        )
    hessian, prices, done, settled = np.eye(here.point.size), np.zeros(0), 0, False
    while done < iterations:
        done += 1
        step, prices, over = _model_step(problem, here, here.limits, hessian, penalty)
        if over > tolerance and penalty < LARGEST_PENALTY:
            penalty *= PENALTY_GROWTH
            continue
        settled = bool(step @ hessian @ step <= FLAT or np.abs(step).max() <= tolerance)
        moved = None if settled else _searched(problem, here, step, hessian, penalty)
        if moved is None:
            break
        there = _seen(problem, moved)
        turned = there.lagrangian_slope(prices) - here.lagrangian_slope(prices)
        hessian = damped_update(hessian, there.point - here.point, turned)
        here = there
    violation = problem.violation(here.point)
    return ConstrainedOptimum(
        point=here.point,
        value=here.value,
        violation=violation,
        multipliers=prices,
        iterations=done,
        converged=settled and violation <= FEASIBLE,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Sight(Frozen):
    """Values and slopes at a point."""

    point: Floats
    value: float
    limits: Floats
    slope: Floats
    jacobian: Floats

    def merit(self, penalty: float) -> float:
        return self.value + penalty * float(self.limits.max(initial=0.0))

    def lagrangian_slope(self, prices: Floats) -> Floats:
        return self.slope + prices @ self.jacobian


def _seen(problem: ConstrainedProblem, point: Floats) -> _Sight:
    return _Sight(
        point,
        float(problem.objective(point)),
        problem.inequalities(point),
        problem.gradient(point),
        problem.slopes(point)[0],
    )


def _model_step(
    problem: ConstrainedProblem, here: _Sight, limits: Floats, hessian: Floats, penalty: float
) -> tuple[Floats, Floats, float]:
    """Step, prices of the inequalities, and by how much the linearised inequalities are missed."""
    size, count = here.point.size, limits.size
    above, below = np.isfinite(problem.upper), np.isfinite(problem.lower)
    unit, one = np.eye(size), np.zeros((1, size))
    rows = np.vstack((here.jacobian, one, unit[above], -unit[below]))
    missed = np.zeros((rows.shape[0], 1))
    missed[: count + 1] = -1.0
    room = ((problem.upper - here.point)[above], (here.point - problem.lower)[below])
    elastic = np.zeros((size + 1, size + 1))
    elastic[:size, :size] = hessian
    found, prices = quadratic_minimum(
        elastic,
        np.append(here.slope, penalty),
        np.hstack((rows, missed)),
        np.concatenate((-limits, [0.0], *room)),
    )
    return found[:size], prices[:count], float(found[size])


def _searched(
    problem: ConstrainedProblem, here: _Sight, step: Floats, hessian: Floats, penalty: float
) -> Floats | None:
    """The first point along the step, bent once towards the feasible set, that lowers the merit enough."""
    promised = float(step @ hessian @ step)
    at = here.merit(penalty)

    def lowers(point: Floats, length: float) -> bool:
        merit = problem.objective(point) + penalty * float(problem.inequalities(point).max(initial=0.0))
        return bool(merit <= at - SUFFICIENT * length * promised)

    length = 1.0
    while length > SHORTEST_STEP:
        moved = np.clip(here.point + length * step, problem.lower, problem.upper)
        if lowers(moved, length):
            return moved
        if length == 1.0:
            bent = problem.inequalities(moved) - here.jacobian @ step
            correction = _model_step(problem, here, bent, hessian, penalty)[0]
            moved = np.clip(here.point + correction, problem.lower, problem.upper)
            if lowers(moved, length):
                return moved
        length *= 0.5
    return None
