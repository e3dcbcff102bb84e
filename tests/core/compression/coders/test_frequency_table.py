"""Frequency tables: whole, complete, close to the counts, and short."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.compression.coders.frequency_table import codes_of, frequencies_of, read_table, write_table

COUNTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=300).filter(any)


@settings(max_examples=80)
@given(COUNTS)
def test_frequencies_are_whole_positive_where_a_symbol_occurs_and_complete(counts: list[int]) -> None:
    frequencies = frequencies_of(codes_of(np.array(counts)))
    assert frequencies.sum() == 2**16
    assert ((frequencies > 0) == (np.array(counts) > 0)).all()


@settings(max_examples=40)
@given(COUNTS)
def test_a_table_reads_as_it_was_written(counts: list[int]) -> None:
    codes = codes_of(np.array(counts))
    back, rest = read_table(write_table(codes) + b"x", codes.size)
    assert back.tolist() == codes.tolist()
    assert rest == b"x"


def test_rounded_frequencies_cost_less_than_a_thousandth_of_a_bit() -> None:
    """The excess over the entropy is the divergence of the shares from the rounded ones."""
    counts = np.random.default_rng(0).integers(1, 10_000, 128)
    shares, coded = counts / counts.sum(), frequencies_of(codes_of(counts)) / 2**16
    assert 0 <= shares @ np.log2(shares / coded) < 1e-3


def test_the_table_of_a_bell_takes_about_half_a_byte_a_symbol() -> None:
    counts = np.rint(1e5 * np.exp(-((np.arange(128) / 40) ** 2))).astype(np.int64)
    assert len(write_table(codes_of(counts))) <= 3 + 0.6 * 128
