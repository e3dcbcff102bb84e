"""Ranges as people give them: a table with `from` and `to`, and how numbers lie between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cutwise.errors import shown
from cutwise.sweeping.rows.axes import SPACINGS

FROM, TO, SPACING, POINTS = KEYS = ("from", "to", "spacing", "points")


def is_range(given: object) -> bool:
    """True for a table that means a range; no field of a scenario is called so.

    >>> is_range({"from": 1, "to": 5}), is_range({"uplink_bps": [1]}), is_range([1, 5])
    (True, False, False)
    """
    return isinstance(given, Mapping) and (FROM in given or TO in given)


def range_mistakes(path: str, given: Mapping[str, Any], *, draws: bool) -> Iterator[str]:
    """A sentence for each thing that is wrong with a range, whatever its ends are.

    >>> list(range_mistakes("seed", {"from": 1}, draws=True))
    ["'seed': a range needs from and to"]
    """
    name = shown(path)
    if unknown := [key for key in given if key not in KEYS]:
        yield f"{name}: unknown key {shown(unknown[0])} of a range; known are {', '.join(KEYS)}"
    if FROM not in given or TO not in given:
        yield f"{name}: a range needs from and to"
        return
    if given.get(SPACING, SPACINGS[0]) not in SPACINGS:
        yield f"{name}: spacing is {shown(given[SPACING])}; give {' or '.join(SPACINGS)}"
    points = given.get(POINTS)
    if draws and points is not None:
        yield f"{name}: rows are drawn from the range; take out points"
    elif not draws and points is None:
        yield f"{name}: say how many points of the range there are, or take a list of values"
    elif points is not None and (isinstance(points, bool) or not isinstance(points, int) or points < 2):
        yield f"{name}: points is {shown(points)}; give a whole number of at least 2"
