"""Delay and energy of one device against the cut position: what the page draws and a click pins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import EqualByContent, asked_plan, registered, rows_of, table_text
from cutwise.arrays import Floats, Mask
from cutwise.costs.cut_sums import cut_sums
from cutwise.errors import UnknownNameError
from cutwise.planning.answer.best_plan import last_ops
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.answer.held_memory import PartySides
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.one_device.cut_memory import swept
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.device_limits import device_limits, excess_ratio
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutCurve(EqualByContent):
    """Cut positions from the smallest device side to the whole model, arrays of shape (positions,).

    `cuts` turn back into the positions (`cut_after`), `names` are short labels, `scores` the objective,
    `fits` says which keep every limit of the device; `chosen` is the position of the plan's cut, `best` that
    of the least score among those that fit.
    """

    device: str
    masks: Mask
    cuts: tuple[str, ...]
    names: tuple[str, ...]
    stages: StageTimes
    scores: Floats
    fits: Mask
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
class CutCurveAnalysis:
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
        return cut_curve(problem_of(question), plan, device_at(plan, self.device))


def device_at(plan: Plan, name: str) -> int:
    """The position of the device called `name`, the slowest for no name; raises `UnknownNameError`."""
    names = tuple(decision.device for decision in plan.decisions)
    if name and name not in names:
        raise UnknownNameError("device", name, names)
    return names.index(name) if name else max(range(len(names)), key=lambda i: plan.stages[i].delay_s)


def cut_curve(problem: SplitProblem, plan: Plan, device: int) -> CutCurve:
    """The curve of one device under the plan's conditions, with the plan's own cut among the positions."""
    chosen = np.isin([op.id for op in problem.cost.graph.ops], plan.decisions[device].cut.device_ops)
    masks = cut_positions(problem)
    if not (masks == chosen).all(axis=1).any():
        masks = np.vstack([masks, chosen])
        masks = masks[np.argsort(masks.sum(axis=1), kind="stable")]
    stages = stage_times(cut_sums(problem.cost, masks), conditions_of_plan(problem, plan).of(device))
    score = score_of(problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    if problem.scenario.objective.is_weighted:
        score = score_of(problem.scenario.objective, _spread(stages))
    scores = np.asarray(score(stages), dtype=np.float64) + np.zeros(len(masks))
    held = swept(stages, problem.cost, masks)
    fits = excess_ratio(device_limits(problem), held, np.array([device]))[0] <= 0
    stages = replace(
        stages, device_memory=PartySides.of(problem.cost, masks, problem.device_runtime.of(device)).kinds
    )
    return CutCurve(
        device=plan.decisions[device].device,
        masks=masks,
        cuts=tuple(last_ops(problem, mask) for mask in masks),
        names=tuple(_short(cut_of(problem, mask).label) for mask in masks),
        stages=stages,
        scores=scores,
        fits=fits,
        chosen=int(np.flatnonzero((masks == chosen).all(axis=1))[0]),
        best=int(np.where(fits, scores, np.inf).argmin() if fits.any() else scores.argmin()),
    )


def _spread(stages: StageTimes) -> Spread:
    return Spread(
        delay_s=float(np.ptp(stages.delay_s)) or 1.0, energy_j=float(np.ptp(stages.energy_j)) or 1.0
    )


def _short(label: str) -> str:
    return label.removeprefix("after ")
