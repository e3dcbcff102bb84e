"""The cheapest splits, none left out: Lawler's partition over what a least cut leaves of its network."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.max_flow import checked_server_weight, checked_weights
from cutwise.cuts.residual import FREE, Residual, contracted, forced, least_residual, moved
from cutwise.cuts.split_graph import SplitGraph
from cutwise.frozen import Frozen

MOST_NODES = 1 << 15
"""Nodes of all networks together whose flow, or forced sides, are looked at."""
FEW_UNITS = 24
"""Of more units than these it is seen first what it costs to move some: that leaves fewer."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NearCuts(Frozen):
    """Splits `masks` (K, n), among them all that cost less than `bound`.

    Costs that differ by less than `noise` are the same in the network's integers.
    """

    masks: Mask
    bound: float
    noise: float


def near_cuts(
    graph: SplitGraph,
    *,
    device_weight: npt.ArrayLike,
    crossing_weight: npt.ArrayLike,
    server_weight: npt.ArrayLike | None = None,
    wanted: int,
    below: float = math.inf,
    most_nodes: int = MOST_NODES,
) -> NearCuts:
    """The `wanted` cheapest splits that cost less than `below` (weights as in `minimum_cut`), and some more.

    A split that was found parts those that are left by the first unit that they have elsewhere (Lawler,
    1972); the least of each part is one more flow. The search ends after networks of `most_nodes`, and the
    bound says how far it came. Raises `SolverError` for weights that `minimum_cut` does not take.

    >>> chain = SplitGraph(op_count=3, edges=[[0, 1], [1, 2]], device_features=[[0.0]] * 3,
    ...                    crossing_features=[[0.0]] * 3, pinned=[True, False, False])
    >>> near = near_cuts(chain, device_weight=[0.0, 1.0, 9.0], crossing_weight=[6.0, 2.0, 7.0], wanted=2)
    >>> near.masks.tolist()
    [[True, True, False], [True, False, False]]
    """
    whole = least_residual(graph, device_weight, crossing_weight, server_weight)
    most = whole.beyond(below) + whole.rounding
    if most <= 0:
        return NearCuts(masks=np.zeros((0, graph.op_count), dtype=bool), bound=below, noise=0.0)
    # a running sum in float64 may be off by so many units
    spare = graph.op_count << 10
    device, crossing = checked_weights(graph, device_weight, crossing_weight)
    costs = _prefix_costs(graph, device, crossing, checked_server_weight(graph, server_weight), wanted)
    prefixes = [whole.beyond(cost) + spare for cost in costs]
    slack = _tightened(most, prefixes, wanted, whole)
    left, unit_of = contracted(whole, slack)
    if left.node_count > FEW_UNITS:
        slack = _nearer(left, _of_ops(unit_of, graph), slack, wanted)
        left, unit_of = contracted(whole, slack)
    found, reached = _cheapest(left, _of_ops(unit_of, graph), slack, wanted, most_nodes)
    masks = np.array([sides[unit_of[: graph.op_count]] for sides in found], dtype=bool)
    return NearCuts(
        masks=masks.reshape(len(found), graph.op_count),
        bound=below if reached >= most else min(below, whole.cost(reached - 2 * whole.rounding)),
        noise=math.ldexp(4 * whole.rounding, -whole.exponent),
    )


def _of_ops(unit_of: Ints, graph: SplitGraph) -> Ints:
    """The units that hold an op, in order; others only say that a tensor need not be sent."""
    terminals = int(unit_of.max()) - 1
    units = np.unique(unit_of[: graph.op_count])
    return units[units < terminals]


def _prefix_costs(
    graph: SplitGraph, device: Floats, crossing: Floats, server: Floats, wanted: int
) -> list[float]:
    """The least costs of splits that hold the first ops in order; none where ops are tied."""
    if graph.ties:
        return []
    senders = np.unique(graph.edges[:, 0])
    last_reader = np.zeros(graph.op_count, dtype=np.int64)
    np.maximum.at(last_reader, graph.edges[:, 0], graph.edges[:, 1])
    steps = np.append(math.fsum(server.tolist()), device - server)
    np.add.at(steps, 1 + senders, crossing[senders])
    np.add.at(steps, 1 + last_reader[senders], -crossing[senders])
    first = int(np.flatnonzero(graph.pinned).max(initial=-1)) + 1
    costs = np.cumsum(steps)[first:]
    return np.sort(costs)[:wanted].tolist()


def _nearer(left: Residual, ops: Ints, slack: int, wanted: int) -> int:
    """A slack within which there are `wanted` splits: of those that differ from the least by one move."""
    values = {left.is_on[ops].tobytes(): 0}
    for unit in _by_cost(left, left.is_on, left.forth, left.back, ops)[: 2 * wanted].tolist():
        if forced(left, left.forth, left.back, slack)[unit] == FREE:
            beyond, sides, _, _ = moved(left, left.is_on, left.forth, left.back, unit)
            values.setdefault(sides[ops].tobytes(), beyond)
    return _tightened(slack, values.values(), wanted, left)


def _tightened(slack: int, values: Iterable[int], wanted: int, left: Residual) -> int:
    """The slack that leaves no more than what the `wanted` best of different splits take."""
    ranked = heapq.nsmallest(wanted, values)
    return slack if len(ranked) < wanted else min(slack, ranked[-1] + 2 * left.rounding)


def _cheapest(left: Residual, ops: Ints, slack: int, wanted: int, most_nodes: int) -> tuple[list[Mask], int]:
    """Sides of different splits, among them all that take less beyond the least than what is said."""
    waiting = [(0, 0, left.is_on, left.forth, left.back)]
    values, found, steps = [0], list[Mask](), 0
    while waiting and waiting[0][0] < slack:
        beyond, _, sides, forth, back = heapq.heappop(waiting)
        found.append(sides)
        forth = forth.copy()
        for unit in _by_cost(left, sides, forth, back, ops).tolist():
            steps += 1
            if steps * left.node_count > most_nodes:
                return found + [part[2] for part in waiting], beyond
            if forced(left, forth, back, slack - beyond)[unit] != FREE:
                continue
            more, new_sides, new_forth, new_back = moved(left, sides, forth, back, unit)
            if beyond + more < slack:
                heapq.heappush(waiting, (beyond + more, steps, new_sides, new_forth, new_back))
                values.append(beyond + more)
                slack = _tightened(slack, values, wanted, left)
            left.fix(forth, unit, on=bool(sides[unit]))
    return found + [part[2] for part in waiting], slack


def _by_cost(left: Residual, sides: Mask, forth: Ints, back: Ints, ops: Ints) -> Ints:
    """The units of `ops`, those first whose move alone takes least."""
    takes = np.zeros(left.node_count)
    for tail, head, room in ((left.tail, left.head, forth), (left.head, left.tail, back)):
        takes += np.bincount(head, np.where(sides[tail] & sides[head], room, 0), left.node_count)
        takes += np.bincount(tail, np.where(~sides[tail] & ~sides[head], room, 0), left.node_count)
    return ops[np.argsort(takes[ops], kind="stable")]
