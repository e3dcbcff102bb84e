"""The best set of ops on the server when it may be entered and left any number of times, by a minimum cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cutwise.arrays import Ints, Mask
from cutwise.caches import kept
from cutwise.cuts.network_flow import FlowNetwork, solve_network
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.split_graph import SplitGraph
from cutwise.cuts.u_shape.u_shape_numbers import BOTTOM, SERVER, TOP, UShapeProblem, forced_top


def relaxed(problem: UShapeProblem) -> tuple[Mask, float, float]:
    """The ops on the server (n,) of least cost, that cost, and its error; a bound for every U shape.

    What crosses depends on the server's set alone: up from an op outside with a reader inside, down
    from an op inside with a reader outside. Both are submodular. Only that no path leaves the set and
    comes back is not, and is dropped here.
    """
    network = _network(problem.graph)
    on_device = forced_top(problem) | (contract(problem.untied).unit_of == 0)
    mask, flow, error = solve_network(
        network,
        device=problem.device_costs,
        server=problem.server_costs,
        crossing=np.concatenate([problem.up_costs, problem.down_costs])[network.sender],
        on_device=on_device,
    )
    return ~mask, flow, error


def u_shape_of(problem: UShapeProblem, on_server: Mask) -> Ints | None:
    """The labels (n,) with exactly these ops on the server and the fewest in the top.

    None where a path leaves them and comes back, or an op must be in both ends.
    """
    top: list[bool] = forced_top(problem).tolist()
    server: list[bool] = on_server.tolist()
    edges: list[list[int]] = problem.graph.edges.tolist()
    labels = [SERVER if inside else TOP if late else BOTTOM for inside, late in zip(server, top, strict=True)]
    for producer, reader in edges:
        if labels[producer] > BOTTOM and not server[reader]:
            labels[reader] = TOP
        elif labels[producer] == TOP:
            return None
    parts = np.array(labels)
    return None if (parts[problem.graph.pinned] != BOTTOM).any() else parts


@kept
def _network(graph: SplitGraph) -> FlowNetwork:
    """Device = source, server = sink; senders 0 … n-1 are tensors going up, n … 2n-1 tensors going down."""
    ops = graph.op_count
    producer, reader = graph.edges[:, 0], graph.edges[:, 1]
    senders, rank = np.unique(producer, return_inverse=True)
    ups, downs = ops + np.arange(len(senders)), ops + len(senders) + np.arange(len(senders))
    source = ops + 2 * len(senders)
    ties = [pair for group in graph.ties for pair in pairwise(group)]
    both_ways = np.array(ties + [(b, a) for a, b in ties], dtype=np.int64).reshape(-1, 2)
    every = np.arange(ops)
    tails = [np.full(ops, source), every, senders, downs, ups[rank], reader, both_ways[:, 0]]
    heads = [every, np.full(ops, source + 1), ups, senders, reader, downs[rank], both_ways[:, 1]]
    return FlowNetwork(
        vertex_count=ops,
        sender=np.concatenate([senders, ops + senders]),
        tail=np.concatenate(tails).astype(np.int32),
        head=np.concatenate(heads).astype(np.int32),
    )
