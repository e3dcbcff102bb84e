"""What every part of a scenario checks of itself: numbers within bounds, names that are choices."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias, get_args, get_origin

from cutwise.caches import kept
from cutwise.errors import ScenarioError, shown
from cutwise.fields.field_values import settled
from cutwise.scenario.vocabulary.choices import chosen
from cutwise.units import hints_of

Names: TypeAlias = tuple[str, ...]


def choice_mistakes(value: object) -> list[str]:
    """One sentence for each name in dataclass `value` that its field does not offer.

    >>> from cutwise.costs.workload import Workload
    >>> choice_mistakes(Workload(mode="learning"))
    ["mode: must be 'training' or 'inference', not 'learning'"]
    """
    owner: type = type(value)
    return [
        f"{name}: must be {' or '.join(map(repr, allowed))}, not {shown(given)}{_meant(name, given, allowed)}"
        for name, (alone, listed) in _choices(owner).items()
        for allowed, given in _named(getattr(value, name), alone, listed)
        if given not in allowed
    ]


def _meant(name: str, given: str, allowed: Names) -> str:
    row = chosen(given, allowed)
    return f"; write {name} = {row.choice!r}" if row else ""


def _named(value: object, alone: Names, listed: Names) -> list[tuple[Names, str]]:
    """The names in a value, each with those that are allowed there."""
    if isinstance(value, tuple):
        return [(listed, part) for part in value if listed]
    return [(alone, value)] if alone and isinstance(value, str) else []


@kept
def _choices(owner: type) -> dict[str, tuple[Names, Names]]:
    """For each field the names it may be, and those that it may list."""
    found = {}
    facts = {f.name: f.metadata.get("json_schema_extra", {}) for f in fields(owner)}
    for name, hint in hints_of(owner).items():
        kinds: list[object] = [hint, *get_args(hint)]
        inner: list[object] = [part for kind in kinds if get_origin(kind) is tuple for part in get_args(kind)]
        old = facts.get(name, {}).get("aliases", ())
        found[name] = (_literals(kinds, old), _literals(inner, old))
    return found


def _literals(hints: list[object], old: Container[str]) -> Names:
    """The names of a choice but for words of earlier versions, which are read and not offered."""
    names = (name for hint in hints if get_origin(hint) is Literal for name in get_args(hint))
    return tuple(name for name in names if name not in old)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a scenario; it refuses numbers outside their bounds and names that are no choice."""

    def __post_init__(self) -> None:
        if mistakes := settled(self) + choice_mistakes(self):
            raise ScenarioError(mistakes)
