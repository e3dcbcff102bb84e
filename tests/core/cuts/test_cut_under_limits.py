"""The limited cut against enumeration, and what happens at the edge of a limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.cut_under_limits import Limit, LimitedCut, minimum_cut_within, usage
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.split_graph import SplitGraph, crossing_ops
from cutwise.errors import SolverError
from tests.core.cuts.graphs import chain, graph_of, random_graph, u_shape


def limit_on(values: list[float] | np.ndarray, cap: float, **more: np.ndarray) -> Limit:
    numbers = np.asarray(values, dtype=float)
    return Limit(name="memory", device=numbers, crossing=np.zeros(len(numbers)), cap=cap, **more)


def solved(graph: SplitGraph, *limits: Limit) -> LimitedCut:
    return minimum_cut_within(
        graph,
        device_weight=graph.device_features[:, 0],
        crossing_weight=graph.crossing_features[:, 0],
        limits=limits,
    )


@pytest.fixture
def four() -> SplitGraph:
    """Chain of 4 with net work 0, -5, -5, -5 and tensors 1, 2, 3, 0: everything on the device costs -15."""
    return SplitGraph(
        op_count=4,
        edges=chain(4),
        device_features=[[0.0], [-5.0], [-5.0], [-5.0]],
        crossing_features=[[1.0], [2.0], [3.0], [0.0]],
        pinned=np.arange(4) == 0,
    )


def test_a_limit_that_does_not_bind_costs_nothing(four: SplitGraph) -> None:
    cut = solved(four, limit_on([1, 1, 1, 1], 4))

    assert (cut.status, cut.value, cut.method) == ("optimal", -15.0, "max_flow")


def test_a_limit_that_binds_moves_the_cut(four: SplitGraph) -> None:
    """Room for two ops: {0, 1} costs -5 + 2."""
    cut = solved(four, limit_on([1, 1, 1, 1], 2))

    assert (cut.status, cut.value, cut.method) == ("optimal", -3.0, "cp_sat")
    assert cut.mask.tolist() == [True, True, False, False]
    assert cut.bound == pytest.approx(-3.0)


def test_what_exactly_fits_fits(four: SplitGraph) -> None:
    """0.1 + 0.2 is a little more than 0.3 in float64, and so is the cap."""
    assert solved(four, limit_on([0.1, 0.2, 1, 1], 0.1 + 0.2)).value == -3.0
    assert solved(four, limit_on([0.1, 0.2, 1, 1], 0.3)).value == 1.0


def test_without_pins_a_split_that_just_does_not_fit_is_excluded_once() -> None:
    """0.1 + 0.2 exceeds 0.3 by an ulp: one of two unordered ops is on the device for -5, proven optimal."""
    graph = SplitGraph(
        op_count=2, edges=[], device_features=[[-5.0], [-4.0]], crossing_features=np.zeros((2, 1))
    )

    cut = solved(graph, limit_on([0.1, 0.2], 0.3))

    assert (cut.status, cut.value) == ("optimal", -5.0)


def test_an_infeasible_limit_is_an_answer(four: SplitGraph) -> None:
    cut = solved(four, limit_on([2, 1, 1, 1], 1))

    assert (cut.status, cut.value, cut.mask) == ("infeasible", np.inf, None)
    assert solved(four, limit_on([2, 1, 1, 1], -1e300)).status == "infeasible"


def test_the_largest_transient_counts_once(four: SplitGraph) -> None:
    """One byte an op and the largest of 1, 4, 2, 2: {0, 1} needs 2 + 4, all four need 4 + 4."""
    limit = limit_on([1, 1, 1, 1], 7, peak=np.array([1.0, 4, 2, 2]))

    assert usage(four, limit, all_splits(four)).tolist() == [2, 6, 7, 8]
    assert solved(four, limit).value == -10 + 3


def test_traffic_can_be_limited(four: SplitGraph) -> None:
    limit = Limit(name="traffic", device=np.zeros(4), crossing=np.array([8.0, 9, 7, 0]), cap=7.5)
    heavy = limit_on([1, 1, 1, 9], 5)

    assert solved(four, limit, heavy).mask.tolist() == [True, True, True, False]


def test_several_limits_match_enumeration() -> None:
    statuses = set()
    for seed in range(300):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 10)), device=3, peak=1, whole=seed % 3 == 0)
        splits = all_splits(graph)
        peak = graph.peak_features[:, 0]
        limits = [
            Limit(name="memory", device=np.abs(graph.device_features[:, 1]), peak=peak,
                  crossing=np.zeros(graph.op_count), cap=0.0),
            Limit(name="energy", device=graph.device_features[:, 2],
                  crossing=graph.crossing_features[:, 0], cap=0.0),
        ]  # fmt: skip
        limits = [
            Limit(name=old.name, device=old.device, peak=old.peak, crossing=old.crossing, cap=float(cap))
            for old in limits
            for cap in [np.quantile(usage(graph, old, splits), rng.uniform(-0.0, 0.9)) - (seed % 7 == 0)]
        ]
        cost = (
            splits @ graph.device_features[:, 0] + crossing_ops(graph, splits) @ graph.crossing_features[:, 0]
        )
        fits = np.all([usage(graph, limit, splits) <= limit.cap for limit in limits], axis=0)
        cut = solved(graph, *limits)
        statuses.add((cut.status, cut.method))
        assert cut.value == pytest.approx(cost[fits].min(initial=np.inf), rel=1e-9, abs=1e-9), f"seed {seed}"
        assert cut.status == ("optimal" if fits.any() else "infeasible"), f"seed {seed}"
        assert all(usage(graph, limit, cut.mask)[0] <= limit.cap for limit in limits if cut.mask is not None)
    assert statuses == {("optimal", "max_flow"), ("optimal", "cp_sat"), ("infeasible", "cp_sat")}


def test_coefficients_beyond_32_bits_lose_no_optimum_in_presolve() -> None:
    """Graphs without pins whose readers share producers.

    OR-Tools 9.15 lost one optimum in a thousand of these where each peak had a constraint with a condition.
    """
    for seed in range(600):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(4, 9)), device=2, peak=1, pins=False)
        splits = all_splits(graph)
        memory = limit_on(np.abs(graph.device_features[:, 1]), 0.0, peak=graph.peak_features[:, 0])
        used = usage(graph, memory, splits)
        limit = limit_on(memory.device, float(rng.uniform(0, used.max())), peak=graph.peak_features[:, 0])
        cost = (
            splits @ graph.device_features[:, 0] + crossing_ops(graph, splits) @ graph.crossing_features[:, 0]
        )
        least = cost[used <= limit.cap].min(initial=np.inf)
        assert solved(graph, limit).value == pytest.approx(least, rel=1e-9, abs=1e-9), f"seed {seed}"


@pytest.mark.parametrize("room", [0.2, 0.5, 0.8])
def test_a_u_shaped_graph_within_memory_matches_the_filtered_pool(room: float) -> None:
    graph = graph_of(u_shape(8), seed=4)
    pool = build_pool(graph)
    cap = float(room * graph.device_features[:, 1].sum())

    cut = minimum_cut_within(
        graph,
        device_weight=graph.device_features[:, 0],
        crossing_weight=1e4 * graph.crossing_features[:, 0],
        limits=[limit_on(graph.device_features[:, 1], cap)],
    )

    assert cut.value == pytest.approx(pool.best([1.0, 0.0, 1e4], allowed=pool.column("device_1") <= cap)[0])


def test_no_answer_in_time_is_an_error_that_says_so(four: SplitGraph) -> None:
    with pytest.raises(SolverError, match=r"no split within memory was found in 0\.0 s"):
        minimum_cut_within(
            four,
            device_weight=[0.0, -5, -5, -5],
            crossing_weight=[1.0, 2, 3, 0],
            limits=[limit_on([1, 1, 1, 1], 2)],
            time_limit_s=0.0,
        )


def test_limits_and_costs_over_36_decades_match_enumeration() -> None:
    statuses = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 8)), device=1)
        device, server, crossing, here, there = (10 ** rng.uniform(-18, 18, graph.op_count) for _ in range(5))
        splits = all_splits(graph)
        limit = Limit(name="memory", device=here, server=there, crossing=np.zeros(graph.op_count), cap=0.0)
        used = usage(graph, limit, splits)
        limit = replace(limit, cap=float(rng.choice(used) * rng.choice([1.0, 0.999, 1.001])))
        cut = minimum_cut_within(
            graph, device_weight=device, server_weight=server, crossing_weight=crossing, limits=[limit]
        )
        cost = splits @ device + ~splits @ server + crossing_ops(graph, splits) @ crossing
        least = cost[used <= limit.cap].min(initial=np.inf)
        statuses.add((cut.status, cut.method))
        assert cut.value == pytest.approx(least, rel=1e-9), f"seed {seed}"
        assert cut.bound <= least * (1 + 1e-12), f"seed {seed}"
        assert cut.status == ("optimal" if np.isfinite(least) else "infeasible"), f"seed {seed}"
    assert {("optimal", "cp_sat"), ("optimal", "max_flow"), ("infeasible", "cp_sat")} <= statuses
