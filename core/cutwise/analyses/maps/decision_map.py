"""Which cut of a device is best over two quantities of the scenario, with what comes second and how near."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.analyses.base import EqualByContent, rows_of, table_text
from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.lines.map_grid import MapGrid
from cutwise.analyses.maps.lines.row_lines import RowLines
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs
from cutwise.arrays import Floats, Ints
from cutwise.plain import plain

if TYPE_CHECKING:
    import pandas

TOLD_ROWS = 9
"""Rows of a map whose break-evens are told as plain values."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DecisionMap(EqualByContent):
    """Regions of two quantities in which one cut, one pattern of cuts or one scheme is best.

    `runs` say for each of `row_values` from which value of the other quantity what is best; rows are values
    of `up` where `along_across`. `best`, `second` (up, across) count into `labels`, -1 for nothing; `shares`
    are the parts of the work that stay on the device, `delays_s` those of the best, `regrets` how much more
    of the objective the second best costs, as a ratio. `today` is the best at the present values, -1 for
    none there. `exact` says that lines were read off and nothing between points is missed, `complete` that
    no cut outside the `compared` can be better, `alone` that other devices do not matter. `device` is empty
    for the fleet. `lines` tell the scores of a device's cuts where a law holds, `planned` is the plan's own
    cut, which may be pinned.
    """

    device: str
    scheme: str
    of: str
    across: QuantityAxis
    up: QuantityAxis
    laws: tuple[str | None, str | None]
    along_across: bool
    row_values: Floats
    runs: Runs
    across_values: Floats
    up_values: Floats
    labels: tuple[str, ...]
    shares: tuple[float, ...]
    best: Ints
    second: Ints
    delays_s: Floats
    scores: Floats
    regrets: Floats
    today: int
    today_delay_s: float
    today_moves: tuple[float, ...]
    compared: int
    exact: bool
    complete: bool
    alone: bool
    objective: str
    beside: Mapping[str, object]
    lines: RowLines | None = None
    planned: str = ""

    def points(self) -> pandas.DataFrame:
        """One row a point: both values, the best, the second best, the delay, and the regret."""
        import pandas

        names = np.array([*self.labels, ""], dtype=object)
        count = len(self.up_values)
        return pandas.DataFrame(
            {
                self.across.path: np.tile(self.across_values, count),
                self.up.path: np.repeat(self.up_values, len(self.across_values)),
                "best": names[self.best.ravel()],
                "delay_s": self.delays_s.ravel(),
                "second": names[self.second.ravel()],
                "regret_ratio": self.regrets.ravel(),
            }
        )

    def to_frame(self) -> pandas.DataFrame:
        """One row a region, the largest first: what is best there, and on which part of the points."""
        import pandas

        count = np.bincount(self.best.ravel() + 1, minlength=len(self.labels) + 1)
        told = ["nothing keeps the limits", *self.labels]
        kept = [None, *self.shares]
        rows = [
            {"best": told[at], "part_ratio": float(count[at] / self.best.size), "kept_ratio": kept[at]}
            for at in np.argsort(-count, kind="stable").tolist()
            if count[at]
        ]
        return pandas.DataFrame(rows)

    def plain(self) -> dict[str, Any]:
        """The axes, the regions, and along some rows where one ends and the next begins."""
        rows = np.unique(np.linspace(0, len(self.row_values) - 1, TOLD_ROWS).round().astype(int))
        return {
            "device": self.device,
            "scheme": self.scheme,
            "of": self.of,
            "across": plain(self.across),
            "up": plain(self.up),
            "exact": self.exact,
            "complete": self.complete,
            "alone": self.alone,
            "today": self.labels[self.today] if self.today != NONE_FITS else None,
            "today_moves": list(self.today_moves),
            "planned": self.planned,
            "regions": rows_of(self.to_frame()),
            "rows": [self._told(int(row)) for row in rows],
        }

    def _told(self, row: int) -> dict[str, Any]:
        known = np.isfinite(self.runs.start[:, row])
        cuts = self.runs.cut[known, row].tolist()
        return {
            (self.up if self.along_across else self.across).path: float(self.row_values[row]),
            "from": self.runs.start[known, row].tolist(),
            "best": [self.labels[cut] if cut != NONE_FITS else None for cut in cuts],
        }

    def summary(self) -> str:
        """How many are ever best, and what is at the present point."""
        whose = self.device or "the fleet"
        over = f"{self.across.title.lower()} and {self.up.title.lower()}"
        today = f"; now {self.labels[self.today]} is best" if self.today != NONE_FITS else ""
        if not (self.best >= 0).any():
            return f"no cut keeps the limits for {whose} anywhere over {over}"
        return f"{len(self.labels)} of {self.compared} are ever the best for {whose} over {over}{today}"

    def text(self) -> str:
        """The regions and the summary."""
        return f"{table_text(self.to_frame())}\n{self.summary()}"


def regrets_of(grid: MapGrid) -> Floats:
    """How much more the second best costs, as a ratio; infinite where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isfinite(grid.score), grid.second_score / grid.score - 1, np.inf)
