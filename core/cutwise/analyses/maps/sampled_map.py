"""Regions where no law holds along either quantity: points priced one by one, borders found by parting."""

from __future__ import annotations

import numpy as np

from cutwise.analyses.maps.lines.bisection import runs_by_parting
from cutwise.analyses.maps.lines.map_grid import MapGrid
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs
from cutwise.analyses.maps.places.map_places import MappedDevice
from cutwise.arrays import Floats, Ints

SAMPLED = (101, 61)
"""Points of the first and of the second quantity."""
NEAR = 1e-10
"""Relative: how near borders are parted to their places."""


def sampled_grid(mapped: MappedDevice, across: Floats, up: Floats) -> MapGrid:
    """Best and second best at every point of both quantities' values."""
    axes, shape = mapped.places.axes, (len(up), len(across))
    columns = {axes[0].path: np.tile(across, len(up)), axes[1].path: np.repeat(up, len(across))}
    prices = mapped.prices(columns)
    scores = prices.scores
    best, score = _least(scores)
    at = np.arange(scores.shape[1])
    delay_s = np.where(best == NONE_FITS, np.inf, prices.delay_s[best, at])
    scores[best, at] = np.inf
    second, second_score = _least(scores)
    return MapGrid(
        best=best.reshape(shape).astype(np.int16),
        second=second.reshape(shape).astype(np.int16),
        score=score.reshape(shape),
        second_score=second_score.reshape(shape),
        delay_s=delay_s.reshape(shape),
    )


def sampled_runs(mapped: MappedDevice, across: Floats, up: Floats, best: Ints) -> Runs:
    """Runs along the first quantity in every row of the second."""
    axes = mapped.places.axes

    def labels_at(values: Floats, rows: Ints) -> Ints:
        return _least(mapped.prices({axes[0].path: values, axes[1].path: up[rows]}).scores)[0]

    return runs_by_parting(axes[0], across, best, labels_at, near=NEAR)


def _least(scores: Floats) -> tuple[Ints, Floats]:
    """The cut of the least score at every point, -1 where none is finite."""
    best = scores.argmin(axis=0)
    least = scores[best, np.arange(scores.shape[1])]
    return np.where(np.isfinite(least), best, NONE_FITS), least
