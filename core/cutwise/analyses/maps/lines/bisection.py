"""Where what is best changes between neighbouring values: found by parting, all places at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs
from cutwise.arrays import Floats, Ints

LabelsAt = Callable[[Floats, Ints], Ints]
"""What is best at values of a quantity, each in a row of the other."""
NEAR = 1e-10
"""Relative: parting ends where both sides are so near to each other."""
MOST_PARTS, POINTS_AT_ONCE = 16, 256
"""Values that are looked at between two, and of all places together where these are many."""
MOST_CHANGES = 16
"""Changes that are looked for between two neighbours."""


def runs_by_parting(
    axis: QuantityAxis,
    values: Floats,
    labels: Ints,
    labels_at: LabelsAt,
    *,
    near: float = NEAR,
    points_at_once: int = POINTS_AT_ONCE,
) -> Runs:
    """Runs along every row of `labels` (rows, values), each change between neighbours parted to its place.

    Where a third is best between two it is found, as parting goes on behind each change. What begins and
    ends between two neighbours that agree is missed.

    >>> axis = QuantityAxis(path="x", title="X", unit="", whole=False, log=False, here=1.0, low=0.0, high=4.0)
    >>> best = lambda values, rows: np.searchsorted([1.25, 1.5], values, side="right")
    >>> values = np.array([0.0, 1.0, 2.0, 4.0])
    >>> found = runs_by_parting(axis, values, best(values, None)[None], best)
    >>> found.cut[:, 0].tolist(), found.start[:, 0].round(6).tolist()
    ([0, 1, 2], [0.0, 1.25, 1.5])
    """
    rows, at = np.nonzero(labels[:, 1:] != labels[:, :-1])
    left, known, end, beyond = values[at], labels[rows, at], values[at + 1], labels[rows, at + 1]
    found = [(row, float(values[0]), int(labels[row, 0])) for row in range(len(labels))]
    for _ in range(MOST_CHANGES):
        if not len(rows):
            break
        place, behind = _parted(axis, labels_at, rows, (left, end), known, beyond, near, points_at_once)
        found += zip(rows.tolist(), place.tolist(), behind.tolist(), strict=True)
        more = behind != beyond
        rows, left, end = rows[more], place[more], end[more]
        known, beyond = behind[more], beyond[more]
    return _as_runs(sorted(found, key=lambda one: one[:2]), len(labels))


def _parted(
    axis: QuantityAxis,
    labels_at: LabelsAt,
    rows: Ints,
    ends: tuple[Floats, Floats],
    known: Ints,
    beyond: Ints,
    near: float,
    points_at_once: int,
) -> tuple[Floats, Ints]:
    """The first value at which it is no longer the known one, and what is best there.

    Few places are parted at many values at once, many at one: a look costs about the same.
    """
    left, right, behind = ends[0].copy(), ends[1].copy(), beyond.copy()
    while True:
        least = np.maximum(1.0 if axis.whole else 0.0, near * np.abs(right))
        going = np.flatnonzero(right - left > least)
        if not len(going):
            return right, behind
        parts = max(1, min(MOST_PARTS, points_at_once // len(going)))
        points = _between(axis, left[going], right[going], parts)
        labels = labels_at(points.ravel(), np.repeat(rows[going], parts)).reshape(points.shape)
        other = np.column_stack([labels != known[going][:, None], np.ones(len(going), dtype=bool)])
        first, at = other.argmax(axis=1), np.arange(len(going))
        before = np.column_stack([left[going], points])[at, first]
        after = np.column_stack([points, right[going]])[at, first]
        behind[going] = np.column_stack([labels, behind[going]])[at, first]
        stuck = (before == left[going]) & (after == right[going])
        left[going], right[going] = np.where(stuck, after, before), after


def _between(axis: QuantityAxis, left: Floats, right: Floats, parts: int) -> Floats:
    """So many values between each two, evenly over the scale, shape (places, parts)."""
    share = np.arange(1, parts + 1) / (parts + 1)
    left, right = left[:, None], right[:, None]
    found = left * (right / left) ** share if axis.log else left + (right - left) * share
    return np.floor(found) if axis.whole else found


def _as_runs(found: list[tuple[int, float, int]], rows: int) -> Runs:
    counts = np.bincount([row for row, _, _ in found], minlength=rows)
    start = np.full((int(counts.max()), rows), np.nan)
    cut = np.full(start.shape, NONE_FITS, dtype=np.int64)
    step = np.zeros(rows, dtype=np.int64)
    for row, value, label in found:
        start[step[row], row], cut[step[row], row] = value, label
        step[row] += 1
    return Runs(start=start, cut=cut)
