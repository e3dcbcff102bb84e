"""Golomb-Rice codes: whole numbers as a unary quotient and a remainder of fixed width."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Ints
from cutwise.errors import SolverError

LARGEST_EXPONENT = 40


def rice_encode(values: Ints, exponent: int) -> bytes:
    """The code of whole numbers >= 0: all quotients by 2**exponent in unary, then all remainders.

    A number v takes v >> exponent zeros, a one and `exponent` bits; the two streams are kept apart so that
    both ends work on whole arrays.

    >>> rice_encode(np.array([0, 5, 2]), 1).hex()  # unary 1 001 01 -> 94; remainders 0 1 0 -> 40
    '9440'
    """
    quotients = values >> exponent
    unary = np.zeros(int(quotients.sum()) + values.size, dtype=np.uint8)
    unary[np.cumsum(quotients + 1) - 1] = 1
    return np.packbits(unary).tobytes() + pack_integers(values & ((1 << exponent) - 1), exponent)


def rice_decode(payload: bytes, *, count: int, exponent: int) -> Ints:
    """The `count` numbers that `rice_encode` was given.

    >>> rice_decode(bytes.fromhex("9440"), count=3, exponent=1)
    array([0, 5, 2])
    """
    ends = np.flatnonzero(np.unpackbits(np.frombuffer(payload, np.uint8)))[:count]
    if ends.size < count:
        raise SolverError(f"Golomb code: {ends.size} of {count} numbers found; the payload is cut short")
    quotients = np.diff(ends, prepend=-1) - 1
    unary_bytes = -(-(int(ends[-1]) + 1) // 8) if count else 0
    return (quotients << exponent) + unpack_integers(payload[unary_bytes:], count=count, width=exponent)


def best_exponent(values: Ints) -> int:
    """The exponent that makes the code of these numbers shortest.

    >>> best_exponent(np.array([8, 9, 16]))  # width 3: 3 * 4 + 1 + 1 + 2 = 16 bits; width 2: 3 * 3 + 8 = 17
    3
    """
    if not values.size:
        return 0
    exponents = range(min(LARGEST_EXPONENT, int(values.max()).bit_length()) + 1)
    return min(exponents, key=lambda b: int((values >> b).sum()) + values.size * (1 + b))


def pack_integers(values: Ints, width: int) -> bytes:
    """Whole numbers below 2**width, `width` bits each, highest bit first.

    >>> pack_integers(np.array([1, 2, 3]), 2).hex()  # 01 10 11 -> 0110 1100
    '6c'
    """
    bits = np.empty((values.size, width), dtype=np.uint8)
    for column in range(width):
        bits[:, column] = (values >> (width - 1 - column)) & 1
    return np.packbits(bits).tobytes()


def unpack_integers(payload: bytes, *, count: int, width: int) -> Ints:
    """The `count` numbers that `pack_integers` was given.

    >>> unpack_integers(bytes.fromhex("6c"), count=3, width=2)
    array([1, 2, 3])
    """
    bits = np.unpackbits(np.frombuffer(payload, np.uint8), count=count * width).reshape(count, width)
    values = np.zeros(count, dtype=np.int64)
    for column in range(width):
        values = (values << 1) | bits[:, column]
    return values
