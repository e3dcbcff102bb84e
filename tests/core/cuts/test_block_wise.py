"""Gates, the intra-block test and its guard, and the value of the whole against max-flow."""

from __future__ import annotations

import time

import numpy as np
import pytest

from cutwise.cuts.block_wise import block_wise_cut
from cutwise.cuts.gates import find_blocks, intra_block_test
from cutwise.cuts.max_flow import minimum_cut
from cutwise.cuts.split_graph import SplitGraph, is_split
from cutwise.errors import SolverError
from tests.core.cuts.graphs import ZOO, chain, dense, graph_of, inception, residual


def wide_block(server_faster: bool = True) -> SplitGraph:
    """0 -> 1, then 1 -> {2, 3} -> 4 -> 5: one block, {2, 3, 4}, after gate 1. Tensors 6, 5, 3, 2, 5, 1."""
    inside = 1.0 if server_faster else -1.0
    return SplitGraph(
        op_count=6,
        edges=[(0, 1), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5)],
        device_features=np.array([0.0, 1, inside, inside, 1, 90])[:, None],
        crossing_features=np.array([6.0, 5, 3, 2, 5, 1])[:, None],
        pinned=np.arange(6) == 0,
    )


def weights_of(graph: SplitGraph) -> dict[str, np.ndarray]:
    return {"device_weight": graph.device_features[:, 0], "crossing_weight": graph.crossing_features[:, 0]}


def test_a_block_is_what_lies_between_two_gates() -> None:
    blocks = find_blocks(wide_block())

    assert blocks.gates.tolist() == [0, 1, 4, 5]
    assert [blocks.ops(i).tolist() for i in range(len(blocks.entry))] == [[2, 3, 4]]


def test_a_skip_over_a_vertex_means_that_it_is_no_gate() -> None:
    """In a dense block every vertex is comparable with every other, yet only its ends are gates."""
    blocks = find_blocks(graph_of(dense(2, 4)))

    assert blocks.gates.tolist() == [0, 4, 8]


def test_an_output_on_the_way_is_no_gate_and_hides_none_when_it_costs_nothing() -> None:
    edges = [*chain(4), (1, 4)]
    paid = graph_of(edges, device=1)
    free = SplitGraph(
        op_count=5,
        edges=edges,
        device_features=[[1.0], [1.0], [1.0], [1.0], [0.0]],
        crossing_features=[[1.0]] * 5,
        pinned=np.arange(5) == 0,
    )

    assert find_blocks(paid).gates.tolist() == [0, 1]
    assert find_blocks(free).gates.tolist() == [0, 1, 2, 3]


def test_the_block_passes_when_no_cut_inside_sends_less_than_what_enters() -> None:
    """Inside: both branches begun sends 3 + 2 = 5, one begun sends 5 and 3 or 2; 5 enters: it passes."""
    graph = wide_block()
    test = intra_block_test(find_blocks(graph), graph.crossing_features[:, 0])

    assert (test.entering.tolist(), test.internal.tolist(), test.passed.tolist()) == ([5.0], [5.0], [True])


def test_a_contracted_block_leaves_a_chain_that_a_scan_solves() -> None:
    """Prefixes up to gates 0, 1, 4, 5 cost 6, 1 + 5, 4 + 5 and 94: the first of the two 6."""
    cut = block_wise_cut(graph := wide_block(), **weights_of(graph))

    assert (cut.value, cut.method, cut.vertices, cut.vertices_before) == (6.0, "prefix_scan", 4, 6)
    assert cut.mask.tolist() == [True, False, False, False, False, False]
    (block,) = cut.blocks
    assert (block.ops, block.passed, block.contracted) == ((2, 3, 4), True, True)


def test_the_guard_keeps_a_block_whose_ops_are_cheaper_on_the_device() -> None:
    """With -1 on ops 2 and 3, keeping {0, 1, 2, 3} costs 1 - 2 + 5 = 4, less than any gate."""
    graph = wide_block(server_faster=False)

    cut = block_wise_cut(graph, **weights_of(graph))
    blind = block_wise_cut(graph, **weights_of(graph), contract_all=True)

    assert (cut.value, cut.method) == (4.0, "max_flow")
    assert (cut.blocks[0].passed, cut.blocks[0].contracted) == (True, False)
    # blind: gates cost 6, 6, 1 - 2 + 1 + 5 = 5 and 91
    assert blind.value == 5.0


@pytest.mark.parametrize("name", ZOO)
def test_block_wise_equals_max_flow_on_zoo_like_graphs(name: str) -> None:
    graph = graph_of(ZOO[name](), seed=5, device=1)
    rng = np.random.default_rng(6)
    test = intra_block_test(find_blocks(graph), graph.crossing_features[:, 0])

    for _ in range(40):
        device = graph.device_features[:, 0] * 10 ** rng.uniform(-4, 1)
        device = device * rng.choice([1.0, -1.0], graph.op_count, p=[0.9, 0.1])
        crossing = graph.crossing_features[:, 0] * 10 ** rng.uniform(-3, 1)
        general = minimum_cut(graph, device_weight=device, crossing_weight=crossing)
        fresh = block_wise_cut(graph, device_weight=device, crossing_weight=crossing)
        reused = block_wise_cut(graph, device_weight=device, crossing_weight=crossing, test=test)
        blind = block_wise_cut(graph, device_weight=device, crossing_weight=crossing, contract_all=True)
        assert fresh.value == pytest.approx(general.value, rel=1e-9)
        assert reused.value == pytest.approx(general.value, rel=1e-9)
        assert blind.value >= general.value - 1e-9 * abs(general.value)
        assert is_split(graph, fresh.mask)
        assert reused.test is test


def test_blind_contraction_loses_on_inception_blocks() -> None:
    """Each branch ends in a tensor a tenth of what enters: inside is the best place, between is not."""
    edges = inception(3, (2, 2))
    tensors = np.full(1 + max(v for _, v in edges), 0.1)
    tensors[[0, 5, 10, 15]] = 1.0
    graph = SplitGraph(
        op_count=16,
        edges=edges,
        device_features=np.full((16, 1), 0.01),
        crossing_features=tensors[:, None],
        pinned=np.arange(16) == 0,
    )

    exact = block_wise_cut(graph, **weights_of(graph))
    blind = block_wise_cut(graph, **weights_of(graph), contract_all=True)

    # ops 0, 1 and 3 on the device and two small tensors: 0.03 + 0.2; at a gate 0.16 and nothing, or 0.01 + 1
    assert exact.value == pytest.approx(0.16)
    assert blind.value == pytest.approx(0.16)
    dearer = {**weights_of(graph), "device_weight": np.where(np.arange(16) < 5, 0.01, 1.0)}
    assert block_wise_cut(graph, **dearer).value == pytest.approx(0.23)
    assert block_wise_cut(graph, **dearer, contract_all=True).value == pytest.approx(1.01)


def test_a_test_for_other_proportions_is_refused() -> None:
    graph = wide_block()
    test = intra_block_test(find_blocks(graph), graph.crossing_features[:, 0])
    other = graph.crossing_features[:, 0] + 1.0

    with pytest.raises(SolverError, match="other proportions"):
        block_wise_cut(graph, device_weight=np.ones(6), crossing_weight=other, test=test)


def test_contraction_pays_online() -> None:
    """The same back end on 60 residual blocks, best of 20: the scan beats max-flow on the whole graph."""
    graph = graph_of(residual(60), seed=2, device=1)
    tensors = np.ones(graph.op_count)
    test = intra_block_test(find_blocks(graph), tensors)

    def best_s(call: object) -> float:
        times = []
        for _ in range(20):
            began = time.perf_counter()
            call()
            times.append(time.perf_counter() - began)
        return min(times)

    arguments = {"device_weight": graph.device_features[:, 0], "crossing_weight": 1e6 * tensors}
    assert block_wise_cut(graph, **arguments, test=test).method == "prefix_scan"
    assert best_s(lambda: block_wise_cut(graph, **arguments, test=test)) < best_s(
        lambda: minimum_cut(graph, **arguments)
    )
