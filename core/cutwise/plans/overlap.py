"""What micro-batches that overlap save."""

from __future__ import annotations

import functools

import numpy as np

from cutwise.arrays import Number, added, larger


def saved_by_overlap_s(
    count: Number, forward_s: Number, between_s: tuple[Number, Number, Number], backward_s: Number
) -> Number:
    r"""Seconds of a round that are saved as micro-batches overlap.

    Of $m$ alike micro-batches the last leaves a line of stages $f, u, s, d$ after $f + u + s + d + (m - 1)
    \max(f, u, s, d)$ seconds (a permutation flow shop). The device runs every forward pass first, so its
    backward passes end at $\max(\max(f + u + s + d, m f) + m b, \text{last} + b)$.
    """
    if np.all(count == 1):
        return 0.0
    stages = [stage_s / count for stage_s in (forward_s, *between_s)]
    first_s, slowest_s = added(stages), functools.reduce(larger, stages)
    in_order_s = larger(first_s, forward_s) + backward_s
    last_s = first_s + (count - 1) * slowest_s + backward_s / count
    return added((forward_s, *between_s)) + backward_s - larger(in_order_s, last_s)
