"""Quantisers: what is kept, which level, and no bias."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutwise.compression.coders.quantiser import (
    as_reals,
    kept_range,
    largest,
    positions,
    round_up_probability,
    stochastic_levels,
)
from cutwise.errors import SolverError

TENSORS = arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32))


@settings(max_examples=60)
@given(TENSORS, st.floats(0.01, 1.0))
def test_the_largest_are_kept_and_exactly_as_many_as_asked(tensor: np.ndarray, density: float) -> None:
    kept = largest(tensor, density_ratio=density)
    magnitudes = np.abs(tensor)
    assert kept.sum() == min(max(1, round(density * tensor.size)), (tensor != 0).sum())
    if kept.any() and not kept.all():
        assert magnitudes[kept].min() >= magnitudes[~kept].max()


def test_ties_do_not_keep_more_than_asked() -> None:
    assert largest(np.ones(10, dtype=np.float32), density_ratio=0.3).sum() == 3


def test_levels_by_hand() -> None:
    """Range 2 to 8 on 4 levels, step 2: 5 lies at 1.5, 2 at 0, 8 at 3; above the range at the last level."""
    found = positions(np.array([5.0, 2.0, 8.0, 20.0]), scale=(2.0, 8.0), level_count=4)
    assert found.tolist() == [1.5, 0.0, 3.0, 3.0]


def test_equal_magnitudes_take_level_zero() -> None:
    assert positions(np.array([3.0, 3.0]), scale=(3.0, 3.0), level_count=8).tolist() == [0.0, 0.0]


def test_rounding_is_unbiased() -> None:
    """P3 must-reproduce check 3: over 4,000 draws of one value the mean is off by less than 4 standard
    errors, and the variance is at most a quarter of the squared step."""
    value, step = np.float32(0.37), 1 / 7
    copies = np.full(4000, value, dtype=np.float32)
    levels = stochastic_levels(copies, scale=(0.0, 1.0), level_count=8, rounding="unbiased", seed=1)
    error = levels * step - float(value)
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(error.size)
    assert error.var() <= step**2 / 4


def test_the_mean_over_seeds_is_the_value() -> None:
    values = np.random.default_rng(0).uniform(0, 1, 200).astype(np.float32)
    draws = np.array([
        stochastic_levels(values, scale=(0.0, 1.0), level_count=4, rounding="unbiased", seed=seed) / 3
        for seed in range(400)
    ])  # fmt: skip
    deviation = np.sqrt(draws.var(axis=0).clip(1e-12) / 400)
    assert (np.abs(draws.mean(axis=0) - values) < 5 * deviation + 1e-6).all()


def test_the_authors_rounding_is_biased_at_the_ends_of_a_step() -> None:
    """P(up) = min(1, max(0, 2 f - 0.5)): never below a quarter, always above three quarters."""
    up = round_up_probability(np.array([0.2, 0.25, 0.5, 0.75, 0.9]), rounding="authors")
    assert up.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_the_same_seed_gives_the_same_levels() -> None:
    values = np.linspace(0, 1, 50, dtype=np.float32)
    once, again, other = (
        stochastic_levels(values, scale=(0.0, 1.0), level_count=8, rounding="unbiased", seed=seed).tolist()
        for seed in (3, 3, 4)
    )
    assert once == again
    assert once != other


def test_clipping_ends_the_range_below_the_largest() -> None:
    """101 values 0 to 100: 5 % lie above 95."""
    assert kept_range(np.arange(101, dtype=np.float32), clip_ratio=0.05) == (0.0, 95.0)
    assert kept_range(np.arange(101, dtype=np.float32), clip_ratio=0.0) == (0.0, 100.0)


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(SolverError, match="2 elements are not finite"):
        as_reals([1.0, np.nan, 1e300])
