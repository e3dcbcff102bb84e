"""Rounds that a plan's training needs: the shipped study, looked up by how the devices train."""

from __future__ import annotations

from dataclasses import replace

from core.convergence import rounds_to_target
from core.convergence.table import partition_name
from core.costs.workload import FullTuning
from core.plans import Plan
from core.problem import SplitProblem
from core.scenario import Data
from core.schemes.rounds import QUEUED

NOTHING = "no convergence evidence"


def with_evidence(problem: SplitProblem, plan: Plan) -> Plan:
    """The plan with its rounds to the target accuracy where the study measured such a training.

    Time to target is rounds times the delay of one round. Elsewhere the plan says why nothing is known.
    """
    if problem.scenario.convergence.kind == "none":
        return plan
    cause = _outside(problem, plan)
    if cause:
        return replace(plan, evidence=f"{NOTHING}: {cause}")
    scheme, groups = training_of(plan)
    target = problem.scenario.convergence.target_accuracy
    found = rounds_to_target(
        scheme, _partition(problem.scenario.data), problem.workload.local_epochs or 1, groups, "none", target
    )
    if found is None:
        return replace(plan, evidence=f"{NOTHING}: such a training was not measured")
    return replace(
        plan,
        rounds_to_target=found.median,
        rounds_to_target_least=found.low,
        rounds_to_target_most=found.high,
        time_to_target_s=None if found.median is None else found.median * plan.delay_s,
        evidence=found.evidence,
    )


def training_of(plan: Plan) -> tuple[str, int | None]:
    """What the study calls the way in which the plan's devices train, and its number of groups.

    Where the model is cut changes nothing of what is learnt, nor does who computes it: devices in turn train
    as in split learning, all at once with a model each as in federated learning.
    """
    count, groups = len(plan.decisions), len(plan.phases[0])
    if plan.scheme == "centralised":
        return "centralised", None
    if plan.round_rule == QUEUED.rule:
        return "split_federated_v2", None
    if plan.active == 1:
        return "split_learning", None
    if groups == count:
        return "split_federated", None
    return "gsfl", groups


def _partition(data: Data) -> str:
    return partition_name(alpha=data.alpha if data.partition == "dirichlet" else None)


def _outside(problem: SplitProblem, plan: Plan) -> str:
    """Why the study does not speak of this training; empty where it may."""
    if not problem.workload.training:
        return "nothing is trained"
    if not isinstance(problem.workload.tuning, FullTuning) or problem.workload.frozen:
        return "the study trains all parameters"
    if problem.workload.local_iterations is not None:
        return "the study counts local epochs"
    if any(decision.compression for decision in plan.decisions):
        return "the study did not compress so"
    if len(plan.phases) > 1 and plan.active > 1:
        return "the study has no clusters in turn"
    return ""
