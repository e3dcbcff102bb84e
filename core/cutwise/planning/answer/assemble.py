"""From cuts to a Plan: prices them with the evaluator, adds up the round, and checks every rule."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.compression import Uncompressed
from cutwise.costs.cut_sums import crossing_ops, cut_sums
from cutwise.costs.memory.by_kind import MemoryByKind
from cutwise.frozen import Frozen
from cutwise.planning.answer.plan_conditions import decided_sums
from cutwise.planning.answer.server_waiting import waits_s
from cutwise.planning.one_device.cut_table import CutTable
from cutwise.planning.one_device.device_limits import (
    ACCURACY,
    SERVER_MEMORY,
    device_limits,
    held_at_once,
    violation,
)
from cutwise.planning.one_device.objective import counted_energy
from cutwise.planning.whole_round.round_value import objective_value, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Alternative, Cut, DeviceDecision, Plan, Report, ServerPolicy, Violation
from cutwise.plans.rounds import Round
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.numbers import accuracy_loss_ratio
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING

COMPRESSED = (
    "uplink_compression_ratio",
    "downlink_compression_ratio",
    "encode_s_per_byte",
    "decode_s_per_byte",
)
LABELLED_TENSORS = 3
ALTERNATIVES_SHOWN = 3


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Behind(Frozen):
    """The edges that devices are behind: what runs on the device or there (devices, ops), name and memory."""

    masks: Mask
    names: tuple[str, ...]
    memory_bytes: Floats


def plan_of(
    problem: SplitProblem,
    *,
    scheme: str,
    masks: Mask,
    conditions: Conditions,
    round_of: Round,
    report: Report,
    alternatives: tuple[Alternative, ...] = (),
    stages: StageTimes | None = None,
    returned: Mask | None = None,
    behind: Behind | None = None,
) -> Plan:
    """The plan that gives device i the cut `masks[i]`, shape (devices, ops).

    `stages` replaces the evaluator's for schemes whose transfers differ from split learning's; `returned`
    (devices, ops) runs on the device again, after the server; `behind` says what edges run. The status is
    what the report proves, or infeasible where a rule is broken; the violations say which. Where devices
    that are active at once queue for the server, the round is played, and what they wait is in the plan and
    in the report's value; the bound stays that of a round without waiting.
    """
    draft = _Draft(
        problem=problem,
        scheme=scheme,
        masks=masks,
        returned=np.zeros_like(masks) if returned is None else returned,
        behind=behind,
        conditions=conditions,
        round_of=round_of,
    )
    if stages is None:
        stages = stage_times(cut_sums(problem.cost, masks), conditions)
    plan = draft.plan(stages, report, alternatives)
    if plan.server_policy == "share" or round_of.one_model:
        return plan
    waiting = replace(conditions, waiting_s=waits_s(problem, plan))
    stages = stage_times(decided_sums(problem, plan), waiting)
    return draft.plan(stages, _waited(draft, stages, report), alternatives)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Draft(Frozen):
    """What is decided before anything is priced."""

    problem: SplitProblem
    scheme: str
    masks: Mask
    returned: Mask
    behind: Behind | None
    conditions: Conditions
    round_of: Round

    @property
    def policy(self) -> ServerPolicy:
        """Whether devices that are active at once queue for the server."""
        at_once = self.round_of.active(self.problem.device_count) > 1
        queues = self.problem.scenario.sharing.server == "queue" and at_once
        return "queue" if queues or self.round_of.one_model else "share"

    def plan(self, stages: StageTimes, report: Report, alternatives: tuple[Alternative, ...]) -> Plan:
        """The plan with these stages."""
        return _priced(self, _arrays(stages, self.problem.device_count), report, alternatives)


def _waited(draft: _Draft, stages: StageTimes, report: Report) -> Report:
    """The report with the value that the round has when devices wait."""
    problem, objective = draft.problem, draft.problem.scenario.objective
    arrays = _arrays(stages, problem.device_count)
    value = objective_value(
        problem,
        delay_s=float(draft.round_of.total(arrays.delay_s)),
        energy_j=float(np.sum(counted_energy(objective)(arrays))),
        spread=spread_of(problem, draft.conditions, draft.round_of),
    )
    return Report.of(
        method=report.method,
        value=value,
        bound=report.bound,
        certificate=report.certificate and replace(report.certificate, value=value),
        timing=report.timing,
    )


def _priced(
    draft: _Draft,
    stages: StageTimes,
    report: Report,
    alternatives: tuple[Alternative, ...],
) -> Plan:
    problem, round_of, held = draft.problem, draft.round_of, draft.masks | draft.returned
    delay_s = float(round_of.total(stages.delay_s))
    served = draft.behind.masks if draft.behind else held
    server_bytes = server_memory_of_round(problem, served, stages, round_of)
    violations = _violations(problem, held, stages, delay_s, server_bytes) + _edge_violations(draft, stages)
    samples = float((problem.iterations * problem.workload.batch_size).sum())
    return Plan(
        scheme=draft.scheme,
        status="infeasible" if violations else report.status,
        delay_s=delay_s,
        energy_j=float(stages.energy_j.sum()),
        energy_by_owner_j={
            "device_compute": float(stages.device_energy_j.sum()),
            "device_radio": float(stages.radio_energy_j.sum()),
            "server": float(stages.server_energy_j.sum()),
            "network": float(stages.network_energy_j.sum()),
        },
        decisions=_decisions(draft),
        stages=_rows(stages),
        server_memory_bytes=server_bytes,
        samples_per_round=round(samples),
        sequential_updates_per_round=int(round_of.total(problem.iterations)),
        delay_per_data_pass_s=delay_s * float(problem.samples.sum()) / samples,
        round_rule=round_of.rule,
        server_policy=draft.policy,
        violations=violations,
        report=report,
        alternatives=alternatives,
    )


def alternatives_of(problem: SplitProblem, table: CutTable, picks: Ints) -> tuple[Alternative, ...]:
    """The next-best cuts of every device among those that can be optimal somewhere, best first."""
    scores = table.scores
    order = np.argsort(scores, axis=1, kind="stable")[:, : ALTERNATIVES_SHOWN + 1]
    labels: dict[tuple[int, int], str] = {}
    found = []
    for device, name in enumerate(problem.scenario.device_names):
        group, picked = int(table.group_of[device]), int(picks[device])
        others = [int(k) for k in order[device] if k != picked and np.isfinite(scores[device, k])]
        for k in others[:ALTERNATIVES_SHOWN]:
            if (group, k) not in labels:
                labels[group, k] = cut_of(problem, table.groups[group].masks[k]).label
            least = table.raw_scores[device, picked]
            found.append(
                Alternative(
                    device=name,
                    cut=labels[group, k],
                    delay_s=float(table.delays_s[device, k]),
                    energy_j=float(table.energies_j[device, k]),
                    worse_ratio=float(scores[device, k] / least - 1) if least > 0 else 0.0,
                )
            )
    return tuple(found)


def cut_of(problem: SplitProblem, mask: Mask) -> Cut:
    """The cut that keeps the ops of `mask` (ops,) on the device."""
    ops = problem.cost.graph.ops
    crossing = np.flatnonzero(crossing_ops(problem.cost, mask)[0])
    return Cut(
        label=_label(problem, mask, [ops[i].id for i in crossing]),
        device_ops=tuple(ops[i].id for i in np.flatnonzero(mask)),
        crossing=tuple(ops[i].id for i in crossing),
        crossing_bytes=float(problem.cost.output_bytes[crossing].sum()),
    )


def _label(problem: SplitProblem, mask: Mask, crossing: list[str]) -> str:
    if mask.all():
        return "all on device"
    if not (mask & ~problem.cost.is_input).any():
        return "all on server"
    if not crossing:
        return f"{mask.sum()} ops on device, nothing sent"
    more = len(crossing) - LABELLED_TENSORS
    shown = " + ".join(crossing[:LABELLED_TENSORS])
    return f"after {shown} + {more} more" if more > 0 else f"after {shown}"


def _decisions(draft: _Draft) -> tuple[DeviceDecision, ...]:
    problem, masks, conditions = draft.problem, draft.masks, draft.conditions
    names, channel = problem.scenario.device_names, problem.scenario.channel
    ids = np.array([op.id for op in problem.cost.graph.ops], dtype=object)
    count = problem.device_count
    share, up, down, server_share, clock = (
        np.broadcast_to(value, count)
        for value in (
            conditions.network_share * conditions.duty_ratio,
            conditions.uplink_bps,
            conditions.downlink_bps,
            conditions.server_share,
            conditions.server_frequency_ratio,
        )
    )
    phases, groups = draft.round_of.places(count)
    sent = {name: np.broadcast_to(getattr(conditions, name), count).tolist() for name in COMPRESSED}
    codec = problem.scenario.compression.codec
    loss = accuracy_loss_ratio(problem.scenario.compression)
    known: dict[bytes, Cut] = {}
    for mask in masks:
        if mask.tobytes() not in known:
            known[mask.tobytes()] = cut_of(problem, mask)
    return tuple(
        DeviceDecision(
            device=names[i],
            cut=known[masks[i].tobytes()],
            phase=int(phases[i]),
            group=int(groups[i]),
            bandwidth_share=float(share[i]),
            uplink_bps=float(up[i]),
            downlink_bps=float(down[i]),
            uplink_bandwidth_hz=_share_of(channel.bandwidth_hz("uplink"), share[i]),
            downlink_bandwidth_hz=_share_of(channel.bandwidth_hz("downlink"), share[i]),
            uplink_power_w=float(problem.transmit_power_w[i]),
            server_share=float(server_share[i]),
            server_frequency_ratio=float(clock[i]),
            returned_ops=tuple(ids[draft.returned[i]].tolist()),
            edge=draft.behind.names[i] if draft.behind else None,
            edge_cut=cut_of(problem, draft.behind.masks[i]) if draft.behind else None,
            accuracy_loss_ratio=loss if known[masks[i].tobytes()].crossing else 0.0,
            compression=None if isinstance(codec, Uncompressed) else codec.label,
            **{name: values[i] for name, values in sent.items()},
        )
        for i in range(count)
    )


def _share_of(bandwidth_hz: float | None, share: float) -> float | None:
    return None if bandwidth_hz is None else float(share) * bandwidth_hz


def _violations(
    problem: SplitProblem, masks: Mask, stages: StageTimes, delay_s: float, server_bytes: float
) -> tuple[Violation, ...]:
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


def _edge_violations(draft: _Draft, stages: StageTimes) -> tuple[Violation, ...]:
    """Edges that are too small for a device they serve."""
    if draft.behind is None:
        return ()
    names, caps = draft.behind.names, draft.behind.memory_bytes
    needs = np.asarray(stages.edge_memory.total_bytes, dtype=np.float64)
    return tuple(
        violation(
            rule="edge memory", where=names[i], needs=float(needs[i]), has=float(caps[i]), unit="memory"
        )
        for i in np.flatnonzero(needs > caps * (1 + LIMIT_ROUNDING))
    )


def server_memory_of_round(problem: SplitProblem, masks: Mask, stages: StageTimes, round_of: Round) -> float:
    """Bytes the server holds at once (`held_at_once`)."""
    total = np.broadcast_to(stages.server_memory.total_bytes, problem.device_count)
    return held_at_once(problem, masks, total, round_of)


def _arrays(stages: StageTimes, count: int) -> StageTimes:
    """Every field as an array of shape (count,)."""
    return _mapped(stages, lambda value: np.broadcast_to(np.asarray(value, dtype=np.float64), count))


def _rows(columns: Any) -> tuple[Any, ...]:
    """One value of numbers a device from one of arrays."""
    names = [f.name for f in fields(columns)]
    values = (getattr(columns, name) for name in names)
    lists = [_rows(value) if isinstance(value, MemoryByKind) else value.tolist() for value in values]
    return tuple(type(columns)(**dict(zip(names, row, strict=True))) for row in zip(*lists, strict=True))


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, StageTimes | MemoryByKind):
        return type(value)(**{f.name: _mapped(getattr(value, f.name), change) for f in fields(value)})
    return change(value)
