"""Best, second best and regret at every point of a map, from its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.analyses.maps.lines.row_lines import RowLines
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs, ScoreLines
from cutwise.arrays import Floats, SmallInts
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MapGrid(Frozen):
    """At every point (rows, points) the best and the second best cut, their scores, the best one's delay.

    Where no cut keeps the limits `best` is -1 and its score infinite; where no other does `second` is.
    """

    best: SmallInts
    second: SmallInts
    score: Floats
    second_score: Floats
    delay_s: Floats

    def turned(self) -> MapGrid:
        """The same with rows as points and points as rows."""
        return MapGrid(
            best=self.best.T,
            second=self.second.T,
            score=self.score.T,
            second_score=self.second_score.T,
            delay_s=self.delay_s.T,
        )


def grid_of(lines: RowLines, runs: Runs, values: Floats) -> MapGrid:
    """The grid over `values` of the quantity that the lines go along, a row a line."""
    points, straight, slopes = lines.over(values), lines.lines, lines.slopes
    best = _best_at(runs, values)
    score = _along(straight.start, straight.slope, best, points)
    same = lines.near.delay_s is lines.near.score
    delay = score if same else _along(lines.near.delay_s, slopes.delay_s, best, points)
    second, second_score = _second_at(straight, points, best)
    return MapGrid(best=best, second=second, score=score, second_score=second_score, delay_s=delay)


def _best_at(runs: Runs, values: Floats) -> SmallInts:
    best = np.full((runs.start.shape[1], len(values)), NONE_FITS, dtype=np.int16)
    for start, cut in zip(runs.start, runs.cut, strict=True):
        np.copyto(best, cut[:, None], where=values >= start[:, None])
    return best


def _along(start: Floats, slope: Floats, cuts: SmallInts, points: Floats) -> Floats:
    """What the lines of these cuts say at points; infinite for none."""
    rows = np.arange(cuts.shape[0])[:, None]
    found = start[cuts, rows] + points * slope[cuts, rows]
    return np.where(cuts == NONE_FITS, np.inf, found)


def _second_at(lines: ScoreLines, points: Floats, best: SmallInts) -> tuple[SmallInts, Floats]:
    second, least = np.full_like(best, NONE_FITS), np.full(best.shape, np.inf)
    score, other, limited = np.empty(best.shape), np.empty(best.shape, dtype=bool), not lines.always_fit
    for cut in range(len(lines.start)):
        np.multiply(points, lines.slope[cut][:, None], out=score)
        score += lines.start[cut][:, None]
        np.less(score, least, out=other)
        other &= best != cut
        if limited:
            other &= (points >= lines.low[cut][:, None]) & (points <= lines.high[cut][:, None])
        np.copyto(least, score, where=other)
        np.copyto(second, cut, where=other)
    return second, least
