"""The minimum cut against enumeration and against networkx with integers."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import networkx
import numpy as np
import pytest

from cutwise.arrays import Floats
from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.max_flow import flow_network, minimum_cut, split_cost
from cutwise.cuts.split_graph import SplitGraph, crossing_ops, features_of, is_split
from cutwise.errors import SolverError
from tests.core.cuts.graphs import ZOO, chain, graph_of, random_graph


def weights_of(graph: SplitGraph) -> dict[str, np.ndarray]:
    return {"device_weight": graph.device_features[:, 0], "crossing_weight": graph.crossing_features[:, 0]}


def networkx_value(graph: SplitGraph, device: list[int], crossing: list[int]) -> int:
    """The least cost by networkx, on a network of its own with integer capacities and no reversal."""
    flow = networkx.DiGraph()
    flow.add_nodes_from(["device", "server"])
    for op in range(graph.op_count):
        flow.add_edge("device", op, **({} if graph.pinned[op] else {"capacity": max(-device[op], 0)}))
        flow.add_edge(op, "server", capacity=max(device[op], 0))
        flow.add_edge(op, ("sent", op), capacity=crossing[op])
    for producer, reader in graph.edges.tolist():
        flow.add_edge(("sent", producer), reader)
        flow.add_edge(reader, producer)
    for group in graph.ties:
        flow.add_edges_from(zip(group, group[1:] + group[:1], strict=True))
    return networkx.minimum_cut_value(flow, "device", "server") + sum(min(w, 0) for w in device)


def test_integer_costs_are_those_of_networkx() -> None:
    for seed in range(150):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 25)), device=1)
        device = rng.integers(-20, 40, graph.op_count)
        crossing = rng.integers(0, 60, graph.op_count)
        cut = minimum_cut(graph, device_weight=device, crossing_weight=crossing)
        assert cut.value == networkx_value(graph, device.tolist(), crossing.tolist()), f"seed {seed}"
        assert cut.bound == pytest.approx(cut.value, abs=1e-9)


def test_of_equal_optima_the_one_with_the_fewest_ops_on_the_device_is_returned() -> None:
    several = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 10)), device=1, whole=True)
        splits = all_splits(graph)
        costs = features_of(graph, splits).sum(axis=1)
        optimal = splits[costs == costs.min()]
        several += len(optimal) > 1
        mask = minimum_cut(graph, **weights_of(graph)).mask
        assert mask.tolist() == optimal.all(axis=0).tolist(), f"seed {seed}"
    assert several > 50


def test_weights_over_eight_decades_lose_nothing() -> None:
    for seed in range(150):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 10)), device=1)
        device = 10 ** rng.uniform(-6, 2, graph.op_count) * rng.choice([-1.0, 1.0], graph.op_count)
        crossing = 10 ** rng.uniform(-6, 2, graph.op_count)
        cut = minimum_cut(graph, device_weight=device, crossing_weight=crossing)
        splits = all_splits(graph)
        least = min(
            split_cost(graph, mask, device_weight=device, crossing_weight=crossing) for mask in splits
        )
        assert cut.value == pytest.approx(least, rel=1e-9, abs=1e-12), f"seed {seed}"
        assert abs(cut.value - cut.bound) <= cut.bound_error + 1e-12 * abs(cut.value)
        assert is_split(graph, cut.mask)


def exact_cost(
    graph: SplitGraph, mask: np.ndarray, device: Floats, server: Floats, crossing: Floats
) -> Fraction:
    """The cost of a split as a fraction, from the definition."""
    sent = crossing_ops(graph, mask)[0]
    terms = [*device[mask], *server[~mask], *crossing[sent]]
    return sum((Fraction(float(term)) for term in terms), Fraction(0))


def test_weights_over_36_decades_lose_nothing() -> None:
    """Against fractions: no bound above the least cost, and none that is not within a billionth of it."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 10)), device=1)
        device, server, crossing = (
            10 ** rng.uniform(-18, 18, graph.op_count) * (rng.random(graph.op_count) < 0.9) for _ in range(3)
        )
        cut = minimum_cut(graph, device_weight=device, server_weight=server, crossing_weight=crossing)
        least = min(exact_cost(graph, mask, device, server, crossing) for mask in all_splits(graph))
        assert Fraction(cut.bound) <= least * (1 + Fraction(1, 10**15)), f"seed {seed}"
        assert Fraction(cut.bound) >= least * (1 - Fraction(1, 10**11)), f"seed {seed}"
        assert cut.value == pytest.approx(float(least), rel=1e-12), f"seed {seed}"


@pytest.mark.parametrize("power", [-18, 18])
def test_an_arc_as_large_as_all_arcs_takes_no_digits(power: int) -> None:
    """Chain: all but op 2 are cheap at the server, which costs 10^power there and 1 on the device."""
    cut = minimum_cut(
        graph_of(chain(4), device=1),
        device_weight=[0.0, 5.0, 1.0, 90.0],
        server_weight=[0.0, 4.0, 10.0**power, 2.0],
        crossing_weight=[1.0, 5.0, 0.25, 0.0],
    )
    assert cut.value == (6 + 2 + 0.25 if power > 0 else 1 + 4 + 10.0**power + 2)
    assert cut.bound == pytest.approx(cut.value, rel=1e-12)


@pytest.mark.parametrize("name", ZOO)
def test_the_certificate_of_a_zoo_like_graph_is_close(name: str) -> None:
    graph = graph_of(ZOO[name](), seed=11, device=1)

    cut = minimum_cut(graph, **weights_of(graph))

    assert cut.bound == pytest.approx(cut.value, rel=1e-12)
    assert cut.bound_error < 1e-12 * abs(graph.crossing_features.sum() + graph.device_features.sum())


def test_forbidden_tensors_never_cross() -> None:
    """Chain with outputs 1, 5, 9: forbidding the cheapest moves the cut behind op 1."""
    graph = graph_of(chain(4), device=1)
    arguments = {"device_weight": [0.0, 1, 1, 90], "crossing_weight": [1.0, 5, 9, 0]}

    free = minimum_cut(graph, **arguments)
    forced = minimum_cut(graph, **arguments, forbidden_crossing=[True, False, False, False])
    nothing = minimum_cut(graph, **arguments, forbidden_crossing=[True] * 4)

    assert (free.value, free.mask.sum()) == (1.0, 1)
    assert (forced.value, forced.mask.sum()) == (6.0, 2)
    # nothing may cross: everything on the device, 0 + 1 + 1 + 90
    assert (nothing.value, nothing.mask.sum()) == (92.0, 4)


def test_forbidden_tensors_match_enumeration() -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 9)), device=1)
        forbidden = rng.random(graph.op_count) < 0.3
        splits = all_splits(graph)
        legal = ~(crossing_ops(graph, splits) & forbidden).any(axis=1)
        cut = minimum_cut(graph, **weights_of(graph), forbidden_crossing=forbidden)
        least = features_of(graph, splits[legal]).sum(axis=1).min()
        assert cut.value == pytest.approx(least, rel=1e-9, abs=1e-9), f"seed {seed}"


def test_all_zero_weights_cost_nothing() -> None:
    cut = minimum_cut(graph_of(chain(5)), device_weight=np.zeros(5), crossing_weight=np.zeros(5))

    assert (cut.value, cut.bound, cut.bound_error) == (0.0, 0.0, 0.0)


def test_the_network_is_built_once_for_equal_graphs() -> None:
    assert flow_network(graph_of(chain(7))) is flow_network(graph_of(chain(7)))


def test_only_tensors_with_several_readers_have_an_auxiliary_vertex() -> None:
    """Diamond: 4 vertices, one for the tensor of op 0, source and sink; arcs 4 + 4, 3 senders, 2, 4 back."""
    network = flow_network(graph_of([(0, 1), (0, 2), (1, 3), (2, 3)]))

    assert network.node_count == 7
    assert len(network.tail) == 17
    assert Counter(network.tail.tolist())[4] == 2


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"device_weight": [0.0, np.nan, 0.0]}, "device_weight of op 1 is nan"),
        ({"crossing_weight": [0.0, 0.0, np.inf]}, "crossing_weight of op 2 is inf"),
        ({"crossing_weight": [0.0, -2.0, 1.0]}, "op 1 is -2.0; a tensor sent cannot earn"),
        ({"device_weight": [0.0]}, "one number for each of 3 ops"),
    ],
)
def test_weights_without_a_cut_are_refused(weights: dict[str, list[float]], sentence: str) -> None:
    arguments = {"device_weight": [0.0] * 3, "crossing_weight": [0.0] * 3, **weights}

    with pytest.raises(SolverError, match=sentence):
        minimum_cut(graph_of(chain(3)), **arguments)


def test_the_error_is_a_unit_for_every_capacity_rounded_down_and_that_of_the_sum() -> None:
    """All on the device costs 2 < 2^2: units of 2^(2 - 61), four capacities rounded; the flow is 1."""
    cut = minimum_cut(graph_of(chain(3)), device_weight=[0.0, 1, 1], crossing_weight=[1.0, 1, 1])

    assert cut.bound_error == 4 * 2.0**-59 + 2.0**-52
    assert (cut.value, cut.bound) == (1.0, 1.0)


def test_a_pin_holds_where_it_costs_all_there_is_to_cost() -> None:
    cut = minimum_cut(graph_of(chain(2), pinned=[0, 1]), device_weight=[1.0, 1.0], crossing_weight=[0.0, 0.0])

    assert (cut.value, cut.mask.tolist()) == (2.0, [True, True])


def test_the_time_told_is_that_of_the_search() -> None:
    cut = minimum_cut(graph_of(chain(3)), device_weight=[0.0, 1, 1], crossing_weight=[1.0, 1, 1])

    assert 0 <= cut.runtime_s < 60
