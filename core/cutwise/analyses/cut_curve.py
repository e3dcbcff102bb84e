"""Delay and energy of one device against the cut position: what the page draws and a click pins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import EqualByContent, asked_plan, registered, rows_of, table_text
from cutwise.arrays import Floats, Mask
from cutwise.costs.memory.by_kind import MemoryByKind
from cutwise.errors import ScenarioError, SolverError, UnknownNameError
from cutwise.fields.field_values import Settled
from cutwise.planning.answer.best_plan import last_ops
from cutwise.planning.answer.cut_labels import labels_of
from cutwise.planning.answer.held_memory import PartySides
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.one_device.curve_limits import curve_excess
from cutwise.planning.one_device.curve_sides import Moved, curve_sides
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan
from cutwise.schemes.base import comes_back
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutCurve(EqualByContent):
    """Cut positions from the smallest device side to the whole model, arrays of shape (positions,).

    `moved` says which cut of the device moves, all else stays as planned: `stages` are the turn of this
    device at every position, `round_delays_s` the round's. `cuts` turn back into the positions (`cut_after`),
    `names` are short labels, `scores` the objective, `fits` says which keep every limit of the device and its
    edge, `excess` by how much each is exceeded, at most 0 where it holds; `chosen` is the position of the
    plan's cut, `best` that of the least score among those that fit.
    """

    device: str
    moved: Moved
    masks: Mask
    cuts: tuple[str, ...]
    names: tuple[str, ...]
    stages: StageTimes
    round_delays_s: Floats
    scores: Floats
    fits: Mask
    excess: Mapping[str, Floats]
    chosen: int
    best: int

    def to_frame(self) -> pandas.DataFrame:
        """One row a cut position, in order."""
        import pandas

        return pandas.DataFrame(
            {
                "cut": self.names,
                "behind": self.cuts,
                "delay_s": self._column(self.stages.delay_s),
                "delay_of_all_s": self.round_delays_s,
                "energy_j": self._column(self.stages.energy_j),
                "traffic_bytes": self._column(self.stages.traffic_bytes),
                "device_memory_bytes": self._column(self.stages.device_memory.total_bytes),
                "score": self.scores,
                "fits": self.fits,
            }
        )

    def plain(self) -> dict[str, Any]:
        """Whose curve it is, the best position, that of the plan's cut, and one row a position."""
        return {
            "device": self.device,
            "moved": self.moved,
            "best": self.best,
            "chosen": self.chosen,
            "positions": rows_of(self.to_frame()),
        }

    def summary(self) -> str:
        """Which position is best, and which is the plan's."""
        fits = "" if self.fits.any() else ", though none keeps the device's limits"
        best = f"best for {self.device}: {self.names[self.best]}{fits}"
        return f"{best}; the plan cuts at {self.names[self.chosen]}"

    def text(self) -> str:
        """The table without the ops that each cut lies behind, and its summary."""
        return f"{table_text(self.to_frame().drop(columns='behind'))}\n{self.summary()}"

    def _column(self, values: Any) -> Floats:
        return np.broadcast_to(np.asarray(values, dtype=np.float64), len(self.names))


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class CutCurveAnalysis(Settled):
    """Every cut position of one device under the conditions of the scheme's plan."""

    name: ClassVar[str] = "cut_curve"
    title: ClassVar[str] = "Delay for every cut"
    asks: ClassVar[str] = "What does a round of one device cost at every position of the cut?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    device: str = quantity("", title="Device", help="Name of the device; the slowest one if absent")

    def run(self, question: Question) -> CutCurve:
        """The curve, with the plan's own cut among the positions."""
        plan = asked_plan(question)
        return cut_curve(problem_of_plan(question, plan), plan, device_at(plan, self.device))


def device_at(plan: Plan, name: str) -> int:
    """The position of the device called `name`, the slowest for no name; raises `UnknownNameError`."""
    names = tuple(decision.device for decision in plan.decisions)
    if name and name not in names:
        raise UnknownNameError("device", name, names)
    return names.index(name) if name else max(range(len(names)), key=lambda i: plan.stages[i].delay_s)


def cut_curve(
    problem: SplitProblem, plan: Plan, device: int, *, moved: Moved = "device", with_peaks: bool = True
) -> CutCurve:
    """The curve of one device under the plan's conditions, with the plan's own cut among the positions.

    The cuts of all other devices, and the one of this device that does not move, are kept. Without
    `with_peaks` the device's memory is the sum of what its ops hold, not the peak of a sweep at every
    position, which takes long for thousands of them; what keeps the limits is told all the same. Raises
    `ScenarioError` for the edge's cut of a device that is behind none, `SolverError` for a scheme whose turn
    is no cut's: centralised training sends samples.
    """
    decision = plan.decisions[device]
    if moved == "edge" and decision.edge_cut is None:
        raise ScenarioError([f"moved: {decision.device} is behind no edge; give 'device'"])
    back = comes_back(plan.scheme)
    sides = curve_sides(problem, decision, moved, comes_back=back)
    conditions = conditions_of_plan(problem, plan).of(device)
    stages = stage_times(sides.sums(problem), conditions.without_labels() if back else conditions)
    _check_turn(plan, device, stages, sides.chosen)
    score = score_of(problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    if problem.scenario.objective.is_weighted:
        score = score_of(problem.scenario.objective, _spread(stages))
    scores = np.asarray(score(stages), dtype=np.float64) + np.zeros(len(sides.masks))
    excess = curve_excess(problem, decision, device, sides, stages)
    fits = np.asarray(np.max(list(excess.values()), axis=0) <= 0)
    return CutCurve(
        device=decision.device,
        moved=moved,
        masks=sides.masks,
        cuts=tuple(last_ops(problem, mask) for mask in sides.masks),
        names=tuple(map(_short, labels_of(problem, sides.masks))),
        stages=replace(stages, device_memory=_memory(problem, sides.held, device)) if with_peaks else stages,
        round_delays_s=_round_delays_s(plan, device, stages),
        scores=scores,
        fits=fits,
        excess=excess,
        chosen=sides.chosen,
        best=int(np.where(fits, scores, np.inf).argmin() if fits.any() else scores.argmin()),
    )


def _check_turn(plan: Plan, device: int, stages: StageTimes, chosen: int) -> None:
    delays = np.atleast_1d(np.asarray(stages.delay_s, dtype=np.float64))
    if not math.isclose(delays[chosen if len(delays) > 1 else 0], plan.stages[device].delay_s, rel_tol=1e-9):
        raise SolverError(f"{plan.scheme} has no cut that moves; give a scheme that splits the model")


def _memory(problem: SplitProblem, held: Mask, device: int) -> MemoryByKind:
    return PartySides.of(problem.cost, held, problem.device_runtime.of(device)).kinds


def _round_delays_s(plan: Plan, device: int, stages: StageTimes) -> Floats:
    """The round's delay with each position of this device, the turns of all others as they are planned."""
    turns = np.array([turn.delay_s for turn in plan.stages])[:, None]
    moved = np.asarray(stages.delay_s, dtype=np.float64)
    delays = np.repeat(turns, np.size(moved), axis=1)
    delays[device] = moved
    return np.asarray(Round(parallel=False, rule="", phases=plan.phases).total(delays))


def _spread(stages: StageTimes) -> Spread:
    return Spread(
        delay_s=float(np.ptp(stages.delay_s)) or 1.0, energy_j=float(np.ptp(stages.energy_j)) or 1.0
    )


def _short(label: str) -> str:
    return label.removeprefix("after ")
