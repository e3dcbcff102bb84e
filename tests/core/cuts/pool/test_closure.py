"""Cut points, components and closed sets against definitions and networkx."""

from __future__ import annotations

import networkx
import numpy as np
import pytest

from cutwise.cuts.pool.closure import comparable_with_all, component_labels, ideals, lay_out
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.pool.pieces import interior_pieces, timeline, whole_piece
from tests.core.cuts.graphs import ZOO, dense, graph_of, inception, random_graph, two_towers


def digraph(count: int, edges: np.ndarray) -> networkx.DiGraph:
    graph = networkx.DiGraph(edges.tolist())
    graph.add_nodes_from(range(count))
    return graph


def test_cut_points_are_the_vertices_comparable_with_every_other_one() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 12)))
        reference = digraph(graph.op_count, graph.edges)
        expected = [
            v
            for v in range(graph.op_count)
            if len(networkx.ancestors(reference, v)) + len(networkx.descendants(reference, v)) + 1
            == graph.op_count
        ]
        assert comparable_with_all(graph.op_count, *graph.edges.T).tolist() == expected, f"seed {seed}"


def test_dense_blocks_are_totally_ordered() -> None:
    edges = np.array(dense(3))

    assert len(comparable_with_all(25, *edges.T)) == 25


def test_labels_are_the_weakly_connected_components() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(1, 40))
        edges = np.sort(rng.integers(0, count, (int(rng.integers(0, 40)), 2)), axis=1)
        label = component_labels(count, *edges.T)
        for component in networkx.weakly_connected_components(digraph(count, edges)):
            assert {int(label[v]) for v in component} == {min(component)}, f"seed {seed}"


def test_closed_sets_of_two_parallel_chains_are_the_product_of_their_prefixes() -> None:
    """Towers of 3 ops: (3 + 1)² sets without the joining op, and one with it."""
    piece = whole_piece(two := graph_of(two_towers(3)), contract(two))

    sets = ideals(piece, 1000)

    assert sets is not None
    assert len(sets) == 17
    assert len(np.unique(sets, axis=0)) == 17
    assert not sets[0].any()
    assert len(ideals(piece, 17)) == 17
    assert ideals(piece, 16) is None


def test_the_interior_of_an_inception_block_falls_into_its_branches() -> None:
    graph = graph_of(inception(1, (1, 2, 3)))
    piece = whole_piece(graph, contract(graph))
    layout = lay_out(piece)

    parts, added, prices = interior_pieces(piece, layout, timeline(piece, layout), 0)

    assert [len(part) for part in parts] == [1, 2, 3]
    # The block's input waits for all three: one flag, at the price of its tensor.
    assert added.tolist() == [0]
    assert prices.tolist() == [graph.crossing_features[0].tolist()]


@pytest.mark.parametrize("name", ZOO)
def test_zoo_like_graphs_have_cut_points(name: str) -> None:
    edges = np.array(ZOO[name]())

    assert len(comparable_with_all(int(edges.max()) + 1, *edges.T)) >= 2
