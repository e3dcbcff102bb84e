"""What stands in a document, told apart from how the product reads it."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from cutwise.fields.readable_names import readable_name
from cutwise.units import facts_of


def plain_document(content: bytes) -> dict[str, Any]:
    """The document as the standard library reads it."""
    text = content.decode("utf-8-sig")
    found: dict[str, Any] = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    return found


def check_stated(document: Any, value: Any, path: str = "") -> None:
    """What stands in the document is what the value has at the same place, names without what does not show.

    A text may be a quantity or a word of earlier versions there; those have tests of their own.
    """
    for key, given in document.items():
        here = f"{path}.{key}"
        if isinstance(given, dict) and is_dataclass(found := getattr(value, key, None)):
            check_stated(given, found, here)
        elif isinstance(given, list) and all(isinstance(row, dict) for row in given):
            rows = getattr(value, key)
            assert len(rows) == len(given), f"{here}: {len(given)} rows became {len(rows)}"
            for number, row in enumerate(given):
                check_stated(row, rows[number], f"{here}[{number}]")
        elif isinstance(given, bool | int | float):
            found = getattr(value, key)
            nearest = float(given) if isinstance(found, float) else given
            assert found == nearest, f"{here}: {given!r} became {found!r}"
            assert isinstance(found, bool) == isinstance(given, bool), f"{here}: {given!r} became {found!r}"
        elif isinstance(given, str) and given not in facts_of(value, key).get("aliases", ()):
            found = getattr(value, key)
            is_read = found is None or not isinstance(found, str)
            assert is_read or found == readable_name(given).strip(), f"{here}: {given!r} became {found!r}"


def check_bounds(value: Any, path: str = "") -> None:
    """Every number in a tree of dataclasses is finite and within the bounds of its field."""
    for field in fields(value):
        for part in _parts(getattr(value, field.name)):
            here = f"{path}.{field.name}"
            if is_dataclass(part):
                check_bounds(part, here)
            elif isinstance(part, int | float) and not isinstance(part, bool):
                assert math.isfinite(part), f"{here} is {part}"
                _check_bound(field.metadata, part, here)


def _check_bound(facts: Any, number: float, here: str) -> None:
    assert number >= facts.get("ge", -math.inf), f"{here} is {number}"
    assert number <= facts.get("le", math.inf), f"{here} is {number}"
    assert "gt" not in facts or number > facts["gt"], f"{here} is {number}"
    assert "lt" not in facts or number < facts["lt"], f"{here} is {number}"


def _parts(value: Any) -> Iterator[Any]:
    return iter(value) if isinstance(value, tuple) else iter((value,))


def check_same(one: Any, other: Any) -> None:
    """The same to the last digit, the sign of a zero among them."""
    before, after = repr(_in_order(one)), repr(_in_order(other))
    at = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    near = slice(max(0, at - 60), at + 60)
    assert before == after, f"comes back as another: …{before[near]}… is …{after[near]}…"


def _in_order(value: Any) -> Any:
    """The value with its tables in the order of their keys; lists and tuples are one."""
    if is_dataclass(value):
        return type(value).__name__, [
            (part.name, _in_order(getattr(value, part.name))) for part in fields(value)
        ]
    if isinstance(value, Mapping):
        return sorted((key, _in_order(part)) for key, part in value.items())
    return [_in_order(part) for part in value] if isinstance(value, tuple | list) else value
