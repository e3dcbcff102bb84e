"""From a plan's decisions back to what the evaluator takes: conditions and sums of every device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.cut_sums import CutSums, cut_sums, looped_sums, nested_sums
from cutwise.planning.answer.server_waiting import waits_s
from cutwise.plans.plan import Plan
from cutwise.problem.conditions import Conditions
from cutwise.problem.edge_links import behind_edges
from cutwise.problem.split_problem import SplitProblem

DECIDED = (
    "uplink_bps",
    "downlink_bps",
    "server_share",
    "server_frequency_ratio",
    "uplink_compression_ratio",
    "downlink_compression_ratio",
    "encode_s_per_byte",
    "decode_s_per_byte",
)
"""What a decision says about the conditions, under the conditions' own names."""


def decided_conditions(problem: SplitProblem, plan: Plan) -> Conditions:
    """The conditions the plan was priced under, arrays of shape (devices,)."""
    decided = {name: np.array([getattr(decision, name) for decision in plan.decisions]) for name in DECIDED}
    at_once = {i: len(groups) for groups in plan.phases for group in groups for i in group}
    active = np.array([at_once[i] for i in range(problem.device_count)])
    conditions = problem.conditions(active=active)
    if plan.server_policy == "queue":
        waiting = {"waiting_s": waits_s(problem, plan), "server_idle_ratio": 1.0 / active}
        conditions = replace(conditions, **waiting)
    if any(decision.edge for decision in plan.decisions):
        names = problem.scenario.edge_names
        owner = [names.index(decision.edge) for decision in plan.decisions if decision.edge]
        conditions = behind_edges(problem, conditions, owner)
    if any(decision.returned_ops for decision in plan.decisions):
        conditions = replace(conditions, label_bytes=0.0)
    shares = np.array([decision.bandwidth_share for decision in plan.decisions])
    return replace(conditions, **decided, network_share=shares / conditions.duty_ratio)


def decided_sums(problem: SplitProblem, plan: Plan) -> CutSums:
    """The sums of the plan's cuts, one a device: plain, through an edge, or back to the device."""
    devices = _masks(problem, (decision.cut.device_ops for decision in plan.decisions))
    if any(decision.edge_cut for decision in plan.decisions):
        inner = ((decision.edge_cut or decision.cut).device_ops for decision in plan.decisions)
        return nested_sums(problem.cost, devices, _masks(problem, inner))
    tops = _masks(problem, (decision.returned_ops for decision in plan.decisions))
    return looped_sums(problem.cost, devices, tops) if tops.any() else cut_sums(problem.cost, devices)


def ops_mask(problem: SplitProblem, names: Iterable[str]) -> Mask:
    """Which ops (ops,) these are."""
    index, row = problem.cost.graph.index, np.zeros(len(problem.cost.graph), dtype=bool)
    row[[index[name] for name in names]] = True
    return row


def _masks(problem: SplitProblem, names: Iterable[tuple[str, ...]]) -> Mask:
    return np.stack([ops_mask(problem, ops) for ops in names])
