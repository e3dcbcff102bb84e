"""Where what is best changes between neighbouring values: found by halving, all places at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs
from cutwise.arrays import Floats, Ints

LabelsAt = Callable[[Floats, Ints], Ints]
"""What is best at values of a quantity, each in a row of the other."""
NEAR = 1e-10
"""Relative: halving ends where both sides are so near to each other."""
MOST_CHANGES = 16
"""Changes that are looked for between two neighbours."""


def runs_by_halving(
    axis: QuantityAxis, values: Floats, labels: Ints, labels_at: LabelsAt, *, near: float = NEAR
) -> Runs:
    """Runs along every row of `labels` (rows, values), each change between neighbours halved to its place.

    Where a third is best between two it is found, as halving goes on behind each change. What begins and
    ends between two neighbours that agree is missed.

    >>> axis = QuantityAxis(path="x", title="X", unit="", whole=False, log=False, here=1.0, low=0.0, high=4.0)
    >>> best = lambda values, rows: np.searchsorted([1.25, 1.5], values, side="right")
    >>> values = np.array([0.0, 1.0, 2.0, 4.0])
    >>> found = runs_by_halving(axis, values, best(values, None)[None], best)
    >>> found.cut[:, 0].tolist(), found.start[:, 0].round(6).tolist()
    ([0, 1, 2], [0.0, 1.25, 1.5])
    """
    rows, at = np.nonzero(labels[:, 1:] != labels[:, :-1])
    left, known, end, beyond = values[at], labels[rows, at], values[at + 1], labels[rows, at + 1]
    found = [(row, float(values[0]), int(labels[row, 0])) for row in range(len(labels))]
    for _ in range(MOST_CHANGES):
        if not len(rows):
            break
        place, behind = _halved(axis, labels_at, rows, (left, end), known, beyond, near)
        found += zip(rows.tolist(), place.tolist(), behind.tolist(), strict=True)
        more = behind != beyond
        rows, left, end = rows[more], place[more], end[more]
        known, beyond = behind[more], beyond[more]
    return _as_runs(sorted(found, key=lambda one: one[:2]), len(labels))


def _halved(
    axis: QuantityAxis,
    labels_at: LabelsAt,
    rows: Ints,
    ends: tuple[Floats, Floats],
    known: Ints,
    beyond: Ints,
    near: float,
) -> tuple[Floats, Ints]:
    """The first value at which it is no longer the known one, and what is best there."""
    left, right, behind = ends[0].copy(), ends[1].copy(), beyond.copy()
    while True:
        middle = np.sqrt(left * right) if axis.log else (left + right) / 2
        middle = np.floor(middle) if axis.whole else middle
        going = (middle > left) & (middle < right) & (right - left > near * np.abs(right))
        if not going.any():
            return right, behind
        labels = labels_at(middle, rows)
        same = labels == known
        left = np.where(going & same, middle, left)
        right = np.where(going & ~same, middle, right)
        behind = np.where(going & ~same, labels, behind)


def _as_runs(found: list[tuple[int, float, int]], rows: int) -> Runs:
    counts = np.bincount([row for row, _, _ in found], minlength=rows)
    start = np.full((int(counts.max()), rows), np.nan)
    cut = np.full(start.shape, NONE_FITS, dtype=np.int64)
    step = np.zeros(rows, dtype=np.int64)
    for row, value, label in found:
        start[step[row], row], cut[step[row], row] = value, label
        step[row] += 1
    return Runs(start=start, cut=cut)
