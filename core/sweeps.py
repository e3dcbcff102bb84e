"""Many scenarios at once: grids and lists of changes to one scenario, answered from the pool."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ScenarioError, SolverError, UnknownNameError
from core.graph.model_graph import ModelGraph
from core.problem import Conditions, SplitProblem, build_problem
from core.scenario import Scenario
from core.schemes.assemble import AT_ONCE, IN_TURN, Round, cut_of
from core.schemes.choice import CutTable, table_of
from core.schemes.objective import Spread, score_of
from core.schemes.options import scheme_with

if TYPE_CHECKING:
    import pandas

SEPARABLE: Mapping[str, Round] = {
    "fast_split": IN_TURN,
    "split_learning": IN_TURN,
    "split_federated": AT_ONCE,
}
"""Schemes whose devices choose alone under a fixed sharing policy: one table answers all scenarios."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFile:
    """What a sweep file says: the model, the scenario, the schemes, and the values of every path."""

    model: str
    over: Mapping[str, Sequence[Any]]
    scenario: Scenario
    schemes: tuple[str, ...]
    zip: bool


def sweep_rows(
    graph: ModelGraph,
    scenario: Scenario,
    *,
    over: Mapping[str, Sequence[Any]],
    schemes: Sequence[str],
    zip: bool = False,
) -> pandas.DataFrame:
    """One row a scenario and scheme, in input order: swept paths, scheme, status, delay, energy, cut."""
    import pandas

    settings = _settings(over, paired=zip)
    scenarios = [changed(scenario, setting) for setting in settings]
    columns: dict[str, list[Any]] = {path: [] for path in over}
    columns |= {name: [] for name in ("scheme", "status", "delay_s", "energy_j", "cut")}
    answers = {name: _answers(graph, scenarios, name) for name in schemes}
    for number, setting in enumerate(settings):
        for name in schemes:
            row = {**setting, "scheme": name, **answers[name][number]}
            for key, value in row.items():
                columns[key].append(value)
    return pandas.DataFrame(columns)


def changed(scenario: Scenario, setting: Mapping[str, Any]) -> Scenario:
    """The scenario with the values at dotted paths replaced; `devices.*.x` changes every device.

    Raises `ScenarioError` for a path that does not exist and for a value that is not allowed there.

    >>> changed(Scenario(), {"channel.uplink_bps": 1e6}).channel.uplink_bps
    1000000.0
    """
    for path, value in setting.items():
        parts = re.sub(r"\[(\d+|\*)\]", r".\1", path).split(".")
        try:
            scenario = _replaced(scenario, parts, value)
        except UnknownNameError as error:
            raise ScenarioError([f"{path}: {error}"]) from error
        except ScenarioError as error:
            raise ScenarioError([f"{path}: {mistake}" for mistake in error.mistakes]) from error
    return scenario


def read_sweep_file(path: str | PathLike[str]) -> SweepFile:
    """The sweep that a TOML file describes: `model`, `scenario`, `schemes`, `zip` and the table `[over]`."""
    from core.scenario_file import load_scenario

    file = Path(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ScenarioError([f"{file}: cannot be read as a sweep file: {error}"]) from error
    unknown = set(document) - {"model", "scenario", "schemes", "zip", "over"}
    over: Any = document.get("over")
    mistakes = [f"{file.name}: unknown key {key!r}" for key in sorted(unknown)]
    if "model" not in document:
        mistakes.append(f"{file.name}: give the model, a file or sample:NAME")
    if not isinstance(over, dict) or not all(isinstance(values, list) and values for values in over.values()):
        mistakes.append(f"{file.name}: [over] gives every swept path a list of values")
    if mistakes:
        raise ScenarioError(mistakes)
    scenario = document.get("scenario")
    return SweepFile(
        model=_beside(file, document["model"]),
        over=over,
        scenario=load_scenario(_beside(file, scenario)) if scenario else Scenario(),
        schemes=tuple(document.get("schemes", ["fast_split"])),
        zip=bool(document.get("zip", False)),
    )


def _beside(file: Path, name: str) -> str:
    """A path written in a file is relative to that file; samples and absolute paths stay."""
    return name if name.startswith("sample:") else str(file.parent / name)


def _settings(over: Mapping[str, Sequence[Any]], *, paired: bool) -> list[dict[str, Any]]:
    lengths = {len(values) for values in over.values()}
    if paired and len(lengths) > 1:
        raise ScenarioError([f"over: zip pairs lists of one length, these have {sorted(lengths)}"])
    rows = zip(*over.values(), strict=True) if paired else itertools.product(*over.values())
    return [dict(zip(over, row, strict=True)) for row in rows]


def _replaced(value: Any, parts: Sequence[str], new: Any) -> Any:
    if not parts:
        return new.item() if isinstance(new, np.generic) else new
    head, rest = parts[0], parts[1:]
    if isinstance(value, tuple):
        if head == "*":
            return tuple(_replaced(part, rest, new) for part in value)
        if not head.isdigit() or int(head) >= len(value):
            raise UnknownNameError("position", head, [str(i) for i in range(len(value))])
        position = int(head)
        return (*value[:position], _replaced(value[position], rest, new), *value[position + 1 :])
    names = [f.name for f in fields(value)] if is_dataclass(value) else []
    if head not in names:
        raise UnknownNameError("field", head, names)
    return replace(value, **{head: _replaced(getattr(value, head), rest, new)})


def _answers(graph: ModelGraph, scenarios: Sequence[Scenario], scheme: str) -> list[dict[str, Any]]:
    """Status, delay, energy and cut of every scenario; scenarios that differ in numbers only go together."""
    answers: list[dict[str, Any]] = [{} for _ in scenarios]
    groups: dict[Any, list[int]] = {}
    for number, scenario in enumerate(scenarios):
        groups.setdefault(_together(scenario, scheme, number), []).append(number)
    for key, members in groups.items():
        chosen = [scenarios[number] for number in members]
        found = (
            _one(graph, chosen[0], scheme)
            if isinstance(key, int)
            else _many(graph, chosen, SEPARABLE[scheme])
        )
        for number, answer in zip(members, found, strict=True):
            answers[number] = answer
    return answers


def _together(scenario: Scenario, scheme: str, number: int) -> Any:
    """What scenarios must share to be answered from one table; the number itself where none can."""
    sharing = scenario.sharing
    coupled = scenario.objective.kind == "weighted" or (
        scenario.limits.deadline_s is not None and scenario.objective.kind != "delay"
    )
    if (
        scheme not in SEPARABLE
        or coupled
        or (SEPARABLE[scheme].parallel and sharing.bandwidth == "optimised")
    ):
        return number
    server_memory = (
        scenario.server.profile,
        scenario.server.memory_bytes,
        scenario.server.flops_per_s is None,
    )
    shared = (scenario.workload, scenario.privacy, scenario.limits, scenario.objective, sharing)
    return (*shared, server_memory, len(scenario.devices))


def _one(graph: ModelGraph, scenario: Scenario, scheme: str) -> list[dict[str, Any]]:
    try:
        found = scheme_with(scheme, {}).solve(build_problem(graph, scenario))
    except SolverError as error:
        return [{"status": "unsolved", "delay_s": np.nan, "energy_j": np.nan, "cut": str(error)}]
    labels = list(dict.fromkeys(decision.cut.label for decision in found.decisions))
    return [
        {
            "status": found.status,
            "delay_s": found.delay_s,
            "energy_j": found.energy_j,
            "cut": " | ".join(labels),
        }
    ]


def _many(graph: ModelGraph, scenarios: Sequence[Scenario], round_of: Round) -> list[dict[str, Any]]:
    """All scenarios as one problem with a row for every device of every scenario."""
    problems = [build_problem(graph, scenario) for scenario in scenarios]
    count = problems[0].device_count
    active = count if round_of.parallel else 1
    conditions = _stacked([problem.conditions(active=active) for problem in problems], count)
    merged = _merged(problems)
    score = score_of(merged.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    table = table_of(merged, conditions, score)
    picks = table.best()
    rows = np.arange(len(picks))
    per_scenario = (len(scenarios), count)
    delays = table.delays_s[rows, picks].reshape(per_scenario)
    total = delays.max(axis=1) if round_of.parallel else delays.sum(axis=1)
    energies = table.energies_j[rows, picks].reshape(per_scenario).sum(axis=1)
    broken = np.any((table.excess[rows, picks] > 0).reshape(per_scenario), axis=1)
    deadline_s = merged.scenario.limits.deadline_s
    if deadline_s is not None:
        broken = np.logical_or(broken, total > deadline_s)
    labels = _labels(problems[0], table, picks)
    return [
        {
            "status": "infeasible" if broken[i] else "optimal",
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


def _stacked(conditions: Sequence[Conditions], count: int) -> Conditions:
    """Conditions of many scenarios one after another, every field an array."""
    names = [f.name for f in fields(Conditions)]
    return Conditions(
        **{
            name: np.concatenate([np.broadcast_to(getattr(one, name), count) for one in conditions])
            for name in names
        }
    )


def _merged(problems: Sequence[SplitProblem]) -> SplitProblem:
    """One problem whose devices are those of all problems, which share everything but numbers of devices."""
    arrays: dict[str, Any] = {
        f.name: np.concatenate([getattr(problem, f.name) for problem in problems])
        for f in fields(SplitProblem)
        if f.name not in {"pinned"} and isinstance(getattr(problems[0], f.name), np.ndarray)
    }
    return replace(problems[0], **arrays)
