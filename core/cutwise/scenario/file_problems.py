"""What is wrong in a scenario file: each of the validator's findings as a place and one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from cutwise.errors import QuantityError, ScenarioError, UnknownNameError, key_shown, shown
from cutwise.fields.field_values import read_field
from cutwise.frozen import FrozenDict
from cutwise.scenario.file_checker import KINDS, KeyPath
from cutwise.scenario.remedies.places import FieldPlace, Path, classes_at
from cutwise.scenario.remedies.substitutes import FileTable
from cutwise.scenario.remedies.unknown_keys import substitutes, unknown_key
from cutwise.scenario.remedies.wrong_values import kind_remedy, kinds_meant, remedy

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from cutwise.plain import Json

KEEP_RULE = "must be raw_allowed, first_layer, { layers = n } or a list of op ids"
TAGS = ("union_tag_invalid", "union_tag_not_found")
NUMBERS = ("float_type", "int_type")
WORDING = FrozenDict(
    {
        "dataclass_type": "must be a table",
        "dict_type": "must be a table",
        "model_attributes_type": "must be a table",
        "tuple_type": "must be a list",
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a mistake is, the sentences that say so, and the `kind` that a table without one may have.

    Without a sentence it is none: a typed quantity, and what is `meant` by it.
    """

    path: KeyPath
    sentences: tuple[str, ...]
    kind: str = ""
    meant: float | None = field(default=None, kw_only=True)


def problem(row: ErrorDetails, document: Mapping[str, Json]) -> Problem:
    """One finding of the validator in `document`, without the validator's own class names."""
    path = _untagged(row["loc"])
    if path[:2] == ("privacy", "keep_on_device"):
        layers = part_at(dict(document), path[:2])
        meant = type(layers) is int and layers > 0
        hint = f"; write keep_on_device = {{ layers = {layers} }}" if meant else ""
        return Problem(path[:2], (f"privacy.keep_on_device: {KEEP_RULE}{hint}",))
    if row["type"] in TAGS:
        return _kind_problem(path, row, document)
    if isinstance(cause := row.get("ctx", {}).get("error"), ScenarioError):
        return Problem(path, tuple(_prefixed(path, mistake) for mistake in cause.mistakes))
    table, key, value = _table_at(row["loc"], document), path[-1], row["input"]
    if row["type"] == "unexpected_keyword_argument":
        return Problem(path, (f"{_dotted(path)}: {unknown_key(table, str(key), value)}",))
    text = WORDING.get(row["type"], row["msg"].replace("Input should be", "must be"))
    place = _place_of(table, key)
    if row["type"] in NUMBERS and place and isinstance(value, str) and re.search(r"\d", value):
        return _typed(path, place, value)
    hint = remedy(table, place, value) if place else ""
    return Problem(path, (f"{_dotted(path)}: {text}, not {shown(value)}{hint}",))


def _typed(path: KeyPath, place: FieldPlace, text: str) -> Problem:
    """A quantity as people type it, or why it is none."""
    try:
        return Problem(path, (), meant=read_field(place.owner, place.name, text))
    except QuantityError as error:
        return Problem(path, (f"{_dotted(path)}: {error}",))


def part_at(document: Json, path: KeyPath) -> Json:
    """What stands at `path`; None where nothing does."""
    for part in path:
        if isinstance(document, dict) and isinstance(part, str):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            document = document[part]
        else:
            return None
    return document


def _kind_problem(path: KeyPath, row: ErrorDetails, document: Mapping[str, Json]) -> Problem:
    """A table whose kind is none or missing: the sentence, and the kind that its keys fit best."""
    names, kinds = _names(path), KINDS[path]
    given = part_at(dict(document), path)
    keys = given if isinstance(given, dict) else {}
    tag = row["ctx"].get("tag")
    table = FileTable(path=names, owner=next(iter(kinds.values())), given=keys)
    likely = kinds_meant(names, tag) or tuple(kinds)
    best = max(likely, key=lambda kind: _understood(names, kinds[kind], keys))
    if row["type"] == "union_tag_not_found":
        return Problem(path, (f"{_dotted(path)}: give its kind, one of {', '.join(kinds)}",), best)
    unknown = str(UnknownNameError(str(path[-1]), str(tag), kinds))
    cure = kind_remedy(names, tag, table)
    if cure and "; known: " not in unknown:  # a kind spelled nearly so, and more to write with it
        unknown = unknown.partition(";")[0]
    return Problem(path, (f"{_dotted(path)}.kind: {unknown}{f'; {cure}' if cure else ''}",), best)


def _understood(names: Path, owner: type[Any], keys: Mapping[str, Json]) -> int:
    """How many of the keys a table of this class has, in its own words or in others."""
    own = {f.name for f in fields(owner)}
    table = FileTable(path=names, owner=owner, given=keys)
    return sum(
        key in own or any(found.place.owner is owner for found in substitutes(table, key, value))
        for key, value in keys.items()
    )


def _table_at(location: KeyPath, document: Mapping[str, Json]) -> FileTable:
    """The table in which a finding lies; `location` names the kinds of tagged tables on the way."""
    names: Path = ()
    kind, owners = "", classes_at(())
    for part in location[:-1]:
        if names in KINDS and part in KINDS[names]:
            kind = str(part)
        elif isinstance(part, str) and (inner := classes_at((*names, part))):
            names, kind, owners = (*names, part), "", inner
    given = part_at(dict(document), _untagged(location)[:-1])
    owner = owners[kind] if kind in owners else next(iter(owners.values()))
    return FileTable(path=names, owner=owner, given=given if isinstance(given, dict) else {})


def _place_of(table: FileTable, key: int | str) -> FieldPlace | None:
    known = {f.name for f in fields(table.owner)}
    return FieldPlace(path=(*table.path, str(key)), owner=table.owner) if key in known else None


def _names(path: KeyPath) -> Path:
    return tuple(part for part in path if isinstance(part, str))


def _untagged(location: KeyPath) -> KeyPath:
    """The path without the kind that the validator writes behind a tagged table."""
    for path, kinds in KINDS.items():
        end = len(path)
        if location[:end] == path and location[end : end + 1] and location[end] in kinds:
            return path + location[end + 1 :]
    return location


def _dotted(location: KeyPath) -> str:
    """The path as people write it.

    >>> _dotted(("devices", 0, "samples"))
    'devices[0].samples'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{key_shown(part)}" for part in location)
    return text.removeprefix(".")


def _prefixed(location: KeyPath, mistake: str) -> str:
    prefix = _dotted(location)
    if not prefix:
        return mistake
    name = mistake.partition(":")[0]
    return f"{prefix}.{mistake}" if name.isidentifier() else f"{prefix}: {mistake}"
