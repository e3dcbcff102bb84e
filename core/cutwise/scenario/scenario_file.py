"""Scenario files: TOML or JSON in, every mistake at once with its path, and back out as TOML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from os import PathLike
from typing import TYPE_CHECKING

import tomli_w
from pydantic import ValidationError

from cutwise.budgets import beyond, bounded, most
from cutwise.caches import kept
from cutwise.disk.bounded_files import bytes_in
from cutwise.errors import ScenarioError, shown
from cutwise.guarded.documents import document_in, shape_mistake
from cutwise.scenario.document_mistakes import ROWS, mistakes_taken_out
from cutwise.scenario.file_checker import checked_scenario, file_checker
from cutwise.scenario.parts import Scenario
from cutwise.scenario.shipped_files import scenario_path

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from cutwise.plain import Json

FORMAT = "cutwise-scenario/1"


def load_scenario(path: str | PathLike[str]) -> Scenario:
    """The scenario of a TOML or JSON file, or the shipped one that is named ("library:rural").

    Raises `ScenarioError` with every mistake and its path, or one sentence if the file cannot be read.
    """
    return scenario_from_dict(read_document(path))


def read_document(path: str | PathLike[str]) -> dict[str, object]:
    """What a scenario file holds, unchecked; raises `ScenarioError` if it cannot be read."""
    file = scenario_path(path)
    content = bytes_in(file, most_bytes=most("text_bytes"), says=beyond("text_bytes"), fault=one_mistake)
    return document_in(content, name=file.name)


def one_mistake(sentence: str) -> ScenarioError:
    """The error of a file that cannot be read at all."""
    return ScenarioError([sentence])


def parse_scenario(content: bytes, *, name: str = "scenario") -> Scenario:
    """The scenario written in `content`: JSON where it starts with a brace, else TOML."""
    return scenario_from_dict(document_in(content, name=name))


def scenario_from_dict(document: Mapping[str, object]) -> Scenario:
    """The scenario that nested plain values describe, checked as a file is.

    >>> scenario_from_dict({"format": FORMAT, "workload": {"batch_size": 8}}).workload.batch_size
    8
    """
    _refuse_at_once(document)
    try:
        text = json.dumps(dict(document), default=_jsonable, ensure_ascii=False).encode()
        rest: dict[str, Json] = json.loads(text)
    except UnicodeEncodeError as error:
        raise ScenarioError(
            ["the scenario holds half a character (a lone surrogate); take it out"]
        ) from error
    except (RecursionError, ValueError) as error:
        raise ScenarioError(["the scenario is nested too deeply"]) from error
    mistakes = _format_mistakes(rest.pop("format", None))
    with suppress(ValidationError):
        found = file_checker().validate_json(json.dumps(rest))
        if not mistakes:
            return checked_scenario(found)
    if mistakes := mistakes_taken_out(rest, mistakes):
        raise bounded(mistakes)
    return checked_scenario(file_checker().validate_json(json.dumps(rest)))


def _refuse_at_once(document: Mapping[str, object]) -> None:
    """Raises `ScenarioError` for a question's file, and where checking the rows alone would take minutes."""
    if str(document.get("format", "")).startswith("cutwise-question/"):
        raise ScenarioError(["format: this is a question file; give it in place of model and scenario"])
    for name in ROWS:
        rows = document.get(name)
        if isinstance(rows, list | tuple) and len(rows) > most("fleet_devices"):
            raise ScenarioError([f"{name}: {beyond('fleet_devices', len(rows))}"])
    if mistake := shape_mistake(document):
        raise ScenarioError([mistake])


def value_at(
    path: Sequence[str],
    value: object,
    *,
    kinds: Mapping[int, str],
    beside: DataclassInstance | None = None,
) -> object:
    """`value` as a scenario file would give it at `path`: numbers checked, tables turned into parts.

    `kinds` are the kinds of the tagged tables on the way, by the length of the path that leads to them;
    `beside` is the part whose other fields stand in the table of the value, for one that needs another.
    Raises `ScenarioError` as a file would.

    >>> value_at(["privacy", "keep_on_device"], {"layers": 2}, kinds={})
    LayerDepth(layers=2)
    """
    near = {} if beside is None else _differences(beside)
    document = value
    for depth in reversed(range(len(path))):
        tag = {"kind": kinds[depth]} if depth in kinds else {}
        document = [document] if _is_position(path[depth]) else {**tag, **near, path[depth]: document}
        near = {}
    assert isinstance(document, dict)
    found: object = scenario_from_dict({"format": FORMAT, **document})
    for part in path:
        found = found[0] if isinstance(found, tuple) and _is_position(part) else getattr(found, part)
    return found


def _is_position(part: str) -> bool:
    return part == "*" or part.isdigit()


def _jsonable(value: object) -> object:
    """What JSON does not know: numpy's numbers and arrays as Python's, everything else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def scenario_to_dict(scenario: Scenario) -> dict[str, object]:
    """Nested plain values that `scenario_from_dict` reads back: the format, and what is not the default."""
    return {"format": FORMAT, **_differences(scenario)}


def dump_scenario(scenario: Scenario, **spelled: Mapping[str, object]) -> str:
    """A scenario file in TOML that reads back to an equal scenario, with the keys of tables in `spelled`."""
    return tomli_w.dumps(spelled_document(scenario, **spelled))


def spelled_document(scenario: Scenario, **spelled: Mapping[str, object]) -> dict[str, object]:
    """`scenario_to_dict` with the keys of tables in `spelled`, whatever their values are."""
    document = scenario_to_dict(scenario)
    for table, keys in spelled.items():
        held = document.get(table)
        document[table] = {**keys, **(held if isinstance(held, dict) else {})}
    return document


def _format_mistakes(given: Json) -> list[str]:
    if given == FORMAT:
        return []
    return [
        f"format: give {FORMAT!r}" if given is None else f"format: must be {FORMAT!r}, not {shown(given)}"
    ]


def _differences(value: DataclassInstance) -> dict[str, object]:
    """The fields that are not the default, the sign of a zero among them."""
    usual = _usual(type(value))
    given = {f.name: getattr(value, f.name) for f in fields(value)}
    return {
        name: _plain(part)
        for name, part in given.items()
        if part is not None and (name == "kind" or not _same(part, getattr(usual, name)))
    }


@kept
def _usual(owner: type[DataclassInstance]) -> DataclassInstance:
    return owner()


def _same(one: object, other: object) -> bool:
    """True for equal values, where 0.0 and -0.0 are two."""
    if one is other or one != other:
        return one is other
    if is_dataclass(one) and is_dataclass(other):
        return all(_same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return all(map(_same, one, other))
    return bool(one) or repr(one) == repr(other)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return _differences(value)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
