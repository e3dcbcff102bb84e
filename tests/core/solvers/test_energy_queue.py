"""The energy that is owed under a budget."""

from __future__ import annotations

import numpy as np

from cutwise.solvers.energy_queue import next_queue_j


def test_a_queue_falls_to_zero_and_not_below() -> None:
    assert next_queue_j(queue_j=np.array([5.0, 1.0]), energy_j=2.0, budget_j=4.0).tolist() == [3.0, 0.0]
