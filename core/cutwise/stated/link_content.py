"""What a link holds before it is packed: the difference from a shipped scenario, under short names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.plain import plain
from cutwise.scenario.parties import Device, Edge
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import FORMAT, scenario_from_dict, scenario_to_dict
from cutwise.stated.differences import difference, merged
from cutwise.stated.link_text import DAMAGED, link_document
from cutwise.stated.link_words import link_presets
from cutwise.stated.shared_columns import column_difference, rows_from
from cutwise.stated.stated_question import ModelReference, StatedQuestion

SHORT = FrozenDict(
    {
        "preset": "p", "scheme": "c", "options": "o", "cut": "u", "device": "v", "baseline": "b",
        "kept": "k", "figure": "f",
    }
)  # fmt: skip
"""Field → its name in a link."""
MODEL, TABLES = "m", "s"
BY_COLUMN = FrozenDict({"devices": "d", "edges": "e"})
"""Lists of tables that are told by column."""
COLUMNS = FrozenDict(
    {name: tuple(f.name for f in fields(owner)) for name, owner in {"devices": Device, "edges": Edge}.items()}
)
ABSENT: Mapping[str, tuple[Mapping[str, Any], ...]] = FrozenDict({"devices": ({},), "edges": ()})
"""What is meant where a list is left out."""
READ: Mapping[type, Callable[[Any], Any]] = FrozenDict({str: str, tuple: tuple, FrozenDict: dict})
WRITTEN: Mapping[type, tuple[type, ...]] = FrozenDict({str: (str,), tuple: (list,), FrozenDict: (dict,)})


def content_of(stated: StatedQuestion, version: str) -> dict[str, Any]:
    """What differs from the first question and from the shipped scenario, by short names."""
    first = StatedQuestion()
    content: dict[str, Any] = {
        short: getattr(stated, name)
        for name, short in SHORT.items()
        if getattr(stated, name) != getattr(first, name)
    }
    if stated.model != first.model:
        content[MODEL] = _model_content(stated.model)
    base = dict(link_presets(version).get(stated.preset, {}))
    here = scenario_to_dict(stated.scenario)
    del here["format"]
    for name, short in BY_COLUMN.items():
        found = column_difference(base.pop(name, ABSENT[name]), _rows(here.pop(name, ABSENT[name])))
        content |= {short: found} if found else {}
    return content | ({TABLES: found} if (found := difference(base, here)) else {})


def _rows(rows: Any) -> list[dict[str, Any]]:
    return list(rows)


def _model_content(model: ModelReference) -> Any:
    given = {name: getattr(model, name) for name in ("sample", "digest", "name", "dims")}
    given = {name: value for name, value in given.items() if value}
    return model.sample if list(given) == ["sample"] else given


def written_content(content: Mapping[str, Any]) -> bytes:
    """The content as JSON, nothing for none; raises `CutwiseError` where a number is not finite."""
    if not content:
        return b""
    try:
        text = json.dumps(
            content, separators=(",", ":"), ensure_ascii=False, sort_keys=True, allow_nan=False, default=plain
        )
        return text.encode()
    except (TypeError, ValueError) as error:
        raise CutwiseError(f"the question cannot be written as a link: {error}") from error


def read_content(content: bytes) -> dict[str, object]:
    """The content that was written."""
    found = link_document(content) if content else {}
    if not found.keys() <= {
        MODEL,
        TABLES,
        *SHORT.values(),
        *BY_COLUMN.values(),
    }:
        raise CutwiseError(DAMAGED)
    return found


def question_in(content: Mapping[str, Any], version: str) -> StatedQuestion:
    """The question that a link's content asks, its names not yet checked."""
    first = StatedQuestion()
    given = {
        name: _read(type(getattr(first, name)), content[short])
        for name, short in SHORT.items()
        if short in content
    }
    if not all(isinstance(link, str) for link in given.get("kept", ())):
        raise CutwiseError(DAMAGED)
    model = _model_in(content[MODEL]) if MODEL in content else first.model
    scenario = _scenario_in(content, link_presets(version).get(given.get("preset", first.preset), {}))
    return StatedQuestion(model=model, scenario=scenario, **given)


def _read(kind: type, value: Any) -> Any:
    if not isinstance(value, WRITTEN[kind]):
        raise CutwiseError(DAMAGED)
    return READ[kind](value)


def _model_in(given: Any) -> ModelReference:
    if isinstance(given, str):
        return ModelReference(sample=given)
    first = ModelReference()
    if not isinstance(given, dict) or not given.keys() <= {"sample", "digest", "name", "dims"}:
        raise CutwiseError(DAMAGED)
    read = {name: _read(type(getattr(first, name)), value) for name, value in given.items()}
    return ModelReference(**read)


def _scenario_in(content: Mapping[str, Any], base: Mapping[str, Any]) -> Scenario:
    """The scenario that differs so from `base`, checked as a file is; rows are counted first."""
    try:
        document = merged(base, content.get(TABLES, {}))
        for name, short in BY_COLUMN.items():
            if short in content:
                rows = base.get(name, ABSENT[name])
                document[name] = rows_from(rows, content[short], names=COLUMNS[name])
    except ValueError as error:
        raise CutwiseError(str(error)) from error
    except (TypeError, AttributeError) as error:
        raise CutwiseError(DAMAGED) from error
    return scenario_from_dict({"format": FORMAT, **document})
