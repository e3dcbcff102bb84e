"""The same minimum cut by others: networkx, scipy, CP-SAT, and a Dinic as textbooks write it.

All get whole capacities, as networkx and scipy need them to be right: a cut's cost times `scale`, rounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import networkx
import numpy as np
from ortools.sat.python import cp_model
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from cutwise.cuts.split_graph import SplitGraph


@dataclass(frozen=True, kw_only=True)
class WholeNetwork:
    """Arcs with whole capacities from vertex 0 to vertex 1; ops are 2 to n + 1, what they send follows."""

    vertex_count: int
    tails: list[int]
    heads: list[int]
    capacities: list[int]


def whole_network(
    graph: SplitGraph, device: np.ndarray, crossing: np.ndarray, *, scale: float
) -> WholeNetwork:
    """The network of P1: what the device works and sends, and no way back."""
    unbounded = 1 << 30  # far above any optimum
    work = np.rint(device * scale).astype(int)
    sent = np.minimum(np.rint(crossing * scale), unbounded).astype(int)
    arcs: list[tuple[int, int, int]] = []
    for op, weight in enumerate(work.tolist()):
        if weight:
            arcs.append((2 + op, 1, weight) if weight > 0 else (0, 2 + op, -weight))
        if graph.pinned[op]:
            arcs.append((0, 2 + op, unbounded))
    count = graph.op_count
    senders = np.unique(graph.edges[:, 0]).tolist()
    arcs += [(2 + producer, 2 + count + producer, int(sent[producer])) for producer in senders]
    for producer, reader in graph.edges.tolist():
        arcs += [(2 + count + producer, 2 + reader, unbounded), (2 + reader, 2 + producer, unbounded)]
    tails, heads, capacities = (list(column) for column in zip(*arcs, strict=True))
    return WholeNetwork(vertex_count=2 + 2 * count, tails=tails, heads=heads, capacities=capacities)


def by_networkx(network: WholeNetwork) -> Callable[[], int]:
    """Preflow-push, networkx's default."""
    graph: networkx.DiGraph = networkx.DiGraph()
    for tail, head, capacity in zip(network.tails, network.heads, network.capacities, strict=True):
        graph.add_edge(tail, head, capacity=capacity + graph.get_edge_data(tail, head, {}).get("capacity", 0))
    return lambda: int(networkx.minimum_cut_value(graph, 0, 1))


def by_scipy(network: WholeNetwork) -> Callable[[], int]:
    """scipy's Dinic in C, on capacities of 32 bits."""
    shape = (network.vertex_count, network.vertex_count)
    whole = csr_array(
        (np.array(network.capacities, dtype=np.int32), (network.tails, network.heads)), shape=shape
    )
    return lambda: int(maximum_flow(whole, 0, 1, method="dinic").flow_value)


def by_cp_sat(
    graph: SplitGraph, device: np.ndarray, crossing: np.ndarray, *, scale: float
) -> Callable[[], int]:
    """A variable an op and one a tensor that may cross."""
    model = cp_model.CpModel()
    here = [model.new_bool_var(f"op{op}") for op in range(graph.op_count)]
    sent = {
        producer: model.new_bool_var(f"sent{producer}") for producer in np.unique(graph.edges[:, 0]).tolist()
    }
    for producer, reader in graph.edges.tolist():
        model.add_implication(here[reader], here[producer])
        model.add_bool_or([~here[producer], here[reader], sent[producer]])
    for op in np.flatnonzero(graph.pinned).tolist():
        model.add(here[op] == 1)
    work, bytes_sent = (
        np.rint(device * scale).astype(int).tolist(),
        np.rint(crossing * scale).astype(int).tolist(),
    )
    model.minimize(
        cp_model.LinearExpr.weighted_sum(
            [*here, *sent.values()], [*work, *(bytes_sent[producer] for producer in sent)]
        )
    )

    def solved() -> int:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        status = solver.solve(model)
        assert status == cp_model.OPTIMAL
        return int(solver.objective_value)

    return solved


def by_dinic(network: WholeNetwork) -> Callable[[], int]:
    """Dinic with lists, level graphs and a current arc a vertex: what a course asks students to write."""

    def solved() -> int:
        arcs_of: list[list[int]] = [[] for _ in range(network.vertex_count)]
        head: list[int] = []
        left: list[int] = []
        for a, b, capacity in zip(network.tails, network.heads, network.capacities, strict=True):
            for at, to, amount in ((a, b, capacity), (b, a, 0)):
                arcs_of[at].append(len(head))
                head.append(to)
                left.append(amount)
        flow = 0
        while (level := _levels(arcs_of, head, left))[1] >= 0:
            at_arc = [0] * network.vertex_count
            while pushed := _pushed(arcs_of, head, left, level, at_arc):
                flow += pushed
        return flow

    return solved


def _levels(arcs_of: list[list[int]], head: list[int], left: list[int]) -> list[int]:
    level = [-1] * len(arcs_of)
    level[0], waiting = 0, deque([0])
    while waiting and level[1] < 0:
        vertex = waiting.popleft()
        for arc in arcs_of[vertex]:
            if left[arc] and level[head[arc]] < 0:
                level[head[arc]] = level[vertex] + 1
                waiting.append(head[arc])
    return level


def _pushed(
    arcs_of: list[list[int]], head: list[int], left: list[int], level: list[int], at_arc: list[int]
) -> int:
    """Sends what one path of the level graph takes; 0 where none is left."""
    path: list[int] = []
    vertex = 0
    while vertex != 1:
        arcs = arcs_of[vertex]
        while at_arc[vertex] < len(arcs):
            arc = arcs[at_arc[vertex]]
            if left[arc] and level[head[arc]] == level[vertex] + 1:
                break
            at_arc[vertex] += 1
        if at_arc[vertex] < len(arcs):
            path.append(arcs[at_arc[vertex]])
            vertex = head[path[-1]]
        elif path:
            vertex = head[path.pop() ^ 1]
            at_arc[vertex] += 1
        else:
            return 0
    amount = min(left[arc] for arc in path)
    for arc in path:
        left[arc] -= amount
        left[arc ^ 1] += amount
    return amount
