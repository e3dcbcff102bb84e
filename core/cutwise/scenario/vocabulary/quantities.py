"""Numbers with units of their own: read from a key or a text, turned into SI, written as a file has them."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.scenario.vocabulary.words import word_of, words

LIGHT_M_PER_S = 299_792_458.0
THERMAL_NOISE_DBM_PER_HZ = -174.0  # at 290 K
RESOURCE_BLOCK_HZ = 180e3  # twelve subcarriers of 15 kHz
ROUGH_LAWS = frozenset({"dbm", "dbw", "free_space"})
DIGITS, DIGITS_OF_LOGARITHMS = 12, 3
NUMBER = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")
BITS_OR_BYTES = re.compile(
    r"(?P<prefix>[kKmMgGtT]?i?)(?P<base>bits?|Bits?|bytes?|Bytes?|b|B)(?P<end>ps|/s(ec)?|_per_s(ec)?|_s)"
)
FLOPS = re.compile(r"(?P<prefix>[kKmMgGtTpP]?)flops?(/s|_per_s|_s)?", re.IGNORECASE)

# Each takes the value and what stands at the target today.
LAWS: Mapping[str, Callable[[float, float], float]] = FrozenDict(
    {
        "dbm": lambda value, _: 10 ** (value / 10) / 1000,
        "dbw": lambda value, _: 10 ** (value / 10),
        "free_space": lambda hz, _: 20 * math.log10(4 * math.pi * hz / LIGHT_M_PER_S),
        "over_thermal_noise": lambda density, _: density - THERMAL_NOISE_DBM_PER_HZ,
        "less_loss": lambda value, today: today - value,
        "more": lambda value, today: today + value,
        "half": lambda value, _: value / 2,
        "blocks": lambda count, _: count * RESOURCE_BLOCK_HZ,
        "rest": lambda value, _: 1 - value,
    }
)


def split_unit(key: str) -> tuple[str, str]:
    """A key without its unit, and the unit's word; both as they are where the key ends in none.

    >>> split_unit("uplink_mbps"), split_unit("ram_gb_per_s"), split_unit("ram_GiB"), split_unit("model")
    (('uplink', 'mbps'), ('ram', 'gb_per_s'), ('ram', 'gib'), ('model', ''))
    """
    for spelled in (key, word_of(key)):
        parts = spelled.split("_")
        for start in range(max(0, len(parts) - 3), len(parts)):
            if unit := unit_of("_".join(parts[start:])):
                return word_of("_".join(parts[:start])), unit
    return word_of(key), ""


def unit_of(text: str) -> str:
    """The table's word for a unit; empty for what is none.

    In a rate B is a byte and b a bit; a key in lower case has bytes per second where it says "per".

    >>> unit_of("Mbit/s"), unit_of("MB/s"), unit_of("gb_per_s"), unit_of("GiB"), unit_of("%"), unit_of("x")
    ('mbps', 'mb_per_s', 'gb_per_s', 'gib', 'percent', '')
    """
    plain = text.strip().replace("%", "percent").replace("µ", "u")
    if rate := BITS_OR_BYTES.fullmatch(plain):
        is_bytes = rate["base"] == "B" or len(rate["base"]) > 4 or rate["base"] + rate["end"][0] == "b_"
        word = f"{rate['prefix']}{'b_per_s' if is_bytes else 'bps'}".lower()
    elif speed := FLOPS.fullmatch(plain):
        word = f"{speed['prefix']}flops".lower()
    else:
        word = plain.lower()
    known = words().units
    return next((each for each in (word, word.removesuffix("s")) if each in known), "")


def read_quantity(value: object) -> tuple[float, str] | None:
    """The number of a value, and the unit that stands behind it in a text; None where it is no number.

    >>> read_quantity("100 Mbit/s"), read_quantity(3), read_quantity("fast")
    ((100.0, 'mbps'), (3.0, ''), None)
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (float(value), "") if abs(value) <= sys.float_info.max else None
    match = NUMBER.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    unit = unit_of(match[2])
    return (float(match[1]), unit) if unit or not match[2] else None


def in_si(number: float, unit: str, si_unit: str) -> float | None:
    """`number` in the SI unit; None where the unit measures something else.

    >>> in_si(23, "dbm", "w").__round__(4), in_si(8, "gb", "bytes"), in_si(3, "ghz", "s")
    (0.1995, 8000000000.0, None)
    """
    if not unit:
        return number
    factor = words().units[unit].get(si_unit)
    if factor is None:
        return None
    return by_law(factor, number) if isinstance(factor, str) else number * float(factor)


def by_law(law: str, value: float, today: float = 0.0) -> float | None:
    """What a law of the table makes of a value; None where that is no number."""
    try:
        return LAWS[law](value, today)
    except (OverflowError, ValueError):
        return None


def is_logarithm(unit: str, si_unit: str) -> bool:
    """True for a unit that a law turns into the SI unit: few of its digits mean anything."""
    return words().units.get(unit, {}).get(si_unit) in ROUGH_LAWS


def literal(value: object, *, whole: bool = False, digits: int = DIGITS) -> str:
    """A value as a scenario file has it.

    >>> literal(8e9), literal(0.2), literal(4.0, whole=True), literal(["a"]), literal(True)
    ('8e9', '0.2', '4', '["a"]', 'true')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return json.dumps(value, ensure_ascii=False)
    if whole:
        return str(int(value))
    text = f"{value:.{digits}g}"
    if "e" in text or not text.endswith("0000"):
        return re.sub(r"e\+?(-?)0*", r"e\1", text)
    mantissa = text.rstrip("0")
    zeros = len(text) - len(mantissa)
    if len(mantissa) == 1:
        return f"{mantissa}e{zeros}"
    return f"{mantissa[0]}.{mantissa[1:]}e{zeros + len(mantissa) - 1}"
