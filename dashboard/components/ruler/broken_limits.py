"""Which limit a cut breaks, by the rule's name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cutwise.arrays import Floats, Ints


def broken_limits(excess: Mapping[str, Floats]) -> tuple[tuple[str, ...], Ints]:
    """Rules, and for every position the number of the one that it breaks most, counted from 1; 0 for none.

    >>> broken_limits({"device memory": np.array([0.0, 0.2, 0.1]), "traffic": np.array([-1.0, 0.0, 0.3])})
    (('device memory', 'traffic'), array([0, 1, 2]))
    """
    worst = np.array(list(excess.values()))
    return tuple(excess), np.where(worst.max(axis=0) > 0, worst.argmax(axis=0) + 1, 0)
