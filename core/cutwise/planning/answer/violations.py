"""Which rules a round breaks."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.cut_sums import crossing_ops
from cutwise.planning.answer.decisions import Behind
from cutwise.planning.one_device.device_limits import ACCURACY, SERVER_MEMORY, device_limits, violation
from cutwise.plans.plan import Violation
from cutwise.plans.stages import StageTimes
from cutwise.problem.numbers import accuracy_loss_ratio
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING


def violations_of(
    problem: SplitProblem, masks: Mask, stages: StageTimes, delay_s: float, server_bytes: float
) -> tuple[Violation, ...]:
    """The rules that a round breaks: privacy, ties, limits of devices and server, accuracy, deadline."""
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
    for limit in (limit for limit in device_limits(problem) if limit.rule != SERVER_MEMORY):
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
    if server_bytes > problem.server_memory_bytes * (1 + LIMIT_ROUNDING):
        found.append(
            violation(
                rule=SERVER_MEMORY,
                where=problem.scenario.server.name,
                needs=server_bytes,
                has=problem.server_memory_bytes,
                unit="memory",
            )
        )
    found += _accuracy_violations(problem, masks)
    deadline_s = problem.scenario.limits.deadline_s
    if deadline_s is not None and delay_s > deadline_s * (1 + LIMIT_ROUNDING):
        found.append(
            violation(rule="deadline", where="round", needs=delay_s, has=deadline_s, unit="deadline")
        )
    return tuple(found)


def _accuracy_violations(problem: SplitProblem, masks: Mask) -> list[Violation]:
    """What compression costs where anything is sent, if it is more than allowed."""
    allowed = problem.scenario.limits.accuracy_loss_ratio
    loss = accuracy_loss_ratio(problem.scenario.compression)
    if allowed is None or loss <= allowed * (1 + LIMIT_ROUNDING):
        return []
    if not crossing_ops(problem.cost, masks).any():
        return []
    return [violation(rule=ACCURACY, where="round", needs=loss, has=allowed, unit="accuracy")]


def edge_violations(behind: Behind, stages: StageTimes) -> tuple[Violation, ...]:
    """Edges that are too small for a device they serve."""
    names, caps = behind.names, behind.memory_bytes
    needs = np.asarray(stages.edge_memory.total_bytes, dtype=np.float64)
    return tuple(
        violation(
            rule="edge memory", where=names[i], needs=float(needs[i]), has=float(caps[i]), unit="memory"
        )
        for i in np.flatnonzero(needs > caps * (1 + LIMIT_ROUNDING))
    )
