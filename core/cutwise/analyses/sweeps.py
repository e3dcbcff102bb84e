"""Many scenarios at once: grids and lists of changes to one scenario, answered from the pool."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.errors import ScenarioError, SolverError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.answer.assemble import cut_of
from cutwise.planning.one_device.candidates import server_may_overflow
from cutwise.planning.one_device.cut_table import CutTable, table_of
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.planning.whole_round.joint_choice import is_coupled
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise.tolerances import LIMIT_ROUNDING

if TYPE_CHECKING:
    import pandas

ROWS_AT_ONCE = 1 << 15
"""Devices of all scenarios together that are priced in one table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFile(Frozen):
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
    over: Mapping[str, Iterable[Any]],
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


def read_sweep_file(path: str | PathLike[str]) -> SweepFile:
    """The sweep that a TOML file describes: `model`, `scenario`, `schemes`, `zip` and the table `[over]`."""
    from cutwise.scenario.scenario_file import load_scenario

    file = Path(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ScenarioError([f"{file}: cannot be read as a sweep file: {error}"]) from error
    over = _flattened(document.get("over", {}))
    mistakes = [f"{file.name}: {mistake}" for mistake in _file_mistakes(document, over)]
    if mistakes:
        raise ScenarioError(mistakes)
    scenario = document.get("scenario")
    return SweepFile(
        model=_beside(file, document["model"]),
        over=over,
        scenario=load_scenario(_beside(file, scenario)) if scenario else Scenario(),
        schemes=tuple(document.get("schemes", ["fast_split"])),
        zip=document.get("zip", False),
    )


def _file_mistakes(document: Mapping[str, Any], over: Mapping[str, Any]) -> Iterator[str]:
    known = ("model", "scenario", "schemes", "zip", "over")
    yield from (f"unknown key {key!r}; known are {', '.join(known)}" for key in document if key not in known)
    if not isinstance(document.get("model"), str):
        yield "give the model, a file or sample:NAME"
    if not isinstance(document.get("scenario", ""), str):
        yield "scenario: give the name of a scenario file"
    schemes = document.get("schemes", [])
    if not isinstance(schemes, list) or not all(isinstance(name, str) for name in schemes):
        yield "schemes: give a list of scheme names"
    if not isinstance(document.get("zip", False), bool):
        yield "zip: give true or false"
    if not over or not all(isinstance(values, list) and values for values in over.values()):
        yield "[over] gives every swept path a list of values"


def _flattened(over: Any, prefix: str = "") -> dict[str, Any]:
    """Paths and values; `channel.uplink_bps` without quotes makes nested tables, which mean the same."""
    if not isinstance(over, dict):
        return {prefix: over}
    paths: dict[str, Any] = {}
    for key, value in over.items():
        paths |= _flattened(value, f"{prefix}.{key}" if prefix else key)
    return paths


def _beside(file: Path, name: str) -> str:
    """A path written in a file is relative to that file; samples and absolute paths stay."""
    return name if name.startswith("sample:") else str(file.parent / name)


def _settings(over: Mapping[str, Iterable[Any]], *, paired: bool) -> list[dict[str, Any]]:
    values = {path: _listed(path, given) for path, given in over.items()}
    lengths = {len(given) for given in values.values()}
    if paired and len(lengths) > 1:
        raise ScenarioError([f"over: zip pairs lists of one length, these have {sorted(lengths)}"])
    rows = zip(*values.values(), strict=True) if paired else itertools.product(*values.values())
    return [dict(zip(values, row, strict=True)) for row in rows]


def _listed(path: str, given: Any) -> list[Any]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise ScenarioError([f"over: {path!r} needs a list of values, not {given!r}"])
    return list(given)


def _answers(graph: ModelGraph, scenarios: Sequence[Scenario], scheme: str) -> list[dict[str, Any]]:
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
    return answers


def _together(scenario: Scenario, scheme: str, number: int) -> Any:
    """What scenarios must share to be answered from one table; the number itself where none can."""
    sharing, round_of = scenario.sharing, SCHEMES[scheme].round_of
    alone = SCHEMES[scheme].separable and not is_coupled(scenario, round_of)
    if not alone or scenario.objective.kind == "weighted":
        return number
    if round_of.parallel and (sharing.bandwidth == "optimised" or sharing.server == "queue"):
        return number
    server_memory = (
        scenario.server.profile,
        scenario.server.memory_bytes,
        scenario.server.flops_per_s is None,
    )
    shared = (scenario.workload, scenario.privacy, scenario.limits, scenario.objective, sharing)
    return (*shared, scenario.compression, server_memory, len(scenario.devices))


def _one(graph: ModelGraph, scenario: Scenario, scheme: str) -> dict[str, Any]:
    try:
        found = scheme_with(scheme, {}).solve(build_problem(graph, scenario))
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
    if round_of.parallel and server_may_overflow(problems[0], clients=count):
        return [_one(graph, scenario, scheme) for scenario in scenarios]
    active = count if round_of.parallel else 1
    conditions = stacked_conditions([problem.conditions(active=active) for problem in problems], count)
    merged = merged_problem(problems)
    score = score_of(merged.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    table = table_of(merged, conditions, score)
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
    reached = "optimal" if table.complete or merged.micro_batches == 1 else "feasible"
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


def stacked_conditions(conditions: Sequence[Conditions], count: int) -> Conditions:
    """Conditions of many scenarios with `count` devices each, one after another, every field an array."""
    stacked = {}
    for f in fields(Conditions):
        values = [getattr(one, f.name) for one in conditions]
        each = isinstance(values[0], np.ndarray)
        stacked[f.name] = np.concatenate(values) if each else np.repeat(np.array(values, dtype=float), count)
    return Conditions(**stacked)


def merged_problem(problems: Sequence[SplitProblem]) -> SplitProblem:
    """One problem whose devices are those of all problems, which share everything but numbers of devices."""
    arrays: dict[str, Any] = {
        f.name: np.concatenate([getattr(problem, f.name) for problem in problems])
        for f in fields(SplitProblem)
        if f.name not in {"pinned"} and isinstance(getattr(problems[0], f.name), np.ndarray)
    }
    return replace(problems[0], **arrays)
