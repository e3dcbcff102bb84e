"""The best split for any additive costs, by a minimum s-t cut: the general method, and the certificate."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.caches import kept
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

CAPACITY_BITS = 61


@dataclass(frozen=True, eq=False, kw_only=True)
class MinimumCut(Frozen):
    """The cheapest split: its mask (n,), its cost priced in float64, and the flow that bounds it.

    No split costs less than `bound` - `bound_error`: the flow through capacities that were rounded to
    integers. `vertices` and `arcs` are the size of the network; `runtime_s` includes building it.
    """

    value: float
    mask: Mask
    bound: float
    bound_error: float
    vertices: int
    arcs: int
    runtime_s: float = field(compare=False)


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


@kept
def flow_network(graph: SplitGraph) -> FlowNetwork:
    """The network of a graph's ops; the same object for equal graphs, to be solved with any weights."""
    producer, reader = graph.edges[:, 0], graph.edges[:, 1]
    senders, read_sender = np.unique(producer, return_inverse=True)
    ties = [pair for group in graph.ties for pair in pairwise(group)]
    both_ways = np.array(ties + [(b, a) for a, b in ties], dtype=np.int64).reshape(2 * len(ties), 2)
    return network_of(
        vertex_count=graph.op_count,
        sender_unit=senders,
        read_sender=read_sender,
        read_unit=reader,
        orders=both_ways,
    )


def minimum_cut(
    graph: SplitGraph,
    *,
    device_weight: npt.ArrayLike,
    crossing_weight: npt.ArrayLike,
    forbidden_crossing: npt.ArrayLike | None = None,
) -> MinimumCut:
    """The split with the least sum of `device_weight` (n,) on the device and of `crossing_weight` (n,).

    A device weight is the net cost of an op, device minus server, and may have any sign; a crossing
    weight must not be negative. Ops in `forbidden_crossing` (n,) send nothing across. Of several optimal
    splits (in the scaled integers) the one with the fewest ops on the device is returned.

    Raises `SolverError` for a weight that is not finite, a negative crossing weight, or a wrong shape.

    >>> chain = SplitGraph(op_count=3, edges=[[0, 1], [1, 2]], device_features=[[0.0]] * 3,
    ...                    crossing_features=[[0.0]] * 3, pinned=[True, False, False])
    >>> cut = minimum_cut(chain, device_weight=[0.0, 1.0, 9.0], crossing_weight=[6.0, 2.0, 7.0])
    >>> cut.value, cut.mask.tolist()
    (3.0, [True, True, False])
    """
    began = time.perf_counter()
    network = flow_network(graph)
    device, crossing = checked_weights(graph, device_weight, crossing_weight)
    forbidden = np.zeros(graph.op_count, dtype=bool)
    if forbidden_crossing is not None:
        forbidden |= np.asarray(forbidden_crossing, dtype=bool)
    mask, bound, error = solve_network(
        network,
        device=device,
        crossing=crossing[network.sender],
        on_device=graph.pinned,
        uncuttable=forbidden[network.sender],
    )
    return MinimumCut(
        value=split_cost(graph, mask, device_weight=device, crossing_weight=crossing),
        mask=mask,
        bound=bound,
        bound_error=error,
        vertices=network.node_count,
        arcs=len(network.tail),
        runtime_s=time.perf_counter() - began,
    )


def split_cost(
    graph: SplitGraph, mask: npt.ArrayLike, *, device_weight: Floats, crossing_weight: Floats
) -> float:
    """Sum of `device_weight` over the ops of `mask` (n,) and of `crossing_weight` over those that cross."""
    on_device = np.asarray(mask, dtype=bool)
    producer, reader = graph.edges[:, 0], graph.edges[:, 1]
    crosses = np.zeros(graph.op_count, dtype=bool)
    crosses[producer[on_device[producer] & ~on_device[reader]]] = True
    return math.fsum(device_weight[on_device].tolist() + crossing_weight[crosses].tolist())


def solve_network(
    network: FlowNetwork,
    *,
    device: Floats,
    crossing: Floats,
    on_device: Mask,
    uncuttable: Mask | None = None,
    on_server: Mask | None = None,
) -> tuple[Mask, float, float]:
    """Device side (n,) of the least cut, the flow's value, and how far rounding may have moved it.

    `device` (n,) and `crossing` (senders,) are the weights; a negative device weight becomes a source
    arc, paid on the server, and a constant. The network is solved reversed, from the server to the
    device: on deep graphs that is 2 to 270 times faster.
    """
    from ortools.graph.python import max_flow

    constant = math.fsum(np.minimum(device, 0.0).tolist())
    finite = np.concatenate([np.maximum(-device, 0.0), np.maximum(device, 0.0), crossing])
    never = np.zeros(len(network.tail), dtype=bool)
    never[len(finite) :] = True
    for offset, flags in ((0, on_device), (len(device), on_server), (2 * len(device), uncuttable)):
        if flags is not None:
            never[offset + np.flatnonzero(flags)] = True
    finite[never[: len(finite)]] = 0.0
    exponent = _exponent(finite)
    capacities = np.zeros(len(network.tail), dtype=np.int64)
    capacities[: len(finite)] = np.rint(np.ldexp(finite, exponent)).astype(np.int64)
    capacities[never] = np.sum(capacities) + 1
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(network.head, network.tail, capacities)
    source = network.node_count - 2
    status = solver.solve(source + 1, source)
    if status != solver.OPTIMAL:
        raise SolverError(f"max-flow ended as {status} on {network.node_count} vertices; report this graph")
    mask = np.zeros(network.node_count, dtype=bool)
    mask[solver.get_sink_side_min_cut()] = True
    error = math.ldexp(0.5 * np.count_nonzero(finite), -exponent)
    return mask[: len(device)], math.ldexp(solver.optimal_flow(), -exponent) + constant, error


def checked_weights(
    graph: SplitGraph, device_weight: npt.ArrayLike, crossing_weight: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Both weights as float arrays (n,); raises `SolverError` where a cut cannot be found for them."""
    device, crossing = (np.asarray(weight, dtype=float) for weight in (device_weight, crossing_weight))
    for name, weight in (("device_weight", device), ("crossing_weight", crossing)):
        if weight.shape != (graph.op_count,):
            raise SolverError(
                f"{name} has shape {weight.shape}; give one number for each of {graph.op_count} ops"
            )
        if not np.isfinite(weight).all():
            op = int(np.flatnonzero(~np.isfinite(weight))[0])
            raise SolverError(f"{name} of op {op} is {weight[op]}; every weight must be finite")
    if (crossing < 0).any():
        op = int(np.argmin(crossing))
        raise SolverError(f"crossing_weight of op {op} is {crossing[op]}; a tensor sent cannot earn anything")
    return device, crossing


def _exponent(finite: Floats) -> int:
    """The power of two that scales the capacities to a sum below 2 ** CAPACITY_BITS."""
    return CAPACITY_BITS - 1 - math.frexp(math.fsum(finite.tolist()))[1]
