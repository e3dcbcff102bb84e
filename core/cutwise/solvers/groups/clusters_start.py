"""Quick choices for clusters that take turns: given members with the options that end first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.solvers.groups.part_options import OptionTable, Terms


def earliest_options(tables: Sequence[OptionTable], terms: Terms, owner: Ints) -> Ints | None:
    """The options with which each cluster ends first within the cap; None where one cannot.

    `tables` has the options in each cluster. A cluster may end at $T$ where the least amounts of all
    members that take no longer fit; what is shared is tried by its amount, which is exact where needs nest.
    """
    options = np.zeros(len(owner), dtype=np.int64)
    for part, table in enumerate(tables):
        members = np.flatnonzero(owner == part)
        found = _earliest(table.of(members), terms)
        if found is None:
            return None
        options[members] = found
    return options


def _earliest(table: OptionTable, terms: Terms) -> Ints | None:
    """The options of one cluster."""
    shared = table.needs @ terms.shared
    best, found = math.inf, None
    for amount in np.unique(shared[table.available]):
        times = np.where(shared <= amount, table.times, np.inf)
        ends = np.unique(times[np.isfinite(times)])
        ends = ends[(ends >= times.min(axis=1).max()) & (ends < best)]
        first = _first_that_fits(times, table.amounts, ends, terms.cap - float(amount))
        if first is not None:
            options = _lightest(times, table.amounts, first)
            needed = table.needs[np.arange(len(options)), options].any(axis=0) @ terms.shared
            if table.amounts[np.arange(len(options)), options].sum() + needed <= terms.cap:
                best, found = first, options
    return found


def _first_that_fits(times: Floats, amounts: Floats, ends: Floats, room: float) -> float | None:
    """The first of the ends by which the least amounts together are within the room."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        options = _lightest(times, amounts, float(ends[middle]))
        if amounts[np.arange(len(options)), options].sum() <= room:
            high = middle
        else:
            low = middle + 1
    return float(ends[low]) if low < len(ends) else None


def _lightest(times: Floats, amounts: Floats, end: float) -> Ints:
    """Of every item the option of least amount among those that end by then."""
    return np.asarray(np.where(times <= end, amounts, np.inf).argmin(axis=1))


def dealt(tables: Sequence[OptionTable], terms: Terms, sizes: Sequence[int]) -> Ints:
    """The largest least amounts first, each to the cluster that still has most room, counted in places."""
    amounts = np.min(
        [np.where(t.available, t.amounts + t.needs @ terms.shared, np.inf).min(axis=1) for t in tables],
        axis=0,
    )
    owner, places = np.zeros(len(amounts), dtype=np.int64), np.array(sizes)
    room = np.full(len(sizes), terms.cap)
    for item in np.argsort(-amounts, kind="stable").tolist():
        part = int(np.where(places > 0, room / np.maximum(places, 1), -np.inf).argmax())
        owner[item] = part
        places[part] -= 1
        room[part] -= amounts[item]
    return owner
