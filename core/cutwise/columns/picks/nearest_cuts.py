"""The cut nearest to its limits in rows whose memories no split fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.columns.picks.picking import parts
from cutwise.columns.picks.row_limits import Limit, MemoryLimit, excess_in, least_excess_in
from cutwise.costs.memory.held import allocated_bytes
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import Candidates
from cutwise.planning.one_device.fitting_cuts import BATCH
from cutwise.tolerances import LIMIT_ROUNDING, SUM_ROUNDING

LimitsOf = Callable[[Candidates], tuple[tuple[MemoryLimit, ...], tuple[Limit, ...]]]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NearestCuts(Frozen):
    """The place of the nearest cut in every row, and the rows in which two are as near."""

    cuts: Candidates
    picks: Ints
    tied: Mask


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class HeldSide(Frozen):
    """A limit of memory, with what the side of every cut holds at its peak."""

    limit: MemoryLimit
    held: Floats

    @classmethod
    def of(cls, limit: MemoryLimit) -> HeldSide:
        """The limit with all its sides swept."""
        return cls(limit=limit, held=allocated_bytes(limit.side.cost, limit.side.sides))

    @property
    def one_share(self) -> float:
        """Which part of the largest tensor is charged beside, in all rows."""
        return float(self.limit.share[0])

    def all_fit(self, own: Ints, rows: slice) -> Mask:
        """The rows in which each of their own cuts (cuts, rows) fits by its bound."""
        side = self.limit.side
        most = (side.upper_bytes + self.one_share * side.largest_bytes)[own]
        return np.asarray((most <= self.limit.budgets_of(rows)).all(axis=0))

    def excess(self, own: Ints, rows: slice, kept: Mask) -> Floats:
        """By how much each row's own cuts (cuts, rows), of which some are kept, exceed a memory.

        As a plan has it: the peak where bounds do not tell what fits, and where none fits; else a bound.
        """
        side, caps = self.limit.side, self.limit.budgets_of(rows)
        more = (self.one_share * side.largest_bytes)[own]
        low, high, peak = (values[own] + more for values in (side.lower_bytes, side.upper_bytes, self.held))
        most = caps * (1 + LIMIT_ROUNDING)
        charged = np.where((low <= most) & (high > most), peak, low)
        short = ((charged > most) | ~kept).all(axis=0)
        return np.asarray(np.where(short, peak, charged) / caps - 1)


def nearest_cuts(
    splits: Candidates,
    features: Floats,
    some: Callable[[Mask], Candidates],
    limits_of: LimitsOf,
    *,
    rows: int,
) -> NearestCuts:
    """The nearest of the splits that exceed their memories least at least, in so many rows.

    Of those a plan keeps the ones that none undercuts in `features` (splits, features) and bytes. `some`
    makes cuts of masks, `limits_of` gives the limits of memory of cuts and the others.
    """
    near = _least(splits, limits_of(splits)[0], rows)
    used = np.unique(near)
    cuts = some(splits.masks[used])
    memory, others = limits_of(cuts)
    sides = [HeldSide.of(one) for one in memory]
    undercut = _Undercut(features[used], sides)
    places = np.searchsorted(used, near)
    picks, tied = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=bool)
    for part in parts(rows, len(used)):
        own = places[:, part]
        kept = undercut.kept(own, part)
        excess = [one.excess(own, part, kept) for one in sides]
        if others:
            excess.append(np.take_along_axis(excess_in(others, part, len(used)), own, axis=0))
        worst = np.where(kept, np.max(excess, axis=0), np.inf)
        first = worst.argmin(axis=0)[None]
        least = np.take_along_axis(worst, first, axis=0)
        picks[part] = np.take_along_axis(own, first, axis=0)[0]
        tied[part] = (worst <= least + SUM_ROUNDING * np.abs(least)).sum(axis=0) > 1
    tied |= any(np.ptp(one.share) > 0 for one in memory)
    return NearestCuts(cuts=cuts, picks=picks, tied=tied)


def _least(splits: Candidates, memory: tuple[MemoryLimit, ...], rows: int) -> Ints:
    """The splits that exceed the memories least by what they hold at least, shape (`BATCH` or all, rows)."""
    count = min(BATCH, len(splits.masks))
    found = np.empty((count, rows), dtype=np.int64)
    for part in parts(rows, len(splits.masks)):
        short = least_excess_in(memory, part)
        found[:, part] = np.argpartition(short, count - 1, axis=0)[:count]
    return found


class _Undercut:
    """Which cuts others undercut, by which of the memories are told apart."""

    def __init__(self, features: Floats, sides: list[HeldSide]) -> None:
        self._features, self._sides = features, sides
        self._known: dict[tuple[bool, ...], Floats] = {}

    def kept(self, own: Ints, rows: slice) -> Mask:
        """The cuts of each row's own (cuts, rows) that none of these undercuts."""
        told = np.stack([~one.all_fit(own, rows) for one in self._sides])
        present = np.zeros((len(self._features), own.shape[1]), dtype=np.float64)
        np.put_along_axis(present, own, 1.0, axis=0)
        lost = np.zeros(own.shape, dtype=bool)
        for kind in {tuple(column) for column in told.T.tolist()}:
            here = np.flatnonzero((told == np.array(kind)[:, None]).all(axis=0))
            beaten = self._by(kind) @ present[:, here] > 0
            lost[:, here] = np.take_along_axis(beaten, own[:, here], axis=0)
        return ~lost

    def _by(self, kind: tuple[bool, ...]) -> Floats:
        """1 where a cut (second) undercuts another (first), shape (cuts, cuts)."""
        if kind not in self._known:
            held = [
                one.held + one.one_share * one.limit.side.largest_bytes
                for one, told in zip(self._sides, kind, strict=True)
                if told
            ]
            columns = np.column_stack([self._features, *held])
            least = np.all(columns[None] <= columns[:, None], axis=2)
            less = np.any(columns[None] < columns[:, None], axis=2)
            self._known[kind] = np.asarray(least & less, dtype=np.float64)
        return self._known[kind]
