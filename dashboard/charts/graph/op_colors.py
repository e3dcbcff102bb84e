"""Ops and folded blocks by their share of a total, in a few steps, for a drawing in one hue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.graph.blocks import Block

STEPS_RATIO = (0.0, 0.01, 0.03, 0.1, 0.2)
STEP_NAMES = ("none", "< 1 %", "< 3 %", "< 10 %", "< 20 %", "more")


def steps(values: Floats, blocks: Sequence[Block], folded: frozenset[str]) -> Ints:
    """For each op the step of its share of the total, or of its block's share where that is folded."""
    total = float(values.sum()) or 1.0
    shares = values / total
    for block in blocks:
        if block.name in folded:
            places = list(block.ops)
            shares[places] = shares[places].sum()
    return np.where(shares <= 0, 0, np.searchsorted(STEPS_RATIO[1:], shares, side="right") + 1)
