"""The cuts that can be best for one device somewhere between points, and those along its curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Mask, Number
from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.one_device.candidates import Candidates, candidates_from
from cutwise.planning.one_device.curve_sides import CurveSides, curve_sides
from cutwise.planning.one_device.cut_table import groups_of
from cutwise.planning.one_device.objective import Score
from cutwise.plans.plan import Plan
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.problem.stacked import stacked_conditions, stacked_problem
from cutwise.schemes.base import comes_back


@dataclass(frozen=True, slots=True, kw_only=True)
class AsPlanned:
    """What a device meets where the plan's decisions stand and a few quantities of the scenario change.

    Shares, coding and clocks are as `planned`; where these are what the scenario alone gives, so they are
    at other values of it.
    """

    plan: Plan
    problem: SplitProblem
    planned: Conditions
    plain: Conditions
    active: Floats

    @classmethod
    def of(cls, problem: SplitProblem, plan: Plan) -> AsPlanned:
        """What the devices of a plan meet."""
        at_once = {i: len(groups) for groups in plan.phases for group in groups for i in group}
        active = np.array([float(at_once[i]) for i in range(problem.device_count)])
        planned = conditions_of_plan(problem, plan)
        return cls(
            plan=plan, problem=problem, planned=planned, plain=problem.conditions(active=active), active=active
        )

    def at(self, problems: Sequence[SplitProblem], device: int) -> Conditions:
        """The conditions of one device in problems with other numbers, arrays of shape (problems,)."""
        own = [problem.conditions(active=self.active).of([device]) for problem in problems]
        now = stacked_conditions(own, 1)
        found = Conditions.merged([self.planned.of([device]), self.plain.of([device]), now], _moved)
        if self.plan.decisions[device].edge:
            edges = [conditions_of_plan(problem, self.plan).of([device]) for problem in problems]
            return replace(found, edge=stacked_conditions(edges, 1).edge)
        return found


def _moved(values: Sequence[Number]) -> Number:
    """A planned figure as it moves with what the scenario alone gives."""
    planned, before, now = (np.asarray(value, dtype=np.float64) for value in values)
    if np.array_equal(planned, before):
        return now
    if (now == before).all():
        return planned
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(np.equal(planned, before), now, planned * np.divide(now, before))
    return np.where(np.equal(now, before), planned, scaled)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploredCuts:
    """Device sides `masks` (cuts, ops); `curve` where an edge or what comes back stands beside each of them.

    `complete` is true where no cut outside can be better between the points.
    """

    masks: Mask
    cuts: Candidates
    curve: CurveSides | None
    complete: bool


def explored_cuts(
    planned: AsPlanned, device: int, score: Score, corners: Sequence[SplitProblem]
) -> ExploredCuts:
    """The cuts of one device, all else as planned; complete for what lies between the corners."""
    problem, decision = planned.problem, planned.plan.decisions[device]
    back = comes_back(planned.plan.scheme)
    sides = curve_sides(problem, decision, "device", comes_back=back)
    if sides.has_edge or back or sides.returned.any():
        cuts = candidates_from(problem.cost, sides.bottoms, complete=False)
        return ExploredCuts(masks=sides.masks, cuts=cuts, curve=sides, complete=False)
    groups = _pools(planned, device, score, corners)
    masks = np.unique(np.vstack([sides.masks, *(group.masks for group in groups)]), axis=0)
    masks = masks[np.argsort(masks.sum(axis=1), kind="stable")]
    return ExploredCuts(
        masks=masks,
        cuts=_listed(problem.cost, len(masks), np.packbits(masks).tobytes()),
        curve=None,
        complete=all(group.complete for group in groups),
    )


def _pools(
    planned: AsPlanned, device: int, score: Score, corners: Sequence[SplitProblem]
) -> tuple[Candidates, ...]:
    """The pools of one device as it is at every corner, for the least memory of the server at any."""
    alone = [one_device(problem, device) for problem in corners]
    stacked = replace(
        stacked_problem(alone), server_budget_bytes=min(problem.server_budget_bytes for problem in corners)
    )
    if planned.plan.active > 1:
        stacked = replace(stacked, scenario=planned.problem.scenario)
    groups, _ = groups_of(
        stacked, planned.at(corners, device), score, common=True, clients=planned.plan.active
    )
    return groups


def one_device(problem: SplitProblem, device: int) -> SplitProblem:
    """The problem with the columns of one device alone."""
    at = [device]
    pace = problem.device_pace
    return replace(
        problem,
        scenario=replace(problem.scenario, devices=(problem.scenario.devices[device],)),
        device_flops_per_s=problem.device_flops_per_s[at],
        device_memory_bytes=problem.device_memory_bytes[at],
        device_budget_bytes=problem.device_budget_bytes[at],
        device_runtime=problem.device_runtime.of(at),
        device_pace=type(pace).merged([pace], lambda v: v[0][at] if isinstance(v[0], np.ndarray) else v[0]),
        iterations=problem.iterations[at],
        samples=problem.samples[at],
        distance_m=problem.distance_m[at],
        transmit_power_w=problem.transmit_power_w[at],
    )


@kept
def _listed(cost: GraphCost, count: int, packed: bytes) -> Candidates:
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=count * len(cost))
    return candidates_from(cost, bits.reshape(count, len(cost)).astype(bool), complete=False)
