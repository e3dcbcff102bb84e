"""Energy owed under a budget, slot after slot."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Number


def next_queue_j(*, queue_j: Number, energy_j: Number, budget_j: Number) -> Floats:
    r"""Energy owed after a slot: $Q_{t+1} = \max(Q_t + E_t - \bar E, 0)$ (arXiv 2403.05158).

    >>> float(next_queue_j(queue_j=2.0, energy_j=5.0, budget_j=4.0))
    3.0
    """
    return np.maximum(np.asarray(queue_j) + energy_j - budget_j, 0.0)
