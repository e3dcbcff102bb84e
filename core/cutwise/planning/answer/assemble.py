"""From cuts to a Plan: prices them with the evaluator, adds up the round, and checks every rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.cut_sums import cut_sums
from cutwise.frozen import Frozen
from cutwise.planning.answer.decisions import Behind, decisions_of
from cutwise.planning.answer.finite import check_finite
from cutwise.planning.answer.held_memory import RoundMemory
from cutwise.planning.answer.inference_figures import with_inference
from cutwise.planning.answer.pins import pins_of
from cutwise.planning.answer.plan_conditions import sums_of_plan
from cutwise.planning.answer.server_waiting import waits_s
from cutwise.planning.answer.shared_weight_words import shared_weights_text
from cutwise.planning.answer.violations import memory_violations, violations_of
from cutwise.planning.one_device.objective import counted_energy
from cutwise.planning.whole_round.round_value import objective_value, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.inference_words import NOTHING_TRAINED, in_inference
from cutwise.plans.plan import NO_EVIDENCE, Plan, Report, ServerPolicy
from cutwise.plans.rounds import Round
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem


def plan_of(
    problem: SplitProblem,
    *,
    scheme: str,
    masks: Mask,
    conditions: Conditions,
    round_of: Round,
    report: Report,
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
    plan = draft.plan(stages, report)
    if plan.server_policy == "share" or round_of.one_model:
        return plan
    waiting = conditions.waiting(waits_s(problem, plan))
    stages = stage_times(sums_of_plan(problem, plan), waiting)
    return draft.plan(stages, _waited(draft, stages, report))


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

    def plan(self, stages: StageTimes, report: Report) -> Plan:
        """The plan with these stages."""
        return _priced(self, stages.broadcast(self.problem.device_count), report)


def _waited(draft: _Draft, stages: StageTimes, report: Report) -> Report:
    """The report with the value that the round has when devices wait."""
    problem, objective = draft.problem, draft.problem.scenario.objective
    arrays = stages.broadcast(problem.device_count)
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
) -> Plan:
    problem, round_of, held = draft.problem, draft.round_of, draft.masks | draft.returned
    check_finite(problem, draft.conditions, stages)
    delay_s = float(round_of.total(stages.delay_s))
    memory = RoundMemory.of(problem, held=held, behind=draft.behind, round_of=round_of)
    stages = memory.of_stages(stages).broadcast(problem.device_count)
    violations = violations_of(problem, held, stages, delay_s)
    violations += memory_violations(problem, memory, draft.behind)
    samples = float((problem.iterations * problem.workload.batch_size).sum())
    asked_once = not problem.workload.training and problem.workload.local_iterations is None
    passes = 1.0 if asked_once else float(problem.samples.sum()) / samples
    plan = Plan(
        scheme=draft.scheme,
        status="infeasible" if violations else report.status,
        delay_s=delay_s,
        energy_j=float(np.sum(stages.energy_j)),
        energy_by_owner_j={
            "device_compute": float(np.sum(stages.device_energy_j)),
            "device_radio": float(np.sum(stages.radio_energy_j)),
            "server": float(np.sum(stages.server_energy_j)),
            "network": float(np.sum(stages.network_energy_j)),
        },
        decisions=decisions_of(
            problem, draft.masks, draft.returned, draft.behind, draft.conditions, draft.round_of
        ),
        stages=stages.rows(),
        server_memory_bytes=memory.server_bytes,
        memory=memory.parties(problem, draft.behind),
        samples_per_round=round(samples),
        sequential_updates_per_round=int(round_of.total(problem.iterations)),
        delay_per_data_pass_s=delay_s * passes,
        round_rule=round_of.rule if problem.workload.training else in_inference(round_of.rule),
        energy_evidence=problem.scenario.energy.evidence,
        evidence=NO_EVIDENCE if problem.workload.training else NOTHING_TRAINED,
        server_policy=draft.policy,
        violations=violations,
        report=report,
        pins=pins_of(problem, held),
        shared_weights=shared_weights_text(problem.cost),
    )
    return with_inference(problem, plan, round_of)
