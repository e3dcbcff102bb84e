"""What differs between two nested tables of plain values, and the second one from the first and that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def difference(base: Mapping[str, Any], here: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of `here` that are written otherwise than in `base`, None for those that only `base` has.

    A table of another `kind` is told whole.

    >>> difference({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 1, "d": 3}})
    {'a': None, 'b': {'d': 3}}
    """
    found: dict[str, Any] = {name: None for name in base if name not in here}
    for name, value in here.items():
        before = base.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and _of_one_kind(before, value):
            if inner := difference(before, value):
                found[name] = inner
        elif name not in base or repr(before) != repr(value):
            found[name] = value
    return found


def merged(base: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The table that `difference` told from `base`.

    >>> merged({"a": 1, "b": {"c": 1, "d": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 1, 'd': 3}}
    """
    made = dict(base)
    for name, value in found.items():
        before = base.get(name)
        if value is None:
            made.pop(name, None)
        elif isinstance(before, Mapping) and isinstance(value, Mapping) and "kind" not in value:
            made[name] = merged(before, value)
        else:
            made[name] = value
    return made


def _of_one_kind(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """True where what differs can be told entry by entry."""
    return one.get("kind") == other.get("kind")
