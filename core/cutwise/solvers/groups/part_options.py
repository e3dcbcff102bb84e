"""Items that share parts with others and take one option each: what a choice lasts, costs and holds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen
from cutwise.tolerances import CLOSED_GAP, SUM_ROUNDING


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OptionTable(Frozen):
    """What each item may take, arrays (items, options): how long it lasts, what it costs, what it holds.

    Times are infinite where an item has no such option. `needs` (items, options, shared) says which of the
    amounts that all hold together once an option needs.
    """

    times: Floats
    costs: Floats
    amounts: Floats
    needs: Mask

    @property
    def available(self) -> Mask:
        """Which options (items, options) there are."""
        return np.isfinite(self.times)

    def of(self, items: Ints) -> OptionTable:
        """The table of some items."""
        return OptionTable(
            times=self.times[items],
            costs=self.costs[items],
            amounts=self.amounts[items],
            needs=self.needs[items],
        )

    def priced(self, price: float) -> OptionTable:
        """The same with every cost so many times itself; nothing costs anything at a price of 0."""
        costs = price * self.costs if price else np.zeros_like(self.costs)
        return OptionTable(times=self.times, costs=costs, amounts=self.amounts, needs=self.needs)

    def only(self, kept: Mask) -> OptionTable:
        """The same with no other options than those `kept` (items, options)."""
        return OptionTable(
            times=np.where(kept, self.times, np.inf), costs=self.costs, amounts=self.amounts, needs=self.needs
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Terms(Frozen):
    """What a choice is judged by: `price` for the end of all, costs added up, an end and amounts allowed.

    `shared` (shared,) are the amounts that are held once, however many need them.
    """

    shared: Floats
    price: float
    latest: float
    cap: float

    def capped(self, *tables: OptionTable) -> Terms:
        """The same with a finite cap, which all items with their largest amounts do not pass."""
        largest = [np.where(table.available, table.amounts, 0.0).max(axis=1) for table in tables]
        most = math.fsum(np.max(largest, axis=0)) + math.fsum(self.shared)
        return replace(self, cap=min(self.cap, most * (1 + SUM_ROUNDING)))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PartChoice(Frozen):
    """The part and the option of every item, the value they reach, and what no choice is below.

    Without a choice both are empty and the value is infinite; an infinite bound proves that there is none.
    """

    owner: Ints
    options: Ints
    value: float
    bound: float

    @property
    def found(self) -> bool:
        """True where there is a choice."""
        return len(self.owner) > 0

    def bounded(self, bound: float, *, error: float = 0.0) -> PartChoice:
        """The same with this bound, or its own value where that is within `error` of the bound."""
        near = self.found and self.value - bound <= error <= CLOSED_GAP * abs(self.value)
        return PartChoice(
            owner=self.owner, options=self.options, value=self.value, bound=self.value if near else bound
        )


def no_choice(bound: float) -> PartChoice:
    """That no choice was found, and what none is below."""
    nothing = np.zeros(0, dtype=np.int64)
    return PartChoice(owner=nothing, options=nothing, value=math.inf, bound=bound)


def picked(table: Floats, options: Ints) -> Floats:
    """The entries (items,) that each item's option picks of an array (items, options)."""
    return np.asarray(table[np.arange(len(options)), options])


def grouped_end(times: Floats, owner: Ints, parts: int) -> float:
    """The end of parts at once, whose items (items,) take turns."""
    return float(np.bincount(owner, times, parts).max())


def clustered_end(times: Floats, owner: Ints, parts: int) -> float:
    """The end of parts in turn, whose items (items,) work at once."""
    return math.fsum(float(times[owner == part].max()) for part in range(parts))


def held_by_groups(table: OptionTable, terms: Terms, owner: Ints, options: Ints) -> float:
    """What parts at once hold: of each its largest item, and once what is shared."""
    largest = np.zeros(int(owner.max()) + 1)
    np.maximum.at(largest, owner, picked(table.amounts, options))
    needed = table.needs[np.arange(len(options)), options].any(axis=0)
    return math.fsum(largest.tolist()) + float(needed @ terms.shared)


def held_by_cluster(table: OptionTable, terms: Terms, members: Ints, options: Ints) -> float:
    """What the items of one part in turn hold: all of them, and once what is shared."""
    needed = table.needs[members, options].any(axis=0)
    return math.fsum(table.amounts[members, options].tolist()) + float(needed @ terms.shared)


def worthwhile(table: OptionTable, terms: Terms) -> Mask:
    """The options (items, options) that no other of the item undercuts in time, cost, amount and needs."""
    needs = np.pad(table.needs, ((0, 0), (0, 0), (0, 1))).reshape(table.times.size, -1)
    patterns, numbers = np.unique(needs, axis=0, return_inverse=True)
    kinds = numbers.reshape(table.times.shape)
    within: Mask = ~np.any(patterns[:, None] & ~patterns[None], axis=2)
    criteria = [table.amounts]
    criteria += [table.times] if terms.price or np.isfinite(terms.latest) else []
    criteria += [table.costs] if table.costs.any() else []
    kept = np.zeros(table.times.shape, dtype=bool)
    known: dict[bytes, Mask] = {}
    for item, available in enumerate(table.available):
        rows = np.stack([one[item] for one in criteria])
        key = rows.tobytes() + kinds[item].tobytes() + available.tobytes()
        if key not in known:
            known[key] = _undominated(rows, kinds[item], within, available)
        kept[item] = known[key]
    return kept


def _undominated(numbers: Floats, kinds: Ints, within: Mask, available: Mask) -> Mask:
    """Which columns of `numbers` no other is below or at in every row, with needs within theirs."""
    kept = np.zeros(len(available), dtype=bool)
    order = np.lexsort(numbers)
    best: list[int] = []
    for option in order[available[order]].tolist():
        lower = (numbers[:, best] <= numbers[:, [option]]).all(axis=0)
        if not (lower & within[kinds[best], kinds[option]]).any():
            best.append(option)
    kept[best] = True
    return kept
