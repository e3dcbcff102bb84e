"""Golomb-Rice codes against codes written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.compression.coders.rice_coder import (
    best_exponent,
    pack_integers,
    rice_decode,
    rice_encode,
    unpack_integers,
)
from cutwise.errors import SolverError


def test_quotients_are_unary_and_remainders_follow() -> None:
    """Exponent 2: 0, 3, 9 have quotients 0, 0, 2 (1 1 001) and remainders 00 11 01."""
    assert rice_encode(np.array([0, 3, 9]), 2) == bytes([0b11001000, 0b00110100])


@settings(max_examples=60)
@given(st.lists(st.integers(0, 5000), max_size=80), st.integers(0, 12))
def test_decoding_gives_the_numbers_back(values: list[int], exponent: int) -> None:
    numbers = np.array(values, dtype=np.int64)
    back = rice_decode(rice_encode(numbers, exponent), count=numbers.size, exponent=exponent)
    assert back.tolist() == values


@settings(max_examples=40)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_no_exponent_is_shorter_than_the_best(values: list[int]) -> None:
    numbers = np.array(values)
    bits = [sum((v >> b) + 1 + b for v in values) for b in range(24)]
    assert bits[best_exponent(numbers)] == min(bits)


@settings(max_examples=40)
@given(st.integers(1, 20), st.data())
def test_packed_integers_come_back(width: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 2**width - 1), max_size=40))
    packed = pack_integers(np.array(values, dtype=np.int64), width)
    assert len(packed) == -(-len(values) * width // 8)
    assert unpack_integers(packed, count=len(values), width=width).tolist() == values


def test_a_code_that_is_cut_short_is_refused() -> None:
    with pytest.raises(SolverError, match="1 of 3 numbers"):
        rice_decode(rice_encode(np.array([5]), 0), count=3, exponent=0)
