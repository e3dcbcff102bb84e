"""Where a scenario has its fields: every path, with the tables that a `kind` tells apart."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, cast, get_args, get_origin

from cutwise.caches import kept
from cutwise.frozen import FrozenDict
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.parts import Scenario
from cutwise.units import hints_of

Path = tuple[str, ...]
LISTS: tuple[Path, ...] = (("devices",), ("edges",))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlace:
    """One field: its path without positions in lists, its table's class, the `kind` that table has."""

    path: Path
    owner: type[Any]
    kind: str = ""

    @property
    def name(self) -> str:
        """The key."""
        return self.path[-1]

    @property
    def is_table(self) -> bool:
        """True where a table stands and no single value."""
        return bool(_tables(self.path, self.owner)) and str not in self.hints and not self.choices

    @property
    def hints(self) -> tuple[Any, ...]:
        """What the value may be, without the alternatives' union."""
        hint = hints_of(self.owner)[self.name]
        return (hint,) if get_origin(hint) is Literal else (get_args(hint) or (hint,))

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that the value may be; empty where any number or text may stand."""
        if self.name == "kind" and self.path[:-1] in KINDS:
            return tuple(KINDS[self.path[:-1]])
        return tuple(name for hint in self.hints if get_origin(hint) is Literal for name in get_args(hint))

    def takes(self, value: object) -> bool:
        """Whether `value` is of the field's kind and within its bounds."""
        if isinstance(value, str):
            return value in self.choices or (str in self.hints and not self.choices)
        if isinstance(value, bool):
            return bool in self.hints
        if isinstance(value, list):
            return (
                any(get_origin(hint) is tuple for hint in self.hints)
                or get_origin(hints_of(self.owner)[self.name]) is tuple
            )
        is_finite = isinstance(value, int | float) and abs(value) <= sys.float_info.max
        return is_finite and self._takes_number(cast("float", value))

    def _takes_number(self, value: float) -> bool:
        whole = int in self.hints and value == int(value)
        facts = next(f for f in fields(self.owner) if f.name == self.name).metadata
        within = (
            value >= facts.get("ge", value)
            and value <= facts.get("le", value)
            and not value <= facts.get("gt", value - 1)
            and not value >= facts.get("lt", value + 1)
        )
        return within and (float in self.hints or whole)


def places() -> Mapping[Path, tuple[FieldPlace, ...]]:
    """Every field of a scenario by its path; several where tables of that path differ by their kind."""
    return _places_with(tuple(tuple(kinds.values()) for kinds in KINDS.values()))


@kept
def _places_with(registered: tuple[tuple[Any, ...], ...]) -> Mapping[Path, tuple[FieldPlace, ...]]:
    found: dict[Path, list[FieldPlace]] = defaultdict(list)
    for place in _walk((), Scenario, ""):
        found[place.path].append(place)
    return FrozenDict({path: tuple(several) for path, several in found.items()})


def classes_at(path: Sequence[str]) -> Mapping[str, Any]:
    """The classes that the table at `path` may have, by kind; one without a kind has the kind ""."""
    owners: Mapping[str, Any] = {"": Scenario}
    for depth in range(1, len(path) + 1):
        owners = {
            kind: made
            for owner in owners.values()
            if path[depth - 1] in {f.name for f in fields(owner)}
            for kind, made in _tables(tuple(path[:depth]), owner)
        }
    return owners


def header(path: Sequence[str]) -> str:
    """A table as its first line names it.

    >>> header(("devices",)), header(("workload", "tuning"))
    ('[[devices]]', '[workload.tuning]')
    """
    dotted = ".".join(path)
    return f"[[{dotted}]]" if tuple(path) in LISTS else f"[{dotted}]"


def _walk(path: Path, owner: Any, kind: str) -> Iterator[FieldPlace]:
    for f in fields(owner):
        here = (*path, f.name)
        yield FieldPlace(path=here, owner=owner, kind=kind)
        for inner, made in _tables(here, owner):
            yield from _walk(here, made, inner)


def _tables(path: Path, owner: Any) -> list[tuple[str, Any]]:
    if path in KINDS:
        return list(KINDS[path].items())
    return [("", made) for made in _dataclasses(hints_of(owner)[path[-1]])]


def _dataclasses(hint: Any) -> list[Any]:
    if isinstance(hint, type) and is_dataclass(hint):
        return [hint]
    return [
        found for inner in get_args(hint) if get_origin(hint) is not Literal for found in _dataclasses(inner)
    ]
