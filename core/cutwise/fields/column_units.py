"""The unit that a column's name has: in brackets, behind a stroke, or as one of its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from cutwise.errors import QuantityError, shown
from cutwise.fields.typed_number import SECONDS, SPACES

BRACKETS = re.compile(r"\s*[(\[]\s*(?:in )?([^()\[\]]*?)\s*[)\]]")
STROKE = re.compile(r"(?<=\w)\s*/\s*([^\s/]+)$")
RATE = re.compile(r"(?:^|\s)(\w+/s)$")
"""A unit of a rate as the last word: its stroke is its own."""
WORD = re.compile(r"[^\s_,;:\-.]+")
AT_THE_END = frozenset({"s", "h", "d", "m", "min", "mins", "day", "days"})
"""Units that are words of other meanings too, unless they stand last."""
OTHERS = re.compile(
    r"[kmgtpµμun]?i?(?:hz|b|bit|bits|byte|bytes|bps|b/s|bit/s|flops?|flop/s|w|wh|j|m|db|dbm)|%|percent|fps|rpm|"
    r"(?:week|month|year|cycle|tick|frame|jiff(?:y|ie))s?",
    re.IGNORECASE,
)
"""What people write for other quantities, and times that are not read."""
TIMES = "ns, µs, ms, s, min, h or d"


def titled(name: str) -> tuple[str, tuple[str, ...]]:
    """What a column is called, and all that stands in the places of a unit.

    >>> titled("Memory (GB)"), titled("Device time / h"), titled("Server [Hz]"), titled("Samples ()")
    (('Memory', ('GB',)), ('Device time', ('h',)), ('Server', ('Hz',)), ('Samples', ()))
    """
    plain = SPACES.sub(" ", name).strip().lstrip("\ufeff")
    found = tuple(filter(None, BRACKETS.findall(plain)))
    title = BRACKETS.sub("", plain).strip()
    if not found and (behind := RATE.search(title) or STROKE.search(title)):
        return title[: behind.start()].rstrip(" /"), (behind[1],)
    return title, found


def time_unit(name: str, *, is_word: Callable[[str], bool] = lambda text: False) -> tuple[str, str]:
    """What a column of times is called, and the unit of its numbers for `typed_number`; empty for none.

    `is_word` says what may stand behind a stroke and is no unit ("device / client"). Raises `QuantityError`
    for what is no unit of a time, and for two units.

    >>> time_unit("network_ms"), time_unit("Device time / h"), time_unit("Server exec time")
    (('network', 'ms'), ('Device time', 'h'), ('Server exec time', ''))
    >>> time_unit("device [Hz]")
    Traceback (most recent call last):
    cutwise.errors.QuantityError: 'Hz' is no unit of a time; write ns, µs, ms, s, min, h or d in its place, \
or take the column out
    """
    title, places = titled(name)
    if len(places) == 1 and is_word(places[0]):
        title, places = f"{title} {places[0]}", ()
    words = WORD.findall(title)
    units = [*_in_places(places), *_in_words(words)]
    if wrong := next((one for one in units if not _is_time(one)), None):
        raise QuantityError(
            f"{shown(wrong)} is no unit of a time; write {TIMES} in its place, or take the column out"
        )
    if len({SECONDS[one.lower()] for one in units}) > 1:
        raise QuantityError(f"has the units {' and '.join(units)}; keep one of them")
    return " ".join(word for word in words if word not in units), units[0].lower() if units else ""


def _in_places(places: Sequence[str]) -> list[str]:
    """What stands where units do; beside a time, whatever cannot be a unit is a remark."""
    timed = any(map(_is_time, places))
    return [one for one in places if not timed or _is_time(one) or OTHERS.fullmatch(one)]


def _in_words(words: Sequence[str]) -> Iterator[str]:
    """Words of a title that can only be units."""
    for number, word in enumerate(words, start=1):
        if word.lower() in AT_THE_END and number < len(words):
            continue
        if _is_time(word) or word in {"m", "%"} or (len(word) > 1 and OTHERS.fullmatch(word)):
            yield word


def _is_time(unit: str) -> bool:
    """True for a unit of time in small or capital letters; a single one is small: capitals number things."""
    return (unit if len(unit) == 1 and unit != "S" else unit.lower()) in SECONDS
