"""Sizes of compressed tensors as papers count them: what ours are held against."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from cutwise.compression.rate_model import SCALE_BITS


def huffman_bits(counts: Any) -> float:
    """Mean bits a symbol of a Huffman code: at least the entropy, less than 1 above it, never below 1.

    >>> huffman_bits([3, 1])  # entropy 0.811
    1.0
    """
    heap = [count for count in np.asarray(counts, dtype=np.float64).tolist() if count > 0]
    total, merged = sum(heap), 0.0
    if len(heap) < 2:
        return float(len(heap))
    heapify(heap)
    while len(heap) > 1:
        pair = heappop(heap) + heappop(heap)
        merged += pair
        heappush(heap, pair)
    return merged / total


def papers_bits(*, element_count: Any, density_ratio: Any, value_bits: Any) -> Any:
    r"""Bits as papers on top-k count them: $k b + \min(n,\ k \lceil \log_2 n \rceil)$.

    A bitmap or an index list, whichever is shorter, and values of fixed width. Conservative: 1.15 to 2.5
    times what a coder needs for activations.

    >>> float(papers_bits(element_count=1024, density_ratio=0.25, value_bits=8))  # 2048 + min(1024, 2560)
    3072.0
    """
    kept = np.asarray(element_count) * density_ratio
    return kept * value_bits + np.minimum(element_count, kept * np.ceil(np.log2(element_count)))


def authors_bits(*, element_count: Any, density_ratio: Any, magnitude_bits: Any) -> Any:
    r"""Bits as P3's authors count them: $n + k (1 + \bar h) + 64$, a bitmap, signs and coded magnitudes.

    `magnitude_bits` is the mean Huffman length, or b - 1 without entropy coding. At sparsity 0.5 and 8 bits
    without coding a 32-bit tensor shrinks to (1 + 0.5 * 8) / 32 = 5/32 (P3, section 2.2 of the notes).

    >>> bits = authors_bits(element_count=1e9, density_ratio=0.5, magnitude_bits=7)
    >>> round(float(bits) / 32e9, 6)
    0.15625
    """
    return element_count + element_count * density_ratio * (1 + magnitude_bits) + SCALE_BITS
