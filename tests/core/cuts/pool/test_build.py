"""The pool is complete and lean, however the graph is taken apart, and answers every query exactly."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pytest

from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.max_flow import minimum_cut
from cutwise.cuts.pool import build, tables
from cutwise.cuts.pool.build import CutPool, build_pool
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.cuts.split_graph import SplitGraph, features_of, is_split
from cutwise.errors import SolverError
from tests.core.cuts.graphs import ZOO, chain, graph_of, inception, random_graph, two_towers


def assert_complete(graph: SplitGraph, pool: CutPool) -> None:
    """Entries are splits with their own features; each split is covered; no entry covers another in vain."""
    assert all(is_split(graph, mask) for mask in pool.masks)
    assert (pool.features == features_of(graph, pool.masks)).all()
    assert pool.masks[pool.all_device].all()
    assert pool.features.tolist() == sorted(pool.features.tolist())
    for features in features_of(graph, all_splits(graph)):
        assert (pool.features <= features + 1e-9).all(axis=1).any()
    for entry, features in enumerate(pool.features):
        others = np.delete(pool.features, entry, axis=0)
        assert entry == pool.all_device or not (others <= features).all(axis=1).any()


@pytest.fixture(params=[0, 3], ids=["all taken apart", "tiny pieces enumerated"])
def small_piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small graphs go through cut points and components, as large ones do."""
    monkeypatch.setattr(tables, "SMALL_PIECE", request.param)


@pytest.mark.usefixtures("small_piece")
@pytest.mark.parametrize("block", range(5))
def test_the_pool_is_complete_and_lean_on_random_graphs(block: int) -> None:
    for seed in range(40 * block, 40 * block + 40):
        rng = np.random.default_rng(seed)
        graph = random_graph(
            rng, int(rng.integers(2, 10)), peak=seed % 2, crossing=1 + seed % 3 // 2, whole=seed % 3 == 0
        )
        assert_complete(graph, build_pool(graph))


@pytest.mark.usefixtures("small_piece")
def test_without_work_all_on_the_device_is_best_and_without_sending_what_earns() -> None:
    """A diamond behind op 0, whose branches 1 and 2 earn 1 and cost 1."""
    edges = [(0, 1), (0, 2), (1, 3), (2, 3)]
    pinned = np.arange(4) == 0
    sent = SplitGraph(
        op_count=4,
        edges=edges,
        device_features=np.zeros((4, 0)),
        crossing_features=np.ones((4, 1)),
        pinned=pinned,
    )
    worked = replace(
        sent,
        device_features=np.array([[0.0], [-1.0], [1.0], [0.0]]),
        crossing_features=np.zeros((4, 0)),
        feature_names=(),
    )

    assert build_pool(sent).masks.tolist() == [[True] * 4]
    assert build_pool(worked).masks.tolist() == [[True, True, False, False], [True] * 4]
    assert build_pool(worked).features.tolist() == [[-1.0], [0.0]]


@pytest.mark.usefixtures("small_piece")
def test_pinned_ops_may_feed_a_branch_each() -> None:
    """0 -> 2 -> 4 and 1 -> 3 -> 4, both producers pinned."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        graph = SplitGraph(
            op_count=5,
            edges=[(0, 2), (1, 3), (2, 4), (3, 4)],
            device_features=rng.integers(-3, 6, (5, 1)),
            crossing_features=rng.integers(0, 6, (5, 2)),
            pinned=np.arange(5) < 2,
        )
        assert_complete(graph, build_pool(graph))


def binary(edges: list[tuple[int, int]]) -> SplitGraph:
    """Op i costs 2^i and -2^i, so that every split is worth keeping."""
    powers = 2.0 ** np.arange(1 + max(v for _, v in edges))
    return SplitGraph(
        op_count=len(powers),
        edges=edges,
        device_features=np.stack([powers, -powers], axis=1),
        crossing_features=np.zeros((len(powers), 1)),
        pinned=np.arange(len(powers)) == 0,
    )


def test_as_many_splits_as_the_cap_allows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A diamond has five: the root alone, with either branch or both, and all."""
    monkeypatch.setattr(tables, "SMALL_PIECE", 0)
    diamond = binary([(0, 1), (0, 2), (1, 3), (2, 3)])

    assert len(build_pool(diamond, max_size=5)) == 5
    with pytest.raises(PoolTooLarge, match=r"over 4 splits .* raise max_size"):
        build_pool(diamond, max_size=4)


def test_a_cap_counts_what_is_worth_keeping_where_sending_earns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work on the device costs 1, op 0 earns 1 by sending, others pay 5: only op 0 alone is worth keeping."""
    monkeypatch.setattr(tables, "SMALL_PIECE", 0)
    graph = SplitGraph(
        op_count=6,
        edges=chain(6),
        device_features=np.ones((6, 1)),
        crossing_features=[[-1.0], [5.0], [5.0], [5.0], [5.0], [0.0]],
        pinned=np.arange(6) == 0,
    )

    assert build_pool(graph, max_size=1).masks.sum(axis=1).tolist() == [1, 6]


def test_as_many_pairs_as_the_limit_allows_are_combined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Branches of two ops each have three splits each: first 1 x 3 pairs, then 3 x 3; in all 9 and 1."""
    monkeypatch.setattr(tables, "SMALL_PIECE", 0)
    branches = binary([(0, 1), (1, 2), (0, 3), (3, 4), (2, 5), (4, 5)])

    monkeypatch.setattr(tables, "ROWS_TOGETHER", 9)
    assert len(build_pool(branches)) == 10
    monkeypatch.setattr(tables, "ROWS_TOGETHER", 8)
    with pytest.raises(PoolTooLarge, match="branches with 3 and 3 splits"):
        build_pool(branches)


COUPLED = {
    "one tensor feeds three branches": [(0, 1), (1, 2), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5)],
    "two tensors feed the same branches": [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 4), (3, 4)],
    "two tensors feed different pairs of branches": [
        (0, 1), (0, 2), (0, 3), (1, 3), (1, 4), (2, 5), (3, 5), (4, 5),
    ],
    "a branch falls apart again and its parts wait with the other branch": [
        (0, 1), (1, 2), (2, 3), (2, 4), (3, 5), (4, 5), (5, 9),
        (1, 3), (1, 4), (1, 6), (6, 7), (7, 8), (8, 9), (0, 4), (0, 7),
    ],
    "a tensor is read by two branches and behind them": [
        (0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (1, 4), (4, 5),
    ],
    "branches that end in outputs of their own": [(0, 1), (1, 2), (1, 3), (3, 4), (1, 5), (0, 5)],
    "a tensor skips over a segment into both branches of the next": [
        (0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (4, 6), (1, 5), (1, 6), (5, 7), (6, 7),
    ],
}  # fmt: skip


@pytest.mark.usefixtures("small_piece")
@pytest.mark.parametrize("name", COUPLED)
def test_a_tensor_that_several_components_wait_for_is_paid_once(name: str) -> None:
    edges = COUPLED[name]
    ops = 1 + max(v for _, v in edges)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        graph = SplitGraph(
            op_count=ops,
            edges=edges,
            device_features=rng.integers(-3, 6, (ops, 2)),
            peak_features=rng.integers(0, 6, (ops, 1)),
            crossing_features=rng.integers(0, 6, (ops, 2)),
            pinned=np.arange(ops) == 0,
        )
        assert_complete(graph, build_pool(graph))


@pytest.mark.usefixtures("small_piece")
def test_crossing_features_may_be_negative_too() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 9)), crossing=2)
        signs = rng.choice([-1.0, 1.0], graph.crossing_features.shape)
        graph = replace(graph, crossing_features=graph.crossing_features * signs)
        assert_complete(graph, build_pool(graph))


@pytest.mark.parametrize("name", ZOO)
def test_every_weighted_optimum_of_a_zoo_like_graph_is_that_of_max_flow(name: str) -> None:
    graph = graph_of(ZOO[name](), seed=7)
    pool = build_pool(graph)
    rng = np.random.default_rng(8)

    for theta in 10 ** rng.uniform(-3, 3, (40, 3)):
        cut = minimum_cut(
            graph,
            device_weight=graph.device_features @ theta[:2],
            crossing_weight=graph.crossing_features @ theta[2:],
        )
        assert pool.best(theta)[0] == pytest.approx(cut.value, rel=1e-9)


def test_a_feature_with_both_signs_finds_the_cuts_that_load_the_device() -> None:
    """Chain 0 … 4 of work 1 each: with work and its negative, each prefix is the best for some weights."""
    graph = SplitGraph(
        op_count=5,
        edges=chain(5),
        device_features=[[1.0, -1.0]] * 5,
        crossing_features=[[1.0]] * 5,
        pinned=[True, False, False, False, False],
    )

    assert build_pool(graph).masks.sum(axis=1).tolist() == [1, 2, 3, 4, 5]


def test_the_largest_piece_of_memory_counts_not_the_sum() -> None:
    """Chain with peaks 1, 9, 2: the work counts -1 each; allowed up to a peak of 5, only op 0 fits."""
    graph = SplitGraph(
        op_count=3,
        edges=chain(3),
        device_features=[[-1.0]] * 3,
        peak_features=[[1.0], [9.0], [2.0]],
        crossing_features=[[0.0], [0.0], [0.0]],
        pinned=[True, False, False],
        feature_names=("work", "peak", "sent"),
    )
    pool = build_pool(graph)

    value, entry = pool.best([1.0, 0.0, 1.0], allowed=pool.column("peak") <= 5)

    assert (value, pool.masks[entry].tolist()) == (-1.0, [True, False, False])
    assert pool.best([1.0, 0.0, 1.0])[0] == -3.0
    assert pool.best([1.0, 0.0, 1.0], allowed=pool.column("peak") <= 0.5) == (np.inf, -1)


@pytest.fixture
def pool() -> CutPool:
    """Three splits: (0, 9), (4, 4), all on the device (9, 0); ops 0, 1, 2 join one after the other."""
    return CutPool(
        features=np.array([[0.0, 9.0], [4.0, 4.0], [9.0, 0.0]]),
        masks=np.array([[True, False, False], [True, True, False], [True, True, True]]),
        feature_names=("work", "sent"),
    )


def test_best_many_is_best_for_each(pool: CutPool) -> None:
    thetas = np.array([[1.0, 0.1], [1.0, 1.0], [0.1, 1.0]])

    values, entries = pool.best_many(thetas)

    # .9 / 4.4 / 9; 9 / 8 / 9; 9 / 4.4 / .9
    assert values.tolist() == pytest.approx([0.9, 8.0, 0.9])
    assert entries.tolist() == [0, 1, 2]
    assert [pool.best(theta)[1] for theta in thetas] == [0, 1, 2]


def test_many_weights_are_priced_in_blocks(pool: CutPool, monkeypatch: pytest.MonkeyPatch) -> None:
    thetas = np.random.default_rng(4).random((11, 2))
    monkeypatch.setattr(build, "PRODUCTS_AT_ONCE", 1)
    monkeypatch.setattr(build, "FEWEST_ROWS", 3)

    values, entries = pool.best_many(thetas)

    prices = thetas @ pool.features.T
    assert values.tolist() == prices.min(axis=1).tolist()
    assert entries.tolist() == prices.argmin(axis=1).tolist()


def test_of_equal_optima_the_first_in_lexicographic_order_is_named(pool: CutPool) -> None:
    assert pool.best([0.0, 0.0]) == (0.0, 0)


def test_a_charge_for_crossing_spares_the_all_device_split(pool: CutPool) -> None:
    charges = np.where(np.arange(3) == pool.all_device, 0.0, 2.0)

    # 11, 10 and 9 with a charge of 2 on the first two
    assert pool.best([1.0, 1.0], charges=charges) == (9.0, 2)


def test_ranked_lists_the_next_best_cuts(pool: CutPool) -> None:
    assert pool.ranked([1.0, 0.9]).tolist() == [1, 0, 2]


def test_the_envelope_says_where_the_best_cut_changes(pool: CutPool) -> None:
    """Weights (1, t): 9t, 4 + 4t and 9 meet at t = 0.8 and t = 1.25."""
    envelope = pool.envelope([1.0, 0.0], [0.0, 1.0])

    assert envelope.starts.tolist() == pytest.approx([0.0, 0.8, 1.25])
    assert envelope.entries.tolist() == [0, 1, 2]
    assert [envelope.at(t) for t in (0.0, 0.79, 0.81, 1.24, 1.26, 1e9)] == [0, 0, 1, 1, 2, 2]


def test_of_lines_that_meet_in_one_point_the_flattest_goes_on() -> None:
    """2t, 1 + t and 2 are all 2 at t = 1."""
    masks = np.array([[True, False, False], [True, True, False], [True, True, True]])
    features = np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]])
    pool = CutPool(features=features, masks=masks, feature_names=("work", "sent"))

    envelope = pool.envelope([1.0, 0.0], [0.0, 1.0])

    assert (envelope.starts.tolist(), envelope.entries.tolist()) == ([0.0, 1.0], [0, 2])


@pytest.mark.parametrize("name", ["inception", "two_towers", "residual"])
def test_the_envelope_equals_a_grid(name: str) -> None:
    graph = graph_of(ZOO[name](), seed=3)
    found = build_pool(graph)
    still, moving = np.array([1.0, 0.3, 0.0]), np.array([0.0, 0.01, 5.0])
    grid = np.concatenate([[0.0], np.geomspace(1e-4, 1e5, 2000)])

    envelope = found.envelope(still, moving)

    values, _ = found.best_many(still + grid[:, None] * moving)
    chosen = np.array([found.features[envelope.at(t)] @ (still + t * moving) for t in grid])
    assert chosen == pytest.approx(values, rel=1e-12)
    assert (np.diff(envelope.starts) > 0).all()


@pytest.mark.parametrize(
    ("theta", "sentence"),
    [
        ([-1.0, 1.0], "weight of 'work' is -1.0; .* build one with the feature's sign turned"),
        ([1.0, np.inf], "weight of 'sent' is inf"),
        ([1.0, np.nan], "weight of 'sent' is nan"),
        ([0.0, -0.5], "weight of 'sent' is -0.5"),
        ([0.5, np.inf], "weight of 'sent' is inf"),
        ([1.0], r"the features are \('work', 'sent'\)"),
    ],
)
def test_weights_for_which_the_pool_is_not_complete_are_refused(
    pool: CutPool, theta: list[float], sentence: str
) -> None:
    with pytest.raises(SolverError, match=sentence):
        pool.best(theta)


def test_a_pool_beyond_its_caps_says_what_to_do() -> None:
    antichain = graph_of([(0, v) for v in range(1, 30)] + [(v, 30) for v in range(1, 30)])
    edges = [(u, v) for u, v in itertools.product(range(1, 20), range(20, 39)) if (u * v) % 3]
    with pytest.raises(PoolTooLarge, match="raise max_ideals"):
        build_pool(graph_of([(0, v) for v in range(1, 20)] + edges), max_ideals=1000)
    with pytest.raises(PoolTooLarge, match="raise max_size"):
        build_pool(replace(antichain, device_features=np.ones((31, 1)) * [[1, -1]]), max_size=10)


def test_equal_pools_have_equal_digests(pool: CutPool) -> None:
    assert replace(pool, build_s=1.0) == pool
    assert replace(pool, features=pool.features + 1.0) != pool


def test_two_long_towers_combine_their_own_fronts() -> None:
    """20,000 ops a tower: 4e8 closed sets, of which a handful is kept."""
    graph = graph_of(two_towers(20_000), seed=1)

    pool = build_pool(graph)

    theta = [1.0, 1.0, 50.0]
    cut = minimum_cut(
        graph,
        device_weight=graph.device_features.sum(axis=1),
        crossing_weight=50 * graph.crossing_features[:, 0],
    )
    assert pool.best(theta)[0] == pytest.approx(cut.value, rel=1e-9)


@pytest.mark.parametrize(("edges", "seconds"), [(chain(100_000), 0.5), (inception(3700), 4.0)])
def test_100_000_ops_are_pooled_in_the_time_the_design_allows(
    edges: list[tuple[int, int]], seconds: float
) -> None:
    graph = graph_of(edges)

    began = time.perf_counter()
    pool = build_pool(graph)
    elapsed = time.perf_counter() - began

    assert len(pool) < 100
    assert elapsed < 4 * seconds
