"""The decision map of one device, the others as they are planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.analyses.cut_moves import stands_alone
from cutwise.analyses.maps.decision_map import DecisionMap, regrets_of
from cutwise.analyses.maps.explored_cuts import AsPlanned, ExploredCuts, explored_cuts
from cutwise.analyses.maps.map_grid import MapGrid, grid_of
from cutwise.analyses.maps.map_places import MapPlaces, Place
from cutwise.analyses.maps.point_prices import PointPrices, point_prices
from cutwise.analyses.maps.row_lines import RowLines
from cutwise.analyses.maps.score_lines import NONE_FITS, Runs
from cutwise.analyses.maps.skyband import ever_second
from cutwise.analyses.maps.straight_map import (
    NinePoints,
    both_straight,
    nine_places,
    nine_points,
    row_by_row,
)
from cutwise.arrays import Floats, Ints
from cutwise.errors import SolverError
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.one_device.objective import Score, Spread, score_of
from cutwise.planning.whole_round.best_modes import asks_modes
from cutwise.problem.split_problem import SplitProblem

CELLS = 200
"""Points of each quantity where both have a law."""
ROWS = 101
"""Rows that are priced one by one where only one has."""
SAMPLED = (41, 27)
"""Points that are priced one by one where none has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedDevice:
    """One device at the places of a map: its cuts, and what they cost wherever it is asked."""

    places: MapPlaces
    planned: AsPlanned
    device: int
    score: Score
    cuts: ExploredCuts
    nine: NinePoints

    @classmethod
    def of(cls, places: MapPlaces, device: int) -> MappedDevice:
        """The device with the cuts that can be best between the corners of the map."""
        check_mapped(places.problem)
        planned = AsPlanned.of(places.problem, places.plan)
        return cls.priced(places, planned, device, places.problems(nine_places(places)))

    @classmethod
    def priced(
        cls, places: MapPlaces, planned: AsPlanned, device: int, problems: Sequence[SplitProblem]
    ) -> MappedDevice:
        """The same from the problems of the nine places."""
        score = score_of(places.problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
        cuts = explored_cuts(planned, device, score, [problems[at] for at in (0, 2, 6, 8)])
        prices = point_prices(planned, device, cuts, score, problems)
        nine = nine_points(places, prices, adds_up=places.problem.adds_up)
        return cls(places=places, planned=planned, device=device, score=score, cuts=cuts, nine=nine)

    def prices(self, places: Sequence[Place]) -> PointPrices:
        """The evaluator's prices of all cuts at places."""
        problems = self.places.problems(places)
        return point_prices(self.planned, self.device, self.cuts, self.score, problems)


def check_mapped(problem: SplitProblem) -> None:
    """Raises `SolverError` where no cut of one device is best by itself."""
    objective, limits = problem.scenario.objective, problem.scenario.limits
    if objective.is_weighted:
        raise SolverError(
            "there is no map for a weighted objective, as what a second and a joule weigh changes from point "
            "to point; choose least delay or least energy"
        )
    if limits.deadline_s is not None and not objective.is_delay:
        raise SolverError(
            "there is no map for least energy under a deadline, as how long one device may take depends on "
            "the others at every point; choose least delay"
        )
    if asks_modes(problem.scenario):
        raise SolverError(
            "there is no map while power modes are to be decided, as they change from point to point; name "
            "the modes"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegions:
    """Where each cut is best: lines and runs over the cuts of `masks`, and today's best of them."""

    masks: Ints
    lines: RowLines
    runs: Runs
    rows: Floats
    along_across: bool
    exact: bool


def device_lines(mapped: MappedDevice, *, cells: int = CELLS) -> DeviceRegions | None:
    """The lines of one device over the quantity that has a law; None where none has."""
    places, nine = mapped.places, mapped.nine
    along_across = nine.law_across is not None
    rows = (places.up if along_across else places.across).values(cells)
    kept = np.arange(len(mapped.cuts.masks))
    straight = both_straight(nine, rows)
    if straight is not None:
        corners, fits = nine.prices.score[:, nine.corners], (nine.prices.slack >= 0).all(axis=0)
        kept = ever_second(corners, fits[:, nine.corners])
        straight = replace(straight, near=straight.near.of(kept), far=straight.far.of(kept))
    elif nine.law_across or nine.law_up:
        axis, law = (places.across, nine.law_across) if along_across else (places.up, nine.law_up)
        rows = (places.up if along_across else places.across).values(min(cells, ROWS))
        assert law is not None
        straight = row_by_row(mapped.prices, law=law, axis=axis, rows=rows, along_across=along_across)
    else:
        return None
    return DeviceRegions(
        masks=kept, lines=straight, runs=straight.runs(), rows=rows, along_across=along_across, exact=True
    )


def device_map(places: MapPlaces, device: int, *, cells: int = CELLS) -> DecisionMap:
    """The map for one device; raises `SolverError` where there is none, with the reason in one sentence."""
    mapped = MappedDevice.of(places, device)
    found = device_lines(mapped, cells=cells)
    if found is None:
        raise SolverError("no law")
    axis = places.across if found.along_across else places.up
    values = axis.values(cells)
    grid = grid_of(found.lines, found.runs, values)
    return _record(mapped, found, grid, values)


def _record(mapped: MappedDevice, found: DeviceRegions, grid: MapGrid, values: Floats) -> DecisionMap:
    places = mapped.places
    today, delay_s, moves = today_of(mapped, found)
    met = (grid.best, grid.second, found.runs.cut, np.array([today]))
    counted = sum(np.bincount(one.ravel() + 1, minlength=len(found.masks) + 1) for one in met)
    used = np.flatnonzero(counted[1:])
    place = np.full(len(found.masks) + 1, NONE_FITS)
    place[used] = np.arange(len(used))
    shown = grid if found.along_across else _turned(grid)
    rows, cuts = found.rows, found.masks[used]
    problem = places.problem
    return DecisionMap(
        device=places.plan.decisions[mapped.device].device,
        scheme=places.plan.scheme,
        of="cut",
        across=places.across,
        up=places.up,
        laws=(mapped.nine.law_across, mapped.nine.law_up),
        along_across=found.along_across,
        row_values=rows,
        runs=Runs(start=found.runs.start, cut=place[found.runs.cut]),
        across_values=values if found.along_across else rows,
        up_values=rows if found.along_across else values,
        labels=tuple(cut_of(problem, mapped.cuts.masks[cut]).label for cut in cuts),
        shares=tuple(work_kept(mapped, cuts).tolist()),
        best=place[shown.best],
        second=place[shown.second],
        delays_s=shown.delay_s,
        scores=shown.score,
        regrets=regrets_of(shown),
        today=int(place[today]),
        today_delay_s=delay_s,
        today_moves=moves,
        compared=len(mapped.cuts.masks),
        exact=found.exact,
        complete=mapped.cuts.complete,
        alone=stands_alone(places.question, places.plan),
        objective=problem.scenario.objective.kind,
        beside=dict(places.beside),
        lines=replace(found.lines, near=found.lines.near.of(used), far=found.lines.far.of(used)),
    )


def _turned(grid: MapGrid) -> MapGrid:
    return MapGrid(
        best=grid.best.T,
        second=grid.second.T,
        score=grid.score.T,
        second_score=grid.second_score.T,
        delay_s=grid.delay_s.T,
    )


def work_kept(mapped: MappedDevice, cuts: Ints) -> Floats:
    """The part of all FLOPs that each cut keeps on the device."""
    cost = mapped.places.problem.cost
    flops = cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
    return mapped.cuts.masks[cuts] @ flops / flops.sum()


def today_of(mapped: MappedDevice, found: DeviceRegions) -> tuple[int, float, tuple[float, ...]]:
    """The best cut at the present values, its delay, and where it changes along the row of today."""
    places = mapped.places
    axis, other = (places.across, places.up) if found.along_across else (places.up, places.across)
    if axis.here is None or other.here is None:
        return NONE_FITS, np.inf, ()
    own = lines_at(mapped, found, other.here)
    here = own.over(np.array([axis.here]))
    scores = own.lines.at(here)[:, 0, 0]
    best = int(scores.argmin())
    if not np.isfinite(scores[best]):
        return NONE_FITS, np.inf, ()
    delay_s = float(own.near.delay_s[best, 0] + here[0] * own.slopes.delay_s[best, 0])
    starts = own.runs().start[1:, 0]
    return best, delay_s, tuple(starts[np.isfinite(starts)].tolist())


def lines_at(mapped: MappedDevice, found: DeviceRegions, row: float) -> RowLines:
    """The lines along one more row."""
    rows = np.array([row])
    straight = both_straight(mapped.nine, rows)
    if straight is None:
        axis = mapped.places.across if found.along_across else mapped.places.up
        return row_by_row(
            mapped.prices, law=found.lines.law, axis=axis, rows=rows, along_across=found.along_across
        )
    return replace(straight, near=straight.near.of(found.masks), far=straight.far.of(found.masks))
