"""What work costs more on the device than at the server, as columns over ops and prices in every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from cutwise.arrays import Floats
from cutwise.columns.formal_numbers import ONE, FormalNumber, Monomial, SymbolTable
from cutwise.columns.linear_laws import by_feature
from cutwise.costs.cut_sums import SUMMED, WORK_COLUMNS, columns_of
from cutwise.costs.graph_cost import GraphCost
from cutwise.frozen import Frozen
from cutwise.tolerances import SUM_ROUNDING

Price: TypeAlias = Mapping[Monomial, float]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WorkColumn(Frozen):
    """Work of every op (ops,), and what a unit of it costs on the device beyond what it costs elsewhere."""

    work: Floats
    price: Price


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NetWork(Frozen):
    """Columns whose prices are not proportional, and what all work costs on the device, and at the server."""

    columns: tuple[WorkColumn, ...]
    device_total: Price
    server_total: Price


def net_work(number: FormalNumber, cost: GraphCost) -> NetWork:
    """The work of a model as a score in formal numbers prices it."""
    prices = by_feature(number)
    here, there = columns_of(cost, server=False), columns_of(cost, server=True)
    found: list[WorkColumn] = []
    totals: list[dict[Monomial, float]] = [{}, {}]
    for at, name in enumerate(SUMMED[:WORK_COLUMNS]):
        own, other = here[:, at], there[:, at]
        device, server = (prices.get(f"{side}.{name}", {}) for side in ("device", "server"))
        for total, price, work in zip(totals, (device, server), (own, other), strict=True):
            _add(total, price, float(work.sum()))
        if np.array_equal(own, other):
            found.append(WorkColumn(work=own, price=_sum(device, server, -1.0)))
        else:
            found += [
                WorkColumn(work=own, price=device),
                WorkColumn(work=other, price=_sum({}, server, -1.0)),
            ]
    used = [one for one in found if one.work.any() and one.price]
    return NetWork(columns=_joined(used), device_total=totals[0], server_total=totals[1])


def _add(total: dict[Monomial, float], price: Price, amount: float) -> None:
    for monomial, factor in price.items():
        total[monomial] = total.get(monomial, 0.0) + factor * amount


def _sum(one: Price, other: Price, factor: float) -> Price:
    found = dict(one)
    _add(found, other, factor)
    return {monomial: value for monomial, value in found.items() if value}


def _joined(columns: list[WorkColumn]) -> tuple[WorkColumn, ...]:
    """The columns with those of proportional prices added up."""
    found: list[WorkColumn] = []
    for one in columns:
        for at, known in enumerate(found):
            ratio = _ratio(one.price, known.price)
            if ratio is not None:
                found[at] = WorkColumn(work=known.work + ratio * one.work, price=known.price)
                break
        else:
            found.append(one)
    return tuple(one for one in found if one.work.any())


def _ratio(one: Price, other: Price) -> float | None:
    """By how much a price is the other's; None where they are not proportional."""
    if one.keys() != other.keys():
        return None
    ratios = np.array([one[monomial] / other[monomial] for monomial in other])
    alike = np.ptp(ratios) <= SUM_ROUNDING * np.abs(ratios).max()
    return float(ratios[0]) if alike else None


def price_values(table: SymbolTable, price: Price, count: int) -> Floats:
    """A price in every row, shape (rows,)."""
    found = np.full(count, price.get(ONE, 0.0))
    for monomial, factor in price.items():
        if monomial != ONE:
            found += factor * table.values(monomial)
    return found


def over(price: Price, divisor: Monomial) -> Price:
    """A price over a monomial."""
    found = {}
    for monomial, factor in price.items():
        powers = dict(monomial)
        for number, power in divisor:
            powers[number] = powers.get(number, 0) - power
        found[tuple(sorted((number, power) for number, power in powers.items() if power))] = factor
    return found
