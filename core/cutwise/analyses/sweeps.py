"""Many scenarios at once: grids and lists of changes to one scenario, answered from the pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import registered, rows_of
from cutwise.analyses.pace import RowPace
from cutwise.analyses.sweep_settings import settings_of
from cutwise.errors import ScenarioError, SolverError
from cutwise.fields.field_values import settled
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.one_device.cut_table import CutTable, table_of
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.planning.whole_round.best_modes import asks_modes
from cutwise.planning.whole_round.joint_choice import is_coupled
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.problem.stacked import stacked_conditions, stacked_problem
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES, answered
from cutwise.schemes.options import scheme_with
from cutwise.tolerances import LIMIT_ROUNDING
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas

ROWS_AT_ONCE = 1 << 15
"""Devices of all scenarios together that are priced in one table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptScenarios(Frozen):
    """One entry a scenario and scheme in every column: swept paths, scheme, status, delay, energy, cut."""

    columns: Mapping[str, tuple[Any, ...]]

    def to_frame(self) -> pandas.DataFrame:
        """One row a scenario and scheme, in input order."""
        import pandas

        return pandas.DataFrame({name: list(values) for name, values in self.columns.items()})

    def plain(self) -> list[dict[str, Any]]:
        """One row a scenario and scheme."""
        return rows_of(self.to_frame())

    def summary(self) -> str:
        """Nothing: the table says all."""
        return ""

    def text(self) -> str:
        """The table."""
        text: str = self.to_frame().to_string(index=False)
        return text


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class SweepAnalysis(Frozen):
    """Many scenarios at once; schemes have their default options, and plans are not certified."""

    name: ClassVar[str] = "sweep"
    title: ClassVar[str] = "Many scenarios"
    asks: ClassVar[str] = "How do delay, energy and cut change over many scenarios?"
    of_plan: ClassVar[bool] = False
    in_report: ClassVar[bool] = False
    over: Mapping[str, Sequence[Any]] = quantity(
        title="Over", help="Paths of the scenario and the values that each takes; the last path runs fastest"
    )
    schemes: tuple[str, ...] = quantity(
        (), title="Schemes", help="Schemes to plan with, separated by commas; the question's if absent"
    )
    zip: bool = quantity(False, title="Pair", help="Pair the lists instead of forming a grid")

    def __post_init__(self) -> None:
        Frozen.__post_init__(self)
        if mistakes := settled(self):
            raise ScenarioError(mistakes)

    def run(self, question: Question) -> SweptScenarios:
        """Every scenario that the paths lead to, with every scheme."""
        schemes = self.schemes or (question.scheme,)
        return swept(question.graph, question.scenario, over=self.over, schemes=schemes, zip=self.zip)


def swept(
    graph: ModelGraph,
    scenario: Scenario,
    *,
    over: Mapping[str, Iterable[Any]],
    schemes: Sequence[str],
    zip: bool = False,
) -> SweptScenarios:
    """Every scenario that the paths lead to, with every scheme, in input order.

    Raises `ScenarioError` for more rows than `sweep_rows`, and once the first of them show that all would
    take longer than `sweep_s`.
    """
    settings = settings_of(over, schemes=len(schemes), devices=len(scenario.devices), paired=zip)
    making = RowPace(rows=len(settings))
    scenarios = _scenarios(scenario, settings, making)
    columns: dict[str, list[Any]] = {path: [] for path in over}
    columns |= {name: [] for name in ("scheme", "status", "delay_s", "energy_j", "cut")}
    pace = making.followed_by(rows=len(scenarios) * len(schemes))
    answers = {name: _answers(graph, scenarios, name, pace) for name in schemes}
    for number, setting in enumerate(settings):
        for name in schemes:
            row = {**setting, "scheme": name, **answers[name][number]}
            for key, value in row.items():
                columns[key].append(value)
    return SweptScenarios(columns={name: tuple(values) for name, values in columns.items()})


def _scenarios(scenario: Scenario, settings: Sequence[Mapping[str, Any]], pace: RowPace) -> list[Scenario]:
    """The scenario of each setting; many devices take long to change, so these rows are paced too."""
    found = []
    for setting in settings:
        found.append(changed(scenario, setting))
        pace.note(1)
    return found


def _answers(
    graph: ModelGraph, scenarios: Sequence[Scenario], scheme: str, pace: RowPace
) -> list[dict[str, Any]]:
    """Status, delay, energy and cut of every scenario; scenarios that differ in numbers only go together."""
    answers: list[dict[str, Any]] = [{} for _ in scenarios]
    groups: dict[Any, list[int]] = {}
    for number, scenario in enumerate(scenarios):
        groups.setdefault(_together(scenario, scheme, number), []).append(number)
    for key, members in groups.items():
        step = max(1, ROWS_AT_ONCE // len(scenarios[members[0]].devices))
        for first in range(0, len(members), step):
            part = members[first : first + step]
            chosen = [scenarios[number] for number in part]
            found = [_one(graph, chosen[0], scheme)] if isinstance(key, int) else _many(graph, chosen, scheme)
            for number, answer in zip(part, found, strict=True):
                answers[number] = answer
            pace.note(len(part))
    return answers


def _together(scenario: Scenario, scheme: str, number: int) -> Any:
    """What scenarios must share to be answered from one table; the number itself where none can."""
    sharing, round_of = scenario.sharing, SCHEMES[scheme].round_of
    alone = SCHEMES[scheme].separable and not is_coupled(scenario, round_of)
    if not alone or asks_modes(scenario) or scenario.objective.is_weighted:
        return number
    if round_of.parallel and (sharing.bandwidth == "optimised" or sharing.server == "queue"):
        return number
    server_memory = (
        scenario.server.profile,
        scenario.server.memory_bytes,
        scenario.server.flops_per_s is None,
        scenario.server.runtime,
    )
    shared = (scenario.workload, scenario.privacy, scenario.limits, scenario.objective, sharing)
    return (*shared, scenario.compression, server_memory, len(scenario.devices))


def _one(graph: ModelGraph, scenario: Scenario, scheme: str) -> dict[str, Any]:
    try:
        found = answered(build_problem(graph, scenario), scheme_with(scheme, {}))
    except SolverError as error:
        return {"status": "unsolved", "delay_s": np.nan, "energy_j": np.nan, "cut": str(error)}
    labels = dict.fromkeys(decision.cut.label for decision in found.decisions)
    return {
        "status": found.status,
        "delay_s": found.delay_s,
        "energy_j": found.energy_j,
        "cut": " | ".join(labels),
    }


def _many(graph: ModelGraph, scenarios: Sequence[Scenario], scheme: str) -> list[dict[str, Any]]:
    """All scenarios as one problem with a row for every device of every scenario.

    One by one where devices that are served at once may not fit on the server together.
    """
    round_of = SCHEMES[scheme].round_of
    problems = [build_problem(graph, scenario) for scenario in scenarios]
    count = problems[0].device_count
    active = count if round_of.parallel else 1
    conditions = stacked_conditions([problem.conditions(active=active) for problem in problems], count)
    merged = stacked_problem(problems)
    score = score_of(merged.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    table = table_of(merged, conditions, score, clients=active)
    most = np.where(np.isfinite(table.server_bytes), table.server_bytes, 0.0).max()
    if round_of.parallel and active * most > merged.server_budget_bytes:
        return [_one(graph, scenario, scheme) for scenario in scenarios]
    picks = table.best()
    rows = np.arange(len(picks))
    per_scenario = (len(scenarios), count)
    delays = table.delays_s[rows, picks].reshape(per_scenario)
    total = round_of.total(delays.T)
    energies = table.energies_j[rows, picks].reshape(per_scenario).sum(axis=1)
    broken = np.any((table.excess[rows, picks] > 0).reshape(per_scenario), axis=1)
    deadline_s = merged.scenario.limits.deadline_s
    if deadline_s is not None:
        broken = np.logical_or(broken, total > deadline_s * (1 + LIMIT_ROUNDING))
    labels = _labels(problems[0], table, picks)
    reached = "optimal" if table.complete or merged.adds_up else "feasible"
    return [
        {
            "status": "infeasible" if broken[i] else reached,
            "delay_s": float(total[i]),
            "energy_j": float(energies[i]),
            "cut": " | ".join(dict.fromkeys(labels[i * count : (i + 1) * count])),
        }
        for i in range(len(scenarios))
    ]


def _labels(problem: SplitProblem, table: CutTable, picks: Any) -> list[str]:
    known: dict[tuple[int, int], str] = {}
    names = []
    for key in zip(table.group_of.tolist(), picks.tolist(), strict=True):
        if key not in known:
            known[key] = cut_of(problem, table.groups[key[0]].masks[key[1]]).label
        names.append(known[key])
    return names
