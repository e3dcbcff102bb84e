"""Which rules a round breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.cut_sums import crossing_ops
from cutwise.planning.answer.decisions import Behind
from cutwise.planning.answer.held_memory import PartySides, RoundMemory
from cutwise.planning.one_device.device_limits import (
    ACCURACY,
    DEVICE_MEMORY,
    EDGE_MEMORY,
    SERVER_MEMORY,
    given_limits,
    violation,
)
from cutwise.plans.plan import Violation
from cutwise.plans.stages import StageTimes
from cutwise.problem.numbers import accuracy_loss_ratio
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING


def violations_of(
    problem: SplitProblem, masks: Mask, stages: StageTimes, delay_s: float
) -> tuple[Violation, ...]:
    """The rules that a round breaks but for its memory: privacy, ties, limits, accuracy, deadline."""
    names, found = problem.scenario.device_names, _misplaced(problem, masks)
    for limit in given_limits(problem):
        needs = np.broadcast_to(limit.needs(stages), problem.device_count)
        found += [
            violation(
                rule=limit.rule,
                where=names[i],
                needs=float(needs[i]),
                has=float(limit.caps[i]),
                unit=limit.unit,
            )
            for i in np.flatnonzero(needs > limit.caps * (1 + LIMIT_ROUNDING))
        ]
    found += _accuracy_violations(problem, masks)
    deadline_s = problem.scenario.limits.deadline_s
    if deadline_s is not None and delay_s > deadline_s * (1 + LIMIT_ROUNDING):
        found.append(
            violation(rule="deadline", where="round", needs=delay_s, has=deadline_s, unit="deadline")
        )
    return tuple(found)


def is_barred(problem: SplitProblem, mask: Mask) -> bool:
    """True where a cut (ops,) breaks a rule at any device, whatever its numbers are."""
    masks = np.tile(mask, (problem.device_count, 1))
    return bool(_misplaced(problem, masks) or _accuracy_violations(problem, masks))


def _misplaced(problem: SplitProblem, masks: Mask) -> list[Violation]:
    """Ops that must stay on a device and do not, and such that share a weight and are on both sides."""
    names, ops = problem.scenario.device_names, problem.cost.graph.ops
    found = []
    for device, mask in enumerate(masks):
        exposed = np.flatnonzero(problem.private & ~mask)
        if len(exposed):
            sentence = f"{names[device]}: {ops[exposed[0]].id!r} must stay on the device"
            sentence += f", with {len(exposed) - 1} more ops" if len(exposed) > 1 else ""
            found.append(
                Violation(rule="privacy", where=names[device], needs=0.0, has=0.0, sentence=sentence)
            )
        if any(len({bool(mask[op]) for op in tie}) > 1 for tie in problem.ties):
            sentence = f"{names[device]}: ops that share a weight are on both sides"
            found.append(
                Violation(rule="tied weights", where=names[device], needs=0.0, has=0.0, sentence=sentence)
            )
    return found


def _accuracy_violations(problem: SplitProblem, masks: Mask) -> list[Violation]:
    """What compression costs where anything is sent, if it is more than allowed."""
    allowed = problem.scenario.limits.accuracy_loss_ratio
    loss = accuracy_loss_ratio(problem.scenario.compression)
    if allowed is None or loss <= allowed * (1 + LIMIT_ROUNDING):
        return []
    if not crossing_ops(problem.cost, masks).any():
        return []
    return [violation(rule=ACCURACY, where="round", needs=loss, has=allowed, unit="accuracy")]


def memory_violations(
    problem: SplitProblem, memory: RoundMemory, behind: Behind | None
) -> tuple[Violation, ...]:
    """The devices, edges and servers whose processes take more than their memory, margin included."""
    device, edge = memory.device, memory.edge
    found = _too_full(
        problem,
        DEVICE_MEMORY,
        problem.scenario.device_names,
        device,
        problem.device_budget_bytes,
        problem.device_memory_bytes,
    )
    if behind is not None and edge is not None:
        found += _too_full(problem, EDGE_MEMORY, behind.names, edge, behind.budget_bytes, behind.memory_bytes)
    if memory.server_charged_bytes > problem.server_budget_bytes * (1 + LIMIT_ROUNDING):
        server = problem.scenario.server.name
        found.append(
            _memory(problem, SERVER_MEMORY, server, memory.server_bytes, problem.server_memory_bytes)
        )
    return tuple(found)


def _too_full(
    problem: SplitProblem, rule: str, names: Sequence[str], sides: PartySides, budgets: Floats, limits: Floats
) -> list[Violation]:
    return [
        _memory(problem, rule, names[i], float(sides.process_bytes[i]), float(limits[i]))
        for i in np.flatnonzero(sides.charged_bytes > budgets * (1 + LIMIT_ROUNDING)).tolist()
    ]


def _memory(
    problem: SplitProblem, rule: str, where: str, process_bytes: float, limit_bytes: float
) -> Violation:
    margin = problem.scenario.limits.memory_margin_ratio
    found = violation(rule=rule, where=where, needs=process_bytes * margin, has=limit_bytes, unit="memory")
    if margin == 1:
        return found
    return replace(found, sentence=f"{found.sentence}, with the part kept free as limits.memory asks")
