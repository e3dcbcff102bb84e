"""Where a preset differs from what the product takes where nothing is said, found by comparing values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from cutwise.frozen import Frozen
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES

LABELS = frozenset({"name"})
"""Fields that name things and change no figure."""
NOTHING = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation(Frozen):
    """One setting as text: at the preset, by default, and in the paper where it says so."""

    path: str
    preset: str
    default: str
    stated: str = ""


def deviations(
    scenario: Scenario, scheme: str, options: Mapping[str, Any], stated: Mapping[str, str]
) -> tuple[Deviation, ...]:
    """Every field of the scenario and option of the scheme whose value is not the default.

    What has another kind than the default (a channel, a tuning) is told by its kind and compared with the
    defaults of that kind; fields of several devices or edges are told together.

    >>> from cutwise.scenario.parts import Sharing
    >>> deviations(Scenario(sharing=Sharing(bandwidth="optimised")), "gsfl", {"groups": 6}, {})
    (Deviation(path='sharing.bandwidth', preset='optimised', default='equal', stated=''), \
Deviation(path='gsfl.groups', preset='6', default='0', stated=''))
    """
    found = [*_differing("", scenario, Scenario()), *_differing(scheme, SCHEMES[scheme](**options))]
    return tuple(
        Deviation(path=path, preset=here, default=default, stated=stated.get(path, ""))
        for path, here, default in found
    )


def _differing(path: str, value: Any, default: Any = None) -> Iterator[tuple[str, str, str]]:
    """Path, value and default of every field that differs; a missing default is that of the kind."""
    if default is None or type(value) is not type(default):
        if default is not None:
            yield f"{path}.kind", value.kind, default.kind
        default = type(value)()
    for one in fields(value):
        here, there = getattr(value, one.name), getattr(default, one.name)
        inside = f"{path}.{one.name}" if path else one.name
        if here == there or one.name in LABELS:
            continue
        if isinstance(here, tuple) and all(is_dataclass(part) for part in (*here, *there)):
            yield from _differing_members(inside, here, there)
        elif is_dataclass(here) and is_dataclass(there):
            yield from _differing(inside, here, there)
        else:
            yield inside, _text(here), _text(there)


def _differing_members(path: str, members: Sequence[Any], by_default: Sequence[Any]) -> Iterator[Any]:
    """How many there are, and of every field in which one differs from its default all values in order."""
    if len(members) != len(by_default):
        yield path, str(len(members)), str(len(by_default))
    if not members:
        return
    default = type(members[0])()
    for one in fields(default):
        values = [getattr(member, one.name) for member in members]
        usual = getattr(default, one.name)
        if one.name in LABELS or all(value == usual for value in values):
            continue
        yield f"{path}.*.{one.name}", _in_order([_text(value) for value in values]), _text(usual)


def _in_order(texts: list[str]) -> str:
    """Values in the order of their owners, what comes again and again once.

    >>> _in_order(["a", "a", "a"]), _in_order(["a", "b", "a", "b"]), _in_order(["a", "b", "b"])
    ('a', 'a, b (2 times over)', 'a, b, b')
    """
    count = len(texts)
    size = next(n for n in range(1, count + 1) if count % n == 0 and texts == texts[:n] * (count // n))
    told = ", ".join(texts[:size])
    return told if size in (1, count) else f"{told} ({count // size} times over)"


def _text(value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, tuple | list):
        return ", ".join(_text(part) for part in value) or NOTHING
    if is_dataclass(value):
        return ", ".join(f"{one.name} {_text(getattr(value, one.name))}" for one in fields(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
