"""Labels 0 … K-1 that never fall along an edge, as K-1 nested splits: level j holds the ops labelled <= j."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.caches import kept
from cutwise.cuts.cut_under_limits import Limit
from cutwise.cuts.integer_program import Rounding
from cutwise.cuts.pool.contraction import Units, contract, units_from
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError
from cutwise.frozen import Frozen


@kept
def level_units(graph: SplitGraph, levels: int) -> Units:
    """The units of `levels` copies of the graph; a unit in one level is in every higher one too.

    Highest level first, so that what a unit needs precedes it: op v in level j stands at
    (levels - 1 - j) n + v. All copies of the root are one.
    """
    units = contract(graph)
    inner = units.count - 1
    copies = np.arange(levels)[:, None]
    unit_of = np.where(units.unit_of == 0, 0, units.unit_of + inner * copies)
    edges = graph.edges + (graph.op_count * copies)[:, :, None]
    higher = np.arange(1, inner * (levels - 1) + 1)
    stacked = SplitGraph(
        op_count=graph.op_count * levels,
        edges=edges.reshape(-1, 2),
        device_features=np.zeros((0, 0)),
        crossing_features=np.zeros((0, 0)),
    )
    return units_from(stacked, unit_of.ravel(), np.stack([higher, higher + inner], axis=1))


def by_level(columns: Floats) -> Floats:
    """A table (n, levels) as one array in the order of `level_units`."""
    return np.ascontiguousarray(columns.T[::-1]).ravel()


def net_of_next(table: Floats) -> Floats:
    """What each op (n, K-1) adds when level j takes it from label j+1 to j, for costs (n, K) of its labels.

    Added to the last column, these are the cost of any label:

    >>> net_of_next(np.array([[7.0, 4.0, 3.0]])).tolist()
    [[3.0, 1.0]]
    """
    return table[:, :-1] - table[:, 1:]


def labels_of(mask: Mask, op_count: int) -> Ints:
    """The labels (n,) of a mask in the order of `level_units`."""
    return np.asarray((~mask.reshape(-1, op_count)).sum(axis=0))


def level_masks(labels: Ints, levels: int) -> Mask:
    """The nested splits (levels, n), level 0 first, of labels (n,)."""
    return labels <= np.arange(levels)[:, None]


def label_costs(table: Floats, labels: Ints) -> list[float]:
    """The entry of each row of `table` (n, K) that its label picks."""
    return np.take_along_axis(table, labels[:, None], axis=1)[:, 0].tolist()


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelCap(Frozen):
    """Sum of `table[v, label of v]` + `constant` <= `cap`, with `table` (n, K)."""

    name: str
    table: Floats
    constant: float
    cap: float

    def keeps(self, labels: Ints) -> bool:
        """True when labels (n,) keep the cap; the sum is rounded once."""
        return math.fsum([*label_costs(self.table, labels), self.constant]) <= self.cap

    def limit(self, rounded: Rounding) -> Limit:
        """The same on the units of `level_units`; the cap is rounded up where amounts are `rounded` down."""
        given = [*self.table[:, -1].tolist(), self.constant]
        slack = np.finfo(float).eps * (abs(self.cap) + math.fsum(map(abs, given)))
        net = by_level(net_of_next(self.table))
        cap = self.cap - math.fsum(given) + (slack if rounded is np.floor else -slack)
        return Limit(name=self.name, device=net, crossing=np.zeros(len(net)), cap=cap)


def label_caps(
    graph: SplitGraph,
    *,
    holds: npt.ArrayLike,
    use: npt.ArrayLike,
    caps: npt.ArrayLike,
    constant: npt.ArrayLike | None = None,
) -> tuple[LabelCap, ...]:
    """The finite `caps` (P,) or (P, R) of P parties, party p having the ops whose label is in `holds[p]`.

    `use` (n, P) or (n, P, R), not negative, is what each op takes of each resource of a party; `constant`
    has the shape of `caps`. Raises `SolverError` for a wrong shape or a number that cannot be one.
    """
    of_party = np.asarray(holds, dtype=bool)
    shape = (graph.op_count, len(of_party))
    amounts, most = np.asarray(use, dtype=float), np.asarray(caps, dtype=float)
    fixed = np.zeros_like(most) if constant is None else np.asarray(constant, dtype=float)
    if amounts.ndim not in (2, 3) or amounts.shape[:2] != shape:
        raise SolverError(f"use has shape {amounts.shape}; give {shape}, or that and a resource each")
    for name, array in (("caps", most), ("constant", fixed)):
        if array.shape != amounts.shape[1:]:
            raise SolverError(f"{name} has shape {array.shape}; give {amounts.shape[1:]} as in use")
    if not np.isfinite(amounts).all() or (amounts < 0).any():
        raise SolverError("use holds a negative number or one that is not finite; amounts are at least 0")
    if not (most > -math.inf).all() or not np.isfinite(fixed).all():
        raise SolverError("caps must be numbers, inf for none, and constants finite")
    resources = amounts.reshape(*shape, -1)
    most, fixed = most.reshape(shape[1], -1), fixed.reshape(shape[1], -1)
    return tuple(
        LabelCap(
            name=f"cap {resource} of part {party}",
            table=resources[:, party, resource, None] * of_party[party],
            constant=float(fixed[party, resource]),
            cap=float(most[party, resource]),
        )
        for party, resource in zip(*np.nonzero(most < math.inf), strict=True)
    )
