"""One option an item, and the split of two resources between the items, so that the last finishes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask, Number
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.solvers.shares.reciprocal_shares import ResourceSplit, minmax_reciprocal_shares

ANGLES, ROUNDS = 17, 4
BISECTIONS = 44
IMPROVED, RELATIVE_GAP = 1e-12, 1e-8


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ChoiceSplit(Frozen):
    """The option of each item, the best split for these options, and a bound over all options."""

    options: Ints
    split: ResourceSplit
    bound: float


def minmax_reciprocal_choice(fixed: Floats, work: Floats, *, improvements: int = 200) -> ChoiceSplit:
    r"""Options $l_i$ and shares that make $\max_i (c_{il} + A_{il}/x_i + S_{il}/y_i)$ small, with a bound.

    `fixed` has shape (items, options), infinite where an item lacks an option; `work` (items, options, 2).
    For prices $(\lambda, 1 - \lambda)$ of the resources no choice finishes by T if
    $\sum_i \min_l (\sqrt{\lambda A_{il}} + \sqrt{(1 - \lambda) S_{il}})^2 / (T - c_{il}) > 1$: the largest
    such T over the prices is the bound. The options that attain it for some prices start a search that
    changes one item at a time, `improvements` splits at most; each split is exact.

    >>> fixed = np.array([[0.0, 3.0], [0.0, 3.0]])  # all at the server, or 3 seconds at home
    >>> work = np.array([[[0.0, 4.0], [0.0, 0.0]]] * 2)
    >>> best = minmax_reciprocal_choice(fixed, work)  # both at the server: 8; one: 4; none: 3
    >>> best.options.tolist(), best.split.value, round(best.bound, 9)
    ([1, 1], 3.0, 3.0)
    """
    if (without := np.flatnonzero(np.isinf(fixed).all(axis=1))).size:
        raise SolverError(f"item {without[0]} has no option; give each item one that is finite")
    roots: Floats = np.sqrt(work)
    low, high, tried = 0.0, np.pi / 2, []
    bound = -np.inf
    for _ in range(ROUNDS):
        angles = np.linspace(low, high, ANGLES)
        levels, options = _levels(fixed, roots, angles)
        at = int(levels.argmax())
        bound = max(bound, float(levels[at]))
        tried.append(options)
        low, high = angles[max(at - 1, 0)], angles[min(at + 1, ANGLES - 1)]
    starts: Ints = np.unique(np.concatenate(tried), axis=0)
    splits: list[tuple[ResourceSplit, Ints]] = [(_split(fixed, work, start), start) for start in starts]
    split, chosen = min(splits, key=lambda pair: pair[0].value)
    split, chosen = _improved(fixed, work, split, chosen, target=bound, tries=improvements)
    return ChoiceSplit(options=chosen, split=split, bound=min(bound, split.value))


def _improved(
    fixed: Floats, work: Floats, split: ResourceSplit, options: Ints, *, target: float, tries: int
) -> tuple[ResourceSplit, Ints]:
    """Changes one item at a time, the most promising change first, while the last finish gets earlier."""
    roots: Floats = np.sqrt(work)
    while tries > 0 and split.value > target * (1 + RELATIVE_GAP):
        asked = _asked(fixed, roots @ split.prices, split.value)
        change: Floats = asked - np.take_along_axis(asked, options[:, None], axis=1)
        np.put_along_axis(change, options[:, None], np.inf, axis=1)
        for flat in np.argsort(change, axis=None)[:tries]:
            item, option = np.unravel_index(flat, change.shape)
            tries -= 1
            if not np.isfinite(change[item, option]):
                return split, options
            moved = options.copy()
            moved[item] = option
            found = _split(fixed, work, moved)
            if found.value < split.value * (1 - IMPROVED):
                split, options = found, moved
                break
        else:
            break
    return split, options


def _split(fixed: Floats, work: Floats, options: Ints) -> ResourceSplit:
    items = np.arange(options.size)
    return minmax_reciprocal_shares(fixed[items, options], work[items, options])


def _levels(fixed: Floats, roots: Floats, angles: Floats) -> tuple[Floats, Ints]:
    """For each pair of prices the level below which nothing fits, and the options that ask least there."""
    prices = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    pulls: Floats = np.einsum("iom,am->aio", roots, prices)
    low: Floats = np.full(angles.size, fixed.min(axis=1).max())
    high: Floats = (fixed + pulls**2 * fixed.shape[0]).min(axis=2).max(axis=1)
    for _ in range(BISECTIONS):
        level: Floats = 0.5 * (low + high)
        cost = _asked(fixed, pulls, level[:, None, None])
        fits: Mask = cost.min(axis=2).sum(axis=1) <= 1.0
        low, high = np.where(fits, low, level), np.where(fits, level, high)
    return low, _asked(fixed, pulls, high[:, None, None]).argmin(axis=2)


def _asked(fixed: Floats, pulls: Floats, level: Number) -> Floats:
    """Priced shares that each option of each item needs to finish by a level."""
    slack: Floats = level - fixed
    needed: Floats = pulls**2
    return np.divide(needed, slack, out=np.full(np.broadcast(needed, slack).shape, np.inf), where=slack > 0)
