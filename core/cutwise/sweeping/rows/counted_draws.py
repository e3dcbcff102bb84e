"""Random numbers by their index: any stretch of them is made without those before it, the same everywhere."""

from __future__ import annotations

import hashlib

import numpy as np

from cutwise.arrays import Floats, Ints, Words

WORDS_A_BLOCK = 4
"""Philox counts blocks of four words of 64 bits."""
SPARE_BITS, STEP = np.uint64(11), 2.0**-53
"""A double has 53 bits; so many of a word's 64 are left over, and that is the distance of two numbers."""
ROUNDS = 8
FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Odd numbers whose products spread every bit (those of SplitMix64, Steele et al. 2014)."""


def key_of(*words: object) -> int:
    """A key of 128 bits for what the words say; other words give other numbers.

    >>> key_of(7, "seed") == key_of(7, "seed"), key_of(7, "seed") == key_of(8, "seed")
    (True, False)
    """
    text = "\n".join(map(str, words)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:16], "big")


def drawn_shares(*, key: int, first: int, count: int) -> Floats:
    """The numbers `first`, `first` + 1, … of the stream `key`, even between 0 and 1 (without 1).

    >>> whole = drawn_shares(key=7, first=0, count=10)
    >>> bool((drawn_shares(key=7, first=3, count=4) == whole[3:7]).all())
    True
    """
    bits = np.random.Philox(key=key)
    bits.advance(first // WORDS_A_BLOCK)
    skipped = first % WORDS_A_BLOCK
    words = bits.random_raw(skipped + count)[skipped:]
    return np.multiply(words >> SPARE_BITS, STEP, dtype=np.float64)


def shuffled_places(places: Ints, *, count: int, key: int) -> Ints:
    """Where the `key`'s shuffle of 0 … `count` - 1 puts each of `places`; no other place has to be known.

    A Feistel network permutes the next power of four; who leaves the range is sent through again, and comes
    back into it, as its circle leads there at last (Black and Rogaway 2002, "cycle walking").

    >>> sorted(shuffled_places(np.arange(5), count=5, key=7).tolist())
    [0, 1, 2, 3, 4]
    """
    half_bits = max(1, -(-(count - 1).bit_length() // 2))
    keys = np.random.Philox(key=key).random_raw(ROUNDS)
    found = _mixed(places.astype(np.uint64), half_bits, keys)
    outside = np.flatnonzero(found >= count)
    while len(outside):
        found[outside] = _mixed(found[outside], half_bits, keys)
        outside = outside[found[outside] >= count]
    return found.astype(np.int64)


def _mixed(values: Words, half_bits: int, keys: Words) -> Words:
    shift, mask = np.uint64(half_bits), np.uint64((1 << half_bits) - 1)
    left, right = values >> shift, values & mask
    for key in keys:
        left, right = right, left ^ (_spread(right + key) & mask)
    return (left << shift) | right


def _spread(words: Words) -> Words:
    """Every bit of a word over all of its bits."""
    words = (words ^ (words >> np.uint64(30))) * FACTORS[0]
    words = (words ^ (words >> np.uint64(27))) * FACTORS[1]
    return words ^ (words >> np.uint64(31))
