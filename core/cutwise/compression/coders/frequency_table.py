"""The few bytes that tell a decoder how frequent each symbol is: steps of an eighth of an octave."""

from __future__ import annotations

import struct

import numpy as np

from cutwise.arrays import Ints
from cutwise.compression.coders.rice_coder import best_exponent, rice_decode, rice_encode
from cutwise.frozen import read_only

PRECISION_BITS = 16
"""Frequencies are whole numbers that sum to 2**16."""
STEPS_PER_OCTAVE = 8
OCTAVES = 16
OCTAVE = read_only(
    np.array([round(2.0 ** (10 + step / STEPS_PER_OCTAVE)) for step in range(STEPS_PER_OCTAVE)])
)
"""Whole numbers, so that both ends compute the same frequencies whatever their floating point."""
HEADER = struct.Struct("<BH")


def codes_of(counts: Ints) -> Ints:
    """0 for a symbol that never occurs, else 1 to 129: its frequency relative to the commonest symbol.

    Rounding to an eighth of an octave errs by at most 4.4 %, which costs under 0.001 bit a symbol.

    >>> codes_of(np.array([0, 1, 2]))
    array([  0, 121, 129])
    """
    octaves = np.log2(np.maximum(counts, 1) / max(int(counts.max(initial=0)), 1))
    steps = np.rint(STEPS_PER_OCTAVE * (octaves + OCTAVES)).astype(np.int64)
    return np.where(counts > 0, 1 + np.maximum(steps, 0), 0)


def frequencies_of(codes: Ints) -> Ints:
    """Whole frequencies that sum to 2**16, at least 1 for every symbol that occurs.

    >>> frequencies_of(np.array([0, 121, 129]))  # 1 : 2 of 65534, and 1 more each
    array([    0, 21846, 43690])
    """
    present = codes > 0
    octaves, steps = np.divmod(np.maximum(codes - 1, 0), STEPS_PER_OCTAVE)
    weights = np.where(present, OCTAVE[steps] << octaves, 0)
    spare = (1 << PRECISION_BITS) - int(present.sum())
    shares, remainders = np.divmod(weights * spare, weights.sum())
    left = spare - int(shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:left]] += 1
    return shares + present


def write_table(codes: Ints) -> bytes:
    """The codes as Golomb-Rice numbers of their zigzag differences, with their length in front."""
    differences = np.diff(codes, prepend=0)
    zigzag = np.where(differences < 0, -2 * differences - 1, 2 * differences)
    exponent = best_exponent(zigzag)
    body = rice_encode(zigzag, exponent)
    return HEADER.pack(exponent, len(body)) + body


def read_table(payload: bytes, alphabet: int) -> tuple[Ints, bytes]:
    """The codes of `alphabet` symbols and the rest of the payload.

    >>> read_table(write_table(np.array([129, 0, 7])) + b"rest", 3)
    (array([129,   0,   7]), b'rest')
    """
    header: tuple[int, int] = HEADER.unpack_from(payload)
    exponent, length = header
    end = HEADER.size + length
    zigzag = rice_decode(payload[HEADER.size : end], count=alphabet, exponent=exponent)
    return np.cumsum(np.where(zigzag & 1, -(zigzag + 1) >> 1, zigzag >> 1)), payload[end:]
