"""Quasi-Newton descent inside a box."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats
from cutwise.solvers.descent.constrained import Value, Vector, damped_update

SUFFICIENT = 1e-4
SHORTEST_STEP = 1e-12


def bounded_minimum(
    function: Value,
    gradient: Vector,
    start: Floats,
    *,
    lower: Floats,
    upper: Floats,
    tolerance: float = 1e-8,
    iterations: int = 300,
) -> Floats:
    """A point where no feasible direction descends, to `tolerance` in the projected gradient.

    A Newton step with a BFGS Hessian on the coordinates that are free, projected on the box along the line
    search (Bertsekas 1982).

    >>> box = {"lower": np.zeros(2), "upper": np.ones(2)}
    >>> bounded_minimum(lambda x: float(((x - [3, 0.5]) ** 2).sum()), lambda x: 2 * (x - [3, 0.5]),
    ...                 np.zeros(2), **box).round(6)
    array([1. , 0.5])
    """
    point = np.clip(start, lower, upper)
    value, slope = function(point), gradient(point)
    hessian = np.eye(point.size)
    for _ in range(iterations):
        if np.abs(point - np.clip(point - slope, lower, upper)).max(initial=0.0) <= tolerance:
            break
        step = _newton_step(hessian, slope, point, lower, upper)
        moved = _line_search(function, value, slope, point, step, lower, upper)
        if moved is None:
            if np.array_equal(hessian, np.eye(point.size)):
                break
            hessian = np.eye(point.size)
            continue
        new_slope = gradient(moved)
        hessian = damped_update(hessian, moved - point, new_slope - slope)
        point, value, slope = moved, function(moved), new_slope
    return point


def _newton_step(hessian: Floats, slope: Floats, point: Floats, lower: Floats, upper: Floats) -> Floats:
    held = ((point <= lower) & (slope > 0)) | ((point >= upper) & (slope < 0))
    free = np.flatnonzero(~held)
    step = np.zeros_like(point)
    step[free] = np.linalg.solve(hessian[np.ix_(free, free)], -slope[free])
    return step


def _line_search(
    function: Value, value: float, slope: Floats, point: Floats, step: Floats, lower: Floats, upper: Floats
) -> Floats | None:
    """The first point of a halving search that descends enough; None where none does."""
    length = 1.0
    while length > SHORTEST_STEP:
        moved = np.clip(point + length * step, lower, upper)
        promised = float(slope @ (moved - point))
        if promised < 0 and function(moved) <= value + SUFFICIENT * promised:
            return moved
        length *= 0.5
    return None
