"""The decision map of one device, the others as they are planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from cutwise.analyses.cut_moves import stands_alone
from cutwise.analyses.maps.decision_map import DecisionMap, regrets_of
from cutwise.analyses.maps.lines.map_grid import MapGrid, grid_of
from cutwise.analyses.maps.lines.row_lines import RowLines
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs
from cutwise.analyses.maps.lines.skyband import ever_second
from cutwise.analyses.maps.places.map_places import MappedDevice, MapPlaces
from cutwise.analyses.maps.places.point_prices import PointPrices
from cutwise.analyses.maps.sampled_map import SAMPLED, sampled_grid, sampled_runs
from cutwise.analyses.maps.straight_map import (
    CORNERS,
    NINE,
    NinePoints,
    both_straight,
    nine_columns,
    nine_points,
    row_by_row,
)
from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import labels_of

CELLS = 200
"""Points of each quantity."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DeviceRegions(Frozen):
    """Where each cut of a device is best: the `cuts` that count, and runs over them in `rows` of the other.

    Where a law holds along a quantity runs lie `along` it, and `lines` tell all scores; where none does
    there are no lines, and runs lie along the first. `here` are the prices at the present values, if any.
    """

    mapped: MappedDevice
    nine: NinePoints
    cuts: Ints
    lines: RowLines | None
    runs: Runs
    grid: MapGrid
    rows: Floats
    values: Floats
    along: int
    here: PointPrices | None

    def at(self, row: float) -> RowLines:
        """The lines along one more row."""
        return cast(RowLines, _lines(self.mapped, self.nine, self.along, np.array([row]))).of(self.cuts)


def device_regions(places: MapPlaces, device: int, *, cells: int = CELLS) -> DeviceRegions:
    """Where each cut of a device is best, the other devices as they are planned."""
    columns = nine_columns(places)
    mapped, prices = MappedDevice.of(places, device, columns, CORNERS)
    nine = nine_points(mapped, prices)
    here = prices.at([len(NINE)]) if prices.score.shape[1] > len(NINE) else None
    along = 1 if nine.law_across is None and nine.law_up is not None else 0
    rows, values = places.axes[1 - along].values(cells), places.axes[along].values(cells)
    lines, cuts = _lines(mapped, nine, along, rows), np.arange(len(mapped.cuts.masks))
    if lines is None:
        return _sampled(mapped, nine, cuts, here)
    if nine.law_across is not None and nine.law_up is not None:
        corners = nine.prices.at(CORNERS)
        seconds = ever_second(corners.score, np.all(corners.slack >= 0, axis=0))
        cuts = seconds if len(seconds) else cuts[:1]
        lines = lines.of(cuts)
    runs = lines.runs()
    return DeviceRegions(
        mapped=mapped, nine=nine, cuts=cuts, lines=lines, runs=runs, grid=grid_of(lines, runs, values),
        rows=rows, values=values, along=along, here=here,
    )  # fmt: skip


def _lines(mapped: MappedDevice, nine: NinePoints, along: int, rows: Floats) -> RowLines | None:
    """The lines along a quantity in rows of the other; None where it has no law."""
    straight = both_straight(nine, rows) if along == 0 else None
    law = nine.law_up if along else nine.law_across
    if straight is not None or law is None:
        return straight
    return row_by_row(mapped, law=law, along=along, rows=rows)


def _sampled(mapped: MappedDevice, nine: NinePoints, cuts: Ints, here: PointPrices | None) -> DeviceRegions:
    axes = mapped.places.axes
    values, rows = (axis.values(count) for axis, count in zip(axes, SAMPLED, strict=True))
    grid = sampled_grid(mapped, values, rows)
    runs = sampled_runs(mapped, values, rows, grid.best.astype(np.int64))
    return DeviceRegions(
        mapped=mapped, nine=nine, cuts=cuts, lines=None, runs=runs, grid=grid,
        rows=rows, values=values, along=0, here=here,
    )  # fmt: skip


def device_map(places: MapPlaces, device: int, *, cells: int = CELLS) -> DecisionMap:
    """The map for one device; raises `SolverError` where there is none, with the reason in one sentence."""
    found = device_regions(places, device, cells=cells)
    mapped, grid = found.mapped, found.grid
    today, delay_s, moves = today_of(found)
    met = (grid.best, grid.second, found.runs.cut, np.array([today]))
    counted = sum(np.bincount(one.ravel() + 1, minlength=len(found.cuts) + 1) for one in met)
    used = np.flatnonzero(np.asarray(counted)[1:])
    place = np.full(len(found.cuts) + 1, NONE_FITS)
    place[used] = np.arange(len(used))
    shown = grid if found.along == 0 else grid.turned()
    cuts = found.cuts[used]
    return DecisionMap(
        device=places.plan.decisions[device].device,
        scheme=places.plan.scheme,
        of="cut",
        across=places.axes[0],
        up=places.axes[1],
        laws=(found.nine.law_across, found.nine.law_up),
        along_across=found.along == 0,
        row_values=found.rows,
        runs=Runs(start=found.runs.start, cut=place[found.runs.cut]),
        across_values=found.values if found.along == 0 else found.rows,
        up_values=found.rows if found.along == 0 else found.values,
        labels=labels_of(places.problem, mapped.cuts.masks[cuts]),
        shares=tuple(mapped.work_kept(cuts).tolist()),
        best=place[shown.best],
        second=place[shown.second],
        delays_s=shown.delay_s,
        scores=shown.score,
        regrets=regrets_of(shown),
        today=int(place[today]),
        today_delay_s=delay_s,
        today_moves=moves,
        compared=len(mapped.cuts.masks),
        exact=found.lines is not None,
        complete=mapped.cuts.complete,
        alone=stands_alone(places.question, places.plan),
        objective=places.problem.scenario.objective.kind,
        beside=dict(places.beside),
        lines=found.lines and found.lines.of(used),
    )


def today_of(found: DeviceRegions) -> tuple[int, float, tuple[float, ...]]:
    """The best cut at the present values, its delay, and where it changes along the row of today."""
    row = found.mapped.places.axes[1 - found.along].here
    if found.here is None or row is None:
        return NONE_FITS, np.inf, ()
    scores = found.here.of(found.cuts).scores[:, 0]
    best = int(scores.argmin())
    if not np.isfinite(scores[best]):
        return NONE_FITS, np.inf, ()
    starts = np.zeros(0) if found.lines is None else found.at(row).runs().start[1:, 0]
    delay_s = float(found.here.delay_s[found.cuts[best], 0])
    return best, delay_s, tuple(starts[np.isfinite(starts)].tolist())
