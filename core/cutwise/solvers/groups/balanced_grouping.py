"""Items into groups of equal size so that the labels of every group look like those of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats, Ints
from cutwise.solvers.groups.grouping import Grouping, checked_loads, grouping_of

ENOUGH = 1e-12
"""Relative gain below which an exchange is rounding."""


def balanced_groups(loads: ArrayLike, groups: int, *, histograms: ArrayLike, passes: int = 20) -> Grouping:
    r"""Equal sizes, each group's label counts as near as found to an equal part of all labels.

    `histograms` has one row of label counts an item. Items in falling order of size go where
    $\|H_m - H/M\|^2$ grows least; then pairs are exchanged while that helps.

    >>> balanced_groups(np.ones(4), 2, histograms=[[9, 0], [9, 0], [0, 9], [0, 9]]).groups
    ((0, 2), (1, 3))
    """
    checked = checked_loads(loads, groups)
    counts = np.asarray(histograms, dtype=np.float64)
    owner = _dealt(counts, groups)
    for _ in range(passes):
        if not _exchange(counts, owner, groups):
            break
    return grouping_of(checked, owner, groups)


def _dealt(counts: Floats, groups: int) -> Ints:
    """Items in falling order of size, each to the group with room whose labels it completes best."""
    target: Floats = counts.sum(axis=0) / groups
    held = np.zeros((groups, counts.shape[1]))
    room = np.array([len(range(group, len(counts), groups)) for group in range(groups)])
    owner = np.empty(len(counts), dtype=np.int64)
    item: np.intp
    for item in np.argsort(-counts.sum(axis=1), kind="stable"):
        cost: Floats = np.where(room > 0, (held - target) @ counts[item], np.inf)
        group = int(np.lexsort((-room, cost))[0])
        owner[item] = group
        held[group] += counts[item]
        room[group] -= 1
    return owner


def _exchange(counts: Floats, owner: Ints, groups: int) -> bool:
    """Exchanges, for each item in turn, the pair that helps most; False where none does."""
    off: Floats = np.array([counts[owner == group].sum(axis=0) for group in range(groups)])
    off -= counts.sum(axis=0) / groups
    changed = False
    for item in range(len(counts)):
        moved: Floats = counts - counts[item]
        # |a + m|^2 + |b - m|^2 - |a|^2 - |b|^2 with m what the item's group gains
        gain: Floats = 2 * ((off[owner[item]] - off[owner]) * moved).sum(axis=1) + 2 * (moved**2).sum(axis=1)
        gain[owner == owner[item]] = 0.0
        other = int(np.argmin(gain))
        if gain[other] < -ENOUGH * max(1.0, float(np.sum(off**2))):
            off[owner[item]] += moved[other]
            off[owner[other]] -= moved[other]
            owner[[item, other]] = owner[[other, item]]
            changed = True
    return changed
