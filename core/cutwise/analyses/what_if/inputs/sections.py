"""Where a statement about one factor turns from false to true, for many searches at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen

Holds: TypeAlias = Callable[[Ints, Floats], Mask]
"""Whether it holds in each row, of which the search and its factor are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision(Frozen):
    """How many factors a search tries at first, and then in each part that is left, down to `nearness`.

    As many as `rows` at once take hardly longer than one; searches that are left share them.
    """

    first: int
    points: int
    nearness: float
    rows: int = 0


FINE = Precision(first=64, points=15, nearness=1e-13, rows=2048)
FEWER = Precision(first=32, points=15, nearness=1e-9, rows=256)
"""For many devices that share a band best, where rows take long though they are answered together."""
COARSE = Precision(first=8, points=1, nearness=1e-3)
"""For answers that take a plan each."""
ENDS_FIRST = Precision(first=1, points=1, nearness=1e-3)
"""The same for statements that hold from somewhere on: false at the end is false everywhere."""


def turning_factors(holds: Holds, ends: Floats, precision: Precision) -> Floats:
    """The least change from 1 towards each end at which it holds: that factor, nan where none was found.

    `ends` (searches,) are factors above or below 1. Between 1 and its end a statement is taken to turn once
    within a step of the first grid; where it turns once at all the answer is exact to `precision.nearness`.

    >>> more_than_three = lambda which, factors: factors >= 3
    >>> float(turning_factors(more_than_three, np.array([100.0]), FINE).round(9)[0])
    3.0
    """
    searches = len(ends)
    steps = np.linspace(0.0, 1.0, precision.first + 1)
    grid = np.exp(np.log(ends)[:, None] * steps)
    grid[:, -1] = ends
    low, high = _cell(holds, np.arange(searches), grid)
    while True:
        left = np.flatnonzero(np.abs(high / low - 1) > precision.nearness)
        points = max(precision.points, precision.rows // max(1, len(left)))
        parts = np.linspace(0.0, 1.0, points + 2)
        grid = low[left, None] * (high / low)[left, None] ** parts
        grid[:, -1] = high[left]
        inner = grid[:, 1:-1]
        moved = ((inner != low[left, None]) & (inner != high[left, None])).any(axis=1)
        left, grid = left[moved], grid[moved]
        if not len(left):
            return high
        low[left], high[left] = _cell(holds, left, grid, known=True)


def _cell(holds: Holds, which: Ints, grid: Floats, *, known: bool = False) -> tuple[Floats, Floats]:
    """The first step (searches,) of a grid (searches, points) at whose end it holds; nan where at none.

    The first point is known not to count, and the last, where `known`, to hold.
    """
    asked = grid[:, 1:-1] if known else grid[:, 1:]
    found = holds(np.repeat(which, asked.shape[1]), asked.ravel()).reshape(asked.shape)
    if known:
        found = np.concatenate([found, np.ones((len(which), 1), dtype=bool)], axis=1)
    at, rows = found.argmax(axis=1), np.arange(len(which))
    some = found.any(axis=1)
    high = np.where(some, grid[rows, at + 1], np.nan)
    return np.where(some, grid[rows, at], np.nan), high
