"""Tables of a list by column: a value that all of them share stands once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cutwise.budgets import beyond, most
from cutwise.errors import shown

if TYPE_CHECKING:
    from cutwise.plain import Json

COUNT = "#"
"""The entry that says how many tables there are; no field has this name."""


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """A list a key: one value where all rows share it, else one a row; None where a row lacks the key.

    >>> columns_of([{"profile": "a", "samples": 1}, {"profile": "a"}])
    {'profile': ['a'], 'samples': [1, None]}
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _shared([row.get(name) for row in rows]) for name in names}


def _shared(values: list[Any]) -> list[Any]:
    """One value where all are written alike: 1 and 1.0 are not, nor are the two zeros."""
    first = values[0]
    if any(value != first for value in values):
        return values
    return values[:1] if len(set(map(repr, values))) == 1 else values


def column_difference(base: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns of `rows` that differ from those of `base`; all of them where the count does.

    >>> column_difference([{"profile": "a", "samples": 1}], [{"profile": "a", "samples": 2}])
    {'samples': [2]}
    """
    here = columns_of(rows)
    if len(base) != len(rows):
        return {COUNT: len(rows), **here}
    there = columns_of(base)
    gone: dict[str, Any] = {name: [None] for name in there if name not in here}
    return gone | {name: column for name, column in here.items() if repr(column) != repr(there.get(name))}


def rows_from(
    base: Sequence[Mapping[str, Any]], found: Mapping[str, Json], *, names: Container[str]
) -> list[dict[str, Any]]:
    """The rows that `column_difference` told from `base`.

    Raises `ValueError` where they are none, have other columns than `names`, or are more than the budgets
    of a fleet's rows and of a text's bytes allow; nothing is made then.

    >>> rows_from([{"profile": "a", "samples": 1}], {"samples": [2]}, names=["profile", "samples"])
    [{'profile': 'a', 'samples': 2}]
    """
    count = found.get(COUNT, len(base))
    if type(count) is not int or count < 0:
        raise ValueError(f"it holds {shown(count)} rows")
    if count > most("fleet_devices"):
        raise ValueError(f"it {beyond('fleet_devices', count)}")
    if not count:
        return []
    columns: dict[str, Any] = {} if COUNT in found else columns_of(base)
    columns |= {name: column for name, column in found.items() if name != COUNT}
    for name, column in columns.items():
        if name not in names or not isinstance(column, list) or len(column) not in (1, count):
            raise ValueError(f"its column {name!r:.40} does not fit")
    size_bytes = sum(len(repr(column)) * count // len(column) for column in columns.values())
    if size_bytes > most("text_bytes"):
        raise ValueError(f"written out it {beyond('text_bytes', size_bytes)}")
    full = {name: column * (count // len(column)) for name, column in columns.items()}
    return [_given((name, column[at]) for name, column in full.items()) for at in range(count)]


def _given(entries: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in entries if value is not None}
