"""The cut with the least score of every row, within the row's limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Ints, Mask
from cutwise.columns.least_sums import least_of
from cutwise.columns.linear_laws import Law
from cutwise.columns.picks.row_limits import Limit, MemoryLimit, RowScores, excess_in, told_apart
from cutwise.frozen import Frozen

CELLS_AT_ONCE = 1 << 18
"""Pairs of cut and row that are priced at once."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RowPicks(Frozen):
    """The cut of every row, and the rows in which none keeps the limits: they have the one nearest to."""

    cuts: Ints
    short: Mask

    def of(self, rows: Ints) -> RowPicks:
        """The picks of some rows."""
        return RowPicks(cuts=self.cuts[rows], short=self.short[rows])


def picked(scores: RowScores, limits: tuple[Limit, ...], *, cuts: int, rows: int) -> RowPicks:
    """The best of so many cuts in so many rows."""
    if isinstance(scores, Law) and not limits:
        sums, coefficients = scores.differences(slice(0, rows))
        return RowPicks(cuts=least_of(sums, coefficients), short=np.zeros(rows, dtype=bool))
    if limits and all(isinstance(one, MemoryLimit) and one.is_one for one in limits):
        return _picked_once(scores, limits, cuts=cuts, rows=rows)
    found, short = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=bool)
    for part in parts(rows, cuts):
        values = scores.at(part)
        if limits:
            excess = excess_in(limits, part, cuts)
            values = np.where(excess > 0, np.inf, values)
            short[part] = ~np.isfinite(values).any(axis=0)
            found[part] = values.argmin(axis=0)
            if short[part].any():
                nearest = np.where(told_apart(limits, part, cuts), excess, np.inf).argmin(axis=0)
                found[part] = np.where(short[part], nearest, found[part])
        else:
            found[part] = values.argmin(axis=0)
    return RowPicks(cuts=found, short=short)


def _picked_once(scores: RowScores, limits: tuple[Limit, ...], *, cuts: int, rows: int) -> RowPicks:
    """The same under limits that every cut keeps, or breaks, in all rows alike."""
    first = slice(0, 1)
    excess = excess_in(limits, first, cuts)[:, 0]
    kept = np.flatnonzero(excess <= 0)
    if len(kept):
        found = picked(scores.of(kept), (), cuts=len(kept), rows=rows)
        return RowPicks(cuts=kept[found.cuts], short=found.short)
    nearest = int(np.where(told_apart(limits, first, cuts)[:, 0], excess, np.inf).argmin())
    return RowPicks(cuts=np.full(rows, nearest), short=np.ones(rows, dtype=bool))


def parts(rows: int, cuts: int) -> Iterator[slice]:
    """Rows a few at a time."""
    step = max(256, CELLS_AT_ONCE // max(1, cuts))
    for first in range(0, rows, step):
        yield slice(first, min(rows, first + step))
