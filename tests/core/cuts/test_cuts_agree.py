"""Pool, max-flow, block-wise, CP-SAT and enumeration name the same optimum on a thousand random graphs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.cuts.block_wise import block_wise_cut
from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.cut_under_limits import Limit, minimum_cut_within
from cutwise.cuts.max_flow import minimum_cut
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.split_graph import SplitGraph, features_of, is_split
from tests.core.cuts.graphs import random_graph

CASES_EACH, RELATIVE = 100, 1e-9


def unlike_sides(rng: np.random.Generator, ops: int) -> SplitGraph:
    """A graph whose device work is net of the server's, with speed ratios from 0.01 to 100 either way."""
    drawn = random_graph(rng, ops, device=1, crossing=1)
    work, ratio = rng.random(ops) * 5, 10 ** rng.uniform(-2, 2)
    jitter = 10 ** rng.uniform(-0.5, 0.5, ops)
    return SplitGraph(
        op_count=ops,
        edges=drawn.edges,
        device_features=(work - work * jitter / ratio)[:, None],
        crossing_features=rng.random((ops, 1)) * 5,
        pinned=drawn.pinned,
        ties=drawn.ties,
    )


def some_work_cheap_on_the_device(graph: SplitGraph, rng: np.random.Generator) -> SplitGraph:
    """The graph with the first device feature negative for half of the ops, so that limits bind."""
    signs = rng.choice([-1.0, 1.0], graph.op_count)
    features = graph.device_features * np.column_stack([signs, np.ones(graph.op_count)])
    return replace(graph, device_features=features, feature_names=())


@pytest.mark.parametrize("seed", range(10))
def test_pool_max_flow_and_block_wise_equal_enumeration(seed: int) -> None:
    """100 graphs a seed, 1,000 in all, without limits."""
    rng = np.random.default_rng(seed)
    for _ in range(CASES_EACH):
        graph = unlike_sides(rng, int(rng.integers(2, 11)))
        device, crossing = graph.device_features[:, 0], graph.crossing_features[:, 0]

        least = features_of(graph, all_splits(graph)).sum(axis=1).min()
        from_pool, entry = (pool := build_pool(graph)).best([1.0, 1.0])
        flow = minimum_cut(graph, device_weight=device, crossing_weight=crossing)
        blocks = block_wise_cut(graph, device_weight=device, crossing_weight=crossing)

        expected = pytest.approx(least, rel=RELATIVE, abs=RELATIVE)
        assert from_pool == expected
        assert flow.value == expected
        assert flow.bound == pytest.approx(least, rel=1e-6, abs=1e-9)
        assert blocks.value == expected
        assert is_split(graph, pool.masks[entry])
        assert is_split(graph, flow.mask)
        assert is_split(graph, blocks.mask)


@pytest.mark.parametrize("seed", range(10))
def test_pool_and_cp_sat_equal_enumeration_under_a_memory_limit(seed: int) -> None:
    """100 graphs a seed, 1,000 in all; the limit is drawn so that it binds, or cannot be kept, in many."""
    rng = np.random.default_rng(1000 + seed)
    infeasible = binding = 0
    for _ in range(CASES_EACH):
        ops = int(rng.integers(2, 9))
        graph = some_work_cheap_on_the_device(random_graph(rng, ops, device=2, peak=1, signs=False), rng)
        splits = all_splits(graph)
        features = features_of(graph, splits)
        costs, memory = features[:, 0] + features[:, 3], features[:, 1] + features[:, 2]
        cap = float(rng.uniform(0.8 * memory.min() - 0.1, memory.max()))
        fits = memory <= cap

        pool = build_pool(graph)
        fitting = pool.features[:, 1] + pool.features[:, 2] <= cap
        from_pool, _ = pool.best([1.0, 0.0, 0.0, 1.0], allowed=fitting)
        limit = Limit(
            name="memory",
            device=graph.device_features[:, 1],
            peak=graph.peak_features[:, 0],
            crossing=np.zeros(ops),
            cap=cap,
        )
        solved = minimum_cut_within(
            graph,
            device_weight=graph.device_features[:, 0],
            crossing_weight=graph.crossing_features[:, 0],
            limits=[limit],
        )

        if not fits.any():
            infeasible += 1
            assert from_pool == np.inf
            assert solved.status == "infeasible"
            continue
        binding += costs[fits].min() > costs.min() * (1 + RELATIVE)
        expected = pytest.approx(costs[fits].min(), rel=RELATIVE, abs=RELATIVE)
        assert from_pool == expected
        assert solved.status == "optimal"
        assert solved.value == expected
    assert infeasible >= 5
    assert binding >= 5


@pytest.mark.parametrize("seed", range(5))
def test_no_split_is_better_than_the_pool_in_every_feature(seed: int) -> None:
    """Completeness: each of all splits has an entry that is nowhere larger (60 graphs a seed)."""
    rng = np.random.default_rng(2000 + seed)
    for _ in range(60):
        graph = random_graph(rng, int(rng.integers(2, 10)), device=2, peak=1, crossing=2, whole=True)
        pool = build_pool(graph)
        for features in features_of(graph, all_splits(graph)):
            assert (pool.features <= features + 1e-9).all(axis=1).any()


def test_the_five_vertex_case_where_free_back_edges_mislead() -> None:
    """Science notes 2.3: keeping {0, 1, 4} would cost 2.38 but 4 depends on the server's 2 and 3.

    Only vertex 0 on the device: server work .04 + .19 + 1.45 + .01 = 1.69 and its tensor .8, in all 2.49.
    """
    device = np.array([0, 0.61, 1.01, 8.06, 0.09])
    server = np.array([0, 0.04, 0.19, 1.45, 0.01])
    graph = SplitGraph(
        op_count=5,
        edges=[(0, 1), (1, 2), (1, 3), (0, 4), (3, 4), (2, 4)],
        device_features=(device - server)[:, None],
        crossing_features=np.array([0.8, 0.04, 11.4, 0.04, 1.34])[:, None],
        pinned=[True, False, False, False, False],
    )

    cut = minimum_cut(graph, device_weight=device - server, crossing_weight=graph.crossing_features[:, 0])

    assert np.flatnonzero(cut.mask).tolist() == [0]
    assert cut.value + server.sum() == pytest.approx(2.49)
    assert build_pool(graph).best([1.0, 1.0])[0] + server.sum() == pytest.approx(2.49)


def test_a_tensor_with_many_server_readers_is_sent_once() -> None:
    """A fan of 4 readers behind one producer that costs 3 to send: the cut behind it costs 3, not 12."""
    graph = SplitGraph(
        op_count=5,
        edges=[(0, 1), (0, 2), (0, 3), (0, 4)],
        device_features=np.array([0.0, 9, 9, 9, 9])[:, None],
        crossing_features=np.array([3.0, 0, 0, 0, 0])[:, None],
        pinned=[True, False, False, False, False],
    )

    cut = minimum_cut(graph, device_weight=graph.device_features[:, 0], crossing_weight=[3.0, 0, 0, 0, 0])

    assert cut.value == 3.0
    assert build_pool(graph).best([1.0, 1.0])[0] == 3.0


def test_tied_ops_stay_on_one_side() -> None:
    """A chain 0-1-2-3 with 0 pinned and tied to 3: nothing can be cut off, whatever it costs."""
    graph = SplitGraph(
        op_count=4,
        edges=[(0, 1), (1, 2), (2, 3)],
        device_features=np.array([0.0, 5, 5, 5])[:, None],
        crossing_features=np.ones((4, 1)),
        pinned=[True, False, False, False],
        ties=((0, 3),),
    )

    assert all_splits(graph).tolist() == [[True, True, True, True]]
    assert len(build_pool(graph)) == 1


def test_a_chain_of_100_000_ops_has_a_small_pool() -> None:
    count = 100_000
    rng = np.random.default_rng(3)
    graph = SplitGraph(
        op_count=count,
        edges=np.column_stack([np.arange(count - 1), np.arange(1, count)]),
        device_features=np.column_stack([rng.random(count), rng.random(count)]),
        crossing_features=(rng.random(count) * count / (1 + np.arange(count)))[:, None],
    )

    pool = build_pool(graph)
    one = [1.0, 0.5, 10.0]
    cut = minimum_cut(
        graph,
        device_weight=graph.device_features @ one[:2],
        crossing_weight=10 * graph.crossing_features[:, 0],
    )

    assert pool.best(one)[0] == pytest.approx(cut.value, rel=RELATIVE)


def test_the_envelope_is_the_optimum_at_every_weight() -> None:
    rng = np.random.default_rng(4)
    graph = random_graph(rng, 12, device=2, crossing=1, signs=False)
    pool = build_pool(graph)
    still, moving = np.array([1.0, 0.2, 0.0]), np.array([0.0, 0.0, 1.0])

    envelope = pool.envelope(still, moving)

    for t in np.geomspace(1e-3, 1e3, 60):
        assert pool.features[envelope.at(t)] @ (still + t * moving) == pytest.approx(
            pool.best(still + t * moving)[0]
        )


def test_blind_contraction_can_lose_and_the_test_prevents_it() -> None:
    """Entry sends 5; inside the block a branch point sends 1: the best cut lies inside."""
    graph = SplitGraph(
        op_count=5,
        edges=[(0, 1), (1, 2), (1, 3), (2, 4), (3, 4)],
        device_features=np.array([0.0, 1, 1, 1, 9])[:, None],
        crossing_features=np.array([5.0, 5, 0.5, 0.5, 5])[:, None],
        pinned=[True, False, False, False, False],
    )
    weights = {"device_weight": graph.device_features[:, 0], "crossing_weight": graph.crossing_features[:, 0]}

    assert minimum_cut(graph, **weights).value == pytest.approx(4.0)
    assert block_wise_cut(graph, **weights).value == pytest.approx(4.0)
    assert block_wise_cut(graph, **weights, contract_all=True).value == pytest.approx(5.0)
