"""Which cuts can be best or second best somewhere in a rectangle: told by its four corners."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Ints, Mask

MOST_PAIRED = 192
"""Cuts up to which all pairs are compared; of more, with those that are low somewhere."""
RANKS = 2
"""How many better ones make a cut idle."""


def ever_second(corners: Floats, fits: Mask) -> Ints:
    """Rows of `corners` (cuts, 4) that at most one other row is below at all four.

    For scores that are straight along either side of the rectangle: there such a row is below everywhere.
    Only rows that fit all over, by `fits` (cuts, 4), make others idle; what fits nowhere is left out.

    >>> ever_second(np.array([[1.0] * 4, [2.0] * 4, [3.0] * 4, [0.0, 9.0, 9.0, 9.0]]), np.ones((4, 4), bool))
    array([0, 1, 3])
    """
    some = np.flatnonzero(fits.any(axis=1))
    if len(some) > MOST_PAIRED:
        low = np.where(fits[some], corners[some], np.inf)
        order = np.argsort(np.column_stack([low, low.mean(axis=1)]), axis=0, kind="stable")[: 4 * RANKS]
        some = some[_beaten(corners[some], corners[some], fits[some], np.unique(order)) < RANKS]
    if len(some) > MOST_PAIRED:
        return some
    own = corners[some]
    return some[_beaten(own, own, fits[some], np.arange(len(some))) < RANKS]


def _beaten(rows: Floats, others: Floats, fits: Mask, by: Ints) -> Ints:
    """How many of the rows `by` are below each row at all corners; of equal ones the first."""
    by = by[fits[by].all(axis=1)]
    under = (others[by][:, None] <= rows).all(axis=2)
    same = (others[by][:, None] == rows).all(axis=2)
    earlier = by[:, None] < np.arange(len(rows))
    return np.asarray((under & (~same | earlier)).sum(axis=0), dtype=np.int64)
