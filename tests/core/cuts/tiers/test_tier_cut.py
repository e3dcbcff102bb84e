"""The cut into tiers against enumeration, the two-tier cut, and the textbook network by networkx."""

from __future__ import annotations

import itertools
import time

import networkx
import numpy as np
import pytest

from cutwise.cuts.max_flow import flow_network, minimum_cut
from cutwise.cuts.split_graph import SplitGraph
from cutwise.cuts.tiers.tier_cut import TierProblem, crossing_hops, tier_cost, tier_cut, tier_network
from cutwise.errors import SolverError
from tests.core.cuts.graphs import chain, random_graph
from tests.core.cuts.labellings import all_labellings, is_labelling, tier_totals

CLOSE = 1e-9


def bare(ops: int, edges: list[tuple[int, int]], *, pinned: tuple[int, ...] = ()) -> SplitGraph:
    return SplitGraph(
        op_count=ops,
        edges=edges,
        device_features=[],
        crossing_features=[],
        pinned=np.isin(np.arange(ops), pinned),
    )


def random_problem(rng: np.random.Generator, ops: int, tiers: int, *, whole: bool = False) -> TierProblem:
    """Tier costs of any sign over four decades of speeds in no order, hop costs over two."""
    graph = random_graph(rng, ops, device=1)
    if whole:
        costs, hops = rng.integers(-20, 40, (ops, tiers)), rng.integers(0, 30, (ops, tiers - 1))
    else:
        costs = (
            rng.uniform(-0.3, 1, (ops, 1)) * 10 ** rng.uniform(-2, 2, (1, tiers)) * rng.random((ops, tiers))
        )
        hops = 10 ** rng.uniform(-2, 0, (ops, tiers - 1))
    return TierProblem(graph=graph, tier_costs=costs, hop_costs=hops)


def textbook_value(problem: TierProblem) -> int:
    """The least cost by networkx on the network of Ishikawa: tier j on the arc between copies j + 1 and j."""
    graph, tiers = problem.graph, problem.tiers
    lowest = problem.tier_costs.min(axis=1)
    flow = networkx.DiGraph()

    def copy(op: int, level: int) -> object:
        return {0: "t", tiers: "s"}.get(level, (op, level))

    for op in range(graph.op_count):
        for tier in range(tiers):
            capacity = int(problem.tier_costs[op, tier] - lowest[op])
            if 0 < tier < tiers - 1:
                flow.add_edge((op, tier), (op, tier + 1))
            old = flow.get_edge_data(copy(op, tier + 1), copy(op, tier), {"capacity": 0})["capacity"]
            flow.add_edge(copy(op, tier + 1), copy(op, tier), capacity=old + capacity)
        for hop in range(1, tiers):
            flow.add_edge((op, hop), ("sent", op, hop), capacity=int(problem.hop_costs[op, hop - 1]))
            if graph.pinned[op]:
                flow.add_edges_from([("s", ("pin", op)), (("pin", op), (op, hop))])
    for producer, reader in graph.edges.tolist():
        for hop in range(1, tiers):
            flow.add_edge((reader, hop), (producer, hop))
            flow.add_edge(("sent", producer, hop), (reader, hop))
    for group in graph.ties:
        for first, second in itertools.permutations(group, 2):
            for hop in range(1, tiers):
                flow.add_edge((first, hop), (second, hop))
    return networkx.minimum_cut_value(flow, "s", "t") + int(lowest.sum())


@pytest.mark.parametrize("tiers", [2, 3, 4])
def test_the_cut_equals_enumeration(tiers: int) -> None:
    """100 graphs of 4 to 8 ops for each number of tiers, with pins, ties and speeds in any order."""
    used: set[int] = set()
    for seed in range(100):
        rng = np.random.default_rng(1000 * tiers + seed)
        problem = random_problem(rng, int(rng.integers(4, 9)), tiers, whole=seed % 4 == 0)
        rows = all_labellings(problem.graph, tiers)
        totals = tier_totals(problem.graph, problem.tier_costs, problem.hop_costs, rows)

        cut = tier_cut(problem)

        assert cut.value == pytest.approx(totals.min(), rel=CLOSE, abs=CLOSE), f"seed {seed}"
        assert is_labelling(problem.graph, cut.labels, tiers)
        assert abs(cut.value - cut.bound) <= cut.bound_error + 1e-12 * abs(cut.value)
        assert tier_cost(problem, rows[-1]) == pytest.approx(totals[-1])
        used |= set(cut.labels.tolist())
    assert used == set(range(tiers))


def test_is_labelling_accepts_exactly_what_is_enumerated() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, 4, device=1)
        accepted = {row for row in itertools.product(range(3), repeat=4) if is_labelling(graph, row, 3)}
        assert accepted == set(map(tuple, all_labellings(graph, 3).tolist()))
    assert not is_labelling(bare(2, chain(2)), [0, 3], 3)
    assert not is_labelling(bare(2, chain(2)), [0], 3)


def test_the_cut_equals_the_textbook_network() -> None:
    """Beyond what can be enumerated: 60 graphs of 10 to 40 ops with integer costs."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        problem = random_problem(rng, int(rng.integers(10, 41)), int(rng.integers(2, 5)), whole=True)

        assert tier_cut(problem).value == textbook_value(problem), f"seed {seed}"


def test_costs_over_36_decades_lose_nothing() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 7)), device=1)
        problem = TierProblem(
            graph=graph,
            tier_costs=10 ** rng.uniform(-18, 18, (graph.op_count, 3)),
            hop_costs=10 ** rng.uniform(-18, 18, (graph.op_count, 2)),
        )
        least = min(tier_cost(problem, labels) for labels in all_labellings(graph, 3))
        cut = tier_cut(problem)
        assert cut.value == pytest.approx(least, rel=1e-12), f"seed {seed}"
        assert least * (1 - 1e-11) <= cut.bound <= least * (1 + 1e-14), f"seed {seed}"


def test_two_tiers_are_the_two_tier_cut() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        problem = random_problem(rng, int(rng.integers(2, 60)), 2)
        device, server = problem.tier_costs.T

        two = minimum_cut(
            problem.graph, device_weight=device - server, crossing_weight=problem.hop_costs[:, 0]
        )

        cut = tier_cut(problem)
        assert cut.value == pytest.approx(two.value + server.sum(), rel=CLOSE, abs=CLOSE), f"seed {seed}"
        assert (cut.labels == 0).tolist() == two.mask.tolist()


def test_two_tiers_have_the_network_of_the_two_tier_cut() -> None:
    """No pins and no ties: the same arcs, and a root without any op beside them."""
    graph = random_graph(np.random.default_rng(3), 20, device=1, pins=False, ties=False)
    _, network = tier_network(graph, 1)
    two = flow_network(graph)

    assert (network.node_count, len(network.tail)) == (two.node_count + 1, len(two.tail) + 2)


@pytest.mark.parametrize("tiers", [2, 3, 4])
@pytest.mark.parametrize("ops", [1, 2, 5, 12])
def test_a_chain_equals_all_its_cut_positions(ops: int, tiers: int) -> None:
    """Positions c_1 <= … <= c_(K-1): ops before c_1 on tier 0, and so on; an empty tier relays."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        costs, hops = rng.random((ops, tiers)), 2 * rng.random((ops, tiers - 1))
        problem = TierProblem(graph=bare(ops, chain(ops)), tier_costs=costs, hop_costs=hops)
        least = np.inf
        for ends in itertools.combinations_with_replacement(range(ops + 1), tiers - 1):
            bounds = [0, *ends, ops]
            work = sum(costs[bounds[tier] : bounds[tier + 1], tier].sum() for tier in range(tiers))
            sent = sum(hops[end - 1, hop] for hop, end in enumerate(ends) if 0 < end < ops)
            least = min(least, work + sent)

        assert tier_cut(problem).value == pytest.approx(least, rel=CLOSE)


def test_a_tensor_with_several_readers_is_counted_once() -> None:
    """Op 0 stays, its three readers cost 9 there and 0 beyond: one tensor of 4, not 12."""
    fan = bare(4, [(0, 1), (0, 2), (0, 3)], pinned=(0,))
    costs = np.array([[0.0, 0.0], [9, 0], [9, 0], [9, 0]])

    cut = tier_cut(TierProblem(graph=fan, tier_costs=costs, hop_costs=np.full((4, 1), 4.0)))

    assert (cut.value, cut.labels.tolist()) == (4.0, [0, 1, 1, 1])


def test_readers_on_two_tiers_share_the_first_hop() -> None:
    """Readers on tiers 1 and 2: hop 0 once, hop 1 once, 3 + 5."""
    fan = bare(3, [(0, 1), (0, 2)], pinned=(0,))
    costs = np.array([[0.0, 0, 0], [99, 0, 99], [99, 99, 0]])

    cut = tier_cut(TierProblem(graph=fan, tier_costs=costs, hop_costs=[[3.0, 5.0], [9, 9], [9, 9]]))

    assert (cut.value, cut.labels.tolist()) == (8.0, [0, 1, 2])
    assert crossing_hops(fan, cut.labels, 3)[0].tolist() == [True, True]


def test_a_tensor_relayed_over_two_hops_pays_both() -> None:
    """Only tier 2 is cheap for op 1: 3 + 5 and 1 there."""
    costs = np.array([[0.0, 99, 99], [99, 99, 1]])
    problem = TierProblem(graph=bare(2, chain(2)), tier_costs=costs, hop_costs=[[3.0, 5.0], [0, 0]])

    cut = tier_cut(problem)

    assert (cut.value, cut.labels.tolist()) == (9.0, [0, 2])


def test_tiers_do_not_fall_along_an_edge_where_that_would_be_free() -> None:
    """Op 1 is cheap on tier 0 and its producer on tier 2: together 10 on any tier, 2 apart."""
    costs = np.array([[9.0, 9, 1], [1, 9, 9]])
    problem = TierProblem(graph=bare(2, chain(2)), tier_costs=costs, hop_costs=np.zeros((2, 2)))

    assert tier_cut(problem).value == 10.0


def test_a_pin_holds_all_before_it_and_a_tie_holds_ops_together() -> None:
    """Chain of 5 with op 1 pinned and 2 tied to 4: 2, 3, 4 are on one tier."""
    graph = SplitGraph(
        op_count=5,
        edges=chain(5),
        device_features=[],
        crossing_features=[],
        pinned=np.arange(5) == 1,
        ties=((2, 4),),
    )
    costs = np.array([[9.0, 9, 0], [9, 9, 0], [4, 0, 4], [0, 9, 9], [9, 1, 0]])

    cut = tier_cut(TierProblem(graph=graph, tier_costs=costs, hop_costs=np.zeros((5, 2))))

    # 18 for the pinned two; then tiers 0, 1, 2 cost 13, 10, 13
    assert (cut.value, cut.labels.tolist()) == (28.0, [0, 0, 1, 1, 1])


def test_what_all_tiers_of_an_op_cost_more_moves_nothing() -> None:
    rng = np.random.default_rng(8)
    problem = random_problem(rng, 30, 3, whole=True)
    more = rng.integers(-1000, 1000, (30, 1))
    dearer = TierProblem(
        graph=problem.graph, tier_costs=problem.tier_costs + more, hop_costs=problem.hop_costs
    )

    assert tier_cut(dearer).value == tier_cut(problem).value + more.sum()
    assert tier_cut(dearer).labels.tolist() == tier_cut(problem).labels.tolist()


def test_costs_over_eight_decades_lose_nothing() -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 8)), device=1)
        costs = 10 ** rng.uniform(-6, 2, (graph.op_count, 3))
        hops = 10 ** rng.uniform(-6, 2, (graph.op_count, 2))
        totals = tier_totals(graph, costs, hops, all_labellings(graph, 3))

        cut = tier_cut(TierProblem(graph=graph, tier_costs=costs, hop_costs=hops))

        assert cut.value == pytest.approx(totals.min(), rel=CLOSE), f"seed {seed}"


def test_four_tiers_of_400_ops_take_less_than_a_tenth_of_a_second() -> None:
    """The best of five on a graph of about 1,900 edges; the network is built once."""
    problem = random_dag_problem(np.random.default_rng(5), ops=400, reads=5, tiers=4)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        tier_cut(problem)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.1


def random_dag_problem(rng: np.random.Generator, *, ops: int, reads: int, tiers: int) -> TierProblem:
    """Each op reads up to `reads` of the 30 before it; every tier is 6 times the speed of the last."""
    edges = [
        (int(u), v)
        for v in range(1, ops)
        for u in v - 1 - rng.choice(min(v, 30), min(v, reads), replace=False)
    ]
    return TierProblem(
        graph=bare(ops, edges, pinned=(0,)),
        tier_costs=rng.random((ops, 1)) / 6.0 ** np.arange(tiers),
        hop_costs=rng.random((ops, tiers - 1)),
    )


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"tier_costs": np.zeros((3, 1))}, "two or more tiers"),
        ({"tier_costs": np.zeros((2, 3))}, r"tier_costs has shape \(2, 3\); give 3 ops"),
        ({"hop_costs": np.zeros((3, 3))}, r"hop_costs has shape \(3, 3\); give \(3, 2\)"),
        ({"tier_costs": np.full((3, 3), np.nan)}, "tier_costs of op 0 are .* every cost must be finite"),
        ({"hop_costs": np.array([[0.0, 0], [0, -1], [0, 0]])}, "hop_costs of op 1 .* cannot earn"),
    ],
)
def test_costs_without_a_cut_are_refused(tables: dict[str, np.ndarray], sentence: str) -> None:
    given = {"tier_costs": np.zeros((3, 3)), "hop_costs": np.zeros((3, 2)), **tables}

    with pytest.raises(SolverError, match=sentence):
        TierProblem(graph=bare(3, chain(3)), **given)
