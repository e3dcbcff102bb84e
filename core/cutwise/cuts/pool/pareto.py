"""The rows of a table that no other row weakly dominates."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Ints, Mask

BLOCK = 256
SIEVES = 32
CELLS_AT_ONCE = 1 << 22


def front(rows: Floats, *, limit: int | None = None) -> Ints | None:
    """Positions of the rows that no other row equals or undercuts in every column, in lexicographic order.

    Of equal rows the first is kept. None when there are more than `limit`.

    >>> front(np.array([[2.0, 1.0], [1.0, 2.0], [2.0, 2.0], [1.0, 2.0]])).tolist()
    [1, 0]
    """
    left = _sieved(rows) if len(rows) > BLOCK else np.arange(len(rows))
    order = left[np.lexsort(rows[left].T[::-1])] if rows.shape[1] else left[:1]
    rows = rows[order]
    kept: list[Ints] = []
    best = rows[:0]
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        alive = np.flatnonzero(~covered(block, best))
        alive = alive[~_covered_before(block[alive])]
        kept.append(first + alive)
        best = np.concatenate([best, block[alive]])
        if limit is not None and len(best) > limit:
            return None
    return order[np.concatenate(kept)] if kept else order


def covered(rows: Floats, others: Floats) -> Mask:
    """Which of `rows` (K, p) some row of `others` (L, p) equals or undercuts in every column."""
    found = np.zeros(len(rows), dtype=bool)
    step = max(1, CELLS_AT_ONCE // max(1, len(rows)))
    for first in range(0, len(others), step):
        found |= _below(others[first : first + step], rows).any(axis=0)
    return found


def _below(lower: Floats, upper: Floats) -> Mask:
    below = np.ones((len(lower), len(upper)), dtype=bool)
    for a, b in zip(lower.T, upper.T, strict=True):
        below &= a[:, None] <= b
    return below


def _covered_before(rows: Floats) -> Mask:
    """Which rows of a lexicographically sorted table an earlier row covers."""
    return np.asarray(np.triu(_below(rows, rows), k=1).any(axis=0))


def _sieved(rows: Floats) -> Ints:
    """Positions left after a few good rows have removed what they cover; they and all fronts stay."""
    span = np.ptp(rows, axis=0)
    score = ((rows - rows.min(axis=0)) / np.where(span > 0, span, 1.0)).sum(axis=1)
    left = np.arange(len(rows))
    tried = np.zeros(len(rows), dtype=bool)
    for _ in range(SIEVES):
        untried = left[~tried[left]]
        if len(untried) <= BLOCK:
            break
        pivot = untried[np.argmin(score[untried])]
        tried[pivot] = True
        stays = (rows[left] < rows[pivot]).any(axis=1)
        stays[tried[left]] = True
        left = left[stays]
    return left
