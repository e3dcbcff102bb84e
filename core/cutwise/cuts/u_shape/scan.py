"""Every cut device–server–device of a graph whose ops that can move stand in one order, at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.accepted_cut import Accepted, Accepts
from cutwise.cuts.pool.closure import comparable_with_all
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.tiers.tier_labels import LabelCap
from cutwise.cuts.u_shape.u_shape_numbers import BOTTOM, SERVER, TOP, UShapeProblem, forced_top
from cutwise.frozen import Frozen
from cutwise.tolerances import LIMIT_ROUNDING

MOST_OFFERED = 512
"""Cuts that are offered, cheapest first, before a scan for one that is accepted ends open."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Order(Frozen):
    """Where each op (n,) stands: 0 must be in the bottom, `count` + 1 in the top, 1 … `count` may move."""

    position: Ints
    count: int


def order_of(problem: UShapeProblem) -> Order | None:
    """The order of the ops, None where two that can move are not ordered or one must be in both ends."""
    bottom, top = contract(problem.untied).unit_of == 0, forced_top(problem)
    if (top & bottom).any():
        return None
    movable = np.flatnonzero(~bottom & ~top)
    local = np.full(problem.graph.op_count, -1)
    local[movable] = np.arange(len(movable))
    all_arcs: Ints = local[problem.graph.edges]
    arcs = all_arcs[(all_arcs >= 0).all(axis=1)]
    if len(comparable_with_all(len(movable), arcs[:, 0], arcs[:, 1])) < len(movable):
        return None
    position = np.where(top, len(movable) + 1, 0)
    position[movable] = np.arange(1, len(movable) + 1)
    return Order(position=position, count=len(movable))


def scan(
    problem: UShapeProblem, order: Order, caps: Sequence[LabelCap], accepts: Accepts | None = None
) -> Accepted:
    """The best ops on the server (n,) that keep the caps and are accepted.

    Every cut is a pair i <= j: the bottom ends with position i, the server's part with j. A table over
    all pairs prices them, skips over any number of ops included.
    """
    costs = _sums(order, problem.label_costs) + _sent_up(problem, order) + _sent_down(problem, order)
    pairs = np.arange(order.count + 1)
    allowed = (pairs[:, None] <= pairs) & _together(problem, order)
    for cap in caps:
        used, most = _sums(order, cap.table) + cap.constant, cap.cap
        allowed &= used <= most + LIMIT_ROUNDING * (abs(most) + np.abs(used))
    costs[~allowed] = np.inf
    pairs_in_order = np.argsort(costs, axis=None, kind="stable")[: np.count_nonzero(allowed)]
    offered = 0
    for pair in pairs_in_order.tolist():
        start, stop = divmod(pair, order.count + 1)
        on_server = (order.position > start) & (order.position <= stop)
        if not all(cap.keeps(np.where(on_server, SERVER, BOTTOM)) for cap in caps):
            continue
        if accepts is None or accepts(on_server):
            bound = math.inf if accepts is None else float(costs[start, stop])
            return Accepted(mask=on_server, bound=bound, ended=True)
        offered += 1
        if offered == MOST_OFFERED:
            return Accepted(mask=None, bound=float(costs[start, stop]), ended=False)
    return Accepted(mask=None, bound=math.inf, ended=True)


def _sums(order: Order, table: Floats) -> Floats:
    """Sums (count + 1, count + 1) over all ops of a table (n, 3) of labels, for every pair, added only."""
    bottom, server, top = (
        np.bincount(order.position, weights=table[:, label], minlength=order.count + 2).astype(float)
        for label in (BOTTOM, SERVER, TOP)
    )
    begun, ended = np.cumsum(bottom)[:-1], np.cumsum(top[::-1])[::-1][1:]
    between = np.cumsum(np.triu(np.broadcast_to(server[:-1], (order.count + 1,) * 2), k=1), axis=1)
    return np.asarray(begun[:, None] + between + ended, dtype=np.float64)


def _sent_up(problem: UShapeProblem, order: Order) -> Floats:
    """For every pair what bottom ops send that have a reader on the server.

    A bottom op pays from the pair on at which its first reader beyond i is within j.
    """
    paid_from = np.zeros((order.count + 1, order.count + 2))
    producer, reader = problem.graph.edges[:, 0], problem.graph.edges[:, 1]
    reads = np.unique(np.stack([producer, order.position[reader]], axis=1), axis=0)
    before = np.where(np.diff(reads[:, 0], prepend=-1) == 0, np.roll(reads[:, 1], 1), 0)
    first: Ints = np.maximum(before, order.position[reads[:, 0]])
    ends: list[list[int]] = reads.tolist()
    starts: list[int] = first.tolist()
    for (op, stop), start in zip(ends, starts, strict=True):
        paid_from[start:stop, stop] += problem.up_costs[op]
    return np.cumsum(paid_from, axis=1)[:, :-1]


def _sent_down(problem: UShapeProblem, order: Order) -> Floats:
    """For every pair what server ops send that have a reader in the top."""
    last = order.position.copy()
    producer, reader = problem.graph.edges[:, 0], problem.graph.edges[:, 1]
    np.maximum.at(last, producer, order.position[reader])
    paid = np.zeros((order.count + 1, order.count + 1))
    sending: list[int] = np.flatnonzero((order.position > 0) & (last > order.position)).tolist()
    for op in sending:
        position = int(order.position[op])
        paid[:position, position : int(last[op])] += problem.down_costs[op]
    return paid


def _together(problem: UShapeProblem, order: Order) -> Mask:
    """The pairs at which each tie has all or none of its ops on the server."""
    allowed = np.full((order.count + 1, order.count + 1), True)
    for group in problem.graph.ties:
        inside = np.cumsum(np.bincount(order.position[list(group)], minlength=order.count + 2))[:-1]
        on_server = inside - inside[:, None]
        allowed &= (on_server == 0) | (on_server == len(group))
    return allowed
