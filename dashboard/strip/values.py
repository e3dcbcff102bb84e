"""How the values of fields are written in the strip; every text that stands in an entry can be typed back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

from cutwise.units import UNITS
from cutwise_dashboard.format import quantity_text, seconds_text


def value_text(value: Any, unit: str) -> str:
    """A value as it stands in an entry; empty where there is none.

    >>> value_text(3e8, "bps"), value_text(300.0, "s"), value_text(12000, "count"), value_text(None, "s")
    ('300 Mbit/s', '5 min 0 s', '12000', '')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, str):
        return value
    if unit == "s":
        return seconds_text(value)
    if isinstance(value, int) or not UNITS.get(unit, ""):
        return f"{value}" if isinstance(value, int) else plain_number(value)
    return quantity_text(value, UNITS[unit])


def plain_number(value: float) -> str:
    """A number without unit and without exponent.

    >>> plain_number(0.25), plain_number(3.0), plain_number(1e-7)
    ('0.25', '3', '0.0000001')
    """
    return f"{value:.12f}".rstrip("0").rstrip(".") if abs(value) < 1e12 else f"{value:.0f}"


def spread_text(values: Sequence[float], unit: str) -> str:
    """From the least to the most of several values; empty where one is not known.

    >>> spread_text([2e9, 8e9], "bytes"), spread_text([5e8, 5e8], "bytes"), spread_text([40, 5000], "count")
    ('2 – 8 GB', '500 MB', '40 – 5000')
    """
    if not values or not all(map(math.isfinite, values)):
        return ""
    whole = unit == "count" or (all(value == round(value) for value in values) and not UNITS.get(unit, ""))
    low, high = (value_text(round(v) if whole else v, unit) for v in (min(values), max(values)))
    if low == high:
        return low
    number, _, word = low.rpartition(" ")
    return f"{number} – {high}" if number and high.endswith(f" {word}") else f"{low} – {high}"


def names_in(hint: Any) -> tuple[Any, ...]:
    """The names a field may take: those of a Literal, with None for one that may be absent."""
    options = [part for part in (hint, *get_args(hint)) if get_origin(part) is Literal]
    if not options or get_origin(hint) is tuple:
        return ()
    absent = (None,) if type(None) in get_args(hint) else ()
    return (*absent, *get_args(options[0]))


def listed_names(hint: Any) -> tuple[str, ...]:
    """The names that a field may list several of; empty where it lists no names.

    >>> listed_names(tuple[Literal["a", "b"], ...])
    ('a', 'b')
    """
    lists = [part for part in (hint, *get_args(hint)) if get_origin(part) is tuple]
    inner = get_args(lists[0])[0] if lists else None
    return get_args(inner) if get_origin(inner) is Literal else ()
