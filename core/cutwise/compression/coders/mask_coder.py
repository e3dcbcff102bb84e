"""The places of the kept elements as bytes: a bitmap, Golomb-coded gaps, or an entropy code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from cutwise.arrays import Mask
from cutwise.compression.coders.entropy_coder import decode_bits, encode_bits
from cutwise.compression.coders.rice_coder import rice_decode, rice_encode
from cutwise.compression.rate_model import binary_entropy_bits, golomb_bits, golomb_exponent
from cutwise.frozen import FrozenDict

MaskCoding = Literal["entropy", "golomb", "bitmap"]


class MaskCoder(NamedTuple):
    """One way to write a mask: out, in again given its size and how many are kept, bits an element."""

    encode: Callable[[Mask], bytes]
    decode: Callable[[bytes, int, int], Mask]
    element_bits: Callable[[float], float]


def _bitmap_out(kept: Mask) -> bytes:
    return np.packbits(kept).tobytes()


def _bitmap_in(payload: bytes, count: int, kept_count: int) -> Mask:
    return np.unpackbits(np.frombuffer(payload, np.uint8), count=count).astype(bool)


def _golomb_out(kept: Mask) -> bytes:
    places = np.flatnonzero(kept)
    return rice_encode(np.diff(places, prepend=-1) - 1, golomb_exponent(places.size / max(1, kept.size)))


def _golomb_in(payload: bytes, count: int, kept_count: int) -> Mask:
    gaps = rice_decode(payload, count=kept_count, exponent=golomb_exponent(kept_count / max(1, count)))
    kept = np.zeros(count, dtype=bool)
    kept[np.cumsum(gaps + 1) - 1] = True
    return kept


def _entropy_in(payload: bytes, count: int, kept_count: int) -> Mask:
    return decode_bits(payload, count=count)


MASK_CODERS: dict[MaskCoding, MaskCoder] = FrozenDict(
    {
        "entropy": MaskCoder(encode_bits, _entropy_in, lambda density: float(binary_entropy_bits(density))),
        "golomb": MaskCoder(_golomb_out, _golomb_in, golomb_bits),
        "bitmap": MaskCoder(_bitmap_out, _bitmap_in, lambda density: 1.0),
    }
)
