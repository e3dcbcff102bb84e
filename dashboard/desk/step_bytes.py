"""How much memory a step of the history takes beside the step before it, whose parts it mostly shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import zip_longest
from typing import Any

from cutwise.stated.stated_question import StatedQuestion

DEVICE_BYTES, PLACE_BYTES, LETTER_BYTES = 400, 8, 4
"""A device with its name, a place in a fleet, and a letter at its widest; measured on fleets of 10,000."""
HISTORY_BYTES = 24 * 10**6
"""Of all steps of a session: six fleets of 10,000 devices that share nothing, or more that do."""


def bytes_added(before: StatedQuestion | None, after: StatedQuestion) -> int:
    """What is new in a question, in bytes; all of it where there is none before.

    >>> first = StatedQuestion()
    >>> bytes_added(first, first)
    0
    """
    old = dict(_parts(before)) if before else {}
    new = [(name, part) for name, part in _parts(after) if part is not old.get(name)]
    return sum(
        _fleet_bytes(old.get(name, ()), part) if name == "devices" else LETTER_BYTES * len(repr(part))
        for name, part in new
    )


def _parts(stated: StatedQuestion) -> Iterator[tuple[str, Any]]:
    for owner, head in ((stated, "stated."), (stated.scenario, "")):
        names = (one.name for one in fields(owner) if one.name != "scenario")
        yield from ((f"{head}{name}", getattr(owner, name)) for name in names)


def _fleet_bytes(before: tuple[Any, ...], after: tuple[Any, ...]) -> int:
    fresh = sum(old is not new for old, new in zip_longest(before[: len(after)], after))
    return DEVICE_BYTES * fresh + PLACE_BYTES * len(after)
