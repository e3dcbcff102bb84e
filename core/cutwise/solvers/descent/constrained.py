"""A smooth function to be minimised inside a box under constraints, and what a method found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.frozen import Frozen

Value = Callable[[Floats], float]
Vector = Callable[[Floats], Floats]
DIFFERENCE = 6e-6
"""Relative step of central differences: the cube root of the rounding error."""


def _none(point: Floats) -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ConstrainedProblem(Frozen):
    """Minimise `objective` where `inequalities` <= 0, `equalities` = 0 and lower <= x <= upper.

    A derivative that is None is taken by central differences; a gradient has shape (n,), a Jacobian one
    row a constraint.
    """

    objective: Value
    lower: Floats
    upper: Floats
    inequalities: Vector = _none
    equalities: Vector = _none
    objective_gradient: Vector | None = None
    inequality_jacobian: Vector | None = None
    equality_jacobian: Vector | None = None

    def gradient(self, point: Floats) -> Floats:
        """Slope of the objective."""
        if self.objective_gradient is not None:
            return self.objective_gradient(point)
        return differences(lambda x: np.atleast_1d(self.objective(x)), point, self.lower, self.upper)[0]

    def slopes(self, point: Floats) -> tuple[Floats, Floats]:
        """Jacobians of the inequalities and of the equalities."""
        pairs = (
            (self.inequalities, self.inequality_jacobian),
            (self.equalities, self.equality_jacobian),
        )
        first, second = (
            differences(values, point, self.lower, self.upper) if jacobian is None else jacobian(point)
            for values, jacobian in pairs
        )
        return first, second

    def violation(self, point: Floats) -> float:
        """By how much the worst constraint is broken; 0 where all hold."""
        over = self.inequalities(point).max(initial=0.0)
        return float(max(over, np.abs(self.equalities(point)).max(initial=0.0)))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ConstrainedOptimum(Frozen):
    """Where a method stopped: the point, its objective, its worst violation, and the work it took.

    `multipliers` are the prices of the inequalities; `converged` is False where the iterations ran out.
    """

    point: Floats
    value: float
    violation: float
    multipliers: Floats
    iterations: int
    converged: bool


def differences(function: Vector, point: Floats, lower: Floats, upper: Floats) -> Floats:
    """Jacobian by central differences, one-sided at a bound; shape (values, n).

    >>> box = np.array([0.0]), np.array([10.0])
    >>> differences(lambda x: x**2, np.array([3.0]), *box).round(6)
    array([[6.]])
    """
    steps = DIFFERENCE * np.maximum(1.0, np.abs(point))
    columns = []
    for at, step in enumerate(steps):
        after, before = point.copy(), point.copy()
        after[at] = min(point[at] + step, upper[at])
        before[at] = max(point[at] - step, lower[at])
        apart = after[at] - before[at]
        change = function(after) - function(before)
        columns.append(change / apart if apart > 0 else np.zeros_like(change))
    return np.stack(columns, axis=1)


def share_slopes(function: Vector, shares: Floats) -> Floats:
    """Slopes by central differences of functions that each depend on their own share: two calls for all.

    >>> share_slopes(lambda x: 1.0 / x, np.array([0.5, 1.0])).round(6)
    array([-4., -1.])
    """
    after, before = shares * (1 + DIFFERENCE), shares * (1 - DIFFERENCE)
    return (function(after) - function(before)) / (after - before)


def damped_update(hessian: Floats, moved: Floats, turned: Floats) -> Floats:
    r"""BFGS update of a positive definite Hessian, damped after Powell so that it stays so.

    $H - Hss^TH/(s^THs) + rr^T/(s^Tr)$ with $r = \theta y + (1-\theta) Hs$ and $s^Tr \ge 0.2\, s^THs$.

    >>> damped_update(np.eye(1), np.array([1.0]), np.array([3.0]))  # one dimension: y/s
    array([[3.]])
    """
    pushed = hessian @ moved
    curve, seen = float(moved @ pushed), float(moved @ turned)
    if curve <= np.finfo(np.float64).tiny:
        return hessian
    theta = 1.0 if seen >= 0.2 * curve else 0.8 * curve / (curve - seen)
    mixed = theta * turned + (1 - theta) * pushed
    return hessian - np.outer(pushed, pushed) / curve + np.outer(mixed, mixed) / float(moved @ mixed)
