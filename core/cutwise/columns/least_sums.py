"""The least of many sums with coefficients that are columns: cuts that lose everywhere in a box are dropped.

Rows are halved along their widest coefficient until few cuts are left that can be least in a half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen

FEW = 12
"""Cuts that are compared in every row rather than that its rows are halved once more."""
FEWEST_ROWS = 512
"""Rows that are not halved: to look at a box takes as long as to compare in so many."""
ROWS_AT_ONCE = 1 << 13
FAR_APART = 50.0
"""How wide a coefficient counts that is 0 or of both signs, in logarithms."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sums(Frozen):
    """`base` (cuts,) and what each coefficient is multiplied with, (coefficients, cuts)."""

    base: Floats
    slopes: Floats

    def of(self, cuts: Ints) -> Sums:
        """The sums of some cuts."""
        return Sums(base=self.base[cuts], slopes=self.slopes[:, cuts])


def least_of(sums: Sums, coefficients: Floats) -> Ints:
    """The cut with the least sum in every row of coefficients (coefficients, rows); of equal ones the first.

    >>> sums = Sums(base=np.array([0.0, 1.0, 5.0]), slopes=np.array([[2.0, 1.0, 1.0]]))
    >>> least_of(sums, np.array([[0.5, 0.9, 3.0]])).tolist()
    [0, 0, 1]
    """
    rows = coefficients.shape[1]
    found = np.zeros(rows, dtype=np.int64)
    open_rows: list[tuple[Ints | None, Floats, Ints]] = [(None, coefficients, np.arange(len(sums.base)))]
    while open_rows:
        own, given, cuts = open_rows.pop()
        low, high = given.min(axis=1, initial=np.inf), given.max(axis=1, initial=-np.inf)
        cuts = _narrowed(sums, cuts, low, high)
        side = None
        if len(cuts) > FEW and given.shape[1] > FEWEST_ROWS:
            side = _half(given, low, high)
        if side is None:
            found[slice(None) if own is None else own] = cuts[_compared(sums.of(cuts), given)]
            continue
        for lower in (True, False):
            places = np.flatnonzero(side == lower)
            open_rows.append((places if own is None else own[places], given[:, places], cuts))
    return found


def _narrowed(sums: Sums, cuts: Ints, low: Floats, high: Floats) -> Ints:
    """The cuts that can be least somewhere in a box, in their order."""
    for share in (0.5, 0.0, 1.0):
        if len(cuts) == 1:
            break
        point = low + share * (high - low)
        base, slopes = sums.base[cuts], sums.slopes[:, cuts]
        best = int((base + (point[:, None] * slopes).sum(axis=0)).argmin())
        more = slopes - slopes[:, best : best + 1]
        least = base - base[best] + np.minimum(more * low[:, None], more * high[:, None]).sum(axis=0)
        cuts = cuts[least <= 0]
    return cuts


def _half(coefficients: Floats, low: Floats, high: Floats) -> Mask | None:
    """Which rows lie in the lower half of the widest coefficient; None where all are alike."""
    same_sign = low * high > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = np.where(same_sign, np.abs(np.log(high / low)), FAR_APART)
    wide = np.where(high > low, wide, -1.0)
    at = int(wide.argmax())
    if wide[at] <= 0:
        return None
    middle = np.sign(low[at]) * np.sqrt(low[at] * high[at]) if same_sign[at] else 0.5 * (low[at] + high[at])
    side: Mask = coefficients[at] <= middle
    return side if side.any() and not side.all() else None


def _compared(sums: Sums, coefficients: Floats) -> Ints:
    """The least of few sums, cut by cut."""
    rows = coefficients.shape[1]
    found = np.zeros(rows, dtype=np.int64)
    if len(sums.base) == 1:
        return found
    for first in range(0, rows, ROWS_AT_ONCE):
        part = slice(first, min(first + ROWS_AT_ONCE, rows))
        _compare(sums, coefficients[:, part], found[part])
    return found


def _compare(sums: Sums, given: Floats, found: Ints) -> None:
    least, value, term = np.empty((3, given.shape[1]))
    least.fill(np.inf)
    for cut in range(len(sums.base)):
        value.fill(sums.base[cut])
        for slope, column in zip(sums.slopes[:, cut].tolist(), given, strict=True):
            if slope:
                np.multiply(column, slope, out=term)
                value += term
        np.copyto(found, cut, where=value < least)
        np.minimum(least, value, out=least)
