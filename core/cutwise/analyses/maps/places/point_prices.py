"""What the cuts of one device cost at points of a scenario: the evaluator's own figures, a column a point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cutwise.analyses.maps.places.as_planned import AsPlanned, RowsMet
from cutwise.analyses.maps.places.explored_cuts import ExploredCuts
from cutwise.arrays import Floats, Ints, Number
from cutwise.caches import kept
from cutwise.costs.memory.held import allocated_bytes
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.frozen import Frozen
from cutwise.planning.one_device.curve_limits import curve_excess
from cutwise.planning.one_device.cut_memory import CutMemory, SideMemory
from cutwise.planning.one_device.device_limits import given_limits, rounded_excess
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
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
        score = self.score[cuts]
        delay_s = score if self.delay_s is self.score else self.delay_s[cuts]
        return PointPrices(score=score, delay_s=delay_s, slack=self.slack[:, cuts])

    def at(self, points: Ints | list[int]) -> PointPrices:
        """The prices at some of the points."""
        score = self.score[:, points]
        delay_s = score if self.delay_s is self.score else self.delay_s[:, points]
        return PointPrices(score=score, delay_s=delay_s, slack=self.slack[..., points])

    @property
    def scores(self) -> Floats:
        """Scores, infinite where a limit is broken."""
        return np.where((self.slack < 0).any(axis=0), np.inf, self.score)


def point_prices(
    planned: AsPlanned, device: int, cuts: ExploredCuts, score: Score, met: RowsMet
) -> PointPrices:
    """The prices of one device's cuts at every point that it was met at."""
    sums = cuts.cuts.sums if cuts.curve is None else cuts.curve.sums(planned.problem)
    stages = stage_times(sums, met.conditions.of(COLUMN))
    shape = (met.problem.device_count, len(cuts.masks))

    def table(values: Number) -> Floats:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), shape).T

    scores = score(stages)
    own = table(scores)
    rows = (*_given_slack(met, stages), *_memory_slack(planned, device, cuts, met))
    is_delay = planned.problem.scenario.objective.is_delay
    return PointPrices(
        score=own,
        delay_s=own if is_delay else table(stages.delay_s),
        slack=np.stack([table(row) for row in rows]),
    )


def _given_slack(met: RowsMet, stages: StageTimes) -> Iterator[Floats]:
    """What the limits that the scenario names leave, shape (points, cuts)."""
    for limit in given_limits(met.problem):
        needs = np.asarray(limit.needs(stages), dtype=np.float64)
        yield limit.caps[:, None] * (1 + LIMIT_ROUNDING) - needs


def _memory_slack(planned: AsPlanned, device: int, cuts: ExploredCuts, met: RowsMet) -> Iterator[Floats]:
    """What the memories leave: 1 or -1 where all points agree, else bytes, so that a step has its place."""
    if cuts.curve is not None:
        yield _curve_fits(planned, device, cuts, met)
        return
    if met.costs:
        yield _fits_by_batch(cuts, met)
        return
    memory, problem = cuts.cuts.memory, met.problem
    budgets, own = problem.device_budget_bytes, problem.device_runtime
    margin = problem.scenario.limits.memory_margin_ratio
    if _alike(budgets, own.largest_share):
        yield _fits(memory.device, own.of([0]), budgets[:1])
    else:
        yield _room(memory.device, own, problem.device_memory_bytes, margin)
    server = problem.server_runtime
    if _alike(met.server_budget_bytes):
        yield _fits(memory.server, server, met.server_budget_bytes[:1])
    else:
        yield _room(memory.server, server, met.server_memory_bytes, margin)


def _alike(*columns: Number) -> bool:
    return all(np.ndim(column) == 0 or (column == np.ravel(column)[0]).all() for column in columns)


def _fits(side: SideMemory, runtime: RuntimeFigures, budgets: Floats) -> Floats:
    return np.where(rounded_excess(side.excess_ratio(runtime, budgets)) <= 0, 1.0, -1.0)


def _fits_by_batch(cuts: ExploredCuts, met: RowsMet) -> Floats:
    """Which cuts the memories hold in mini-batches of each size, each as it is priced."""
    rows = []
    for row, cost in enumerate(met.costs):
        memory, own = CutMemory.of(cost, cuts.masks), met.problem.device_runtime.of([row])
        device = _fits(memory.device, own, met.problem.device_budget_bytes[row : row + 1])
        server = _fits(memory.server, met.problem.server_runtime, met.server_budget_bytes[row : row + 1])
        rows.append(np.minimum(device, server)[0])
    return np.stack(rows)


def _room(side: SideMemory, runtime: RuntimeFigures, memory_bytes: Floats, margin_ratio: float) -> Floats:
    """Bytes of memories beyond what each cut needs, shape (points, cuts)."""
    share, reserve, overhead = (
        np.asarray(one, dtype=np.float64)[..., None]
        for one in (runtime.largest_share, runtime.reserve_bytes, runtime.overhead_ratio)
    )
    charged = _held(side) + share * side.largest_bytes
    needed = reserve + (1 + overhead) * charged / (1 + LIMIT_ROUNDING)
    return np.asarray(memory_bytes[:, None] - margin_ratio * needed)


def _curve_fits(planned: AsPlanned, device: int, cuts: ExploredCuts, met: RowsMet) -> Floats:
    assert cuts.curve is not None
    decision, curve = planned.plan.decisions[device], cuts.curve
    found = []
    for row, problem in enumerate(met.singles):
        stages = stage_times(curve.sums(problem), met.conditions.of([row]).of(COLUMN))
        excess = curve_excess(problem, decision, device, curve, stages)
        found.append(np.where(np.max(list(excess.values()), axis=0) <= 0, 1.0, -1.0))
    return np.stack(found)


@kept
def _held(side: SideMemory) -> Floats:
    """What the sides allocate at their peaks, swept once."""
    return np.asarray(allocated_bytes(side.cost, side.sides), dtype=np.float64)
