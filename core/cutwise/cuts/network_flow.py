"""The least cut of a network with weights of any magnitude, in integers of a scale that fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.tolerances import SUM_ROUNDING

CAPACITY_BITS = 61
"""Bits of the integer that the dearest cut worth looking at becomes."""
SCALES = 16
"""Scales that are tried at most; each is finer than the last by ten digits or more."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FlowNetwork(Frozen):
    """The arcs of a cut network, without capacities; vertices 0 … n-1 may each be on either side.

    Device = source, server = sink. In the order of `tail` and `head`: source to vertex (cut when the
    vertex is on the server), vertex to sink (cut when on the device), one arc for each sender (cut
    when it crosses), then arcs that must not be cut: from the auxiliary vertex of a sender with
    several readers to each of them, from reader to producer, and both ways between tied vertices.
    """

    vertex_count: int
    sender: Ints
    tail: npt.NDArray[np.int32]
    head: npt.NDArray[np.int32]

    @property
    def node_count(self) -> int:
        """Vertices of the network, source and sink included."""
        return int(np.max(self.head)) + 1


def network_of(
    *, vertex_count: int, sender_unit: Ints, read_sender: Ints, read_unit: Ints, orders: Ints
) -> FlowNetwork:
    """The network of senders on vertices `sender_unit` (q,) that the vertices `read_unit` read.

    `read_sender` and `read_unit` (z,) are the reads, sorted by sender. `orders` (k, 2) are pairs: the
    second needs the first on its side.
    """
    readers = np.bincount(read_sender, minlength=len(sender_unit))
    several: Mask = readers > 1
    vertices, senders = np.arange(vertex_count), np.arange(len(sender_unit))
    aux = vertex_count - 1 + np.cumsum(several)
    source = vertex_count + np.count_nonzero(several)
    only = np.zeros(len(sender_unit), dtype=np.int64)
    only[read_sender] = read_unit
    shared = several[read_sender]
    tails = [
        np.full(vertex_count, source), vertices, sender_unit[senders],
        aux[read_sender[shared]], read_unit, orders[:, 1],
    ]  # fmt: skip
    heads = [
        vertices, np.full(vertex_count, source + 1), np.where(several, aux, only),
        read_unit[shared], sender_unit[read_sender], orders[:, 0],
    ]  # fmt: skip
    return FlowNetwork(
        vertex_count=vertex_count,
        sender=sender_unit,
        tail=np.concatenate(tails).astype(np.int32),
        head=np.concatenate(heads).astype(np.int32),
    )


def solve_network(
    network: FlowNetwork,
    *,
    device: Floats,
    crossing: Floats,
    on_device: Mask,
    server: Floats | None = None,
    uncuttable: Mask | None = None,
    on_server: Mask | None = None,
) -> tuple[Mask, float, float]:
    """Device side (n,) of the least cut, a bound on all cuts, and the error of the sums in that bound.

    `device`, `server` (n,) and `crossing` (senders,) are the weights. An op pays at least the smaller of
    its two, a constant; the excess of the other is an arc. Capacities are rounded down to integers of a
    scale at which the flow fits. An arc dearer than a cut that is known is in no least cut, so that it may
    hold whatever is sent: with the found cut as the next measure the scale gets finer, until cut and flow
    agree. So one weight, however large, takes no digits from the others. The network is solved reversed,
    from the server to the device: on deep graphs that is 2 to 270 times faster.
    """
    apart = np.zeros_like(device) if server is None else server
    least = np.minimum(device, apart)
    constant = math.fsum(least.tolist())
    arcs = _Arcs(
        network=network,
        excess=np.concatenate([apart - least, device - least, crossing]),
        never=_never(network, len(device), on_device, on_server, uncuttable),
    )
    mask, flow, lost = arcs.least_cut(abs(constant), everything=on_server is None)
    error = lost + float(np.finfo(float).eps) * (abs(constant) + flow)
    return mask[: len(device)], flow + constant, error


def _never(
    network: FlowNetwork, count: int, on_device: Mask, on_server: Mask | None, uncuttable: Mask | None
) -> Mask:
    """The arcs (m,) that no cut may have."""
    never = np.zeros(len(network.tail), dtype=bool)
    never[2 * count + len(network.sender) :] = True
    for offset, flags in ((0, on_device), (count, on_server), (2 * count, uncuttable)):
        if flags is not None:
            never[offset + np.flatnonzero(flags)] = True
    return never


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Arcs(Frozen):
    """Weights that are not negative on the first arcs of a network; the arcs of `never` (m,) stay whole."""

    network: FlowNetwork
    excess: Floats
    never: Mask

    def least_cut(self, beside: float, *, everything: bool) -> tuple[Mask, float, float]:
        """Device side of the least cut over all vertices, a flow that is at most its cost, what it may lack.

        They agree to rounding beside a cost of `beside` that every cut has. `everything` says that all
        vertices on the device are a cut.
        """
        free = self.excess[~self.never[: len(self.excess)]]
        known = math.fsum(free.tolist())
        if everything:
            known = min(known, self.cost(np.arange(self.network.node_count) != self.network.node_count - 1))
        best, mask, bound, lost = np.inf, None, 0.0, 0.0
        for _ in range(SCALES):
            found, flow, unit = self._scaled_cut(known)
            cost = self.cost(found)
            if mask is None or cost < best:
                best, mask = cost, found
            bound, lost = max(bound, flow), np.count_nonzero(self.excess) * unit
            if best - bound <= SUM_ROUNDING * (bound + beside) or not best < known:
                break
            known = best
        assert mask is not None
        return mask, min(bound, best), lost

    def cost(self, mask: Mask) -> float:
        """What the vertices of `mask` cost on the device; infinite where an arc is cut that must not be."""
        cut = mask[self.network.tail] & ~mask[self.network.head]
        if (cut & self.never).any():
            return math.inf
        return float(np.sum(self.excess[cut[: len(self.excess)]]))

    def _scaled_cut(self, known: float) -> tuple[Mask, float, float]:
        """The least cut, its flow and the unit, where weights are rounded down to units of a scale.

        The scale is that of a cut that costs `known`.
        """
        from ortools.graph.python import max_flow

        exponent = CAPACITY_BITS - math.frexp(known)[1]
        whole = (1 << CAPACITY_BITS) + 1
        capacities = np.full(len(self.never), whole, dtype=np.int64)
        kept = np.flatnonzero(~self.never[: len(self.excess)] & (self.excess <= known))
        capacities[kept] = np.floor(np.ldexp(self.excess[kept], exponent)).astype(np.int64)
        solver = max_flow.SimpleMaxFlow()
        solver.add_arcs_with_capacity(self.network.head, self.network.tail, capacities)
        source = self.network.node_count - 2
        status = solver.solve(source + 1, source)
        if status != solver.OPTIMAL:
            raise SolverError(
                f"max-flow ended as {status} on {self.network.node_count} vertices; report this graph"
            )
        mask = np.zeros(self.network.node_count, dtype=bool)
        mask[solver.get_sink_side_min_cut()] = True
        return mask, math.ldexp(solver.optimal_flow(), -exponent), math.ldexp(1.0, -exponent)
