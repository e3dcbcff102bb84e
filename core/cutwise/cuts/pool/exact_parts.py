"""Numbers of both signs as parts whose sums are exact enough, however far apart the numbers are."""

from __future__ import annotations

import math

import numpy as np

from cutwise.arrays import Floats

EXACT_BITS = 52
"""Multiples of a unit add up exactly below 2^53 of them."""


def parts_that_add_up(values: Floats, *, least: float) -> list[Floats]:
    """Columns that together are `values` (n,), each of which is summed over any ops to less than `least`.

    Where numbers of both signs are far apart, float64 loses the small ones beside the large: a part of each
    is then a multiple of one unit, which adds up exactly, and what is left is a column of its own.

    >>> [part.tolist() for part in parts_that_add_up(np.array([2.0**60, -3.0]), least=1e-9)]
    [[1.152921504606847e+18, 0.0], [0.0, -3.0]]
    """
    parts, rest = [], values
    while rest.any():
        total = math.fsum(np.abs(rest).tolist())
        if not (rest < 0).any() or len(rest) * float(np.finfo(float).eps) * total <= least:
            break
        unit = math.ldexp(1.0, math.frexp(total)[1] - EXACT_BITS)
        whole: Floats = np.rint(rest / unit) * unit + 0.0
        parts.append(whole)
        rest = rest - whole
    return [*parts, rest] if rest.any() or not parts else parts
