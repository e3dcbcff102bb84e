"""An entropy coder on arrays: asymmetric numeral systems (rANS) in lanes that advance together.

Duda, arXiv 1311.2540. A range coder turned round: the same size to within a bit, but symbols that lie a
lane apart are independent, so one numpy operation codes a symbol in every lane. The state of a lane stays
in [2^24, 2^40) and spills 16 bits at a time.
"""

from __future__ import annotations

import struct

import numpy as np

from cutwise.arrays import Ints, Mask, Words
from cutwise.compression.coders.frequency_table import (
    PRECISION_BITS,
    codes_of,
    frequencies_of,
    read_table,
    write_table,
)
from cutwise.compression.rate_model import entropy_bits
from cutwise.errors import SolverError

LEAST_STATE = 1 << 24
WORD_BITS = 16
STATE_BYTES = 5
LANE_BITS, LANE_SYMBOLS = 8192, 16384
"""Coded bits (then 3 bytes a lane add 0.3 %) and symbols (which bound the time) one lane takes at most."""
LANES = struct.Struct("<I")
SYMBOL_BITS = 4
"""Yes-or-no values are coded four at a time."""
RAW, CODED = b"\x00", b"\x01"


def encode_symbols(symbols: Ints, alphabet: int) -> bytes:
    """The code of whole numbers in [0, alphabet): a frequency table, the lanes' states and their words.

    Its size is the count times the entropy of the numbers, plus the table (about half a byte a symbol of
    the alphabet) and 3 bytes a lane.
    """
    if not symbols.size:
        return b""
    counts = np.bincount(symbols, minlength=alphabet)
    codes = codes_of(counts)
    lanes = max(1, int(symbols.size * max(entropy_bits(counts) / LANE_BITS, 1 / LANE_SYMBOLS)))
    states, words = _push(symbols, frequencies_of(codes), lanes)
    packed = states.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :STATE_BYTES]
    return write_table(codes) + LANES.pack(lanes) + packed.tobytes() + words.astype("<u2").tobytes()


def decode_symbols(payload: bytes, *, count: int, alphabet: int) -> Ints:
    """The `count` numbers that `encode_symbols` was given; a `SolverError` where the payload is another's.

    >>> decode_symbols(encode_symbols(np.array([2, 0, 0, 1]), 3), count=4, alphabet=3)
    array([2, 0, 0, 1])
    """
    if not count:
        return np.zeros(0, dtype=np.int64)
    try:
        codes, rest = read_table(payload, alphabet)
        (lanes,) = LANES.unpack_from(rest)
        packed = np.zeros((lanes, 8), dtype=np.uint8)
        held = np.frombuffer(rest, np.uint8, lanes * STATE_BYTES, LANES.size)
        packed[:, :STATE_BYTES] = held.reshape(lanes, STATE_BYTES)
        words = np.frombuffer(rest, "<u2", offset=LANES.size + held.size).astype(np.uint64)
    except (struct.error, ValueError) as error:
        raise SolverError(f"entropy code: {len(payload)} bytes are no code of {count} symbols") from error
    return _pop(packed.view("<u8").ravel().astype(np.uint64), words, frequencies_of(codes), count)


def encode_bits(bits: Mask) -> bytes:
    """The shorter of a bitmap and a code of the bits four at a time, which also sees clusters."""
    bitmap = np.packbits(bits).tobytes()
    coded = encode_symbols(_grouped(bits), 1 << SYMBOL_BITS)
    return CODED + coded if len(coded) < len(bitmap) else RAW + bitmap


def decode_bits(payload: bytes, *, count: int) -> Mask:
    """The `count` bits that `encode_bits` was given.

    >>> decode_bits(encode_bits(np.array([True, False, True])), count=3)
    array([ True, False,  True])
    """
    if payload[:1] == RAW:
        return np.unpackbits(np.frombuffer(payload, np.uint8, offset=1), count=count).astype(bool)
    groups = decode_symbols(payload[1:], count=-(-count // SYMBOL_BITS), alphabet=1 << SYMBOL_BITS)
    return np.unpackbits(groups.astype(np.uint8)[:, None], axis=1)[:, -SYMBOL_BITS:].ravel()[:count] > 0


def _grouped(bits: Mask) -> Ints:
    padded = np.zeros(-(-bits.size // SYMBOL_BITS) * SYMBOL_BITS, dtype=np.int64)
    padded[: bits.size] = bits
    return padded.reshape(-1, SYMBOL_BITS) @ (1 << np.arange(SYMBOL_BITS - 1, -1, -1))


def _push(symbols: Ints, frequencies: Ints, lanes: int) -> tuple[Words, Words]:
    frequency = frequencies.astype(np.uint64)[symbols]
    start = (np.cumsum(frequencies) - frequencies).astype(np.uint64)[symbols]
    ceiling = frequency << np.uint64(24 + WORD_BITS - PRECISION_BITS)
    states = np.full(lanes, LEAST_STATE, dtype=np.uint64)
    spilled = []
    for row in reversed(range(0, symbols.size, lanes)):
        part = slice(row, row + lanes)
        state = states[: frequency[part].size]
        full = state >= ceiling[part]
        spilled.append(state[full] & np.uint64(0xFFFF))
        state[full] >>= np.uint64(WORD_BITS)
        quotient, remainder = np.divmod(state, frequency[part])
        state[:] = (quotient << np.uint64(PRECISION_BITS)) + remainder + start[part]
    return states, np.concatenate(spilled[::-1])


def _pop(states: Words, words: Words, frequencies: Ints, count: int) -> Ints:
    lookup = np.repeat(np.arange(frequencies.size), frequencies)
    frequency = frequencies.astype(np.uint64)
    start = (np.cumsum(frequencies) - frequencies).astype(np.uint64)
    symbols, read = np.empty(count, dtype=np.int64), 0
    for row in range(0, count, states.size):
        state = states[: count - row]
        slot = state & np.uint64((1 << PRECISION_BITS) - 1)
        symbol = lookup[slot]
        symbols[row : row + state.size] = symbol
        state[:] = frequency[symbol] * (state >> np.uint64(PRECISION_BITS)) + slot - start[symbol]
        low = np.flatnonzero(state < LEAST_STATE)
        if read + low.size > words.size:
            raise SolverError(f"entropy code: payload ends before symbol {row + state.size} of {count}")
        state[low] = (state[low] << np.uint64(WORD_BITS)) | words[read : read + low.size]
        read += low.size
    if read != words.size or (states != LEAST_STATE).any():
        raise SolverError(f"entropy code: the payload holds something other than {count} symbols")
    return symbols
