"""A round of any number of devices like those of a scenario, in the order in which they stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.analyses.what_if.front_points import plan_under
from cutwise.analyses.what_if.inputs.asked_rows import unproven
from cutwise.arrays import Ints
from cutwise.columns.row_answers import goes_in_columns
from cutwise.costs.cut_sums import cut_sums
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_memory import shared_bytes, shared_on
from cutwise.planning.one_device.cut_table import CutTable, table_of
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.question import Question, shown_scheme
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES
from cutwise.tolerances import LIMIT_ROUNDING

MOST_PLANNED = 128
"""Devices whose cuts are chosen together where the server's memory is short: more take long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeRound(Frozen):
    """What a round of so many devices comes to, and whether some round of theirs keeps every limit.

    It is the best one unless `best` is False: then one that keeps the limits, each device with the cut that
    holds least at the server.
    """

    devices: int
    delay_s: float
    energy_j: float
    traffic_bytes: float
    keeps: bool
    best: bool = True


def of_count(scenario: Scenario, count: int) -> Scenario:
    """The scenario with so many devices: its own, again and again; repeated ones are numbered.

    >>> [one.name for one in of_count(Scenario(), 3).devices]
    ['device-1', 'device-1-2', 'device-1-3']
    """
    own, names = scenario.devices, scenario.device_names
    devices = tuple(
        replace(own[i % len(own)], name=names[i % len(own)] + _number(i // len(own))) for i in range(count)
    )
    return replace(scenario, devices=devices)


def own_cuts(question: Question) -> bool:
    """True where each device's cut is its own best, under shares that its scenario gives."""
    scenario, scheme = question.scenario, shown_scheme(question)
    shared = SCHEMES[scheme].round_of.parallel and scenario.sharing.bandwidth == "optimised"
    return not (shared or scenario.objective.is_weighted) and goes_in_columns(
        scenario, {}, scheme, unproven(question)
    )


def _number(turn: int) -> str:
    return f"-{turn + 1}" if turn else ""


def round_of_alike(question: Question, count: int, settings: Mapping[str, Any]) -> AlikeRound:
    """A round of so many devices under some settings.

    Where devices have their `own_cuts`, those that are alike are answered once, and only the number that
    works at once counts; else all of them are planned.
    """
    asked = replace(question, scenario=changed(question.scenario, settings))
    kinds = _Kinds.of(asked, count) if own_cuts(asked) else None
    if kinds is None:
        return _planned(asked, count)
    if kinds.holds(kinds.best):
        return kinds.round(kinds.best, keeps=kinds.in_time(kinds.best))
    thrifty = kinds.least_held
    if thrifty is None:
        return kinds.round(kinds.best, keeps=False)
    if count > MOST_PLANNED and kinds.holds(thrifty):
        return replace(kinds.round(thrifty, keeps=True), best=False)
    return _planned(asked, count)


def fits(question: Question, count: int, settings: Mapping[str, Any]) -> bool:
    """Whether some round of so many devices keeps every limit."""
    asked = replace(question, scenario=changed(question.scenario, settings))
    kinds = _Kinds.of(asked, count) if own_cuts(asked) else None
    if kinds is None:
        return _planned(asked, count).keeps
    if kinds.holds(kinds.best):
        return kinds.in_time(kinds.best)
    thrifty = kinds.least_held
    if thrifty is None:
        return False
    return kinds.holds(thrifty) or (kinds.may_hold(thrifty) and _planned(asked, count).keeps)


def plan_of_alike(question: Question, count: int) -> Plan:
    """The plan of so many devices."""
    return plan_under(replace(question, scenario=of_count(question.scenario, count)), {})[1]


def _planned(question: Question, count: int) -> AlikeRound:
    plan = plan_of_alike(question, count)
    return AlikeRound(
        devices=count,
        delay_s=plan.delay_s,
        energy_j=plan.energy_j,
        traffic_bytes=sum(float(one.traffic_bytes) for one in plan.stages),
        keeps=plan.status != "infeasible",
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Kinds(Frozen):
    """One row a kind of device: its table of cuts when so many work at once, and how `many` are of it."""

    problem: SplitProblem
    conditions: Conditions
    table: CutTable
    parallel: bool
    many: Ints

    @classmethod
    def of(cls, question: Question, count: int) -> _Kinds:
        parallel = SCHEMES[shown_scheme(question)].round_of.parallel
        own = question.scenario.devices
        scenario = replace(question.scenario, devices=own[: min(count, len(own))])
        problem = build_problem(question.graph, scenario)
        active = count if parallel else 1
        conditions = problem.conditions(active=float(active))
        score = score_of(problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
        table = table_of(problem, conditions, score, clients=active)
        many = np.array([len(range(i, count, problem.device_count)) for i in range(problem.device_count)])
        return cls(problem=problem, conditions=conditions, table=table, parallel=parallel, many=many)

    @property
    def best(self) -> Ints:
        """The best cut of every kind."""
        return self.table.best()

    def total_s(self, picks: Ints) -> float:
        """How long the round takes with these cuts."""
        delays = self.table.delays_s[np.arange(len(picks)), picks]
        return float(delays.max() if self.parallel else delays @ self.many)

    def in_time(self, picks: Ints) -> bool:
        """True where these cuts keep every device's limits and the deadline."""
        within = (self.table.excess[np.arange(len(picks)), picks] <= 0).all()
        return bool(within and self.total_s(picks) <= self.deadline_s)

    @property
    def deadline_s(self) -> float:
        """The round's deadline with its rounding; infinite without one."""
        given = self.problem.scenario.limits.deadline_s
        return np.inf if given is None else given * (1 + LIMIT_ROUNDING)

    def _server_bytes(self, picks: Ints) -> tuple[float, float]:
        """What the server holds for all with these cuts, without what they may share, and at most with it."""
        masks, rows = self.table.masks(picks), np.arange(len(picks))
        shared = shared_on(self.problem.cost, ~masks)
        own = float((self.table.server_bytes[rows, picks] - shared) @ self.many)
        return own, own + float(shared_bytes(self.problem.cost).sum())

    def holds(self, picks: Ints) -> bool:
        """True where the server surely holds all of these cuts."""
        return not self.parallel or self._server_bytes(picks)[1] <= self._budget_bytes

    def may_hold(self, picks: Ints) -> bool:
        """True where it may, as clients share weights that are not trained."""
        return self._server_bytes(picks)[0] <= self._budget_bytes

    @property
    def _budget_bytes(self) -> float:
        return self.problem.server_budget_bytes * (1 + LIMIT_ROUNDING)

    @property
    def least_held(self) -> Ints | None:
        """Of every kind the cut in time that holds least at the server; None where one has none."""
        allowed = (self.table.excess <= 0) & (self.table.delays_s <= self.deadline_s)
        groups = self.table.groups
        shared = np.zeros(self.table.server_bytes.shape)
        for kind, group in enumerate(self.table.group_of.tolist()):
            masks = groups[group].masks
            shared[kind, : len(masks)] = shared_on(self.problem.cost, ~masks)
        own = np.where(allowed, self.table.server_bytes - shared, np.inf)
        return own.argmin(axis=1) if np.isfinite(own.min(axis=1)).all() else None

    def round(self, picks: Ints, *, keeps: bool) -> AlikeRound:
        """The round with these cuts."""
        stages = stage_times(cut_sums(self.problem.cost, self.table.masks(picks)), self.conditions)
        traffic = np.broadcast_to(stages.traffic_bytes, len(picks))
        return AlikeRound(
            devices=int(self.many.sum()),
            delay_s=self.total_s(picks),
            energy_j=float(self.table.energies_j[np.arange(len(picks)), picks] @ self.many),
            traffic_bytes=float(traffic @ self.many),
            keeps=keeps,
        )
