"""Import, price, pool; one optimum and 10,000 scenarios, beside OR-Tools, block-wise, networkx and numpy.

All answer the same question: training, batch 32, random device and server speeds and rates, the server
faster. OR-Tools is given its network once and new capacities each time; the 10,000-scenario columns of
the others are scaled from as many solves as fit a second. The floor is numpy's plain sum of the
scenario matrix.
"""

from __future__ import annotations

import networkx
import numpy as np

import cutwise
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.cuts.block_wise import block_wise_cut
from cutwise.cuts.max_flow import minimum_cut
from cutwise.cuts.pool.build import CutPool, build_pool
from cutwise.cuts.split_graph import SplitGraph
from cutwise.importers import samples
from cutwise.problem.private_ops import private_ops
from tests.bench.clock import once, seconds, table

SCENARIOS = 10_000
ITERATIONS, BATCH = 32.0, 32.0
SEED = 7


def split_graph(cost: GraphCost, *, sign: int = 1, memory: bool = False) -> SplitGraph:
    """The graph as a plan sees it; device memory is a feature where some device cannot hold the model."""
    flops = cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
    kept = cost.weight_bytes + cost.buffer_bytes + cost.weight_gradient_bytes + cost.optimizer_bytes
    held = [kept + BATCH * cost.saved_bytes] if memory else []
    return SplitGraph(
        op_count=len(cost.graph),
        edges=cost.graph.edge_array,
        device_features=np.column_stack([sign * flops, cost.exchanged_bytes, *held]),
        peak_features=cost.transient_bytes[:, None] if memory else np.zeros((len(cost.graph), 0)),
        crossing_features=np.column_stack([cost.output_bytes, cost.gradient_bytes]),
        pinned=private_ops(cost, "first_layer"),
    )


def scenarios(count: int) -> np.ndarray:
    """Weights of the pool's features in `count` random scenarios, shape (count, features)."""
    draw = np.random.default_rng(SEED)
    device, ratio = 10 ** draw.uniform(9, 12, count), 10 ** draw.uniform(0.05, 3, count)
    up, down = 10 ** draw.uniform(6, 10, (2, count))
    samples_sent = ITERATIONS * BATCH
    net = samples_sent * (1 / device - 1 / (device * ratio))
    return np.column_stack([net, 8 / up + 8 / down, samples_sent * 8 / up, samples_sent * 8 / down])


def run() -> None:
    weights = scenarios(SCENARIOS)
    first, rows = [], []
    for name in samples():
        import_s, graph = once(lambda name=name: cutwise.load_model(f"sample:{name}"))
        price_s = seconds(lambda graph=graph: price(graph, Workload()))
        cost = price(graph, Workload())
        flow = split_graph(cost)
        pool_s = seconds(lambda flow=flow: build_pool(flow))
        pool = build_pool(flow)
        others = [split_graph(cost, sign=sign, memory=memory) for sign, memory in ((1, True), (-1, False))]
        built = [once(lambda graph=graph: build_pool(graph)) for graph in others]
        sizes = [text for took, other in built for text in (str(len(other)), f"{1e3 * took:.1f}")]
        first.append(
            [
                name, str(len(graph)), f"{1e3 * import_s:.0f}", f"{1e3 * price_s:.1f}", str(len(pool)),
                f"{1e3 * pool_s:.2f}", *sizes,
            ]
        )  # fmt: skip
        rows.append(_row(name, flow, pool, weights))
    print("\nmilliseconds, and splits kept: server faster; the same under memory limits; device faster")
    header = ["sample", "ops", "import", "price", "pool", "build", "limits", "build", "turned", "build"]
    table(header, first)
    print("\none optimum in microseconds, ratios to the pool; 10,000 scenarios in milliseconds")
    header = [
        "sample",
        "pool",
        "OR-Tools",
        "block-wise",
        "networkx",
        "pool 10k",
        "/ sum",
        "OR-Tools 10k",
        "ratio",
    ]
    table(header, rows)


def _row(name: str, flow: SplitGraph, pool: CutPool, weights: np.ndarray) -> list[str]:
    one = weights[0]
    device, crossing = _op_weights(flow, one)
    pool_s = seconds(lambda: (pool.features @ one).argmin())
    flow_s = seconds(lambda: minimum_cut(flow, device_weight=device, crossing_weight=crossing))
    block_s = seconds(lambda: block_wise_cut(flow, device_weight=device, crossing_weight=crossing))
    peer = _networkx(flow, device, crossing)
    peer_s, _ = once(
        lambda: networkx.minimum_cut(peer, "s", "t", flow_func=networkx.algorithms.flow.preflow_push)
    )
    many_s = seconds(lambda: pool.best_many(weights))
    floor_s = seconds(lambda: weights.sum(axis=1))
    flows_s = _solves_s(flow, weights) * SCENARIOS
    return [
        name, f"{1e6 * pool_s:.1f}", f"{flow_s / pool_s:.0f}x", f"{block_s / pool_s:.0f}x",
        f"{peer_s / pool_s:.0f}x", f"{1e3 * many_s:.2f}", f"{many_s / floor_s:.1f}x", f"{1e3 * flows_s:.0f}",
        f"{flows_s / many_s:.0f}x",
    ]  # fmt: skip


def _solves_s(flow: SplitGraph, weights: np.ndarray) -> float:
    """Seconds of one OR-Tools solve over different scenarios, run for about a second."""
    spent, solved = 0.0, 0
    for row in weights:
        device, crossing = _op_weights(flow, row)
        took, _ = once(lambda d=device, c=crossing: minimum_cut(flow, device_weight=d, crossing_weight=c))
        spent, solved = spent + took, solved + 1
        if spent > 1.0:
            break
    return spent / solved


def _op_weights(flow: SplitGraph, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return flow.device_features @ theta[:2], flow.crossing_features @ theta[2:]


def _networkx(flow: SplitGraph, device: np.ndarray, crossing: np.ndarray) -> networkx.DiGraph:
    """The same network with integer capacities, as networkx needs them to be right."""
    scale = 2.0**40 / (np.abs(device).sum() + crossing.sum())
    graph: networkx.DiGraph = networkx.DiGraph()
    for op, weight in enumerate(np.rint(device * scale).astype(int).tolist()):
        if weight >= 0:
            graph.add_edge(op, "t", capacity=weight)
        else:
            graph.add_edge("s", op, capacity=-weight)
        if flow.pinned[op]:
            graph.add_edge("s", op)
    sends = np.rint(crossing * scale).astype(int).tolist()
    for producer, reader in flow.edges.tolist():
        graph.add_edge(producer, ("sent", producer), capacity=sends[producer])
        graph.add_edge(("sent", producer), reader)
        graph.add_edge(reader, producer)
    return graph
