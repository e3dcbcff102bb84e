"""The exact cut of a device by max-flow, or by CP-SAT where a limit binds: certificate and fallback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.cut_sums import cut_sums
from cutwise.cuts.block_wise import block_wise_cut
from cutwise.cuts.max_flow import minimum_cut
from cutwise.frozen import Frozen, FrozenDict
from cutwise.planning.one_device.candidates import split_graph
from cutwise.planning.one_device.cut_memory import swept
from cutwise.planning.one_device.cut_weights import COLUMN, cut_weights, split_classes
from cutwise.planning.one_device.device_limits import device_limits, excess_ratio
from cutwise.planning.one_device.limited_cut import (
    LeastCut,
    LeastCutProblem,
    cut_within,
    fits_memory,
    limits_of,
)
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import rounded_bound

Solver = Literal["max_flow", "block_wise", "cp_sat"]
PROHIBITIVE = 1e3
"""Times the sum of all weights: a tensor at that price never crosses in the least cut."""
CELLS_AT_ONCE = 1 << 17


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ExactCut(Frozen):
    """A cut, its re-priced score and a bound that no cut of this device can beat."""

    mask: Mask
    value: float
    bound: float
    method: str
    runtime_s: float


def exact_cuts(
    problem: SplitProblem, conditions: Conditions, score: Score, *, devices: Sequence[int], solver: Solver
) -> list[ExactCut]:
    """The best cut of each of `devices` by `solver`, under `conditions` of shape (all devices,).

    CP-SAT follows where another solver's cut breaks a limit. Where no cut keeps the limits, value and
    bound are infinite and all ops stay on the device. Micro-batches are taken as one, because a delay that
    overlaps is no sum over ops; where text is generated the bound is that of sums that are never above it.
    """
    conditions = conditions.of_whole_batches()
    step = max(1, CELLS_AT_ONCE // max(1, len(problem.cost.graph)))
    found = [
        cut
        for first in range(0, len(devices), step)
        for cut in _cuts(problem, conditions, score, np.array(devices[first : first + step]), solver)
    ]
    broken = [i for i, cut in enumerate(found) if solver != "cp_sat" and np.isinf(cut.value)]
    if broken:
        again = [devices[i] for i in broken]
        repaired = exact_cuts(problem, conditions, score, devices=again, solver="cp_sat")
        for i, cut in zip(broken, repaired, strict=True):
            found[i] = cut
    return found


def _cuts(
    problem: SplitProblem, conditions: Conditions, score: Score, devices: Ints, solver: Solver
) -> list[ExactCut]:
    """Each device's best cut: the best of each class of splits, and everything on the device.

    The value is infinite where the best cut of a solver that knows no limits breaks one.
    """
    theirs = conditions.of(devices)
    answers, bounds = _answers(problem, theirs, score, devices, solver)
    everything, copies = np.ones(len(problem.cost.graph), dtype=bool), len(problem.cost.shared)
    masks = np.stack([np.stack([*(answer.mask[copies:] for answer in row), everything]) for row in answers])
    sums = cut_sums(problem.cost, masks.reshape(-1, len(everything)))
    stages = stage_times(sums.reshaped(lambda column: column.reshape(masks.shape[:2])), theirs.of(COLUMN))
    values = np.broadcast_to(np.asarray(score(stages), dtype=np.float64), masks.shape[:2])
    excess = excess_ratio(device_limits(problem), swept(stages, problem.cost, masks), devices)
    within = np.where(excess > 0, np.inf, values)
    sought = within if solver == "cp_sat" else values
    proven = np.minimum(bounds.min(axis=1), sought[:, -1])
    return [
        ExactCut(
            mask=masks[row, best] if np.isfinite(within[row, best]) else everything,
            value=float(within[row, best]),
            bound=rounded_bound(float(proven[row]), float(within[row, best])),
            method=" and ".join(sorted({answer.method for answer in answers[row]})),
            runtime_s=sum(answer.runtime_s for answer in answers[row]),
        )
        for row, best in enumerate(sought.argmin(axis=1).tolist())
    ]


def _answers(
    problem: SplitProblem, theirs: Conditions, score: Score, devices: Ints, solver: Solver
) -> tuple[list[list[LeastCut]], Floats]:
    """An answer for every device and class of splits, and bounds on the scores, shape (devices, classes)."""
    weights, classes = cut_weights(problem, theirs, score), split_classes(problem, theirs)
    graph, bounded = split_graph(problem, copies=True), solver == "cp_sat"
    limits = limits_of(problem, theirs, devices) if bounded else []
    answers = [
        [
            _SOLVERS[solver](
                LeastCutProblem(
                    graph=graph,
                    device_weight=weights.device_weight[row],
                    server_weight=weights.server_weight[row],
                    crossing_weight=weights.crossing_weight[row],
                    silent=one.silent,
                    limits=limits[number][row] if bounded else (),
                    accepts=fits_memory(problem, int(devices[row])) if bounded else None,
                )
            )
            for number, one in enumerate(classes)
        ]
        for row in range(len(devices))
    ]
    bounds = np.array([[answer.bound for answer in row] for row in answers])
    return answers, bounds + weights.base[:, None] + weights.charges.T


def _by_max_flow(asked: LeastCutProblem) -> LeastCut:
    cut = minimum_cut(
        asked.graph,
        device_weight=asked.device_weight,
        server_weight=asked.server_weight,
        crossing_weight=asked.crossing_weight,
        forbidden_crossing=asked.silent,
    )
    return LeastCut(mask=cut.mask, bound=cut.bound, runtime_s=cut.runtime_s, method="max-flow")


def _by_blocks(asked: LeastCutProblem) -> LeastCut:
    never = PROHIBITIVE * (1 + asked.crossing_weight.sum() + asked.device_weight.sum())
    cut = block_wise_cut(
        asked.graph,
        device_weight=asked.device_weight,
        server_weight=asked.server_weight,
        crossing_weight=np.where(asked.silent, never, asked.crossing_weight),
    )
    runtime_s = cut.detection_s + cut.test_s + cut.solve_s
    blocks = sum(block.contracted for block in cut.blocks)
    method = f"block-wise ({blocks} blocks contracted, {cut.vertices} of {cut.vertices_before} vertices left)"
    return LeastCut(mask=cut.mask, bound=cut.value, runtime_s=runtime_s, method=method)


_SOLVERS = FrozenDict({"max_flow": _by_max_flow, "block_wise": _by_blocks, "cp_sat": cut_within})
