"""A small convex quadratic program, by a primal-dual interior-point method."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats

TO_BOUNDARY = 0.995
STEPS = 60
EXHAUSTED = 1e-13
"""Slack times price below which rounding ends the progress."""
RIDGE = 1e-12
"""Keeps Newton matrices regular along directions that nothing holds; it bends steps, not the answer."""


def quadratic_minimum(
    hessian: Floats, linear: Floats, rows: Floats, limits: Floats, *, tolerance: float = 1e-10
) -> tuple[Floats, Floats]:
    r"""The x that minimises $\frac12 x^T H x + g^T x$ where $A x \le b$, and the price of each row.

    Mehrotra's predictor and corrector; the feasible set must have an interior and H be positive
    semidefinite, positive definite along directions that no row limits.

    >>> x, price = quadratic_minimum(np.eye(1), np.array([-3.0]), np.eye(1), np.array([1.0]))
    >>> x.round(8), price.round(8)  # slope at 1 is 1 - 3
    (array([1.]), array([2.]))
    """
    x = np.zeros(linear.size)
    slack: Floats = np.maximum(1.0, limits - rows @ x)
    price = np.ones(limits.size)
    held: Floats = hessian + RIDGE * (1.0 + np.abs(hessian).max(initial=0.0)) * np.eye(linear.size)
    scale: float = 1.0 + max(np.abs(linear).max(initial=0.0), np.abs(limits).max(initial=0.0))
    for _ in range(STEPS):
        dual: Floats = hessian @ x + linear + price @ rows
        primal: Floats = rows @ x + slack - limits
        between = float(slack @ price) / slack.size
        off: float = max(np.max(np.abs(dual)), np.max(np.abs(primal)), between)
        if off <= tolerance * scale or between <= EXHAUSTED * scale:
            break
        matrix: Floats = held + (rows.T * (price / slack)) @ rows
        affine = _direction(matrix, rows, dual, primal, slack, price, slack * price)
        reach = min(_reach(slack, affine[1]), _reach(price, affine[2]))
        ahead = float((slack + reach * affine[1]) @ (price + reach * affine[2])) / slack.size
        target = slack * price + affine[1] * affine[2] - (ahead / between) ** 3 * between
        step = _direction(matrix, rows, dual, primal, slack, price, target)
        length = min(1.0, TO_BOUNDARY * min(_reach(slack, step[1]), _reach(price, step[2])))
        x, slack, price = x + length * step[0], slack + length * step[1], price + length * step[2]
    return x, price


def _direction(
    matrix: Floats, rows: Floats, dual: Floats, primal: Floats, slack: Floats, price: Floats, target: Floats
) -> tuple[Floats, Floats, Floats]:
    """Newton step on stationarity, feasibility and slack times price."""
    right: Floats = -dual - ((price * primal - target) / slack) @ rows
    step = _solved(matrix, right)
    slack_step: Floats = -primal - rows @ step
    return step, slack_step, -(target + price * slack_step) / slack


def _reach(values: Floats, step: Floats) -> float:
    """How far a step may go before a value reaches zero, at most 1 / TO_BOUNDARY."""
    falling = step < 0
    return float((-values[falling] / step[falling]).min(initial=1 / TO_BOUNDARY))


def _solved(matrix: Floats, right: Floats) -> Floats:
    """The solution, or the shortest of the nearest ones where stiff rows hide a direction in rounding."""
    try:
        found = np.linalg.solve(matrix, right)
    except np.linalg.LinAlgError:
        found = np.linalg.lstsq(matrix, right)[0]
    return np.asarray(found, dtype=np.float64)
