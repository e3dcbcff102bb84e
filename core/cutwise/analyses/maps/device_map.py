"""The decision map of one device, the others as they are planned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.analyses.cut_moves import stands_alone
from cutwise.analyses.maps.decision_map import DecisionMap, regrets_of
from cutwise.analyses.maps.map_grid import MapGrid, grid_of
from cutwise.analyses.maps.map_places import MapPlaces, MappedDevice
from cutwise.analyses.maps.row_lines import RowLines
from cutwise.analyses.maps.score_lines import NONE_FITS, Runs
from cutwise.analyses.maps.skyband import ever_second
from cutwise.analyses.maps.straight_map import (
    CORNERS,
    NinePoints,
    both_straight,
    nine_columns,
    nine_points,
    row_by_row,
)
from cutwise.arrays import Floats, Ints
from cutwise.errors import SolverError
from cutwise.planning.answer.cut_labels import labels_of

CELLS = 200
"""Points of each quantity."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DeviceRegions:
    """Where each cut of a device is best: the `masks` that count, their lines and runs.

    Lines go along the first quantity, or the second; `rows` are values of the other.
    """

    mapped: MappedDevice
    nine: NinePoints
    masks: Ints
    lines: RowLines
    runs: Runs
    rows: Floats
    along: int

    def at(self, row: float) -> RowLines:
        """The lines along one more row."""
        return _lines(self.mapped, self.nine, self.along, np.array([row])).of(self.masks)


def device_regions(places: MapPlaces, device: int, *, cells: int = CELLS) -> DeviceRegions:
    """Where each cut of a device is best; raises `SolverError` where no law holds along a quantity."""
    columns = nine_columns(places)
    mapped = MappedDevice.of(places, device, {path: one[CORNERS] for path, one in columns.items()})
    nine = nine_points(mapped, mapped.prices(columns))
    along = 0 if nine.law_across is not None else 1
    rows = places.axes[1 - along].values(cells)
    lines, kept = _lines(mapped, nine, along, rows), np.arange(len(mapped.cuts.masks))
    if nine.law_across is not None and nine.law_up is not None:
        fits = (nine.prices.slack >= 0).all(axis=0)
        kept = ever_second(nine.prices.score[:, CORNERS], fits[:, CORNERS])
        lines = lines.of(kept)
    return DeviceRegions(
        mapped=mapped, nine=nine, masks=kept, lines=lines, runs=lines.runs(), rows=rows, along=along
    )


def _lines(mapped: MappedDevice, nine: NinePoints, along: int, rows: Floats) -> RowLines:
    straight = both_straight(nine, rows) if along == 0 else None
    law = nine.law_up if along else nine.law_across
    if straight is None and law is None:
        raise SolverError("no law holds along either quantity")
    return straight or row_by_row(mapped, law=str(law), along=along, rows=rows)


def device_map(places: MapPlaces, device: int, *, cells: int = CELLS) -> DecisionMap:
    """The map for one device; raises `SolverError` where there is none, with the reason in one sentence."""
    found = device_regions(places, device, cells=cells)
    values = places.axes[found.along].values(cells)
    grid = grid_of(found.lines, found.runs, values)
    return _record(found, grid, values)


def _record(found: DeviceRegions, grid: MapGrid, values: Floats) -> DecisionMap:
    mapped, places = found.mapped, found.mapped.places
    today, delay_s, moves = today_of(found)
    met = (grid.best, grid.second, found.runs.cut, np.array([today]))
    counted = sum(np.bincount(one.ravel() + 1, minlength=len(found.masks) + 1) for one in met)
    used = np.flatnonzero(np.asarray(counted)[1:])
    place = np.full(len(found.masks) + 1, NONE_FITS)
    place[used] = np.arange(len(used))
    shown = grid if found.along == 0 else grid.turned()
    cuts = found.masks[used]
    return DecisionMap(
        device=places.plan.decisions[mapped.device].device,
        scheme=places.plan.scheme,
        of="cut",
        across=places.axes[0],
        up=places.axes[1],
        laws=(found.nine.law_across, found.nine.law_up),
        along_across=found.along == 0,
        row_values=found.rows,
        runs=Runs(start=found.runs.start, cut=place[found.runs.cut]),
        across_values=values if found.along == 0 else found.rows,
        up_values=found.rows if found.along == 0 else values,
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
        exact=True,
        complete=mapped.cuts.complete,
        alone=stands_alone(places.question, places.plan),
        objective=places.problem.scenario.objective.kind,
        beside=dict(places.beside),
        lines=found.lines.of(used),
    )


def today_of(found: DeviceRegions) -> tuple[int, float, tuple[float, ...]]:
    """The best cut at the present values, its delay, and where it changes along the row of today."""
    axes = found.mapped.places.axes
    axis, other = axes[found.along], axes[1 - found.along]
    if axis.here is None or other.here is None:
        return NONE_FITS, np.inf, ()
    own = found.at(other.here)
    here = own.over(np.array([axis.here]))
    scores = own.lines.at(here)[:, 0, 0]
    best = int(scores.argmin())
    if not np.isfinite(scores[best]):
        return NONE_FITS, np.inf, ()
    delay_s = float(own.near.delay_s[best, 0] + here[0] * own.slopes.delay_s[best, 0])
    starts = own.runs().start[1:, 0]
    return best, delay_s, tuple(starts[np.isfinite(starts)].tolist())
