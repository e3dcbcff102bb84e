"""Quantities as people type them: a number, an SI prefix and a unit, read strictly or refused."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from cutwise.errors import QuantityError
from cutwise.frozen import Frozen, FrozenDict

PREFIXES = FrozenDict(
    {
        "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "": 1.0,
        "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    }
)  # fmt: skip
BINARY_PREFIXES = FrozenDict({"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40})
SMALL = frozenset({"n", "u", "µ", "μ", "m"})
LARGE = frozenset(PREFIXES) - SMALL
EVERY = frozenset(PREFIXES)

LONGEST = 80
SPACES = re.compile(r"[\s\u00a0\u2009\u202f]+")
# Several groups of three, or one before the other mark, can only be thousands.
GROUPS = "|".join(
    (
        r"\d{1,3}(?:[ '_]\d{3})+",
        r"\d{1,3}(?:,\d{3}){2,}",
        r"\d{1,3}(?:,\d{3})+(?=\.)",
        r"\d{1,3}(?:\.\d{3}){2,}",
        r"\d{1,3}(?:\.\d{3})+(?=,)",
    )
)
FRACTION = r"(?:(?P<point>[.,])(?P<rest>\d*))?(?P<power>[eE][+-]?\d{1,4})?"
NUMBER = re.compile(rf"(?P<sign>[+\-−]?)(?P<whole>{GROUPS}|\d*){FRACTION}", re.ASCII)
WORD = r"(?P<word>[^\d\s+\-−.,'_](?:[^\d]*[^\d\s])?)?"
PART = re.compile(rf"(?P<number>{NUMBER.pattern})\s*{WORD}\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings(Frozen):
    """How a unit is written: each spelling with what one of it is in the unit itself, and its prefixes.

    `laws` are logarithmic spellings; `example` ends the sentences that refuse.
    """

    written: Mapping[str, float]
    prefixes: frozenset[str] = EVERY
    binary: bool = False
    example: str
    logarithms: Mapping[str, float] = field(default_factory=dict)


SECONDS = FrozenDict(
    {
        **dict.fromkeys(("ns", "nsec", "nanosecond", "nanoseconds"), 1e-9),
        **dict.fromkeys(("us", "µs", "μs", "usec", "µsec", "microsecond", "microseconds"), 1e-6),
        **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 1e-3),
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
        **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
        **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
        **dict.fromkeys(("d", "day", "days"), 86400.0),
    }
)  # fmt: skip
NO_PREFIX = frozenset({""})
BITS = dict.fromkeys(("bit", "bits"), 1.0)
BYTES = dict.fromkeys(("B", "byte", "bytes", "Byte", "Bytes"), 1.0)
BIT_RATES = dict.fromkeys(("bit/s", "bits/s", "bps", "b/s"), 1.0)
BYTE_RATES = dict.fromkeys(("B/s", "byte/s", "bytes/s", "Byte/s", "Bytes/s", "Bps"), 1.0)

UNITS: Mapping[str, Spellings] = FrozenDict(
    {
        "s": Spellings(written=SECONDS, prefixes=NO_PREFIX, example="90 s, 5 min or 1 h 30 min"),
        "hz": Spellings(written={"Hz": 1.0, "hz": 1.0}, example="20 MHz"),
        "bps": Spellings(
            written=BIT_RATES | dict.fromkeys(BYTE_RATES, 8.0), prefixes=LARGE, binary=True,
            example="300 Mbit/s",
        ),
        "bytes": Spellings(
            written=BYTES | dict.fromkeys(BITS, 0.125), prefixes=LARGE, binary=True, example="2 GB or 512 MiB"
        ),
        "bytes_per_s": Spellings(
            written=BYTE_RATES | dict.fromkeys(BIT_RATES, 0.125), prefixes=LARGE, binary=True,
            example="60 GB/s",
        ),
        "flops": Spellings(
            written=dict.fromkeys(("FLOP", "FLOPs", "flop", "flops"), 1.0), prefixes=LARGE, example="4 GFLOP"
        ),
        "flops_per_s": Spellings(
            written=dict.fromkeys(("FLOP/s", "FLOPS", "FLOPs", "flop/s", "flops", "FLOPs/s"), 1.0),
            prefixes=LARGE, example="1.2 TFLOP/s",
        ),
        "w": Spellings(written={"W": 1.0}, example="200 mW or 23 dBm", logarithms={"dBm": 1e-3, "dBW": 1.0}),
        "j": Spellings(written={"J": 1.0, "Wh": 3600.0}, example="5 kJ or 2 Wh"),
        "m": Spellings(written={"m": 1.0, "cm": 1e-2}, example="120 m or 1.5 km"),
        "db": Spellings(written={"dB": 1.0, "db": 1.0}, prefixes=NO_PREFIX, example="10 dB"),
        "dbm": Spellings(written={"dBm": 1.0, "dbm": 1.0}, prefixes=NO_PREFIX, example="-90 dBm"),
        "ratio": Spellings(written={"%": 1e-2}, prefixes=NO_PREFIX, example="0.25 or 25 %"),
        "count": Spellings(written={"": 1.0}, prefixes=LARGE, example="1200 or 1.2 k"),
        "": Spellings(written={"": 1.0}, prefixes=LARGE, example="1200 or 1.2 k"),
    }
)  # fmt: skip
"""Unit, as quantities name theirs, → how people write it."""


def typed_number(text: str, unit: str, *, whole: bool = False) -> float:
    """The number that a typed quantity means, in `unit` itself.

    A bare number is in the unit, never in a prefix. `unit` is a key of `cutwise.units.UNITS` or empty.
    Raises `QuantityError`, one sentence with the reason, for another unit, two numbers (but hours with
    minutes), a comma that may be a decimal or a thousand's, and what is no finite number or, where it has to
    be, no `whole` one.

    >>> typed_number("5 min", "s"), typed_number("1 h 30 min", "s"), typed_number("1,5 GB", "bytes")
    (300.0, 5400.0, 1500000000.0)
    >>> typed_number("300 MB/s", "bps"), typed_number("4e9", "bytes"), typed_number("512 MiB", "bytes")
    (2400000000.0, 4000000000.0, 536870912.0)
    """
    plain = SPACES.sub(" ", text).strip()
    parts = _parts(plain, unit)
    if whole:
        _refuse_decimals(parts[0][0].strip(), plain)
    number = sum(_part(part, unit, plain) for part in parts)
    if not math.isfinite(number):
        raise QuantityError(f"{_quoted(plain)} is too large to compute with; give a smaller one")
    if whole and number != round(number):
        raise QuantityError(f"{_quoted(plain)} is no whole number; give one, for example {number:.0f}")
    return number


def _refuse_decimals(written: str, text: str) -> None:
    """A whole number has no decimals: for half of those who write 1.000 it is a thousand."""
    if found := re.fullmatch(r"[+\-−]?([1-9]\d{0,2})\.(\d{3})", written):
        one, other = f"{found[1]}{found[2]}", f"{found[1]}.{found[2]}"
        raise QuantityError(f"{_quoted(text)} can mean {one} or {other}; write it without the point")


def _parts(text: str, unit: str) -> list[tuple[str, str]]:
    """Each number in the text with what stands behind it."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text) <= LONGEST and (match := PART.match(text, at)) and re.search(r"\d", match["number"]):
        found.append((match["number"], match["word"] or ""))
        at = match.end()
    if not text:
        raise QuantityError(f"nothing is given; give {UNITS[unit].example}")
    if not found or at < len(text):
        raise QuantityError(f"{_quoted(text)} is not a number{_with_unit(unit)}; give {UNITS[unit].example}")
    if len(found) > 1:
        _check_order(found, unit, text)
    return found


def _check_order(parts: list[tuple[str, str]], unit: str, text: str) -> None:
    """Several numbers are one duration where each unit is smaller than the one before."""
    sizes = [SECONDS.get(word.strip(), 0.0) for _, word in parts] if unit == "s" else []
    falling = all(after < before for before, after in pairwise(sizes))
    signed = any(number[0] in "+-−" for number, _ in parts[1:])
    if signed or not sizes or not all(sizes) or not falling:
        raise QuantityError(f"{_quoted(text)} holds {len(parts)} numbers; give one: {UNITS[unit].example}")


def _part(part: tuple[str, str], unit: str, text: str) -> float:
    number = _number(part[0].strip(), text)
    word = part[1].strip()
    if word in UNITS[unit].logarithms:
        try:
            return float(10 ** (float(number) / 10) * UNITS[unit].logarithms[word])
        except OverflowError:
            return math.inf
    return float(number * Decimal(repr(_factor(word, unit))))


def _number(written: str, text: str) -> Decimal:
    match = NUMBER.fullmatch(written)
    assert match is not None
    if match["point"] == "," and len(match["rest"]) == 3 and re.fullmatch(r"[1-9]\d{0,2}", match["whole"]):
        thousand, decimal = f"{match['whole']}{match['rest']}", f"{match['whole']}.{match['rest']}"
        raise QuantityError(f"{_quoted(text)} can mean {thousand} or {decimal}; write it without the comma")
    whole = re.sub(r"[ '_.,]", "", match["whole"]) or "0"
    sign = "-" if match["sign"] in {"-", "−"} else ""
    return Decimal(f"{sign}{whole}.{match['rest'] or '0'}{match['power'] or ''}")


def _factor(word: str, unit: str) -> float:
    """What one of a written unit is in the unit itself."""
    spelled = UNITS[unit]
    if not word:
        return 1.0
    for written, size in spelled.written.items():
        if not word.endswith(written):
            continue
        prefix = word.removesuffix(written).strip() if written else word
        if prefix in spelled.prefixes:
            return PREFIXES[prefix] * size
        if spelled.binary and prefix in BINARY_PREFIXES:
            return BINARY_PREFIXES[prefix] * size
        if prefix in SMALL and spelled.prefixes == LARGE:
            reason = "would be parts of a unit, and M is mega"
            raise QuantityError(f"{_quoted(word)} {reason}; give {spelled.example}")
    if word in spelled.prefixes and spelled.prefixes != NO_PREFIX and word not in SMALL:
        return PREFIXES[word]
    said = " (b is a bit, B is a byte)" if spelled.binary else ""
    raise QuantityError(f"{_quoted(word)} is no unit{_of(unit)}{said}; give {spelled.example}")


MEASURED = FrozenDict(
    {
        "s": "a time", "hz": "a frequency", "bps": "a rate", "bytes": "a size", "bytes_per_s": "a bandwidth",
        "flops": "an amount of computing", "flops_per_s": "a speed", "w": "a power", "j": "an energy",
        "m": "a distance", "db": "a ratio in dB", "dbm": "a level in dBm", "ratio": "a share",
        "count": "a count", "": "a plain number",
    }
)  # fmt: skip


def _with_unit(unit: str) -> str:
    return f" for {MEASURED[unit]}" if unit else ""


def _of(unit: str) -> str:
    return f" of {MEASURED[unit]}" if unit else " that is known here"


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= LONGEST // 2 else f"“{text[: LONGEST // 2]}…”"
