"""The best cut of one device over its uplink and its speed, every point priced by the library's evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cutwise.analyses.cut_moves import stands_alone
from cutwise.arrays import Floats, Ints
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.one_device.device_limits import excess_ratio, given_limits
from cutwise.planning.one_device.objective import Score, Spread, delay, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan
from cutwise_dashboard.views.explore.best_regions import ever_lowest
from cutwise_dashboard.views.explore.explored_cuts import ExploredCuts, at_point, explored_cuts
from cutwise_dashboard.views.explore.map_axes import MapAxis, kept_beside, link_axis, rates_bps, speed_axis

FINE, COARSE = (161, 101), (41, 27)
"""Points across and up: where all is read off planes, and where each is priced anew."""
NONE_FITS = -1


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DecisionMap(Frozen):
    """Where which cut is best: `best` (up, across) counts into `labels`; -1 where no cut keeps the limits.

    `shares` are the parts of the ops that the cuts keep on the device, `delays_s` those of its turn with the
    best cut; `today` is the best cut at the present point. `exact` says that no cut was missed between
    points, `complete` that none outside the `cuts` that were compared can be better, `alone` that the other
    devices do not matter; `beside` is what else is set where the speed is.
    """

    device: str
    across: MapAxis
    up: MapAxis
    link_values: Floats
    speed_values: Floats
    labels: tuple[str, ...]
    shares: tuple[float, ...]
    best: Ints
    delays_s: Floats
    today: int
    cuts: int
    exact: bool
    complete: bool
    alone: bool
    beside: dict[str, object]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Grid(Frozen):
    """What is asked at every point: rows of rates and of speeds, and which row of the cuts is best there."""

    link_values: Floats
    speed_values: Floats
    rows: Ints
    delays_s: Floats


def decision_map(question: Question, plan: Plan, device: int) -> DecisionMap:
    """The map for one device of the plan that answers the question, the others kept as they are planned.

    Raises `SolverError` where there is no map, with the reason in one sentence.
    """
    problem = problem_of_plan(question, plan)
    _check(problem)
    across, up = link_axis(problem), speed_axis(problem, device)
    score = score_of(problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    cuts = explored_cuts(problem, plan, device, score, (up.low, up.here, up.high))
    if not cuts.fits.any():
        raise SolverError(
            f"there is no map for {plan.decisions[device].device}: no cut fits the memories; give more"
        )
    exact = problem.adds_up and problem.scenario.limits.device_energy_j is None
    find = _read_off if exact else _priced
    grid, here = find(problem, cuts, device, score, across, up)
    met = np.unique(np.append(grid.rows, here))
    rows = met[met >= 0].tolist()
    place = np.full(len(cuts.masks) + 1, NONE_FITS)
    place[rows] = np.arange(len(rows))
    return DecisionMap(
        device=plan.decisions[device].device,
        across=across,
        up=up,
        link_values=grid.link_values,
        speed_values=grid.speed_values,
        labels=tuple(cut_of(problem, cuts.masks[row]).label for row in rows),
        shares=tuple(float(cuts.masks[row].mean()) for row in rows),
        best=place[grid.rows],
        delays_s=grid.delays_s,
        today=int(place[here]),
        cuts=int(np.count_nonzero(cuts.positions) + np.count_nonzero(~cuts.positions[rows])),
        exact=exact,
        complete=cuts.complete,
        alone=stands_alone(question, plan),
        beside=kept_beside(problem.scenario, device),
    )


def _check(problem: SplitProblem) -> None:
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


def _read_off(
    problem: SplitProblem, cuts: ExploredCuts, device: int, score: Score, across: MapAxis, up: MapAxis
) -> tuple[_Grid, int]:
    """Every score is a plane over seconds a bit and seconds an operation: three prices tell it everywhere."""
    fits = np.flatnonzero(cuts.fits & _within(problem, cuts, device))
    if not len(fits):
        raise SolverError("there is no map: no cut keeps the limits; raise them")
    scores, delays = (_planes(cuts, of)[fits] for of in (score, delay))
    link_values, speed_values = across.values(FINE[0]), up.values(FINE[1])
    rates = rates_bps(
        problem, cuts.conditions, device, np.append(link_values, [across.low, across.high, across.here])
    )
    bit_s, op_s = 1 / rates[:-3], 1 / speed_values
    ends = 1 / rates[-3:-1]
    ever = np.array(
        ever_lowest(scores, low=(float(ends.min()), 1 / up.high), high=(float(ends.max()), 1 / up.low))
    )
    heights = _heights(scores[ever], bit_s, op_s)
    winner = ever[heights.argmin(axis=0)]
    own = _heights(delays[ever], bit_s, op_s)
    here = _heights(scores, 1 / rates[-1:], np.array([1 / up.here]))[:, 0, 0]
    grid = _Grid(
        link_values=link_values,
        speed_values=speed_values,
        rows=fits[winner],
        delays_s=np.take_along_axis(own, heights.argmin(axis=0)[None], axis=0)[0],
    )
    return grid, int(fits[here.argmin()])


def _planes(cuts: ExploredCuts, of: Score) -> Floats:
    """Scores (cuts, 3): with an endless rate and speed, and what a second a bit or an operation adds."""

    def priced(uplink_bps: float, flops_per_s: float) -> Floats:
        stages = stage_times(
            cuts.sums, at_point(cuts.conditions, uplink_bps=uplink_bps, flops_per_s=flops_per_s)
        )
        return np.asarray(of(stages), dtype=np.float64) + np.zeros(len(cuts.masks))

    start = priced(np.inf, np.inf)
    return np.column_stack([start, priced(1.0, np.inf) - start, priced(np.inf, 1.0) - start])


def _heights(planes: Floats, bit_s: Floats, op_s: Floats) -> Floats:
    start, a_bit, an_op = (column[:, None, None] for column in planes.T)
    return start + a_bit * bit_s[None, None, :] + an_op * op_s[None, :, None]


def _within(problem: SplitProblem, cuts: ExploredCuts, device: int) -> Any:
    """Which cuts keep the limits that no rate and no speed changes."""
    stages = stage_times(cuts.sums, cuts.conditions)
    return excess_ratio(given_limits(problem), stages, np.array([device]))[0] <= 0


def _priced(
    problem: SplitProblem, cuts: ExploredCuts, device: int, score: Score, across: MapAxis, up: MapAxis
) -> tuple[_Grid, int]:
    """Every cut is priced at every point."""
    link_values, speed_values = across.values(COARSE[0]), up.values(COARSE[1])
    rates = rates_bps(problem, cuts.conditions, device, np.append(link_values, across.here))
    rows, delays = [], []
    for speed in (*speed_values.tolist(), up.here):
        stages = stage_times(
            cuts.sums, at_point(cuts.conditions, uplink_bps=rates[:, None], flops_per_s=speed)
        )
        broken = excess_ratio(given_limits(problem), stages, np.array([device])) > 0
        shape = (len(rates), len(cuts.masks))
        scores = np.where(broken | ~cuts.fits, np.inf, np.broadcast_to(score(stages), shape))
        best = scores.argmin(axis=1)
        at = np.arange(len(rates)), best
        rows.append(np.where(np.isfinite(scores[at]), best, NONE_FITS))
        delays.append(np.broadcast_to(stages.delay_s, shape)[at])
    grid = _Grid(
        link_values=link_values,
        speed_values=speed_values,
        rows=np.array(rows)[:-1, :-1],
        delays_s=np.array(delays)[:-1, :-1],
    )
    return grid, int(rows[-1][-1])
