"""Clusters of alike items against every clustering."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.solvers.groups.clustering import alike_clusters, sizes_of


def least_total(large: list[float], small: list[float], clusters: int) -> float:
    """Over every order of the items and of the sizes."""
    sizes, best = sizes_of(len(large), clusters), np.inf
    for owner in set(itertools.permutations([k for k, size in enumerate(sizes) for _ in range(size)])):
        total = 0.0
        for k, size in enumerate(sizes):
            loads = large if size == sizes[0] else small
            total += max(loads[i] for i, part in enumerate(owner) if part == k)
        best = min(best, total)
    return best


LOADS = st.lists(st.integers(0, 50).map(float), min_size=2, max_size=6)


@given(LOADS, st.integers(1, 6), st.floats(1.0, 3.0), st.floats(0.0, 20.0))
def test_where_both_sizes_rank_alike_it_is_exact(
    small: list[float], clusters: int, slower: float, longer: float
) -> None:
    clusters = min(clusters, len(small))
    large = [slower * load + longer for load in small]
    found = alike_clusters(large, small, clusters)
    assert found.total == pytest.approx(least_total(large, small, clusters))
    assert found.bound == pytest.approx(found.total)


@given(LOADS, st.integers(1, 6), st.randoms(use_true_random=False))
def test_no_clustering_beats_the_bound(small: list[float], clusters: int, draw: object) -> None:
    clusters = min(clusters, len(small))
    large = [load + draw.randint(0, 60) for load in small]  # type: ignore[attr-defined]
    found = alike_clusters(large, small, clusters)
    assert found.bound <= least_total(large, small, clusters) <= found.total


def test_every_item_is_in_one_cluster_and_sizes_differ_by_one() -> None:
    found = alike_clusters(np.arange(11.0), np.arange(11.0), 4)
    assert sorted(itertools.chain(*found.clusters)) == list(range(11))
    assert sorted(map(len, found.clusters)) == [2, 3, 3, 3]


def test_the_order_of_sizes_matters() -> None:
    """The two slow ones together, 11 + 1, rather than the slowest alone, 9 + 10."""
    found = alike_clusters([11.0, 10.0, 3.0], [9.0, 8.0, 1.0], 2)
    assert found.clusters == ((0, 1), (2,))
    assert found.total == 12.0
