"""A round of any number of devices like those of a scenario, in the order in which they stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.analyses.what_if.front_points import plan_under
from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.costs.cut_sums import cut_sums
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_table import table_of
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.question import Question, shown_scheme
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES
from cutwise.tolerances import LIMIT_ROUNDING


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeRound(Frozen):
    """What a round of so many devices comes to, and whether it keeps every limit."""

    devices: int
    delay_s: float
    energy_j: float
    traffic_bytes: float
    keeps: bool


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


def _number(turn: int) -> str:
    return f"-{turn + 1}" if turn else ""


def round_of_alike(question: Question, count: int, settings: Mapping[str, Any]) -> AlikeRound:
    """A round of so many devices under some settings.

    Where each device's cut is its own best, devices that are alike are answered once, and only the number
    that works at once counts; else all of them are planned.
    """
    scenario = changed(question.scenario, settings)
    asked = replace(question, scenario=scenario)
    quick = _together(asked, count) if AskedRows(question=asked).quick else None
    if quick is not None:
        return quick
    _, plan = plan_under(replace(asked, scenario=of_count(scenario, count)), {})
    return _planned(plan, count)


def plan_of_alike(question: Question, count: int) -> Plan:
    """The plan of so many devices."""
    return plan_under(replace(question, scenario=of_count(question.scenario, count)), {})[1]


def _planned(plan: Plan, count: int) -> AlikeRound:
    return AlikeRound(
        devices=count,
        delay_s=plan.delay_s,
        energy_j=plan.energy_j,
        traffic_bytes=sum(float(one.traffic_bytes) for one in plan.stages),
        keeps=plan.status != "infeasible",
    )


def _together(question: Question, count: int) -> AlikeRound | None:
    """The round from one row a kind of device; None where the server's memory may couple them."""
    round_of = SCHEMES[shown_scheme(question)].round_of
    problem = build_problem(question.graph, question.scenario)
    active = count if round_of.parallel else 1
    conditions = problem.conditions(active=float(active))
    score = score_of(problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    table = table_of(problem, conditions, score, clients=active)
    largest = np.where(np.isfinite(table.server_bytes), table.server_bytes, 0.0).max()
    if round_of.parallel and active * largest > problem.server_budget_bytes:
        return None
    picks, rows = table.best(), np.arange(problem.device_count)
    many = np.array([len(range(i, count, problem.device_count)) for i in rows])
    some = many > 0
    delays = table.delays_s[rows, picks]
    delay_s = float(delays[some].max() if round_of.parallel else delays @ many)
    within = bool((table.excess[rows, picks] <= 0)[some].all()) and _in_time(problem, delay_s)
    stages = stage_times(cut_sums(problem.cost, table.masks(picks)), conditions)
    traffic = np.broadcast_to(stages.traffic_bytes, len(many))
    return AlikeRound(
        devices=count,
        delay_s=delay_s,
        energy_j=float(table.energies_j[rows, picks] @ many),
        traffic_bytes=float(traffic @ many),
        keeps=within,
    )


def _in_time(problem: SplitProblem, delay_s: float) -> bool:
    deadline_s = problem.scenario.limits.deadline_s
    return deadline_s is None or delay_s <= deadline_s * (1 + LIMIT_ROUNDING)
