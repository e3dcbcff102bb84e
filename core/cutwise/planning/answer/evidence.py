"""Rounds that a plan's training needs: the shipped study, looked up by how the devices train."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cutwise.compression import TopK
from cutwise.convergence import RoundsToTarget, rounds_to_target
from cutwise.convergence.table import HIGHEST_TARGET, compression_name, partition_name, shipped_table
from cutwise.costs.options.tuning import FullTuning
from cutwise.plans.learning import Learning
from cutwise.plans.plan import NO_EVIDENCE, Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Data


def with_evidence(problem: SplitProblem, plan: Plan, learning: Learning) -> Plan:
    """The plan with its rounds to the target accuracy where the study measured such a training.

    Time to target is rounds times the delay of one round, with the same interval over the seeds. Elsewhere
    the plan says why nothing is known.
    """
    if problem.scenario.convergence.kind == "none" or not problem.workload.training:
        return plan
    scheme, groups = training_of(plan, learning)
    data = partition_of(learning, problem.scenario.data)
    epochs = problem.workload.local_epochs or 1
    target = problem.scenario.convergence.target_accuracy
    coding = compression_of(problem, plan, learning)
    cause = _outside(problem, plan) or _unmeasured(scheme, data, epochs, groups, coding, target)
    found = rounds_to_target(scheme, data, epochs, groups, coding, target)
    if cause or found is None:
        return replace(plan, evidence=f"{NO_EVIDENCE}: {cause}")
    return _with_rounds(plan, found)


def _with_rounds(plan: Plan, found: RoundsToTarget) -> Plan:
    def seconds(rounds: float | None) -> float | None:
        return None if rounds is None else rounds * plan.delay_s

    return replace(
        plan,
        rounds_to_target=found.median,
        rounds_to_target_least=found.low,
        rounds_to_target_most=found.high,
        time_to_target_s=seconds(found.median),
        time_to_target_least_s=seconds(found.low),
        time_to_target_most_s=seconds(found.high),
        evidence=found.evidence,
    )


def training_of(plan: Plan, learning: Learning) -> tuple[str, int | None]:
    """What the study calls the way in which the plan's devices train, and its number of groups.

    Where the model is cut changes nothing of what is learnt, nor does who computes it: devices in turn train
    as in split learning, all at once with a model each as in federated learning.
    """
    count, groups = len(plan.decisions), len(plan.phases[0])
    if plan.active == 1:
        return learning.in_turn, None
    if groups == count:
        return learning.at_once, None
    return "gsfl", groups


def compression_of(problem: SplitProblem, plan: Plan, learning: Learning) -> str:
    """What the study calls the compression of what crosses: P3's codec in both directions, or none."""
    compression = problem.scenario.compression
    if not any(decision.compression for decision in plan.decisions):
        return "none"
    codec = compression.codec
    as_given = not learning.own_codec and compression.directions == "both"
    if as_given and isinstance(codec, TopK):
        return compression_name(density_ratio=codec.density_ratio, value_bits=codec.value_bits)
    return str(plan.decisions[0].compression)


def partition_of(learning: Learning, data: Data) -> str:
    """What the study calls the way in which the data are divided; at the server they lie together."""
    if learning.pooled:
        return "pooled"
    return partition_name(alpha=data.alpha if data.partition == "dirichlet" else None)


def _outside(problem: SplitProblem, plan: Plan) -> str:
    """Why the study does not speak of this training; empty where it may."""
    if not isinstance(problem.workload.tuning, FullTuning) or problem.workload.frozen:
        return "the study trains all parameters"
    if problem.workload.local_iterations is not None:
        return "the study counts local epochs"
    if len(plan.phases) > 1 and plan.active > 1:
        return "the study has no clusters in turn"
    return ""


def _unmeasured(scheme: str, data: str, epochs: int, groups: int | None, coding: str, target: float) -> str:
    """What of this training the study lacks, beside what it has; empty where it was measured."""
    cells = [cell for cell in shipped_table().cells if cell.scheme == scheme]
    if coding not in {cell.compression for cell in cells}:
        return f"the study did not compress so ({coding})"
    cells = [cell for cell in cells if cell.compression == coding]
    asked: tuple[tuple[str, Any, set[Any]], ...] = (
        ("data", data, {cell.partition for cell in cells}),
        ("local epochs", epochs, {cell.local_epochs for cell in cells}),
        ("groups", groups, {cell.groups for cell in cells} | {None}),
    )
    lacking = [
        f"{name} {', '.join(str(value) for value in sorted(known - {None}))}, not {value}"
        for name, value, known in asked
        if value not in known
    ]
    if target > HIGHEST_TARGET:
        lacking.append(f"targets up to {HIGHEST_TARGET:g}, not {target:g}")
    return f"the study has {'; '.join(lacking)}" if lacking else ""
