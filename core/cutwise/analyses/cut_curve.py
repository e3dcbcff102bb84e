"""Delay and energy of one device against the cut position: what the page draws and a click pins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.cut_sums import cut_sums
from cutwise.frozen import Frozen
from cutwise.planning.answer.assemble import cut_of
from cutwise.planning.answer.best_plan import last_ops
from cutwise.planning.answer.plan_conditions import decided_conditions
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.device_limits import device_limits, excess_ratio
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutCurve(Frozen):
    """Cut positions from the smallest device side to the whole model, arrays of shape (positions,).

    `cuts` turn back into the positions (`cut_after`), `names` are short labels, `scores` the objective,
    `fits` says which keep every limit of the device; `chosen` is the position of the plan's cut, `best` that
    of the least score among those that fit.
    """

    masks: Mask
    cuts: tuple[str, ...]
    names: tuple[str, ...]
    stages: StageTimes
    scores: Floats
    fits: Mask
    chosen: int
    best: int


def cut_curve(problem: SplitProblem, plan: Plan, device: int) -> CutCurve:
    """The curve of one device under the plan's conditions, with the plan's own cut among the positions."""
    chosen = np.isin([op.id for op in problem.cost.graph.ops], plan.decisions[device].cut.device_ops)
    masks = cut_positions(problem)
    if not (masks == chosen).all(axis=1).any():
        masks = np.vstack([masks, chosen])
        masks = masks[np.argsort(masks.sum(axis=1), kind="stable")]
    stages = stage_times(cut_sums(problem.cost, masks), decided_conditions(problem, plan).of(device))
    score = score_of(problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    if problem.scenario.objective.kind == "weighted":
        score = score_of(problem.scenario.objective, _spread(stages))
    scores = np.asarray(score(stages), dtype=np.float64) + np.zeros(len(masks))
    fits = excess_ratio(device_limits(problem), stages, np.array([device]))[0] <= 0
    return CutCurve(
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
