"""One device's least cut by additive weights, and by CP-SAT where hard limits stand for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.cut_under_limits import Limit, minimum_cut_within, usage
from cutwise.cuts.split_graph import SplitGraph
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import server_may_overflow, split_graph
from cutwise.planning.one_device.cut_weights import cut_weights, split_classes
from cutwise.planning.one_device.device_limits import DEVICE_MEMORY, SERVER_MEMORY, device_limits
from cutwise.planning.one_device.server_memory_levels import MOST_LEVELS, server_levels
from cutwise.planning.one_device.weight_copies import ahead
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LevelGraph:
    """A graph whose pins leave at the server no tensor wider than `widest_bytes` for a mini-batch."""

    graph: SplitGraph
    widest_bytes: float


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LeastCutProblem(Frozen):
    """One device's least cut by additive weights, within `limits`, not sending the `silent` tensors.

    `levels`, widest first, are needed where a limit stands on the server's memory.
    """

    graph: SplitGraph
    device_weight: Floats
    server_weight: Floats
    crossing_weight: Floats
    silent: Mask
    limits: tuple[Limit, ...] = ()
    levels: tuple[LevelGraph, ...] = ()


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LeastCut(Frozen):
    """The cut of a question (all on the device where there is none) and a bound on its weights."""

    mask: Mask
    bound: float
    runtime_s: float
    method: str


def cut_within(asked: LeastCutProblem) -> LeastCut:
    """CP-SAT's cut; where its widest tensor is too much for the server, the best cut of all levels."""
    relaxed = _limited(asked, asked.graph, widest_bytes=0.0)
    server = [limit for limit in asked.limits if limit.name == SERVER_MEMORY]
    if all(_held_bytes(asked, limit, relaxed.mask) <= limit.cap for limit in server):
        return relaxed
    thinned = len(asked.levels) > MOST_LEVELS
    tried = np.linspace(0, len(asked.levels) - 1, min(MOST_LEVELS, len(asked.levels))).round().astype(int)
    answers = [
        _limited(asked, asked.levels[i].graph, widest_bytes=asked.levels[i].widest_bytes) for i in tried
    ]
    best = min(answers, key=lambda answer: answer.bound)
    runtime_s = relaxed.runtime_s + sum(answer.runtime_s for answer in answers)
    return replace(best, bound=relaxed.bound if thinned else best.bound, runtime_s=runtime_s)


def limits_of(problem: SplitProblem, theirs: Conditions, devices: Ints) -> list[list[tuple[Limit, ...]]]:
    """The finite limits of every class of splits and device, as weights like the score's.

    The widest tensor at work counts as a peak on the device; at the server it is left to the levels.
    """
    found = [limit for limit in device_limits(problem) if np.isfinite(limit.caps[devices]).any()]
    if not server_may_overflow(problem):
        found = [limit for limit in found if limit.rule != SERVER_MEMORY]
    weights = [cut_weights(problem, theirs, limit.needs) for limit in found]
    cost = problem.cost
    peak = problem.workload.batch_size * ahead(cost.transient_bytes, len(cost.shared))
    return [
        [
            tuple(
                Limit(
                    name=limit.rule,
                    device=weight.device_weight[row],
                    server=weight.server_weight[row],
                    crossing=weight.crossing_weight[row],
                    peak=peak if limit.rule == DEVICE_MEMORY else None,
                    cap=float(limit.caps[device]) * (1 + LIMIT_ROUNDING)
                    - weight.base[row]
                    - weight.charges[number, row],
                )
                for limit, weight in zip(found, weights, strict=True)
                if np.isfinite(limit.caps[device])
            )
            for row, device in enumerate(devices)
        ]
        for number in range(len(split_classes(problem, theirs)))
    ]


def level_graphs_of(problem: SplitProblem) -> tuple[LevelGraph, ...]:
    """The levels of pins as graphs; empty where the server holds the whole model anyway."""
    if not server_may_overflow(problem):
        return ()
    return tuple(
        LevelGraph(
            graph=split_graph(replace(problem, pinned=level.pinned), copies=True),
            widest_bytes=problem.workload.batch_size * level.transient_bytes,
        )
        for level in server_levels(problem)
    )


def _held_bytes(asked: LeastCutProblem, limit: Limit, mask: Mask) -> float:
    """What the server holds, its widest tensor included, less what the cap leaves out."""
    narrowest = next(level for level in reversed(asked.levels) if mask[level.graph.pinned].all())
    return float(usage(asked.graph, limit, mask)[0]) + narrowest.widest_bytes


def _limited(asked: LeastCutProblem, graph: SplitGraph, *, widest_bytes: float) -> LeastCut:
    limits = [
        replace(limit, cap=limit.cap - widest_bytes) if limit.name == SERVER_MEMORY else limit
        for limit in asked.limits
    ]
    if asked.silent.any():
        nothing, silent = np.zeros(graph.op_count), np.where(asked.silent, 1.0, 0.0)
        limits.append(Limit(name="silent", device=nothing, crossing=silent, cap=0.0))
    cut = minimum_cut_within(
        graph,
        device_weight=asked.device_weight,
        server_weight=asked.server_weight,
        crossing_weight=asked.crossing_weight,
        limits=limits,
    )
    mask = np.ones(graph.op_count, dtype=bool) if cut.mask is None else cut.mask
    return LeastCut(mask=mask, bound=cut.bound, runtime_s=cut.runtime_s, method="CP-SAT")
