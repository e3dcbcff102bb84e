"""Random and zoo-like graphs for tests and benchmarks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import numpy as np

from cutwise.cuts.split_graph import SplitGraph

Edges = list[tuple[int, int]]


def random_graph(
    rng: np.random.Generator,
    ops: int,
    *,
    device: int = 2,
    peak: int = 0,
    crossing: int = 1,
    pins: bool = True,
    ties: bool = True,
    signs: bool = True,
    whole: bool = False,
) -> SplitGraph:
    """A random DAG with fan-out, several inputs and outputs, and features of any sign on the device."""
    edges = [
        (int(u), v)
        for v in range(1, ops)
        for u in rng.choice(v, size=min(v, int(rng.integers(0, 4))), replace=False)
        if rng.random() < 0.8
    ]

    def draw(columns: int) -> np.ndarray:
        return rng.integers(0, 6, (ops, columns)).astype(float) if whole else rng.random((ops, columns))

    device_features = draw(device)
    if signs:
        device_features = device_features * rng.choice([-1.0, 1.0], size=(ops, device), p=[0.3, 0.7])
    groups = [tuple(rng.choice(ops, 2, replace=False)) for _ in range(int(rng.integers(0, 3)))]
    return SplitGraph(
        op_count=ops,
        edges=edges,
        device_features=device_features,
        peak_features=draw(peak),
        crossing_features=draw(crossing),
        pinned=(rng.random(ops) < 0.12) & pins,
        ties=tuple(groups) if ties else (),
    )


def graph_of(edges: Edges, *, seed: int = 0, pinned: Iterable[int] = (0,), device: int = 2) -> SplitGraph:
    """Op features drawn over three decades for given edges; op 0 is pinned unless said otherwise."""
    rng = np.random.default_rng(seed)
    ops = 1 + max(v for _, v in edges)
    pins = np.zeros(ops, dtype=bool)
    pins[list(pinned)] = True
    return SplitGraph(
        op_count=ops,
        edges=edges,
        device_features=10 ** rng.uniform(5, 8, (ops, device)),
        crossing_features=10 ** rng.uniform(4, 7, (ops, 1)),
        pinned=pins,
    )


def chain(ops: int) -> Edges:
    """A plain sequence, as in VGG."""
    return [(v, v + 1) for v in range(ops - 1)]


def residual(blocks: int) -> Edges:
    """Blocks of six ops with an identity shortcut, as in ResNet."""
    edges: Edges = []
    for start in range(0, 7 * blocks, 7):
        edges += [(v, v + 1) for v in range(start, start + 7)] + [(start, start + 7)]
    return edges


def inception(blocks: int, lengths: tuple[int, ...] = (3, 9, 9, 4)) -> Edges:
    """Blocks of parallel branches of the given lengths that are joined, as in GoogLeNet."""
    edges: Edges = []
    head = 0
    for _ in range(blocks):
        last, ends = head, []
        for length in lengths:
            branch = [head, *range(last + 1, last + 1 + length)]
            edges += itertools.pairwise(branch)
            last, ends = last + length, [*ends, branch[-1]]
        edges += [(end, last + 1) for end in ends]
        head = last + 1
    return edges


def dense(blocks: int, layers: int = 8) -> Edges:
    """Blocks in which every layer reads all before it, as in DenseNet."""
    edges: Edges = []
    for start in range(0, blocks * layers, layers):
        edges += [(u, v) for v in range(start + 1, start + layers + 1) for u in range(start, v)]
    return edges


def transformer(layers: int) -> Edges:
    """Norm, q, k, v, scores, softmax, context, output, add, norm, up, activation, down, add in each layer."""
    edges: Edges = []
    for x in range(0, 14 * layers, 14):
        norm, q, k, v, scores, soft, context, out, add, norm2, up, act, down, add2 = range(x + 1, x + 15)
        edges += [(x, norm), (norm, q), (norm, k), (norm, v), (q, scores), (k, scores), (scores, soft)]
        edges += [(soft, context), (v, context), (context, out), (out, add), (x, add), (add, norm2)]
        edges += [(norm2, up), (up, act), (act, down), (down, add2), (add, add2)]
    return edges


def two_towers(length: int) -> Edges:
    """Two chains from one input to one output."""
    left, right, end = range(1, length + 1), range(length + 1, 2 * length + 1), 2 * length + 1
    edges = [(0, left[0]), (0, right[0]), (left[-1], end), (right[-1], end)]
    return edges + [(v, v + 1) for side in (left, right) for v in side[:-1]]


def u_shape(depth: int) -> Edges:
    """A contracting path, an expanding path, and a skip at each level, as in U-Net."""
    last = 4 * depth
    return chain(last + 1) + [(2 * level + 1, last - 2 * level - 1) for level in range(depth)]


ZOO: dict[str, Callable[[], Edges]] = {
    "chain": lambda: chain(50),
    "residual": lambda: residual(16),
    "inception": lambda: inception(9),
    "dense": lambda: dense(8),
    "transformer": lambda: transformer(12),
    "two_towers": lambda: two_towers(40),
    "u_shape": lambda: u_shape(10),
}
