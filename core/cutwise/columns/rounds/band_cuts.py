"""The cuts that a device may take whatever its share of a band, and when each ends, as sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.columns.device_answers import DeviceAnswer, answered_device
from cutwise.columns.device_rows import (
    FREE,
    DeviceRows,
    NotInColumnsError,
    cuts_for,
    given_limits,
    groups_of_rows,
    memory_limits,
    rules_of,
)
from cutwise.columns.formal_numbers import ONE, Monomial, NotLinearError
from cutwise.columns.linear_laws import Law, formal_stages, law_of
from cutwise.columns.picks.row_limits import Limit, excess_in
from cutwise.columns.row_features import RowGroup
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import Candidates, listed
from cutwise.planning.one_device.objective import delay
from cutwise.problem.conditions import Conditions

STILL, UP, DOWN = range(3)
"""What a term of an end is multiplied with: nothing, or the seconds a bit takes up or down."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BandTerm(Frozen):
    """Part of when cuts end: a monomial of the rows' columns times `slopes` (cuts,), in one direction."""

    way: int
    monomial: Monomial
    slopes: Floats


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BandCuts(Frozen):
    """Cuts for some rows (None for all), which end after `base` (cuts,) and the sum of the `terms`.

    Of `given` cuts (rows,) each row has its own; else the one that ends first, of those within the `limits`.
    """

    rows: Ints | None
    cuts: Candidates
    base: Floats
    terms: tuple[BandTerm, ...]
    table: Any
    given: Ints | None
    limits: tuple[Limit, ...]

    def within(self, stretch: slice) -> slice:
        """Which of its rows stand in a stretch of all rows, as a stretch of its own."""
        if self.rows is None:
            return stretch
        first, last = np.searchsorted(self.rows, [stretch.start, stretch.stop]).tolist()
        return slice(first, last)

    def coefficients(self, own: slice) -> Floats:
        """The monomials' values in a stretch of its own rows, shape (terms, rows)."""
        rows = own if self.rows is None else self.rows[own]
        found = np.ones((len(self.terms), own.stop - own.start))
        for values, term in zip(found, self.terms, strict=True):
            if term.monomial != ONE:
                values[:] = self.table.values(term.monomial, rows)
        return found

    def barred(self, own: slice) -> Mask | None:
        """The cuts that break a limit in a stretch of its rows, shape (cuts, rows); None where none may."""
        return excess_in(self.limits, own, len(self.base)) > 0 if self.limits else None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BandDevice(Frozen):
    """A device that shares a band, in rows. In `left` rows it has too many cuts to keep.

    In `short` rows no cut keeps the limits that no share changes; it has the one nearest to them, which
    depends on who else is there in `crowded` ones.
    """

    rows: DeviceRows
    parts: tuple[BandCuts, ...]
    short: Mask
    crowded: Mask
    left: Mask

    @property
    def most_cuts(self) -> int:
        """The most cuts that are compared in a row."""
        return max((len(part.base) for part in self.parts), default=1)


def of_given_cuts(device: DeviceRows, answer: DeviceAnswer) -> BandDevice:
    """The device with the cut that every row has already."""
    part = _part(device, None, listed(device.problem, answer.masks), given=answer.cuts)
    return BandDevice(
        rows=device, parts=(part,), short=answer.short, crowded=answer.crowded, left=answer.left
    )


def of_all_cuts(device: DeviceRows) -> BandDevice:
    """The device with every cut that can end first at some share."""
    pools = [(group.rows, _fitting(device, group)) for group in groups_of_rows(device, delay)]
    none = np.zeros(device.count, dtype=bool)
    if not any(cuts is not None and _limits(device, cuts, np.arange(1)) for _, cuts in pools):
        parts = [_part(device, rows, cuts) for rows, cuts in pools if cuts is not None]
        left = none.copy()
        for rows, cuts in pools:
            left[slice(None) if rows is None else rows] = cuts is None
        return BandDevice(rows=device, parts=tuple(parts), short=none, crowded=none, left=left)
    answer = answered_device(device, delay)
    parts = []
    for rows, cuts in pools:
        kept = np.flatnonzero(~answer.short) if rows is None else rows[~answer.short[rows]]
        if cuts is not None and len(kept):
            parts.append(_part(device, kept, cuts, limits=_limits(device, cuts, kept)))
    if answer.short.any():
        short = np.flatnonzero(answer.short)
        parts.append(_part(device, short, listed(device.problem, answer.masks), given=answer.cuts[short]))
    return BandDevice(
        rows=device, parts=tuple(parts), short=answer.short, crowded=answer.crowded, left=answer.left
    )


def _fitting(device: DeviceRows, group: RowGroup) -> Candidates | None:
    """The cuts of a group of rows; where memory may bind, also those told apart by what they hold."""
    cuts = cuts_for(device, group, FREE)
    if cuts is None or all(one.spared for one in memory_limits(device, cuts)):
        return cuts
    return cuts_for(device, group, rules_of(memory_limits(device, cuts)))


def _limits(device: DeviceRows, cuts: Candidates, rows: Ints) -> tuple[Limit, ...]:
    memory = [one.of(rows) for one in memory_limits(device, cuts) if not one.spared]
    return (*memory, *given_limits(device.part(rows), cuts, rows))


def _part(
    device: DeviceRows,
    rows: Ints | None,
    cuts: Candidates,
    *,
    given: Ints | None = None,
    limits: tuple[Limit, ...] = (),
) -> BandCuts:
    law, terms = _ends(device, cuts)
    return BandCuts(
        rows=rows, cuts=cuts, base=law.base, terms=terms, table=law.table, given=given, limits=limits
    )


def _ends(device: DeviceRows, cuts: Candidates) -> tuple[Law, tuple[BandTerm, ...]]:
    conditions = _at_unit_rates(device)
    try:
        formal = formal_stages(conditions, device.problem.cost)
    except NotLinearError as error:
        raise NotInColumnsError(str(error)) from error
    law = law_of(formal.number(delay), cuts.sums)
    link: Any = conditions.link
    ways = {_symbol(formal.table, link.uplink_bps): UP, _symbol(formal.table, link.downlink_bps): DOWN}
    terms = [
        BandTerm(
            way=next((ways[one] for one, _ in monomial if one in ways), STILL),
            monomial=tuple(factor for factor in monomial if factor[0] not in ways),
            slopes=slopes,
        )
        for monomial, slopes in zip(law.monomials, law.slopes, strict=True)
    ]
    return law, tuple(terms)


def _at_unit_rates(device: DeviceRows) -> Conditions:
    """The conditions at rates of 1, as columns of their own that are told apart from all others."""
    uplink_bps, downlink_bps = (np.broadcast_to(np.ones(1), device.count) for _ in (UP, DOWN))
    link = replace(device.conditions.link, uplink_bps=uplink_bps, downlink_bps=downlink_bps)
    return replace(device.conditions, link=link)


def _symbol(table: Any, column: Floats) -> int:
    ((((number, _),), _), *_) = table.number(column).terms
    return int(number)
