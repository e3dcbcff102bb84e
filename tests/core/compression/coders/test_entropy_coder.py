"""The entropy coder: what went in comes out, in the size that the entropy allows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.compression.coders.entropy_coder import decode_bits, decode_symbols, encode_bits, encode_symbols
from cutwise.compression.rate_model import binary_entropy_bits, entropy_bits
from cutwise.errors import SolverError


@settings(max_examples=60)
@given(st.lists(st.integers(0, 299), max_size=300))
def test_symbols_come_back(values: list[int]) -> None:
    symbols = np.array(values, dtype=np.int64)
    assert decode_symbols(encode_symbols(symbols, 300), count=len(values), alphabet=300).tolist() == values


@settings(max_examples=60)
@given(st.lists(st.booleans(), max_size=300))
def test_bits_come_back(values: list[bool]) -> None:
    assert decode_bits(encode_bits(np.array(values, dtype=bool)), count=len(values)).tolist() == values


@pytest.mark.parametrize("count", [1, 16384, 40_000, 300_001])
def test_many_lanes_with_a_ragged_end_come_back(count: int) -> None:
    symbols = np.random.default_rng(count).geometric(0.2, count).clip(1, 64) - 1
    assert (decode_symbols(encode_symbols(symbols, 64), count=count, alphabet=64) == symbols).all()


@pytest.mark.parametrize(("count", "slack"), [(5_000, 0.05), (100_000, 0.01), (1_000_000, 0.006)])
def test_size_is_the_entropy_and_a_little(count: int, slack: float) -> None:
    symbols = np.abs(np.random.default_rng(1).normal(0, 20, count)).astype(np.int64).clip(0, 127)
    ideal_bits = count * entropy_bits(np.bincount(symbols))
    assert ideal_bits < 8 * len(encode_symbols(symbols, 128)) < (1 + slack) * ideal_bits


@pytest.mark.parametrize("density", [0.01, 0.05, 0.25])
def test_a_random_mask_takes_its_binary_entropy(density: float) -> None:
    bits = np.random.default_rng(2).random(200_000) < density
    ideal_bits = bits.size * binary_entropy_bits(bits.mean())
    assert 8 * len(encode_bits(bits)) == pytest.approx(ideal_bits, rel=0.025)


def test_a_clustered_mask_takes_less_than_its_binary_entropy() -> None:
    """Runs of eight: a quarter of them set, so whole groups of four agree."""
    bits = np.repeat(np.random.default_rng(3).random(20_000) < 0.25, 8)
    assert 8 * len(encode_bits(bits)) < 0.3 * bits.size * binary_entropy_bits(bits.mean())


def test_a_mask_without_structure_stays_a_bitmap() -> None:
    bits = np.random.default_rng(4).random(8000) < 0.5
    assert len(encode_bits(bits)) == 1 + 1000


def test_one_symbol_over_and_over_takes_a_few_bytes() -> None:
    assert len(encode_symbols(np.full(10_000, 7), 16)) < 40


def test_a_payload_cut_short_or_of_another_count_is_refused() -> None:
    payload = encode_symbols(np.arange(200) % 50, 50)
    with pytest.raises(SolverError, match=r"ends before symbol|no code of"):
        decode_symbols(payload[:-6], count=200, alphabet=50)
    with pytest.raises(SolverError, match="other than 150 symbols"):
        decode_symbols(payload, count=150, alphabet=50)
    with pytest.raises(SolverError, match=r"3 bytes are no code|numbers found"):
        decode_symbols(payload[:3], count=200, alphabet=50)
