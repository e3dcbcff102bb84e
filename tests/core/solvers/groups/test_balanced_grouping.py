"""Groups that look like everyone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from cutwise.solvers.groups.balanced_grouping import balanced_groups
from cutwise.solvers.groups.grouping import random_groups


def label_distance(histograms: list[list[int]], groups: Sequence[Sequence[int]]) -> float:
    """How unlike the groups' labels are: mean total variation distance to the labels of all, 0 to 1."""
    counts = np.asarray(histograms, dtype=np.float64)
    sums = np.array([counts[list(group)].sum(axis=0) for group in groups])
    shares = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1e-300)
    everyone = counts.sum(axis=0) / max(np.sum(counts), 1e-300)
    return float(0.5 * np.abs(shares - everyone).sum(axis=1).mean())


def test_balanced_groups_have_everyones_labels() -> None:
    """Forty items with one label each of four: ten groups of four can hold each label once."""
    histograms = 50 * np.eye(4)[np.arange(40) // 10]
    found = balanced_groups(np.ones(40), 10, histograms=histograms)
    assert label_distance(histograms, found.groups) == pytest.approx(0.0)
    assert label_distance(histograms, [tuple(range(i, i + 4)) for i in range(0, 40, 4)]) > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_balanced_groups_are_nearer_than_drawn_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    histograms = rng.dirichlet(np.full(10, 0.3), 30) * rng.integers(100, 600, (30, 1))
    balanced = balanced_groups(np.ones(30), 6, histograms=histograms).groups
    drawn = random_groups(np.ones(30), 6, seed=seed).groups
    assert label_distance(histograms, balanced) < 0.75 * label_distance(histograms, drawn)
