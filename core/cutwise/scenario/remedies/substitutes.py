"""What to write in place of a key: a place of the scenario and the value as that place wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cutwise.scenario.remedies.places import FieldPlace, Path, header, places
from cutwise.scenario.vocabulary.choices import chosen, peft_targets
from cutwise.scenario.vocabulary.part_names import nearest_profile
from cutwise.scenario.vocabulary.quantities import (
    DIGITS,
    DIGITS_OF_LOGARITHMS,
    ROUGH_LAWS,
    by_law,
    in_si,
    is_logarithm,
    literal,
    read_quantity,
)
from cutwise.scenario.vocabulary.words import KeyRow, Target
from cutwise.units import facts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """The table in which something stands: its path without positions, its class, and what it holds."""

    path: Path
    owner: type[Any]
    given: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """A key to write, the text of its value (empty where none can be told), and what is said of it."""

    place: FieldPlace
    text: str = ""
    remark: str = ""
    fixed: bool = False

    @classmethod
    def fixed_at(cls, place: FieldPlace, value: object) -> Substitute:
        """A value that the word itself says."""
        return cls(place=place, text=literal(value), fixed=True)

    def __str__(self) -> str:
        if self.place.is_table:
            return header(self.place.path)
        return f"{self.place.name} = {self.text}" if self.text else self.place.name


def assigned(
    place: FieldPlace, value: object, *, unit: str = "", row: KeyRow | None = None, table: FileTable
) -> Substitute:
    """`value`, given in `unit`, as `place` wants it."""
    if place.name == "profile" and isinstance(value, str):
        name, remark = nearest_profile(value)
        return Substitute(place=place, text=literal(name) if name else "", remark=remark)
    if place.name == "targets":
        return Substitute(place=place, text=literal(peft_targets(value)) if value else "")
    if place.choices:
        row_of_value = chosen(value, place.choices)
        return Substitute(place=place, text=literal(row_of_value.choice) if row_of_value else "")
    converted = _number(place, value, unit=unit, row=row, table=table)
    kept = value if converted is None else converted
    if not place.takes(kept) or (unit and converted is None):
        return Substitute(place=place)
    rough = is_logarithm(unit, si_of(place)) or bool(row and row.law in ROUGH_LAWS)
    whole = int in place.hints and float not in place.hints
    text = literal(kept, whole=whole, digits=DIGITS_OF_LOGARITHMS if rough else DIGITS)
    return Substitute(place=place, text=text, remark=row.remark if row else "")


def si_of(place: FieldPlace) -> str:
    """The SI unit that ends a key's name; empty for a pure number."""
    return str(facts_of(place.owner, place.name).get("unit", ""))


def fitting(
    to: Sequence[Sequence[Target]], *, unit: str, table: FileTable
) -> tuple[tuple[Target, FieldPlace], ...]:
    """The alternative to write: the first that exists, measures what `unit` does, and the table takes."""
    known = places()
    several = [
        tuple((target, _nearest(known, target.path, table)) for target in alternative) for alternative in to
    ]
    existing = [
        tuple((target, place) for target, place in alternative if place is not None)
        for alternative in several
        if all(place is not None for _, place in alternative)
    ]
    measuring = [
        alternative
        for alternative in existing
        if not unit or any(in_si(1.0, unit, si_of(place)) is not None for _, place in alternative)
    ]
    here = [a for a in measuring if all(place.owner is table.owner for _, place in a)]
    return next(iter([*here, *measuring]), ())


def _nearest(known: Mapping[Path, tuple[FieldPlace, ...]], path: Path, table: FileTable) -> FieldPlace | None:
    """The place that a path names; what every party has, at the party at hand."""
    parties = {*path[:1], *table.path[:1]} <= {"devices", "server", "edges"} and table.path
    here = known.get((table.path[0], *path[1:]), ()) if parties else ()
    there = known.get(path, ())
    return next(iter([*here, *(p for p in there if p.owner is table.owner), *there]), None)


def _number(
    place: FieldPlace, value: object, *, unit: str, row: KeyRow | None, table: FileTable
) -> float | None:
    quantity = read_quantity(value)
    if quantity is None or (float not in place.hints and int not in place.hints):
        return None
    given, own_unit = quantity
    si = "hz" if row and row.law == "free_space" else si_of(place)
    number = in_si(given, unit or own_unit, si)
    if number is None or row is None or not row.law:
        return number
    default = getattr(place.owner(), place.name)
    today = table.given.get(place.name, default) if place.owner is table.owner else default
    return by_law(row.law, number, float(today) if isinstance(today, int | float) else default)
