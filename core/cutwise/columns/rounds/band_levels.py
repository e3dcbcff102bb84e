"""Ends of rounds at which shares just fill a band, many rounds at once."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats

STEPS = 60
FULL = 1e-14
"""A band is full where the needs exceed it by at most this ratio."""


def levels_of(still: Floats, slope: Floats, times: Floats) -> Floats:
    r"""The least $T \ge \max_i S_i$ (rows,) with $\sum_i m_i A_i / (T - S_i) \le 1$, arrays (items, rows).

    Needs fall in T and are convex; one over their sum is concave, so that Newton's steps from a T that is
    too small rise to the answer and never pass it. `times` (items, 1) says how many items are alike.

    >>> levels_of(np.zeros((2, 1)), np.array([[1.0], [3.0]]), np.ones((2, 1)))
    array([4.])
    """
    work = times * slope
    level = (still + work).max(axis=0)
    gap, need = np.empty_like(still), np.empty_like(still)
    for _ in range(STEPS):
        np.subtract(level, still, out=gap)
        gap[work == 0] = 1.0
        np.divide(work, gap, out=need)
        whole = need.sum(axis=0)
        if not (whole > 1 + FULL).any():
            break
        np.divide(need, gap, out=need)
        falls = need.sum(axis=0)
        step = np.divide(whole * (whole - 1), falls, out=np.zeros_like(whole), where=whole > 1 + FULL)
        if not (level + step > level).any():
            break
        level += step
    return np.asarray(level)
