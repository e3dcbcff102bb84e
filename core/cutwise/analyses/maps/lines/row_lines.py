"""Scores along one quantity, at many values of the other: straight lines where a law holds along it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.analyses.maps.axes.laws import LAWS
from cutwise.analyses.maps.lines.score_lines import Runs, ScoreLines, runs_of
from cutwise.analyses.maps.places.point_prices import PointPrices
from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RowLines(Frozen):
    """Prices of cuts at the `near` and the `far` end of a quantity, a column a row of the map.

    Between them they are straight over the quantity by its `law`. The near end is where the law's own
    values are least, so that differences lose nothing.
    """

    law: str
    ends: tuple[float, float]
    near: PointPrices
    far: PointPrices

    @property
    def span(self) -> tuple[float, float]:
        """The law's value at the near end, and how far it goes from there."""
        near, far = LAWS[self.law](np.array(self.ends)).tolist()
        return near, far - near

    def over(self, values: Floats) -> Floats:
        """Values of the quantity as places along the lines."""
        return LAWS[self.law](values) - self.span[0]

    def value(self, points: Floats) -> Floats:
        """Places along the lines as values of the quantity."""
        return LAWS[self.law](points + self.span[0])

    @property
    def slopes(self) -> PointPrices:
        """What one unit of the law's values adds."""
        far, same = self.span[1], self.near.delay_s is self.near.score
        score = (self.far.score - self.near.score) / far
        return PointPrices(
            score=score,
            delay_s=score if same else (self.far.delay_s - self.near.delay_s) / far,
            slack=(self.far.slack - self.near.slack) / far,
        )

    def of(self, cuts: Ints) -> RowLines:
        """The lines of some of the cuts."""
        return replace(self, near=self.near.of(cuts), far=self.far.of(cuts))

    @property
    def lines(self) -> ScoreLines:
        """The lines of the scores, each as far as the limits are kept."""
        slopes = self.slopes
        low, high = _kept(self.near.slack, slopes.slack)
        return ScoreLines(
            start=self.near.score, slope=slopes.score, low=low, high=high, end=self.span[1]
        )  # fmt: skip

    def runs(self) -> Runs:
        """From which value each cut is best, ascending along the quantity."""
        return _ascending(self, runs_of(self.lines))


def near_and_far(law: str, low: float, high: float) -> tuple[float, float]:
    """The ends of a range, that where the law's value is least first."""
    return (high, low) if law == "hyperbolic" else (low, high)


def _kept(start: Floats, slope: Floats) -> tuple[Floats, Floats]:
    """From where to where all slacks (limits, cuts, rows) are at least 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        root = -start / slope
    low = np.where(slope > 0, root, np.where((slope == 0) & (start < 0), np.inf, -np.inf)).max(axis=0)
    high = np.where(slope < 0, root, np.inf).min(axis=0)
    return low, high


def _ascending(lines: RowLines, found: Runs) -> Runs:
    """Runs from the near end on as runs from the least value on."""
    if lines.ends[0] < lines.ends[1]:
        start = lines.value(found.start)
        start[0] = lines.ends[0]
        return Runs(start=start, cut=found.cut)
    behind = np.vstack([found.start[1:], np.full((1, found.start.shape[1]), np.nan)])
    with np.errstate(invalid="ignore"):
        least = np.where(np.isnan(behind), lines.ends[1], lines.value(behind))
    least = np.where(np.isnan(found.start), np.nan, least)
    order = np.argsort(least, axis=0, kind="stable")
    return Runs(
        start=np.take_along_axis(least, order, axis=0), cut=np.take_along_axis(found.cut, order, axis=0)
    )
