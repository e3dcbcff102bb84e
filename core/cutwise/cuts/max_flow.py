"""The best split for any additive costs, by a minimum s-t cut: the general method, and the certificate."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Mask
from cutwise.caches import kept
from cutwise.cuts.network_flow import FlowNetwork, network_of, solve_network
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, kw_only=True)
class MinimumCut(Frozen):
    """The cheapest split: its mask (n,), its cost priced in float64, and the flow that bounds it.

    No split costs less than `bound` - `bound_error`: the flow through capacities that were rounded down to
    integers, so that the error is that of float64 sums alone. `vertices` and `arcs` are the size of the
    network; `runtime_s` includes building it.
    """

    value: float
    mask: Mask
    bound: float
    bound_error: float
    vertices: int
    arcs: int
    runtime_s: float = field(compare=False)


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
    server_weight: npt.ArrayLike | None = None,
    forbidden_crossing: npt.ArrayLike | None = None,
) -> MinimumCut:
    """The split with the least sum of `device_weight` (n,) on the device and of `crossing_weight` (n,).

    `server_weight` (n,) is what ops cost on the server, 0 unless given: then a device weight is the net
    cost of an op. Both may have any sign; where none is negative nothing is lost however far apart they
    are. A crossing weight must not be negative. Ops in `forbidden_crossing` (n,) send nothing across. Of
    several optimal splits (in the scaled integers) the one with the fewest ops on the device is returned.

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
    server = checked_server_weight(graph, server_weight)
    forbidden = np.zeros(graph.op_count, dtype=bool)
    if forbidden_crossing is not None:
        forbidden |= np.asarray(forbidden_crossing, dtype=bool)
    mask, bound, error = solve_network(
        network,
        device=device,
        server=server,
        crossing=crossing[network.sender],
        on_device=graph.pinned,
        uncuttable=forbidden[network.sender],
    )
    return MinimumCut(
        value=split_cost(graph, mask, device_weight=device, crossing_weight=crossing, server_weight=server),
        mask=mask,
        bound=bound,
        bound_error=error,
        vertices=network.node_count,
        arcs=len(network.tail),
        runtime_s=time.perf_counter() - began,
    )


def split_cost(
    graph: SplitGraph,
    mask: npt.ArrayLike,
    *,
    device_weight: Floats,
    crossing_weight: Floats,
    server_weight: Floats | None = None,
) -> float:
    """Sum of `device_weight` over the ops of `mask` (n,) and of `crossing_weight` over those that cross.

    And of `server_weight` over the other ops, where it is given.
    """
    on_device = np.asarray(mask, dtype=bool)
    producer, reader = graph.edges[:, 0], graph.edges[:, 1]
    crosses = np.zeros(graph.op_count, dtype=bool)
    crosses[producer[on_device[producer] & ~on_device[reader]]] = True
    elsewhere = [] if server_weight is None else server_weight[~on_device].tolist()
    return math.fsum(device_weight[on_device].tolist() + crossing_weight[crosses].tolist() + elsewhere)


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


def checked_server_weight(graph: SplitGraph, server_weight: npt.ArrayLike | None) -> Floats:
    """The weight as a float array (n,), zeros where there is none; raises `SolverError` as for devices."""
    nothing = np.zeros(graph.op_count)
    return nothing if server_weight is None else checked_weights(graph, server_weight, nothing)[0]
