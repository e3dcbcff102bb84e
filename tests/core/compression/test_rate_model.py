"""Sizes by formula, against sums done by hand and the figures P3's authors logged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.compression.rate_model import (
    binary_entropy_bits,
    coded_bits,
    entropy_bits,
    golomb_bits,
    golomb_exponent,
)
from tests.core.compression.published_sizes import authors_bits, huffman_bits, papers_bits

COUNTS = st.lists(st.integers(1, 10**6), min_size=2, max_size=60)


def test_entropy_of_eight_equal_symbols_is_three_bits() -> None:
    assert entropy_bits([5] * 8) == pytest.approx(3.0)
    assert entropy_bits([7, 0, 0]) == 0.0


def test_binary_entropy_is_symmetric_and_ends_at_zero() -> None:
    assert binary_entropy_bits([0.0, 0.5, 1.0]).tolist() == [0.0, 1.0, 0.0]
    assert binary_entropy_bits(0.11) == pytest.approx(binary_entropy_bits(0.89))


def test_huffman_of_four_symbols_by_hand() -> None:
    """4, 2, 1, 1 of 8: lengths 1, 2, 3, 3: (4 + 4 + 3 + 3)/8 = 1.75."""
    assert huffman_bits([4, 2, 1, 1]) == pytest.approx(1.75)


@given(COUNTS)
def test_huffman_is_within_one_bit_above_the_entropy(counts: list[int]) -> None:
    """P3 must-reproduce check 3."""
    assert entropy_bits(counts) - 1e-9 <= huffman_bits(counts) < entropy_bits(counts) + 1


def test_identities_of_the_authors_size_formula() -> None:
    """P3 must-reproduce check 1: (s, q) = (0, 32) 33/32; (0.5, 8) 5/32; (0.5, 32) 17/32, plus 64/n."""
    n = 10**6
    for density, bits, ratio in ((1.0, 32, 33 / 32), (0.5, 8, 5 / 32), (0.5, 32, 17 / 32)):
        size = authors_bits(element_count=n, density_ratio=density, magnitude_bits=bits - 1)
        assert size / (32 * n) == pytest.approx(ratio + 2 / n, abs=1e-12)


@pytest.mark.parametrize(
    ("sparsity", "golomb", "bound"),
    [(0.5, 1.0, 1.0), (0.7, 0.888, 0.881), (0.8, 0.739, 0.722), (0.9, 0.476, 0.469), (0.95, 0.289, 0.286),
     (0.99, 0.081, 0.081)],
)  # fmt: skip
def test_mask_cost_table(sparsity: float, golomb: float, bound: float) -> None:
    """The table of section 2.2: bits an element for Golomb gaps and for the entropy bound."""
    assert golomb_bits(1 - sparsity) == pytest.approx(golomb, abs=6e-4)
    assert binary_entropy_bits(sparsity) == pytest.approx(bound, abs=6e-4)


@pytest.mark.parametrize("density", [0.01, 0.03, 0.1, 0.2, 0.35])
def test_the_golomb_exponent_is_the_best_for_geometric_gaps(density: float) -> None:
    def bits(exponent: int) -> float:
        return exponent + 1 / (1 - (1 - density) ** 2**exponent)

    best = bits(golomb_exponent(density))
    assert best <= min(bits(exponent) for exponent in range(12)) * 1.005


def test_coded_and_papers_sizes_by_hand() -> None:
    """n 1024, k 256: 256 * 5 + 1024 * 0.811278 + 64 = 2174.75; with 32 kept the index list is shorter:
    32 * 8 + 32 * 10 = 576."""
    coded = coded_bits(element_count=1024, density_ratio=0.25, level_bits=5.0)
    assert coded == pytest.approx(2174.7489, abs=1e-3)
    assert papers_bits(element_count=1024, density_ratio=1 / 32, value_bits=8) == 576


def test_sizes_broadcast_over_densities() -> None:
    densities = np.array([0.1, 0.5, 1.0])
    sizes = coded_bits(element_count=1e6, density_ratio=densities, level_bits=4.0)
    assert sizes.shape == (3,)
    assert sizes[2] == pytest.approx(4e6 + 64)
