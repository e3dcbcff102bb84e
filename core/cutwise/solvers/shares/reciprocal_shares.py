"""The split of several divisible resources at once when every item's time is a sum of work over share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen

RELATIVE_GAP = 1e-12
STEPS = 100
TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ResourceSplit(Frozen):
    """Shares (items, resources) whose columns sum to at most 1, the last finish, and a proved bound.

    `pressure` has one entry an item and sums to 1: what a second less for that item alone would save.
    `prices` holds the square root of what a share of each resource costs, up to a common factor.
    """

    shares: Floats
    value: float
    bound: float
    pressure: Floats
    prices: Floats


def minmax_reciprocal_shares(fixed: Floats, work: Floats) -> ResourceSplit:
    r"""Shares that minimise $\max_i \left( c_i + \sum_j W_{ij} / x_{ij} \right)$, $\sum_i x_{ij} \le 1$.

    For prices $w_j^2$ of the resources, item i needs at least
    $\left( \sum_j w_j \sqrt{W_{ij}} \right)^2 / (T - c_i)$ of them to finish by T. So T can be kept exactly
    when no prices ask for more than there is: when the largest eigenvalue of
    $M(T) = \sum_i v_i v_i^T / (T - c_i)$, $v_{ij} = \sqrt{W_{ij}}$, is at most 1. It falls and is convex in
    T: Newton steps from below on its reciprocal find the T where it is 1. `fixed` has shape (n,), `work`
    (n, m); items finish together except those whose fixed part is late by itself.

    >>> split = minmax_reciprocal_shares(np.array([0.0, 0.0]), np.array([[1.0, 4.0], [1.0, 4.0]]))
    >>> split.shares.round(9).tolist(), round(split.value, 9)  # halves: 1/0.5 + 4/0.5
    ([[0.5, 0.5], [0.5, 0.5]], 10.0)
    """
    busy: Mask = work.sum(axis=1) > 0
    late = float(fixed[~busy].max(initial=-np.inf))
    shares, prices = np.zeros_like(work), np.ones(work.shape[1])
    pressure: Floats = np.where(busy, 0.0, fixed == late)
    bound = late
    if busy.any():
        roots: Floats = np.sqrt(work[busy])
        low, high = _bracket(fixed[busy], roots)
        slack: Floats = max(high, late) - fixed[busy]
        prices = _prices(roots, slack)
        shares[busy] = roots * (roots @ prices)[:, None] / (prices * slack[:, None])
        shares /= np.maximum(shares.sum(axis=0), TINY)
        if high > late:
            pressure = np.zeros(busy.size)
            pressure[busy] = ((roots @ prices) / slack) ** 2
            bound = max(low, late)
    value = float(np.max(fixed + (work / np.maximum(shares, TINY)).sum(axis=1)))
    return ResourceSplit(
        shares=shares,
        value=value,
        bound=min(bound, value),
        pressure=pressure / np.sum(pressure),
        prices=prices,
    )


def _bracket(fixed: Floats, roots: Floats) -> tuple[float, float]:
    """Levels just below and just above the one whose largest eigenvalue is 1."""
    low = float(np.max(fixed + (roots**2).sum(axis=1)))
    low = max(low, float(np.nextafter(np.max(fixed), np.inf)))
    for _ in range(STEPS):
        eigenvalue, slope = _eigenvalue(fixed, roots, low)
        step = eigenvalue * (eigenvalue - 1) / slope
        if step <= RELATIVE_GAP * abs(low):
            break
        low += step
    high, margin = low, RELATIVE_GAP
    while _eigenvalue(fixed, roots, high)[0] >= 1 - margin / 2:
        high += margin * max(abs(low), TINY)
        margin *= 2
    return low, high


def _eigenvalue(fixed: Floats, roots: Floats, level: float) -> tuple[float, float]:
    """Largest eigenvalue of M at a level, and how fast it falls with the level."""
    slack = level - fixed
    values, vectors = np.linalg.eigh((roots.T / slack) @ roots)
    pulls: Floats = (roots @ vectors[:, -1]) / slack
    return float(values[-1]), float(pulls @ pulls)


def _prices(roots: Floats, slack: Floats) -> Floats:
    """Positive w with M w < w, which exists where the largest eigenvalue is below 1: (I - M)^-1 1."""
    unit = np.eye(roots.shape[1])
    solved = np.linalg.solve(unit - (roots.T / slack) @ roots, np.ones(roots.shape[1]))
    return np.asarray(solved, dtype=np.float64)
