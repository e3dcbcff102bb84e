"""The cheapest splits in order, against every split of small graphs, and on graphs of thousands of ops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.max_flow import split_cost
from cutwise.cuts.near_cuts import near_cuts
from cutwise.cuts.split_graph import SplitGraph, is_split

WANTED = 6


def graph_of(count: int, edges: list[tuple[int, int]], **given: object) -> SplitGraph:
    nothing = np.zeros((count, 1))
    arcs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    return SplitGraph(op_count=count, edges=arcs, device_features=nothing, crossing_features=nothing, **given)  # type: ignore[arg-type]


def drawn(rng: np.random.Generator) -> tuple[SplitGraph, np.ndarray, np.ndarray]:
    """A random graph, sometimes with pins and a tie, with whole, plain or far-flung weights."""
    count = int(rng.integers(2, 11))
    density = rng.choice([0.2, 0.5])
    edges = [(i, j) for j in range(count) for i in range(j) if rng.random() < density]
    tied = rng.random() < 0.3 and count > 3
    ties = (tuple(sorted(rng.choice(count, 2, replace=False).tolist())),) if tied else ()
    graph = graph_of(count, edges, pinned=rng.random(count) < 0.2, ties=ties)
    kind = rng.integers(3)
    device, crossing = rng.normal(size=count), np.abs(rng.normal(size=count))
    if kind == 0:
        device, crossing = np.round(2 * device), np.round(2 * crossing)
    if kind == 1:
        device, crossing = (one * 10.0 ** rng.uniform(-6, 6, count) for one in (device, crossing))
    return graph, device, crossing


@pytest.mark.parametrize("seed", range(200))
def test_no_cheaper_split_is_left_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph, device, crossing = drawn(rng)
    masks = all_splits(graph)
    costs = np.array(
        [split_cost(graph, one, device_weight=device, crossing_weight=crossing) for one in masks]
    )
    below = math.inf if seed % 2 else float(np.sort(costs)[min(len(costs) - 1, seed % 7)])
    wanted = int(rng.integers(1, 8))
    near = near_cuts(graph, device_weight=device, crossing_weight=crossing, below=below, wanted=wanted)
    found = {one.tobytes() for one in near.masks}
    assert len(found) == len(near.masks)
    assert found <= {one.tobytes() for one in masks}
    limit = min(below, near.bound)
    assert {one.tobytes() for one, cost in zip(masks, costs, strict=True) if cost < limit} <= found
    if near.bound < below:
        best = sorted(c for one, c in zip(masks, costs, strict=True) if one.tobytes() in found)[:wanted]
        assert best == pytest.approx(np.sort(costs)[:wanted].tolist(), rel=1e-9, abs=near.noise)


def test_a_diamond_by_hand() -> None:
    """x sends 6, a 2, b 1, c nothing; work on the device costs 0, 1, 2 and 9.

    x alone pays 6; x and a pay 1 + 6 + 2 = 9, as b still reads x; x and b pay 2 + 6 + 1 = 9; x, a and b
    pay 3 + 2 + 1 = 6; all pay 12.
    """
    graph = graph_of(4, [(0, 1), (0, 2), (1, 3), (2, 3)], pinned=np.arange(4) == 0)
    near = near_cuts(
        graph, device_weight=[0.0, 1.0, 2.0, 9.0], crossing_weight=[6.0, 2.0, 1.0, 5.0], wanted=5
    )
    priced = sorted(
        split_cost(
            graph,
            one,
            device_weight=np.array([0.0, 1.0, 2.0, 9.0]),
            crossing_weight=np.array([6.0, 2.0, 1.0, 5.0]),
        )
        for one in near.masks
    )
    assert priced == [6.0, 6.0, 9.0, 9.0, 12.0]


@pytest.mark.parametrize("skips", [False, True])
def test_of_thousands_of_ops_few_are_tried(skips: bool) -> None:
    """The splits of a chain are its prefixes, which are priced by running sums."""
    rng, count = np.random.default_rng(3), 2000
    edges = [(i, i + 1) for i in range(count - 1)]
    edges += [(i, i + 5) for i in range(0, count - 5, 7)] if skips else []
    graph = graph_of(count, edges, pinned=np.arange(count) == 0)
    device = 0.01 * np.abs(rng.normal(size=count))
    crossing = np.abs(rng.normal(size=count)) * np.linspace(5, 1, count)
    near = near_cuts(graph, device_weight=device, crossing_weight=crossing, wanted=WANTED)
    costs = sorted(
        split_cost(graph, one, device_weight=device, crossing_weight=crossing) for one in near.masks
    )
    assert len(costs) >= WANTED
    assert all(is_split(graph, one) for one in near.masks)
    assert near.bound >= costs[WANTED - 2]
    prefixes = np.sort(np.cumsum(device) + np.append(crossing[:-1], 0.0))
    if not skips:
        assert costs[:WANTED] == pytest.approx(prefixes[:WANTED].tolist())
