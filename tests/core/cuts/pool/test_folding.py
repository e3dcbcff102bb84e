"""Constants and free outputs hide no cut points, and folding them loses no optimum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.pool.contraction import Units, contract
from cutwise.cuts.pool.folding import fold
from cutwise.cuts.split_graph import SplitGraph, features_of
from tests.core.cuts.graphs import chain, graph_of, transformer


def folded(graph: SplitGraph) -> Units:
    return fold(
        graph,
        contract(graph),
        device=graph.device_features,
        peak=graph.peak_features,
        crossing=graph.crossing_features,
    )


def with_constants_and_outputs(
    rng: np.random.Generator, trunk: list[tuple[int, int]], extra: int
) -> SplitGraph:
    """A trunk with `extra` more ops that cost nothing: constants its ops read, or outputs read from it."""
    ops = 1 + max(v for _, v in trunk)
    edges = [(u + extra, v + extra) for u, v in trunk]
    for constant in range(extra):
        readers = extra + 1 + rng.choice(ops - 1, size=int(rng.integers(0, 3)), replace=False)
        edges += [(constant, int(reader)) for reader in readers]
    outputs = range(ops + extra, ops + 2 * extra)
    edges += [(extra + int(rng.integers(0, ops)), output) for output in outputs]
    device = np.zeros((ops + 2 * extra, 2))
    device[extra : extra + ops] = rng.integers(-2, 6, (ops, 2))
    peak = np.zeros((ops + 2 * extra, 1))
    peak[extra : extra + ops] = rng.integers(0, 4, (ops, 1))
    return SplitGraph(
        op_count=ops + 2 * extra,
        edges=edges,
        device_features=device,
        peak_features=peak,
        crossing_features=rng.integers(0, 6, (ops + 2 * extra, 1)),
        pinned=np.arange(ops + 2 * extra) == extra,
    )


@pytest.mark.parametrize("seed", range(60))
def test_the_pool_stays_complete(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = with_constants_and_outputs(rng, [chain(6), transformer(1)[:-4]][seed % 2], 2)
    pool = build_pool(graph)

    for features in features_of(graph, all_splits(graph)):
        assert (pool.features <= features + 1e-9).all(axis=1).any()


def test_a_constant_joins_its_only_reader() -> None:
    """Chain 1 -> 2 -> 3 -> 4 with a constant 0 that 3 reads: 0 and 3 are one unit."""
    graph = graph_of([(1, 2), (2, 3), (3, 4), (0, 3)], pinned=[1])
    units = folded(replace(graph, device_features=np.array([[0.0], [1], [1], [1], [1]]), feature_names=()))

    assert units.unit_of.tolist() == [2, 0, 1, 2, 3]


def test_a_constant_that_several_layers_read_hides_no_cut_point() -> None:
    """Without folding, a table that layers 6 and 10 of 12 read is comparable with neither 1 … 5 nor 7 … 9."""
    layers = transformer(12)
    table = 14 * 12 + 1
    edges = [(u + 1, v + 1) for u, v in layers] + [(0, 14 * 6 + 6), (0, 14 * 10 + 6)]
    features = np.ones((table + 1, 1))
    features[0] = 0.0
    graph = graph_of(edges, pinned=[1], device=1)
    pool = build_pool(replace(graph, device_features=features))

    assert len(folded(replace(graph, device_features=features)).arcs) > 0
    assert len(pool) >= 1


def test_an_output_that_costs_something_stays_free() -> None:
    """0 -> 1 -> 2 with a second output 3 of op 1: it may stay on the server while 2 goes to the device."""
    graph = replace(
        graph_of([(0, 1), (1, 2), (1, 3)]),
        device_features=np.array([[0.0], [1], [9], [0.5]]),
        feature_names=(),
    )

    assert folded(graph).count == 4


def test_a_free_output_joins_what_makes_it() -> None:
    graph = replace(
        graph_of([(0, 1), (1, 2), (1, 3)]), device_features=np.array([[0.0], [1], [9], [0]]), feature_names=()
    )

    assert folded(graph).unit_of.tolist() == [0, 1, 2, 1]


def small(
    edges: list[tuple[int, int]], device: list[float], *, root: int, peak: list[float] | None = None
) -> SplitGraph:
    """Nothing costs anything to send but op 0, a half."""
    ops = len(device)
    return SplitGraph(
        op_count=ops,
        edges=edges,
        device_features=np.array(device)[:, None],
        peak_features=np.array([peak or [0.0] * ops]).T,
        crossing_features=np.where(np.arange(ops) == 0, 0.5, 0.0)[:, None],
        pinned=np.arange(ops) == root,
    )


def test_a_constant_made_of_a_constant_joins_the_same_reader() -> None:
    """0 -> 1 -> 4 and the trunk 2 -> 3 -> 4 -> 5, whatever 0 and 1 cost: 0, 1 and 4 are one unit."""
    units = folded(small([(0, 1), (1, 4), (2, 3), (3, 4), (4, 5)], [5, 3, 1, 1, 1, 1], root=2))

    assert units.unit_of.tolist() == [2, 2, 0, 1, 2, 3]
    assert units.arcs.tolist() == [[0, 1], [1, 2], [2, 3]]


def test_free_outputs_join_one_after_the_other() -> None:
    """0 -> 1 -> 2 with the outputs 3 -> 4 and 5 of op 1: {1, 3, 4, 5} are one unit."""
    units = folded(small([(0, 1), (1, 2), (1, 3), (3, 4), (1, 5)], [1, 1, 9, 0, 0, 0], root=0))

    assert units.unit_of.tolist() == [0, 1, 2, 1, 1, 1]
    assert units.arcs.tolist() == [[0, 1], [1, 2]]


def test_outputs_that_are_free_together_join_together() -> None:
    """Output 3 of op 1 costs 1, and 4, which only reads 3, earns 2; output 1 of the root is free."""
    costly = folded(small([(0, 1), (1, 2), (1, 3), (3, 4)], [1, 1, 9, 1, -2], root=0))
    first = folded(small([(0, 1), (0, 2), (2, 3)], [1, 0, 1, 1], root=0))

    assert costly.unit_of.tolist() == [0, 1, 2, 1, 1]
    assert first.unit_of.tolist() == [0, 0, 1, 2]


def test_an_output_that_earns_less_than_what_it_follows_stays_with_that_only() -> None:
    """0 -> 1 -> 2 -> 3 with outputs 4 of 2 (-1) and 5 of 4 (3): 5 costs and is free, so 4 has a reader."""
    units = folded(small([(0, 1), (1, 2), (2, 3), (2, 4), (4, 5)], [1, 1, 1, 9, -1, 3], root=0))

    assert units.count == 6


def test_a_free_output_joins_unless_its_peak_is_the_larger() -> None:
    """Op 1 peaks at 3: an output that peaks at 3 joins it, one at 4 does not."""
    edges = [(0, 1), (1, 2), (1, 3)]

    assert folded(small(edges, [1, 1, 9, 0], root=0, peak=[0, 3, 0, 3])).count == 3
    assert folded(small(edges, [1, 1, 9, 0], root=0, peak=[0, 3, 0, 4])).count == 4


def test_a_constant_brings_its_reader_its_peak() -> None:
    """Trunk 1 -> 2 -> 3 -> 4: constant 0 peaks at 4 and joins op 3, which peaks at 1; then output 5 of op 3
    that peaks at 3 joins both.
    """
    edges = [(0, 3), (1, 2), (2, 3), (3, 4), (3, 5)]

    units = folded(small(edges, [1, 1, 1, 1, 9, 0], root=1, peak=[4, 0, 0, 1, 0, 3]))

    assert units.unit_of.tolist() == [2, 0, 1, 2, 3, 2]


@pytest.mark.parametrize("cost", [0.0, 0.5, 1.0])
def test_a_constant_with_two_readers_comes_behind_the_cut_point_before_the_first(cost: float) -> None:
    """Trunk 1 -> 2 -> 3 -> 4 -> 5 and constant 0 that 3 and 5 read: it stands between 2 and 3, after 2."""
    edges = [(0, 3), (0, 5), (1, 2), (2, 3), (3, 4), (4, 5)]

    units = folded(small(edges, [cost, 1, 1, 1, 1, 1], root=1))

    assert units.unit_of.tolist() == [2, 0, 1, 3, 4, 5]
    assert units.arcs.tolist() == [[0, 1], [1, 3], [2, 3], [2, 5], [3, 4], [4, 5], [1, 2]]


def test_per_layer_constants_and_outputs_keep_the_pool_of_a_transformer_small() -> None:
    """24 layers, each with a mask of its own and an output of its own (as with cached keys)."""
    rng = np.random.default_rng(5)
    layers = 24
    trunk = transformer(layers)
    ops = 14 * layers + 1
    edges = [(u + layers, v + layers) for u, v in trunk]
    edges += [(layer, layers + 14 * layer + 5) for layer in range(layers)]
    edges += [(layers + 14 * layer + 3, layers + ops + layer) for layer in range(layers)]
    work = np.zeros((ops + 2 * layers, 1))
    work[layers : layers + ops] = rng.random((ops, 1))
    graph = SplitGraph(
        op_count=len(work),
        edges=edges,
        device_features=work,
        crossing_features=rng.random((len(work), 1)),
        pinned=np.arange(len(work)) == layers,
    )

    pool = build_pool(graph)

    assert len(pool) < 100
    assert pool.build_s < 1.0
