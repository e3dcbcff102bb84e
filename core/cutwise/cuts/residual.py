"""What a least cut leaves of its flow network: what every other split costs beyond it.

A split costs the flow's value and the room that the residual network still has from its device side to
its server side (Ford and Fulkerson). So no split that costs less than some slack beyond the least cuts an
arc with room for that slack: its ends move together, as one unit, and little of the network is left.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Ints, Mask
from cutwise.cuts.max_flow import checked_server_weight, checked_weights, flow_network
from cutwise.cuts.network_flow import CAPACITY_BITS
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.tolerances import SUM_ROUNDING

ON, OFF, FREE = 1, 0, -1
MOST_SETTLED = 4096
"""Units up to which it is seen what has to go along with each."""
BEYOND_ANY = 8
"""Times the rounding that the endless room is more than any split takes."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Residual(Frozen):
    """Pairs of nodes (z,) with the room `forth` from `tail` to `head` and `back`, in whole units.

    The last node is the server's terminal, the one before it the device's. `is_on` (nodes,) is the least
    cut. A unit is 2 ** -`exponent`; with `constant` added the flow's value is the least cost, give or take
    `rounding` units. `endless` is the room that no split may take.
    """

    tail: Ints
    head: Ints
    forth: Ints
    back: Ints
    is_on: Mask
    value: int
    endless: int
    exponent: int
    constant: float
    rounding: int

    @property
    def node_count(self) -> int:
        """Nodes, the two terminals among them."""
        return len(self.is_on)

    def cost(self, beyond: int) -> float:
        """What a split costs that takes so many units beyond the least."""
        return self.constant + math.ldexp(self.value + beyond, -self.exponent)

    def beyond(self, cost: float) -> int:
        """The units beyond the least that a split of this cost takes."""
        units = float(np.ldexp(cost - self.constant, self.exponent))
        most = self.endless - BEYOND_ANY * self.rounding
        return (most if units > most else math.ceil(units)) - self.value

    def fix(self, forth: Ints, unit: int, *, on: bool) -> None:
        """Writes into the room `forth` of a contracted residual that a unit stays on its side."""
        units = self.node_count - 2
        forth[len(forth) - (2 * units if on else units) + unit] = self.endless


def least_residual(
    graph: SplitGraph,
    device_weight: npt.ArrayLike,
    crossing_weight: npt.ArrayLike,
    server_weight: npt.ArrayLike | None = None,
) -> Residual:
    """What the least cut leaves, for weights as in `minimum_cut`; solved from the server to the device."""
    from ortools.graph.python import max_flow

    network = flow_network(graph)
    device, crossing = checked_weights(graph, device_weight, crossing_weight)
    server = checked_server_weight(graph, server_weight)
    least = np.minimum(device, server)
    finite = np.concatenate([server - least, device - least, crossing[network.sender]])
    never = np.arange(len(network.tail)) >= len(finite)
    never[np.flatnonzero(graph.pinned)] = True
    finite[never[: len(finite)]] = 0.0
    exponent = CAPACITY_BITS - 1 - math.frexp(math.fsum(finite.tolist()))[1]
    capacities = np.zeros(len(network.tail), dtype=np.int64)
    capacities[: len(finite)] = np.rint(np.ldexp(finite, exponent)).astype(np.int64)
    rounding = len(finite) + (1 << 10)
    endless = int(capacities.sum()) + BEYOND_ANY * rounding
    capacities[never] = endless
    solver = max_flow.SimpleMaxFlow()
    arcs = solver.add_arcs_with_capacity(network.head, network.tail, capacities)
    source = network.node_count - 2
    if solver.solve(source + 1, source) != solver.OPTIMAL:
        raise SolverError(f"max-flow found no least cut on {network.node_count} vertices; report this graph")
    flow = np.asarray(solver.flows(arcs), dtype=np.int64)
    is_on = np.zeros(network.node_count, dtype=bool)
    is_on[solver.get_sink_side_min_cut()] = True
    return Residual(
        tail=network.tail.astype(np.int64),
        head=network.head.astype(np.int64),
        forth=np.where(never, endless, capacities - flow),
        back=flow,
        is_on=is_on,
        value=solver.optimal_flow(),
        endless=endless,
        exponent=exponent,
        constant=math.fsum(least.tolist()),
        rounding=rounding,
    )


def forced(left: Residual, forth: Ints, back: Ints, slack: int) -> Ints:
    """The side (nodes,) of every node that has one in all splits within the slack, for these rooms."""
    tail, head = _arcs(left, forth >= slack, back >= slack)
    sides = np.full(left.node_count, FREE)
    sides[_reached(tail, head, left.node_count, left.node_count - 2)] = ON
    sides[_reached(head, tail, left.node_count, left.node_count - 1)] = OFF
    return sides


def contracted(left: Residual, slack: int) -> tuple[Residual, Ints]:
    """The residual of units that splits within the slack keep together, and the unit of each node."""
    sides = forced(left, left.forth, left.back, slack)
    unit_of, free = np.empty(left.node_count, dtype=np.int64), np.flatnonzero(sides == FREE)
    local = np.full(left.node_count, -1)
    local[free] = np.arange(len(free))
    tails, heads = local[left.tail], local[left.head]
    inner = (tails >= 0) & (heads >= 0)
    strong, strong_back = inner & (left.forth >= slack), inner & (left.back >= slack)
    arcs = (
        np.concatenate([tails[strong], heads[strong_back]]),
        np.concatenate([heads[strong], tails[strong_back]]),
    )
    count = 0
    for members in _components(_following(*arcs, len(free))):
        unit_of[free[members]] = count
        count += 1
    unit_of[sides == ON], unit_of[sides == OFF] = count, count + 1
    units = _joined(left, unit_of)
    if count > MOST_SETTLED:
        return units, unit_of
    place = _settled(units, slack)
    return _joined(units, place), place[unit_of]


def _settled(units: Residual, slack: int) -> Ints:
    """Where each unit goes: to a terminal if what must go with it takes the slack on the other side.

    Units are numbered so that what one needs on the device comes before it.
    """
    count = units.node_count - 2
    needs = np.eye(count, dtype=bool)
    tail, head = _arcs(units, units.forth >= slack, units.back >= slack)
    inner = (tail < count) & (head < count)
    for unit, other in sorted(zip(tail[inner].tolist(), head[inner].tolist(), strict=True)):
        needs[unit] |= needs[other]
    to_server, from_device = (np.zeros(units.node_count) for _ in range(2))
    for start, end, room in (
        (units.tail, units.head, units.forth),
        (units.head, units.tail, units.back),
    ):
        np.add.at(to_server, start[end == count + 1], np.minimum(room[end == count + 1], slack))
        np.add.at(from_device, end[start == count], np.minimum(room[start == count], slack))
    # float64 sums of whole numbers may be off by their last units
    enough = slack * (1 + SUM_ROUNDING) + units.rounding
    off, on = needs @ to_server[:count] >= enough, from_device[:count] @ needs >= enough
    place = np.cumsum(~(on | off)) - 1
    left = int((~(on | off)).sum())
    return np.concatenate([np.where(on, left, np.where(off, left + 1, place)), [left, left + 1]])


def _arcs(left: Residual, forth: Mask, back: Mask) -> tuple[Ints, Ints]:
    """Tails and heads of some pairs one way and of some the other way."""
    return (
        np.concatenate([left.tail[forth], left.head[back]]),
        np.concatenate([left.head[forth], left.tail[back]]),
    )


def moved(left: Residual, sides: Mask, forth: Ints, back: Ints, unit: int) -> tuple[int, Mask, Ints, Ints]:
    """The least split of a contracted residual that has `unit` elsewhere than the least of these rooms.

    That has the `sides` (nodes,). What it takes beyond it, its own sides, and the rooms that it leaves.
    """
    from ortools.graph.python import max_flow

    forth = forth.copy()
    left.fix(forth, unit, on=not sides[unit])
    solver, count = max_flow.SimpleMaxFlow(), len(forth)
    arcs = solver.add_arcs_with_capacity(
        np.concatenate([left.tail, left.head]).astype(np.int32),
        np.concatenate([left.head, left.tail]).astype(np.int32),
        np.concatenate([forth, back]),
    )
    if solver.solve(left.node_count - 2, left.node_count - 1) != solver.OPTIMAL:
        raise SolverError("a flow is too large for its integers; use less extreme figures")
    flow = np.asarray(solver.flows(arcs), dtype=np.int64)
    net = flow[:count] - flow[count:]
    is_on = np.zeros(left.node_count, dtype=bool)
    is_on[solver.get_source_side_min_cut()] = True
    return solver.optimal_flow(), is_on, forth - net, back + net


def _joined(left: Residual, unit_of: Ints) -> Residual:
    """The pairs between different units; last a pair from the device's terminal to every unit, and one from
    every unit to the server's, without room.
    """
    count = int(unit_of[-1]) - 1
    is_on = np.zeros(count + 2, dtype=bool)
    is_on[unit_of] = left.is_on
    tail, head, units = unit_of[left.tail], unit_of[left.head], np.arange(count)
    outer = (tail != head) & ((tail < count) | (head < count))
    nothing = np.zeros(2 * count, dtype=np.int64)
    return replace(
        left,
        tail=np.concatenate([tail[outer], np.full(count, count), units]),
        head=np.concatenate([head[outer], units, np.full(count, count + 1)]),
        forth=np.concatenate([left.forth[outer], nothing]),
        back=np.concatenate([left.back[outer], nothing]),
        is_on=is_on,
    )


def _reached(tail: Ints, head: Ints, count: int, start: int) -> list[int]:
    """The nodes that arcs lead to from `start`, itself the first."""
    following = _following(tail, head, count)
    seen, found = [False] * count, [start]
    seen[start] = True
    for node in found:
        for other in following[node]:
            if not seen[other]:
                seen[other] = True
                found.append(other)
    return found


def _following(tail: Ints, head: Ints, count: int) -> list[list[int]]:
    """The heads of the arcs of every node."""
    found: list[list[int]] = [[] for _ in range(count)]
    for node, other in zip(tail.tolist(), head.tolist(), strict=True):
        found[node].append(other)
    return found


def _components(following: list[list[int]]) -> Iterator[list[int]]:
    """Strongly connected components, each after all that its arcs lead to (Tarjan's algorithm)."""
    count = len(following)
    number, low, stacked = [-1] * count, [0] * count, [False] * count
    stack: list[int] = []
    met = 0
    for start in range(count):
        path = [(start, iter(following[start]))] if number[start] < 0 else []
        while path:
            node, rest = path[-1]
            if number[node] < 0:
                number[node] = low[node] = met
                met += 1
                stack.append(node)
                stacked[node] = True
            for other in rest:
                if number[other] < 0:
                    path.append((other, iter(following[other])))
                    break
                if stacked[other]:
                    low[node] = min(low[node], number[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    at = stack.index(node)
                    for member in stack[at:]:
                        stacked[member] = False
                    yield stack[at:]
                    del stack[at:]
