"""What the cuts of one device cost at points of a scenario: the evaluator's own figures, a column a point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from cutwise.analyses.maps.explored_cuts import AsPlanned, ExploredCuts
from cutwise.arrays import Floats, Ints
from cutwise.caches import kept
from cutwise.costs.cut_sums import CutSums, cut_sums
from cutwise.costs.memory.held import allocated_bytes
from cutwise.frozen import Frozen
from cutwise.planning.one_device.curve_limits import curve_excess
from cutwise.planning.one_device.cut_memory import CutMemory, SideMemory
from cutwise.planning.one_device.device_limits import given_limits, rounded_excess
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import comes_back
from cutwise.tolerances import LIMIT_ROUNDING

COLUMN = (slice(None), None)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PointPrices(Frozen):
    """Scores and delays of cuts at points, shape (cuts, points), and what each limit leaves them.

    `slack` (limits, cuts, points) is below 0 where a cut breaks a limit.
    """

    score: Floats
    delay_s: Floats
    slack: Floats

    def of(self, cuts: Ints) -> PointPrices:
        """The prices of some of the cuts."""
        return PointPrices(score=self.score[cuts], delay_s=self.delay_s[cuts], slack=self.slack[:, cuts])

    @property
    def scores(self) -> Floats:
        """Scores, infinite where a limit is broken."""
        return np.where((self.slack < 0).any(axis=0), np.inf, self.score)


def point_prices(
    planned: AsPlanned, device: int, cuts: ExploredCuts, score: Score, problems: Sequence[SplitProblem]
) -> PointPrices:
    """The prices of one device's cuts in every problem, a point each."""
    alike = [list(group) for _, group in groupby(problems, key=lambda problem: id(problem.cost))]
    found = [_of_one_cost(planned, device, cuts, score, group) for group in alike]
    slack = [one.slack for one in found]
    if len({len(one) for one in slack}) > 1:
        slack = [np.where((one < 0).any(axis=0), -1.0, 1.0)[None] for one in slack]
    return PointPrices(
        score=np.concatenate([one.score for one in found], axis=1),
        delay_s=np.concatenate([one.delay_s for one in found], axis=1),
        slack=np.concatenate(slack, axis=2),
    )


def _of_one_cost(
    planned: AsPlanned, device: int, cuts: ExploredCuts, score: Score, problems: Sequence[SplitProblem]
) -> PointPrices:
    sums = _sums(planned, cuts, problems[0])
    stages = stage_times(sums, _own(planned, problems, device).of(COLUMN))
    shape = (len(problems), len(cuts.masks))
    rows = (*_given_slack(problems, device, stages), *_memory_slack(planned, device, cuts, problems))
    return PointPrices(
        score=np.broadcast_to(np.asarray(score(stages), dtype=np.float64), shape).T,
        delay_s=np.broadcast_to(np.asarray(stages.delay_s, dtype=np.float64), shape).T,
        slack=np.stack([np.broadcast_to(row, shape).T for row in rows]),
    )


def _own(planned: AsPlanned, problems: Sequence[SplitProblem], device: int) -> Conditions:
    own = planned.at(problems, device)
    return own.without_labels() if comes_back(planned.plan.scheme) else own


def _sums(planned: AsPlanned, cuts: ExploredCuts, problem: SplitProblem) -> CutSums:
    if cuts.curve is not None:
        return cuts.curve.sums(problem)
    return cuts.cuts.sums if problem.cost is planned.problem.cost else cut_sums(problem.cost, cuts.masks)


def _given_slack(problems: Sequence[SplitProblem], device: int, stages: StageTimes) -> Iterator[Floats]:
    """What the limits that the scenario names leave, shape (points, cuts)."""
    by_point = [given_limits(problem) for problem in problems]
    for limits in zip(*by_point, strict=True):
        caps = np.array([limit.caps[device] for limit in limits])[:, None]
        yield caps * (1 + LIMIT_ROUNDING) - np.asarray(limits[0].needs(stages), dtype=np.float64)


def _memory_slack(
    planned: AsPlanned, device: int, cuts: ExploredCuts, problems: Sequence[SplitProblem]
) -> Iterator[Floats]:
    """What the memories leave: 1 or -1 where all points agree, else bytes, so that a step has its place."""
    if cuts.curve is not None:
        yield np.stack([_curve_fits(planned, device, cuts, problem) for problem in problems])
        return
    memory = cuts.cuts.memory
    if problems[0].cost is not planned.problem.cost:
        memory = CutMemory.of(problems[0].cost, cuts.masks)
    if len({_memories(problem, device) for problem in problems}) == 1:
        yield _fits(memory, problems[0], device)
        return
    fits = np.stack([_fits(memory, problem, device) for problem in problems])
    if (fits == fits[0]).all():
        yield fits[0]
        return
    yield np.stack([_device_room(memory.device, problem, device) for problem in problems])
    if any(np.isfinite(problem.server_budget_bytes) for problem in problems):
        yield np.stack([_server_room(memory.server, problem) for problem in problems])


def _memories(problem: SplitProblem, device: int) -> tuple[float, ...]:
    runtime = problem.device_runtime.of([device])
    return (
        float(problem.device_budget_bytes[device]),
        float(runtime.largest_share[0]),
        problem.server_budget_bytes,
        float(problem.server_runtime.largest_share),
    )


def _fits(memory: CutMemory, problem: SplitProblem, device: int) -> Floats:
    excess = rounded_excess(memory.excess_ratio(problem, np.array([device])))[0]
    return np.where(excess <= 0, 1.0, -1.0)


def _curve_fits(
    planned: AsPlanned, device: int, cuts: ExploredCuts, problem: SplitProblem
) -> Floats:
    assert cuts.curve is not None
    stages = stage_times(cuts.curve.sums(problem), _own(planned, [problem], device).of(COLUMN))
    excess = curve_excess(problem, planned.plan.decisions[device], device, cuts.curve, stages)
    return np.where(np.max(list(excess.values()), axis=0) <= 0, 1.0, -1.0)


def _device_room(side: SideMemory, problem: SplitProblem, device: int) -> Floats:
    """Bytes of the device's memory beyond what each cut needs of it."""
    runtime, margin = problem.device_runtime.of([device]), problem.scenario.limits.memory_margin_ratio
    charged = _held(side) + runtime.largest_share * side.largest_bytes
    needed = runtime.reserve_bytes + (1 + runtime.overhead_ratio) * charged / (1 + LIMIT_ROUNDING)
    return np.asarray(problem.device_memory_bytes[device] - margin * needed)


def _server_room(side: SideMemory, problem: SplitProblem) -> Floats:
    """Bytes of the server's memory beyond what each cut needs of it."""
    runtime, margin = problem.server_runtime, problem.scenario.limits.memory_margin_ratio
    charged = _held(side) + runtime.largest_share * side.largest_bytes
    needed = runtime.reserve_bytes + (1 + runtime.overhead_ratio) * charged / (1 + LIMIT_ROUNDING)
    return np.asarray(problem.server_memory_bytes - margin * needed)


@kept
def _held(side: SideMemory) -> Floats:
    """What the sides allocate at their peaks, swept once."""
    return np.asarray(allocated_bytes(side.cost, side.sides), dtype=np.float64)
