"""What device work counts as in the pools of many rows: few features that are complete for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.columns.formal_numbers import ONE, Monomial, SymbolTable
from cutwise.columns.work_prices import NetWork, Price, over, price_values
from cutwise.cuts.pool.exact_parts import parts_that_add_up
from cutwise.frozen import Frozen
from cutwise.planning.one_device.work.compute_features import (
    EPSILON,
    SAME_OPTIMUM,
    ComputeFeature,
    Features,
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RowGroup(Frozen):
    """Rows (rows,) that have one pool of cuts, and the features it is made for; None for all rows."""

    rows: Ints | None
    features: Features


def row_groups(table: SymbolTable, works: Iterable[NetWork], count: int) -> list[RowGroup]:
    """Groups of rows, for what rises in all of these works.

    A model whose work has one price is dear or cheap on the device as a whole. Where there are several, rows
    in which all are dear have a feature for each; of the others the net work is the least of all rows and
    what rises above it.
    """
    groups = [RowGroup(rows=None, features=())]
    for work in works:
        groups = [
            RowGroup(rows=_within(group.rows, part), features=tuple(dict.fromkeys(group.features + features)))
            for group in groups
            for part, features in _of_work(table, work, count, group.rows)
        ]
    return groups


def _within(rows: Ints | None, part: Mask | None) -> Ints | None:
    if part is None:
        return rows
    return np.flatnonzero(part) if rows is None else rows[part]


def _of_work(
    table: SymbolTable, work: NetWork, count: int, rows: Ints | None
) -> Iterator[tuple[Mask | None, Features]]:
    """Which of the rows, and their features."""
    prices = [_taken(price_values(table, one.price, count), rows) for one in work.columns]
    if not prices:
        yield None, ()
        return
    dear = np.all([price >= 0 for price in prices], axis=0)
    if dear.any():
        yield _some(dear), _distinct(one.work for one in work.columns)
    if dear.all():
        return
    if len(prices) == 1:
        yield from _cheap(table, work, count, rows, ~dear)
    else:
        yield _some(~dear), _spanned(table, work, count, _within(rows, ~dear))


def _cheap(
    table: SymbolTable, work: NetWork, count: int, rows: Ints | None, cheap: Mask
) -> Iterator[tuple[Mask | None, Features]]:
    """Rows in which work is cheaper on the device; so much cheaper that sums lose it, in exact parts."""
    device, server = (
        _taken(price_values(table, total, count), rows) for total in (work.device_total, work.server_total)
    )
    column = work.columns[0].work
    far = len(column) * EPSILON * (server - device) > SAME_OPTIMUM * device
    for part, least in ((cheap & ~far, np.inf), (cheap & far, 0.0)):
        if part.any():
            parts = [-column] if least else parts_that_add_up(-column, least=0.0)
            yield _some(part), _distinct(parts)


def _spanned(table: SymbolTable, work: NetWork, count: int, rows: Ints | None) -> Features:
    """The least net work of the rows, and what of it rises in some of them."""
    divisor = _best_divisor(table, work, count)
    scale = _taken(_values(table, divisor, count), rows)
    vectors: dict[Monomial, Floats] = {}
    for one in work.columns:
        for monomial, factor in over(one.price, divisor).items():
            vectors[monomial] = vectors.get(monomial, np.zeros(len(one.work))) + factor * one.work
    totals = (
        _taken(price_values(table, total, count), rows) for total in (work.device_total, work.server_total)
    )
    least = SAME_OPTIMUM * float((np.minimum(*totals) / scale).min())
    base, rising = np.zeros(len(work.columns[0].work)), []
    for monomial, vector in vectors.items():
        values = _taken(_values(table, monomial, count), rows)
        base = base + float(values.min()) * vector
        if values.max() > values.min():
            rising += parts_that_add_up(vector, least=least / float(values.max()))
    return _distinct([*parts_that_add_up(base, least=least), *rising])


def _best_divisor(table: SymbolTable, work: NetWork, count: int) -> Monomial:
    """What to divide all prices by, so that the fewest of them differ from row to row; nothing that is 0."""
    named = dict.fromkeys(monomial for one in work.columns for monomial in one.price)
    monomials = [one for one in named if _values(table, one, count).min() > 0]

    def varying(divisor: Monomial) -> int:
        left = {monomial for one in work.columns for monomial in over(one.price, divisor)}
        return len(left - {ONE})

    return min((ONE, *monomials), key=varying)


def _values(table: SymbolTable, monomial: Monomial, count: int) -> Floats:
    price: Price = {monomial: 1.0}
    return price_values(table, price, count)


def _taken(values: Floats, rows: Ints | None) -> Floats:
    return values if rows is None else values[rows]


def _some(part: Mask) -> Mask | None:
    return None if part.all() else part


def _distinct(vectors: Iterable[Floats]) -> Features:
    contents = dict.fromkeys(np.ascontiguousarray(vector).tobytes() for vector in vectors)
    return tuple(ComputeFeature(content=content) for content in contents)
