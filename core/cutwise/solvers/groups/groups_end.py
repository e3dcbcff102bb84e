"""When groups that hold so much together can end: a bound for any number of items, and quick choices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen
from cutwise.solvers.groups.assignment import longest_first_assignment
from cutwise.solvers.groups.part_options import OptionTable, Terms, grouped_end, picked

MOST_LEVELS, MOST_ROWS = 12, 300
"""Amounts that rows of quick choices are made of, and rows up to which all are tried."""
STEPS = 30
"""Steps of the search for the best weight of the two bounds; each is a bound."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Room(Frozen):
    """The options (items, options) that need at most so much of what is shared, and what is left."""

    times: Floats
    amounts: Floats
    budget: float
    groups: int

    @property
    def least(self) -> Floats:
        """The least amount (items,) of each item."""
        return np.where(np.isfinite(self.times), self.amounts, np.inf).min(axis=1)

    @property
    def holds(self) -> bool:
        """True where some choice fits: all in the fullest group but for the items of least amounts."""
        least = np.sort(self.least)
        return bool(least[-1] + least[: self.groups - 1].sum() <= self.budget)


def rooms(table: OptionTable, terms: Terms, groups: int) -> list[Room]:
    """A room for every amount of what is shared that may be held; every choice stands in one of them.

    A choice is in the room of the option that needs most of what is shared; there it may need more, where
    needs do not nest.
    """
    shared = table.needs @ terms.shared
    found = []
    for amount in np.unique(shared[table.available]):
        times = np.where(shared <= amount, table.times, np.inf)
        room = Room(times=times, amounts=table.amounts, budget=terms.cap - float(amount), groups=groups)
        if np.isfinite(times).any(axis=1).all() and room.holds:
            found.append(room)
    return found


def least_end(room: Room) -> float:
    r"""An end that no groups within the room are before.

    While a group works it holds the amount $L_m$ of its largest item, so that item $i$ of time $t_i$ and
    amount $a_i$ takes $t_i a_i$ of the $T \sum L_m \le T C$ there are until the end $T$; less the least
    amount $a_0$ that every item and every group has: $T \ge \sum t_i (a_i - a_0) / (C - M a_0)$. And
    $T \ge \sum t_i / M$, and both weighted; and $T$ is the least of which options no longer than $T$ say so.
    """
    low = float(room.least.min())
    spare = room.budget - room.groups * low
    above = np.maximum(room.amounts - low, 0.0)
    times = np.where(above <= max(spare, 0.0), room.times, np.inf)
    filled = above / spare if spare > 0 else np.zeros_like(above)
    levels = np.unique(times[np.isfinite(times)])
    levels = levels[levels >= times.min(axis=1).max()]
    if not np.isfinite(times).any(axis=1).all():
        return np.inf
    first, last = 0, len(levels) - 1
    while first < last:
        middle = (first + last) // 2
        if _weighed(times, filled, room.groups, levels[middle]) < levels[middle + 1]:
            last = middle
        else:
            first = middle + 1
    return max(float(levels[first]), _weighed(times, filled, room.groups, levels[first]))


def _weighed(times: Floats, filled: Floats, groups: int, latest: float) -> float:
    """The best of both bounds and of any weight of them, for options that last no longer than `latest`."""
    allowed = np.where(times <= latest, times, np.inf)
    useful = np.isfinite(allowed).any(axis=0)
    allowed, part = allowed[:, useful], filled[:, useful]

    def bound(weight: float) -> float:
        with np.errstate(invalid="ignore"):
            return float(np.nansum((allowed * (weight / groups + (1 - weight) * part)).min(axis=1)))

    low, high, best = 0.0, 1.0, max(bound(0.0), bound(1.0))
    for _ in range(STEPS):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        at_left, at_right = bound(left), bound(right)
        best = max(best, at_left, at_right)
        low, high = (left, high) if at_left < at_right else (low, right)
    return best


def quick_choices(room: Room, best: float = np.inf) -> Iterator[tuple[Ints, Ints]]:
    """Parts and options of every item: groups of two amounts each, the longest turn to the first to end."""
    yield _least_held(room)
    amounts = np.where(np.isfinite(room.times), room.amounts, np.inf)
    for levels in _level_rows(room, amounts):
        times = np.stack([np.where(amounts <= level, room.times, np.inf) for level in np.unique(levels)])
        loads = times.min(axis=2).T[:, np.unique(levels, return_inverse=True)[1]]
        if not np.isfinite(loads).any(axis=1).all() or loads.min(axis=1).sum() / room.groups >= best:
            continue
        missing = float(loads[np.isfinite(loads)].sum()) + 1.0
        owner = _none_empty(
            longest_first_assignment(np.where(np.isfinite(loads), loads, missing)).owner, loads
        )
        if owner is None or not np.isfinite(taken := picked(loads, owner)).all():
            continue
        best = min(best, grouped_end(taken, owner, room.groups))
        yield owner, np.where(amounts <= levels[owner][:, None], room.times, np.inf).argmin(axis=1)


def _level_rows(room: Room, amounts: Floats) -> list[Floats]:
    """Amounts (groups,) that are within the budget together and of which none could be the next larger."""
    every = np.unique(amounts[np.isfinite(amounts)])
    every = every[every <= room.budget - (room.groups - 1) * every[0]]
    if math.comb(len(every) + room.groups - 1, room.groups) <= MOST_ROWS:
        rows = list(itertools.combinations_with_replacement(every[::-1].tolist(), room.groups))
    else:
        rows = _of_two_amounts(room, every)
    after = np.append(every[1:], np.inf)
    steps = dict(zip(every.tolist(), (after - every).tolist(), strict=True))
    left = [room.budget - sum(row) for row in rows]
    return [
        np.array(row)
        for row, spare in zip(rows, left, strict=True)
        if 0 <= spare < min(steps[level] for level in row)
    ]


def _of_two_amounts(room: Room, every: Floats) -> list[tuple[float, ...]]:
    """Rows of two amounts of `every`, as many of the larger as fit, and one between them for what is left."""
    thinned = every[np.unique(np.linspace(0, len(every) - 1, MOST_LEVELS).round().astype(int))].tolist()
    rows = []
    for large, small in itertools.combinations_with_replacement(thinned[::-1], 2):
        spare = room.budget - room.groups * small
        many = room.groups if large == small else int(min(room.groups, max(0.0, spare // (large - small))))
        row = [large] * many + [small] * (room.groups - many)
        while many < room.groups and (left := room.budget - sum(row)) >= 0:
            larger = every[np.searchsorted(every, row[many] + left, side="right") - 1]
            row[many], many = float(max(larger, row[many])), many + 1
        rows.append(tuple(row))
    return rows


def _least_held(room: Room) -> tuple[Ints, Ints]:
    """The choice that holds least: every item of its least amount, those of the least alone."""
    amounts = np.where(np.isfinite(room.times), room.amounts, np.inf)
    owner = np.zeros(len(amounts), dtype=np.int64)
    owner[np.argsort(room.least, kind="stable")[: room.groups - 1]] = np.arange(1, room.groups)
    least: Mask = amounts <= room.least[:, None]
    return owner, np.where(least, room.times, np.inf).argmin(axis=1)


def _none_empty(owner: Ints, loads: Floats) -> Ints | None:
    """The owners with an item moved to every part that has none; None where no other part can spare one."""
    owner = owner.copy()
    sizes = np.bincount(owner, minlength=loads.shape[1])
    for part in np.flatnonzero(sizes == 0):
        movable = np.where(sizes[owner] > 1, loads[:, part], np.inf)
        item = int(movable.argmin())
        if np.isinf(movable[item]):
            return None
        sizes[owner[item]] -= 1
        owner[item] = part
        sizes[part] += 1
    return owner
