"""Best, second best and regret at every point of a map, from its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.analyses.maps.row_lines import RowLines
from cutwise.analyses.maps.score_lines import NONE_FITS, Runs
from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MapGrid(Frozen):
    """At every point (rows, points) the best and the second best cut, their scores, the best one's delay.

    Where no cut keeps the limits `best` is -1 and its score infinite; where no other does `second` is.
    """

    best: Ints
    second: Ints
    score: Floats
    second_score: Floats
    delay_s: Floats


def grid_of(lines: RowLines, runs: Runs, values: Floats) -> MapGrid:
    """The grid over `values` of the quantity that the lines go along, a row a line."""
    points = lines.over(values)
    best = _best_at(runs, values)
    rows = np.arange(len(best))[:, None]
    slopes, known = lines.slopes, best != NONE_FITS
    score, delay = (
        np.where(known, near[best, rows] + points * slope[best, rows], np.inf)
        for near, slope in ((lines.near.score, slopes.score), (lines.near.delay_s, slopes.delay_s))
    )
    second, second_score = _second_at(lines, points, best)
    return MapGrid(best=best, second=second, score=score, second_score=second_score, delay_s=delay)


def _best_at(runs: Runs, values: Floats) -> Ints:
    best = np.full((runs.start.shape[1], len(values)), NONE_FITS, dtype=np.int64)
    for start, cut in zip(runs.start, runs.cut, strict=True):
        np.copyto(best, cut[:, None], where=values >= start[:, None])
    return best


def _second_at(lines: RowLines, points: Floats, best: Ints) -> tuple[Ints, Floats]:
    second, least = np.full_like(best, NONE_FITS), np.full(best.shape, np.inf)
    straight = lines.lines
    limited = bool(np.isfinite(straight.low).any() or np.isfinite(straight.high).any())
    for cut in range(len(straight.start)):
        score = straight.start[cut][:, None] + points * straight.slope[cut][:, None]
        other = (score < least) & (best != cut)
        if limited:
            other &= (points >= straight.low[cut][:, None]) & (points <= straight.high[cut][:, None])
        np.copyto(least, score, where=other)
        np.copyto(second, cut, where=other)
    return second, least
