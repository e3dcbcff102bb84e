"""From a plan's decisions back to what the evaluator takes: conditions and sums of every device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.cut_sums import CutSums, cut_sums, looped_sums, nested_sums
from cutwise.planning.answer.server_waiting import waits_s
from cutwise.planning.one_device.cut_positions import ops_mask
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import DeviceDecision, Plan
from cutwise.problem.conditions import Conditions
from cutwise.problem.edge_links import behind_edges
from cutwise.problem.split_problem import SplitProblem


def conditions_of_plan(problem: SplitProblem, plan: Plan) -> Conditions:
    """The conditions the plan was priced under, arrays of shape (devices,)."""
    at_once = {i: len(groups) for groups in plan.phases for group in groups for i in group}
    active = np.array([at_once[i] for i in range(problem.device_count)])
    conditions = problem.conditions(active=active)
    if plan.server_policy == "queue":
        conditions = conditions.waiting(waits_s(problem, plan)).idling(1.0 / active)
    if any(decision.edge for decision in plan.decisions):
        names = problem.scenario.edge_names
        owner = [names.index(decision.edge) for decision in plan.decisions if decision.edge]
        conditions = behind_edges(problem, conditions, owner)
    if any(decision.returned_ops for decision in plan.decisions):
        conditions = conditions.without_labels()
    clock = np.array([decision.server_frequency_ratio for decision in plan.decisions])
    return _as_decided(conditions, plan.decisions).at_clock(clock, problem.scenario.energy.clock)


def _as_decided(conditions: Conditions, decisions: Sequence[DeviceDecision]) -> Conditions:
    """The conditions with the rates, coding and shares of these decisions."""

    def column(of: Callable[[DeviceDecision], float]) -> Floats:
        return np.array([of(decision) for decision in decisions])

    link = replace(
        conditions.link,
        uplink_bps=column(lambda one: one.uplink_bps),
        downlink_bps=column(lambda one: one.downlink_bps),
        network_share=column(lambda one: one.bandwidth_share / one.duty_ratio),
        duty_ratio=column(lambda one: one.duty_ratio),
        uplink_compression_ratio=column(lambda one: one.uplink_compression_ratio),
        downlink_compression_ratio=column(lambda one: one.downlink_compression_ratio),
        encode_s_per_byte=column(lambda one: one.encode_s_per_byte),
        decode_s_per_byte=column(lambda one: one.decode_s_per_byte),
    )
    compute = replace(conditions.compute, server_share=column(lambda one: one.server_share))
    return replace(conditions, link=link, compute=compute)


def sums_of_plan(problem: SplitProblem, plan: Plan) -> CutSums:
    """The sums of the plan's cuts, one a device: plain, through an edge, or back to the device."""
    devices = device_sides(problem, plan)
    if any(decision.edge_cut for decision in plan.decisions):
        inner = ((decision.edge_cut or decision.cut).device_ops for decision in plan.decisions)
        return nested_sums(problem.cost, devices, _masks(problem, inner))
    tops = _masks(problem, (decision.returned_ops for decision in plan.decisions))
    return looped_sums(problem.cost, devices, tops) if tops.any() else cut_sums(problem.cost, devices)


def turns_of_cuts(problem: SplitProblem, plan: Plan) -> Mask:
    """Whose turn is that of its cut, shape (devices,): centralised training sends samples instead."""
    priced = stage_times(sums_of_plan(problem, plan), conditions_of_plan(problem, plan)).delay_s
    planned = np.array([stage.delay_s for stage in plan.stages], dtype=np.float64)
    return np.isclose(np.broadcast_to(priced, len(planned)), planned, rtol=1e-9)


def device_sides(problem: SplitProblem, plan: Plan) -> Mask:
    """The ops (devices, ops) that stay on the devices before anything is sent."""
    return _masks(problem, (decision.cut.device_ops for decision in plan.decisions))


def _masks(problem: SplitProblem, names: Iterable[tuple[str, ...]]) -> Mask:
    return np.stack([ops_mask(problem, ops) for ops in names])
