"""Scenario files: TOML or JSON in, every mistake at once with its path, and back out as TOML.

The only module that imports pydantic.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Union

import tomli_w
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from core.channels import CHANNELS, FixedRate
from core.errors import ScenarioError, UnknownNameError
from core.scenario import Scenario

FORMAT = "cutwise-scenario/1"
LARGEST_FILE_BYTES = 16 * 2**20
KEEP_RULE = "must be raw_allowed, first_layer, { layers = n } or a list of op ids"
KeyPath = tuple[int | str, ...]


def load_scenario(path: str | PathLike[str]) -> Scenario:
    """The scenario of a TOML or JSON file.

    Raises `ScenarioError` with every mistake and its path, or one sentence if the file cannot be read.
    """
    file = Path(path)
    try:
        size_bytes = file.stat().st_size
        content = file.read_bytes() if size_bytes <= LARGEST_FILE_BYTES else b""
    except OSError as error:
        raise ScenarioError([f"{file}: cannot be read ({error.strerror}); check the path"]) from error
    if size_bytes > LARGEST_FILE_BYTES:
        raise ScenarioError(
            [f"{file}: has {size_bytes} bytes; a scenario file has at most {LARGEST_FILE_BYTES}"]
        )
    return parse_scenario(content, name=file.name)


def parse_scenario(content: bytes, *, name: str = "scenario") -> Scenario:
    """The scenario written in `content`: JSON where it starts with a brace, else TOML."""
    return scenario_from_dict(_document(content, name=name))


def scenario_from_dict(document: Mapping[str, Any]) -> Scenario:
    """The scenario that nested plain values describe, checked as a file is.

    >>> scenario_from_dict({"format": FORMAT, "workload": {"batch_size": 8}}).workload.batch_size
    8
    """
    rest = deepcopy(dict(document))
    mistakes = _format_mistakes(rest.pop("format", None))
    while True:
        try:
            found = _adapter().validate_json(json.dumps(rest))
        except ValidationError as error:
            problems = [_problem(row) for row in error.errors()]
            mistakes += dict.fromkeys(sentence for _, sentence in problems)
            if not all([_removed(rest, path) for path in dict.fromkeys(path for path, _ in problems)]):
                break
        else:
            if not mistakes:
                return Scenario(**{f.name: getattr(found, f.name) for f in fields(Scenario)})
            break
    raise ScenarioError(list(dict.fromkeys(mistakes)))


def scenario_to_dict(scenario: Scenario) -> dict[str, Any]:
    """Nested plain values that `scenario_from_dict` reads back: the format, and what is not the default."""
    return {"format": FORMAT, **_differences(scenario)}


def dump_scenario(scenario: Scenario) -> str:
    """A scenario file in TOML that reads back to an equal scenario."""
    return tomli_w.dumps(scenario_to_dict(scenario))


@cache
def _adapter() -> TypeAdapter[Any]:
    kinds: Any = Union[tuple(CHANNELS.values())]  # noqa: UP007

    @dataclass(frozen=True, slots=True, kw_only=True)
    class FileScenario(Scenario):
        __pydantic_config__ = ConfigDict(extra="forbid", strict=True)
        channel: Annotated[kinds, Field(discriminator="kind")] = field(default_factory=FixedRate)

    return TypeAdapter(FileScenario)


def _document(content: bytes, *, name: str) -> dict[str, Any]:
    try:
        text = content.decode()
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (UnicodeDecodeError, RecursionError) as error:
        raise ScenarioError([f"{name}: is not a text file in TOML or JSON"]) from error
    except ValueError as error:
        raise ScenarioError([f"{name}: is not valid TOML or JSON: {error}"]) from error
    return dict(document)


def _format_mistakes(given: Any) -> list[str]:
    if given == FORMAT:
        return []
    return [f"format: must be {FORMAT!r}, not {given!r}" if given is not None else f"format: give {FORMAT!r}"]


def _problem(row: Any) -> tuple[KeyPath, str]:
    """Where a mistake is and the sentence that says so, without the validator's own class names."""
    location: KeyPath = row["loc"]
    if location[:1] == ("channel",) and len(location) > 1 and location[1] in CHANNELS:
        location = ("channel", *location[2:])
    if location[:2] == ("privacy", "keep_on_device"):
        return location[:2], f"privacy.keep_on_device: {KEEP_RULE}"
    if row["type"] == "union_tag_invalid":
        unknown = UnknownNameError("channel", row["ctx"]["tag"], CHANNELS)
        return location, f"channel.kind: {unknown}"
    if row["type"] == "union_tag_not_found":
        return location, f"channel: give its kind, one of {', '.join(CHANNELS)}"
    if isinstance(cause := row.get("ctx", {}).get("error"), ScenarioError):
        return location, "\n".join(_prefixed(location, mistake) for mistake in cause.mistakes)
    if row["type"] == "unexpected_keyword_argument":
        return location, f"{_dotted(location)}: unknown key"
    text = row["msg"].replace("Input should be", "must be").replace("array", "list")
    return location, f"{_dotted(location)}: {text}, not {row['input']!r}"


def _dotted(location: KeyPath) -> str:
    """The path as people write it.

    >>> _dotted(("devices", 0, "samples"))
    'devices[0].samples'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _prefixed(location: KeyPath, mistake: str) -> str:
    prefix = _dotted(location)
    if not prefix:
        return mistake
    name = mistake.partition(":")[0]
    return f"{prefix}.{mistake}" if name.isidentifier() else f"{prefix}: {mistake}"


def _removed(document: Any, path: KeyPath) -> bool:
    """Takes a mistaken value out so that the rest can be checked too; False where there is none."""
    for part in path[:-1]:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return False
    if isinstance(document, dict) and path and path[-1] in document:
        del document[path[-1]]
        return True
    if isinstance(document, list) and path and isinstance(path[-1], int):
        document[path[-1]] = {}
        return True
    return False


def _differences(value: Any) -> dict[str, Any]:
    plain = type(value)()
    changed = {
        f.name: getattr(value, f.name)
        for f in fields(value)
        if getattr(value, f.name) != getattr(plain, f.name) or f.name == "kind"
    }
    return {name: _plain(part) for name, part in changed.items() if part is not None}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _differences(value)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
