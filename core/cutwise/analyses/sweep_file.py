"""A sweep that a TOML file describes: the model, the scenario, the schemes, and the values of every path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from cutwise.analyses.sweep_settings import overlaps
from cutwise.budgets import bounded
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import shown
from cutwise.frozen import Frozen
from cutwise.scenario.parts import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFile(Frozen):
    """What a sweep file says: the model, the scenario, the schemes, and the values of every path."""

    model: str
    over: Mapping[str, Sequence[Any]]
    scenario: Scenario
    schemes: tuple[str, ...]
    zip: bool


def read_sweep_file(path: str | PathLike[str]) -> SweepFile:
    """The sweep that a TOML file describes: `model`, `scenario`, `schemes`, `zip` and the table `[over]`."""
    from cutwise.scenario.scenario_file import load_scenario, read_document

    file = Path(path)
    document: Mapping[str, Any] = read_document(file)
    given = document.get("over")
    paths = list(_flattened(given)) if isinstance(given, dict) else []
    over = dict(paths)
    found = [
        *_file_mistakes(document, over),
        *(f"[over] {one}" for one in overlaps([path for path, _ in paths])),
    ]
    if found:
        raise bounded([f"{file.name}: {mistake}" for mistake in found])
    scenario = document.get("scenario")
    return SweepFile(
        model=_beside(file, document["model"]),
        over=over,
        scenario=load_scenario(_beside(file, scenario)) if scenario else Scenario(),
        schemes=tuple(document.get("schemes", [DEFAULT_SCHEME])),
        zip=document.get("zip", False),
    )


def _file_mistakes(document: Mapping[str, Any], over: Mapping[str, Any]) -> Iterator[str]:
    known = ("model", "scenario", "schemes", "zip", "over")
    unknown = (key for key in document if key not in known)
    yield from (f"unknown key {shown(key)}; known are {', '.join(known)}" for key in unknown)
    if not document.get("model") or not isinstance(document["model"], str):
        yield "give the model, a file or sample:NAME"
    if "scenario" in document and not (document["scenario"] and isinstance(document["scenario"], str)):
        yield "scenario: give the name of a scenario file"
    schemes = document.get("schemes", [])
    if not isinstance(schemes, list) or not all(isinstance(name, str) for name in schemes):
        yield "schemes: give a list of scheme names"
    if schemes == [] and "schemes" in document:
        yield "schemes: name at least one scheme"
    if not isinstance(document.get("zip", False), bool):
        yield "zip: give true or false"
    if not over or not all(isinstance(values, list) and values for values in over.values()):
        yield "[over] gives every swept path a list of values"


def _flattened(over: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values; `channel.uplink_bps` without quotes makes nested tables, which mean the same."""
    if not isinstance(over, dict):
        yield prefix, over
        return
    for key, value in over.items():
        yield from _flattened(value, f"{prefix}.{key}" if prefix else key)


def _beside(file: Path, name: str) -> str:
    """A path written in a file is relative to that file; samples and absolute paths stay."""
    return name if name.startswith("sample:") else str(file.parent / name)
