"""The split of a resource with any convex law and of one in reciprocal form at the same time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.solvers.descent.constrained import share_slopes
from cutwise.solvers.shares.minmax_share import Finish
from cutwise.solvers.shares.reciprocal_shares import ResourceSplit, minmax_reciprocal_shares
from cutwise.tolerances import SMALLEST_SHARE

RELATIVE_GAP = 1e-9
STEPS = 60


def minmax_convex_shares(finish: Finish, work: Floats, *, steps: int = STEPS) -> ResourceSplit:
    r"""Shares that minimise $\max_i \left( f_i(x_i) + S_i / y_i \right)$, $\sum x_i \le 1$, $\sum y_i \le 1$.

    `finish(x)` gives all falling convex $f_i(x_i)$, fixed parts included, finite for x > 0; `work` holds S,
    shape (n,). Around the shares at hand $f_i(x)$ is taken as $c_i + A_i / x$ with the same value and slope,
    and that problem is solved exactly, until value and bound meet. The bound needs convexity only: with the
    pressure p of the items as weights, $\max_i T_i \ge \sum_i p_i T_i$, and each $T_i$ lies above its
    tangent. Columns of the shares: x, y. After `steps` rounds the best so far is the answer.

    >>> split = minmax_convex_shares(lambda x: np.array([1.0, 1.0]) / x, np.array([4.0, 4.0]))
    >>> split.shares.round(9).tolist(), round(split.value, 9)
    ([[0.5, 0.5], [0.5, 0.5]], 10.0)
    """
    shares = np.full(work.size, 1.0 / work.size)
    best: ResourceSplit | None = None
    bound, damping = -np.inf, 1.0
    for _ in range(steps):
        fixed, first_work = touching_reciprocals(finish, shares)
        model = minmax_reciprocal_shares(fixed, np.stack((first_work, work), axis=1))
        found = _scored(finish, work, model)
        bound = max(bound, found.bound)
        if best is None or found.value < best.value:
            best = found
        else:
            damping *= 0.5
        if best.value - bound <= RELATIVE_GAP * abs(best.value):
            break
        moved = np.maximum(found.shares[:, 0], SMALLEST_SHARE)
        shares = shares * (moved / shares) ** damping
        shares /= shares.sum()
    assert best is not None
    return replace(best, bound=min(bound, best.value))


def touching_reciprocals(laws: Finish, shares: Floats) -> tuple[Floats, Floats]:
    r"""$c$ and $A$ such that $c + A/x$ has the value and the slope of a falling law at the shares at hand.

    >>> touching_reciprocals(lambda x: 3.0 + 2.0 / x, np.array([0.5]))[1].round(6)
    array([2.])
    """
    work: Floats = np.maximum(0.0, -share_slopes(laws, shares) * shares**2)
    return laws(shares) - work / shares, work


def _scored(finish: Finish, work: Floats, model: ResourceSplit) -> ResourceSplit:
    """The model's shares with the last finish they really give and the bound their tangents prove."""
    shares: Floats = np.maximum(model.shares, SMALLEST_SHARE)
    first, second = shares[:, 0], shares[:, 1]
    times, slopes = finish(first), model.pressure * share_slopes(finish, first)
    rest: Floats = work / second
    value = float(np.max(times + rest))
    first_bound: float = model.pressure @ times - slopes @ first + slopes.min()
    second_bound: float = 2 * model.pressure @ rest - (model.pressure * rest / second).max()
    bound = float(first_bound + second_bound)
    return replace(model, value=value, bound=bound)
