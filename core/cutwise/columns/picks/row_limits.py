"""What every cut needs of each limit, and what is allowed in every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.memory.held import allocated_bytes
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_memory import NEAREST, SideMemory
from cutwise.tolerances import LIMIT_ROUNDING


class RowScores(Protocol):
    """Scores of cuts in rows."""

    def at(self, rows: slice) -> Floats:
        """The scores of every cut in these rows, shape (cuts, rows)."""
        ...

    def of(self, cuts: Ints) -> RowScores:
        """The scores of some cuts."""
        ...


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RowLimit(Frozen):
    """What cuts need in every row by a law, and the caps (rows,) or (1,)."""

    caps: Floats
    law: RowScores

    def excess_in(self, rows: slice) -> Floats:
        """By how much every cut exceeds the caps of these rows, shape (cuts, rows)."""
        return self.law.at(rows) / _of_rows(self.caps, rows) - 1


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MemoryLimit(Frozen):
    """What a side of every cut holds, what may be charged (rows,) or (1,), and the runtime's figures.

    Bounds tell which cuts fit; those between are swept, once for all rows.
    """

    side: SideMemory
    budgets: Floats
    share: Floats

    @property
    def spared(self) -> bool:
        """True where every cut fits in every row."""
        most = self.side.upper_bytes + self.share.max() * self.side.largest_bytes
        return bool(most.max(initial=0.0) <= self.budgets.min() * (1 + LIMIT_ROUNDING))

    @property
    def is_one(self) -> bool:
        """True where it is the same in every row."""
        return len(self.budgets) == len(self.share) == 1

    def of(self, rows: Ints) -> MemoryLimit:
        """The limit of some rows."""
        return MemoryLimit(
            side=self.side, budgets=_of_rows(self.budgets, rows), share=_of_rows(self.share, rows)
        )

    def budgets_of(self, rows: slice | Ints) -> Floats:
        """What may be charged in some rows."""
        return _of_rows(self.budgets, rows)

    def shares_of(self, rows: slice | Ints) -> Floats:
        """Which part of the largest tensor is charged beside in some rows."""
        return _of_rows(self.share, rows)

    def fits(self, cuts: Ints) -> Mask:
        """Whether each row's side of these cuts (rows,) fits, shape (rows,)."""
        most = self.budgets * (1 + LIMIT_ROUNDING)
        low, high = (one + self.share * self.side.largest_bytes[cuts] for one in self._bounds(cuts))
        unsure = (low <= most) & (high > most)
        if not unsure.any():
            return np.asarray(high <= most)
        held = self.side.lower_bytes.copy()
        self._sweep(held, np.asarray(np.isin(np.arange(len(held)), cuts[unsure])))
        swept = held[cuts] + self.share * self.side.largest_bytes[cuts]
        return np.where(unsure, swept <= most, high <= most)

    def excess_in(self, rows: slice) -> Floats:
        """By how much every cut exceeds what may be charged in these rows, shape (cuts, rows).

        Its size is exact where bounds do not tell whether a cut fits, and, in a row that nothing fits, where
        it may come nearest.
        """
        caps = _of_rows(self.budgets, rows)
        more = _of_rows(self.share, rows) * self.side.largest_bytes[:, None]
        most = caps * (1 + LIMIT_ROUNDING)
        low, high = (one[:, None] + more for one in (self.side.lower_bytes, self.side.upper_bytes))
        asked: Mask = np.asarray((low <= most) & (high > most))
        held = self.side.lower_bytes.copy()
        self._sweep(held, np.asarray(asked.any(axis=1)))
        charged = np.where(asked, held[:, None] + more, low)
        short = (charged > most).all(axis=0)
        if short.any():
            near = np.zeros(len(held), dtype=bool)
            near[np.argsort(self.side.lower_bytes, kind="stable")[:NEAREST]] = True
            self._sweep(held, near)
            charged = np.where(short & near[:, None], held[:, None] + more, charged)
        return np.asarray(charged / caps - 1)

    def least_excess_in(self, rows: slice) -> Floats:
        """By how much every cut exceeds what may be charged at least, shape (cuts, rows)."""
        more = _of_rows(self.share, rows) * self.side.largest_bytes[:, None]
        return np.asarray((self.side.lower_bytes[:, None] + more) / _of_rows(self.budgets, rows) - 1)

    def _bounds(self, cuts: Ints) -> tuple[Floats, Floats]:
        return self.side.lower_bytes[cuts], self.side.upper_bytes[cuts]

    def _sweep(self, held: Floats, asked: Mask) -> None:
        held[asked] = allocated_bytes(self.side.cost, self.side.sides[asked])


Limit: TypeAlias = RowLimit | MemoryLimit


def _of_rows(values: Floats, rows: slice | Ints) -> Floats:
    return values[rows] if len(values) > 1 else values


def excess_in(limits: tuple[Limit, ...], rows: slice, cuts: int) -> Floats:
    """By how much every cut breaks the worst limit of these rows, shape (cuts, rows); 0 or less if none."""
    worst = np.full((cuts, rows.stop - rows.start), -np.inf)
    for limit in limits:
        with np.errstate(invalid="ignore"):
            np.maximum(worst, limit.excess_in(rows), out=worst)
    return np.where(worst <= LIMIT_ROUNDING, np.minimum(worst, 0.0), worst)


def least_excess_in(memory: tuple[MemoryLimit, ...], rows: slice) -> Floats:
    """By how much every cut exceeds the worst memory of these rows at least, shape (cuts, rows)."""
    return np.asarray(np.max(np.broadcast_arrays(*(one.least_excess_in(rows) for one in memory)), axis=0))


def told_apart(limits: tuple[Limit, ...], rows: slice, cuts: int) -> Mask:
    """The cuts among which a row that none fits looks for the one nearest to its limits, (cuts, rows).

    Those that might fit its memories by what they hold at least, or that are nearest to that.
    """
    memory = tuple(limit for limit in limits if isinstance(limit, MemoryLimit))
    if not memory:
        return np.ones((cuts, rows.stop - rows.start), dtype=bool)
    short = np.broadcast_to(least_excess_in(memory, rows), (cuts, rows.stop - rows.start))
    found: Mask = np.asarray(short <= LIMIT_ROUNDING)
    none = ~found.any(axis=0)
    if none.any():
        rank = np.argsort(np.argsort(short[:, none], axis=0, kind="stable"), axis=0, kind="stable")
        found[:, none] = rank < NEAREST
    return found
