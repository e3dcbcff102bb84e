"""What a device meets where the plan's decisions stand and quantities of the scenario have other values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from cutwise.analyses.maps.places.scenario_rows import in_rows, scenario_in_rows
from cutwise.arrays import Floats, Number
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.plans.plan import Plan
from cutwise.problem.conditions import Conditions, Pace
from cutwise.problem.pricing import priced
from cutwise.problem.split_problem import SplitProblem, problem_of_rows, with_parties
from cutwise.problem.stacked import stacked_conditions, stacked_problem
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import comes_back

Columns = Mapping[str, Floats]
BATCH = "workload.batch_size"
BY_BATCH = frozenset({"workload", "digest", "saved_bytes"})
"""Fields of a priced graph that the size of a mini-batch may change and no time or energy comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsMet(Frozen):
    """A device at many points: a row each of a problem, what it meets there, and the server's memory.

    `singles` are the points as problems of all devices, where they were made one by one; `costs` what the
    model holds at each, where mini-batches differ.
    """

    problem: SplitProblem
    conditions: Conditions
    server_memory_bytes: Floats
    singles: tuple[SplitProblem, ...] = ()
    costs: tuple[GraphCost, ...] = ()

    def at(self, rows: list[int]) -> RowsMet:
        """Some of the points."""
        return RowsMet(
            problem=_alone(self.problem, rows),
            conditions=self.conditions.of(rows),
            server_memory_bytes=self.server_memory_bytes[rows],
            singles=tuple(self.singles[row] for row in rows) if self.singles else (),
            costs=tuple(self.costs[row] for row in rows) if self.costs else (),
        )

    @property
    def server_budget_bytes(self) -> Floats:
        """What the server may be charged at every point."""
        memory = self.server_memory_bytes / self.problem.scenario.limits.memory_margin_ratio
        return np.asarray(self.problem.server_runtime.budget_bytes(memory))


@dataclass(frozen=True, slots=True, kw_only=True)
class AsPlanned(Frozen):
    """The devices of a plan.

    Shares, coding and clocks are as `planned`; where these are what the scenario alone gives, so they are at
    other values of it. `base` is the scenario that values are put into.
    """

    graph: ModelGraph
    plan: Plan
    problem: SplitProblem
    base: Scenario
    planned: Conditions
    plain: Conditions
    active: Floats

    @classmethod
    def of(cls, graph: ModelGraph, problem: SplitProblem, plan: Plan, base: Scenario) -> AsPlanned:
        """What the devices of a plan meet."""
        at_once = {i: len(groups) for groups in plan.phases for group in groups for i in group}
        active = np.array([float(at_once[i]) for i in range(problem.device_count)])
        return cls(
            graph=graph,
            plan=plan,
            problem=problem,
            base=base,
            planned=conditions_of_plan(problem, plan),
            plain=problem.conditions(active=active),
            active=active,
        )

    def met(self, device: int, columns: Columns) -> RowsMet:
        """One device with quantities in rows."""
        whole = self.plan.decisions[device].edge or comes_back(self.plan.scheme)
        if whole or not all(map(in_rows, columns)):
            return self._one_by_one(device, columns)
        rows = max(map(len, columns.values()))
        scenario = scenario_in_rows(self.base, device, columns)
        problem = problem_of_rows(self.problem, scenario)
        now = problem.conditions(active=float(self.active[device]))
        return RowsMet(
            problem=_spread(problem, rows),
            conditions=self._decided(device, now, rows),
            server_memory_bytes=_server_memory(columns, self.problem, rows),
            costs=self._costs(columns),
        )

    def _costs(self, columns: Columns) -> tuple[GraphCost, ...]:
        """What the model holds in mini-batches of each size; nothing where all are today's."""
        sizes = columns.get(BATCH)
        if sizes is None:
            return ()
        workload = self.base.workload
        known = {
            size: priced(self.graph, replace(workload, batch_size=int(size)))
            for size in np.unique(sizes).tolist()
        }
        return tuple(known[size] for size in sizes.tolist())

    def _one_by_one(self, device: int, columns: Columns) -> RowsMet:
        rows = max(map(len, columns.values()))
        settings = [{path: values[row].item() for path, values in columns.items()} for row in range(rows)]
        problems = [with_parties(self.problem, changed(self.base, one)) for one in settings]
        own = [problem.conditions(active=self.active).of([device]) for problem in problems]
        conditions = self._decided(device, stacked_conditions(own, 1), rows)
        if self.plan.decisions[device].edge:
            edges = [conditions_of_plan(problem, self.plan).of([device]) for problem in problems]
            conditions = replace(conditions, edge=stacked_conditions(edges, 1).edge)
        kept = {path: values for path, values in columns.items() if path.startswith("limits.")}
        scenario = scenario_in_rows(problems[0].scenario, device, kept)
        return RowsMet(
            problem=replace(stacked_problem([_alone(one, [device]) for one in problems]), scenario=scenario),
            conditions=conditions,
            server_memory_bytes=_server_memory(columns, self.problem, rows),
            singles=tuple(problems),
        )

    def _decided(self, device: int, now: Conditions, rows: int) -> Conditions:
        def moved(values: Sequence[Number]) -> Number:
            planned, before, here = values
            if isinstance(planned, np.ndarray):
                planned = planned[[device]]
            if isinstance(before, np.ndarray):
                before = before[[device]]
            return _rows(_moved(planned, before, here), rows)

        found = Conditions.merged([self.planned, self.plain, now], moved)
        return found.without_labels() if comes_back(self.plan.scheme) else found


def _moved(planned: Number, before: Number, now: Number) -> Number:
    """A planned figure as it moves with what the scenario alone gives."""
    if isinstance(planned, float) and planned == before:
        return now
    if np.equal(planned, before).all():
        return now
    if np.equal(now, before).all():
        return planned
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(np.equal(planned, before), now, planned * np.divide(now, before))
    return np.where(np.equal(now, before), planned, scaled)


def _rows(value: Number, rows: int) -> Number:
    return np.broadcast_to(value, rows) if isinstance(value, np.ndarray) else value


def _server_memory(columns: Columns, problem: SplitProblem, rows: int) -> Floats:
    given = columns.get("server.memory_bytes", problem.server_memory_bytes)
    return np.broadcast_to(np.asarray(given, dtype=np.float64), rows)


def _spread(problem: SplitProblem, rows: int) -> SplitProblem:
    """The problem with as many devices as it has rows."""
    runtime, pace = problem.device_runtime, problem.device_pace
    return replace(
        problem,
        device_flops_per_s=np.broadcast_to(problem.device_flops_per_s, rows),
        device_memory_bytes=np.broadcast_to(problem.device_memory_bytes, rows),
        device_budget_bytes=np.broadcast_to(problem.device_budget_bytes, rows),
        device_runtime=RuntimeFigures(
            reserve_bytes=np.broadcast_to(runtime.reserve_bytes, rows),
            overhead_ratio=np.broadcast_to(runtime.overhead_ratio, rows),
            largest_ratio=np.broadcast_to(runtime.largest_ratio, rows),
        ),
        device_pace=Pace.merged([pace], lambda values: _rows(values[0], rows)),
        iterations=np.broadcast_to(problem.iterations, rows),
        samples=np.broadcast_to(problem.samples, rows),
        distance_m=np.broadcast_to(problem.distance_m, rows),
        transmit_power_w=np.broadcast_to(problem.transmit_power_w, rows),
    )


def _alone(problem: SplitProblem, at: list[int]) -> SplitProblem:
    """The problem with the columns of some of its devices."""
    pace = problem.device_pace
    return replace(
        problem,
        device_flops_per_s=problem.device_flops_per_s[at],
        device_memory_bytes=problem.device_memory_bytes[at],
        device_budget_bytes=problem.device_budget_bytes[at],
        device_runtime=problem.device_runtime.of(at),
        device_pace=Pace.merged([pace], lambda v: v[0][at] if isinstance(v[0], np.ndarray) else v[0]),
        iterations=problem.iterations[at],
        samples=problem.samples[at],
        distance_m=problem.distance_m[at],
        transmit_power_w=problem.transmit_power_w[at],
    )


def same_work(one: GraphCost, other: GraphCost) -> bool:
    """True where two priced graphs differ in nothing that time or energy comes from."""
    if one is other:
        return True
    pairs = (
        (getattr(one, field.name), getattr(other, field.name))
        for field in fields(one)
        if field.name not in BY_BATCH
    )
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)
