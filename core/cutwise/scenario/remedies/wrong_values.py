"""What to write in place of a value that its key does not take."""

from __future__ import annotations

from collections.abc import Sequence

from cutwise.errors import LONGEST_SHOWN
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.remedies.places import FieldPlace, header, places
from cutwise.scenario.remedies.substitutes import FileTable, Substitute, si_of
from cutwise.scenario.remedies.unknown_keys import written
from cutwise.scenario.vocabulary.choices import meant
from cutwise.scenario.vocabulary.quantities import (
    DIGITS,
    DIGITS_OF_LOGARITHMS,
    in_si,
    is_logarithm,
    literal,
    read_quantity,
)
from cutwise.scenario.vocabulary.words import ValueRow, word_of, words

YES_OR_NO = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}


def remedy(table: FileTable, place: FieldPlace, value: object) -> str:
    """What to write in place of `value`, as the end of a sentence; empty where nobody can tell.

    >>> from cutwise.scenario.parties import Device
    >>> memory = FieldPlace(path=("devices", "memory_bytes"), owner=Device)
    >>> remedy(FileTable(path=("devices",), owner=Device, given={}), memory, "2 GB")
    '; sizes are in bytes: write memory_bytes = 2e9'
    """
    if place.path in KINDS and isinstance(value, str):
        return _kind_in_table(place, value)
    if isinstance(value, dict) and place.is_table:
        return f"; write {header(place.path)} in place of [{'.'.join(place.path)}]" if _is_list(place) else ""
    found = _choice(table, place, value) or _number(place, value) or _plain(place, value)
    return f"; {found}" if found else ""


def kind_remedy(path: Sequence[str], given: object, table: FileTable) -> str:
    """What to write in place of a `kind` that no table of that path has; empty where nobody can tell."""
    rows = _writable(meant(given, tuple(KINDS[tuple(path)])))
    if not rows:
        return ""
    place = FieldPlace(path=(*path, "kind"), owner=KINDS[tuple(path)][rows[0].choice])
    if len(rows) == 1:
        return f"write {_with_others(rows[0], place, table)}"
    return "write kind = " + " or ".join(
        f"{literal(row.choice)} ({_first_line(KINDS[tuple(path)][row.choice])})" for row in rows
    )


def kinds_meant(path: Sequence[str], given: object) -> tuple[str, ...]:
    """The kinds that a table may have by the `kind` it states, the likeliest first."""
    return tuple(row.choice for row in meant(given, tuple(KINDS[tuple(path)])))


def _kind_in_table(place: FieldPlace, value: str) -> str:
    kinds = kinds_meant(place.path, value)
    return f"; write {header(place.path)} and under it kind = {literal(kinds[0])}" if kinds else ""


def _is_list(place: FieldPlace) -> bool:
    return header(place.path).startswith("[[")


def _choice(table: FileTable, place: FieldPlace, value: object) -> str:
    rows = _writable(meant(value, place.choices)) if place.choices else ()
    return f"write {_with_others(rows[0], place, table)}" if rows else ""


def _writable(rows: Sequence[ValueRow]) -> tuple[ValueRow, ...]:
    known = places()
    return tuple(row for row in rows if all(target.path in known for target in row.beside))


def _with_others(row: ValueRow, place: FieldPlace, table: FileTable) -> str:
    own = Substitute.fixed_at(place, row.choice)
    known = places()
    others = [Substitute.fixed_at(known[target.path][0], target.value) for target in row.beside]
    return " and ".join([str(own), *([written(others, table)] if others else [])])


def _number(place: FieldPlace, value: object) -> str:
    quantity = read_quantity(value)
    if quantity is None or not {int, float} & set(place.hints):
        return ""
    given, unit = quantity
    si, whole = si_of(place), float not in place.hints
    number = in_si(given, unit, si)
    if number is None:
        return f"{words().measured[si]}" if si in words().measured else ""
    if not place.takes(number):
        share = number / 100
        fits = si == "ratio" and not unit and place.takes(share)
        return f"for {literal(number)} % write {place.name} = {literal(share)}" if fits else ""
    rough = is_logarithm(unit, si)
    text = literal(number, whole=whole, digits=DIGITS_OF_LOGARITHMS if rough else DIGITS)
    reason = f"{words().measured[si]}: " if unit and si in words().measured else ""
    quotes = " without quotes" if isinstance(value, str) and not unit else ""
    return f"{reason}write {place.name} = {text}{quotes}"


def _plain(place: FieldPlace, value: object) -> str:
    """Yes and no in words, one value where a list belongs, a number where a text does."""
    if bool in place.hints and (word := word_of(str(value))) in YES_OR_NO:
        return f"write {place.name} = {literal(YES_OR_NO[word])}"
    if isinstance(value, str) and len(value) <= LONGEST_SHOWN and place.takes([value]):
        return f"write {place.name} = {literal([value])}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and str in place.hints and not place.choices:
        return f"write {place.name} = {literal(str(value))} in quotes"
    return ""


def _first_line(kind: object) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0].rstrip(".").lower()
