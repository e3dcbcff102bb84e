"""Scenario files: TOML or JSON in, every mistake at once with its path, and back out as TOML.

The only module that imports pydantic.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Union

import tomli_w
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from cutwise.caches import kept
from cutwise.channels import CHANNELS, FixedRate
from cutwise.compression import ACCURACIES, CODECS, Uncompressed
from cutwise.costs.workload import TUNINGS
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.scenario.parts import Scenario

FORMAT = "cutwise-scenario/1"
LARGEST_FILE_BYTES = 16 * 2**20
LONGEST_SHOWN = 80
KEEP_RULE = "must be raw_allowed, first_layer, { layers = n } or a list of op ids"
KeyPath = tuple[int | str, ...]
# Tables that are told apart by their `kind`.
KINDS: Mapping[KeyPath, Mapping[str, Any]] = {
    ("channel",): CHANNELS,
    ("workload", "tuning"): TUNINGS,
    ("compression", "codec"): {"none": Uncompressed, **CODECS},
    ("compression", "accuracy"): ACCURACIES,
}


def load_scenario(path: str | PathLike[str]) -> Scenario:
    """The scenario of a TOML or JSON file.

    Raises `ScenarioError` with every mistake and its path, or one sentence if the file cannot be read.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ScenarioError([f"{file}: cannot be read ({reason}); check the path"]) from error
    if len(content) > LARGEST_FILE_BYTES:
        raise ScenarioError(
            [f"{file}: has over {LARGEST_FILE_BYTES} bytes, the most a scenario file may have"]
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
    try:
        rest = json.loads(json.dumps(dict(document), default=_jsonable))
    except (RecursionError, ValueError) as error:
        raise ScenarioError(["the scenario is nested too deeply"]) from error
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


def value_at(path: Sequence[str], value: Any, *, kinds: Mapping[int, str]) -> Any:
    """`value` as a scenario file would give it at `path`: numbers checked, tables turned into parts.

    `kinds` are the kinds of the tagged tables on the way, by the length of the path that leads to them.
    Raises `ScenarioError` as a file would.

    >>> value_at(["privacy", "keep_on_device"], {"layers": 2}, kinds={})
    LayerDepth(layers=2)
    """
    document: Any = value
    for depth in reversed(range(len(path))):
        tag = {"kind": kinds[depth]} if depth in kinds else {}
        document = [document] if _is_position(path[depth]) else {**tag, path[depth]: document}
    found: Any = scenario_from_dict({"format": FORMAT, **document})
    for part in path:
        found = found[0] if _is_position(part) else getattr(found, part)
    return found


def _is_position(part: str) -> bool:
    return part == "*" or part.isdigit()


def _jsonable(value: Any) -> Any:
    """What JSON does not know: numpy's numbers and arrays as Python's, everything else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def scenario_to_dict(scenario: Scenario) -> dict[str, Any]:
    """Nested plain values that `scenario_from_dict` reads back: the format, and what is not the default."""
    return {"format": FORMAT, **_differences(scenario)}


def dump_scenario(scenario: Scenario) -> str:
    """A scenario file in TOML that reads back to an equal scenario."""
    return tomli_w.dumps(scenario_to_dict(scenario))


@kept
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
    location = _untagged(row["loc"])
    if location[:2] == ("privacy", "keep_on_device"):
        return location[:2], f"privacy.keep_on_device: {KEEP_RULE}"
    if row["type"] == "union_tag_invalid":
        unknown = UnknownNameError(str(location[-1]), row["ctx"]["tag"], KINDS[location])
        return location, f"{_dotted(location)}.kind: {unknown}"
    if row["type"] == "union_tag_not_found":
        return location, f"{_dotted(location)}: give its kind, one of {', '.join(KINDS[location])}"
    if isinstance(cause := row.get("ctx", {}).get("error"), ScenarioError):
        return location, "\n".join(_prefixed(location, mistake) for mistake in cause.mistakes)
    if row["type"] == "unexpected_keyword_argument":
        return location, f"{_dotted(location)}: unknown key{_meant(row['loc'])}"
    text = _WORDING.get(row["type"], row["msg"].replace("Input should be", "must be"))
    return location, f"{_dotted(location)}: {text}, not {_shown(row['input'])}"


def _untagged(location: KeyPath) -> KeyPath:
    """The path without the kind that the validator writes behind a tagged table."""
    for path, kinds in KINDS.items():
        end = len(path)
        if location[:end] == path and location[end : end + 1] and location[end] in kinds:
            return path + location[end + 1 :]
    return location


_WORDING = {
    "dataclass_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
}


def _meant(location: KeyPath) -> str:
    """A hint where an unknown key is nearly a known one."""
    owner: Any = Scenario()
    kinds = {kind: made for known in KINDS.values() for kind, made in known.items()}
    for part in location[:-1]:
        if isinstance(part, int):
            owner = owner[0]
        elif part in kinds:
            owner = kinds[part]()
        else:
            owner = getattr(owner, part)
    close = difflib.get_close_matches(str(location[-1]), [f.name for f in fields(owner)], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


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
    """Takes a mistaken value out so that the rest can be checked too; False where there is none.

    A table in a list becomes an empty one; of a list of plain values nothing is kept.
    """
    for number, part in enumerate(path):
        last = number == len(path) - 1
        if isinstance(document, dict) and part in document:
            plain_list = isinstance(document[part], list) and not last and not _is_tables(document[part])
            if last or plain_list:
                del document[part]
                return True
            document = document[part]
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            if last:
                found, document[part] = document[part], {}
                return bool(found)
            document = document[part]
        else:
            return False
    return False


def _is_tables(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


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
