"""What a side holds at its peak, from below and from above: sums and one sweep in place of one a side."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.held import largest_bytes
from cutwise.costs.memory.peak_memory import memory_sweep
from cutwise.costs.memory.tensor_lifetimes import storage_bytes
from cutwise.frozen import read_only

AT_BORDER = 3
"""Times that a tensor which crosses a side's border may be held more than in the whole model: its gradient
comes or stays for the whole backward pass, and is added up apart."""


def lower_rows(cost: GraphCost) -> Floats:
    r"""What each op adds to the two sums that no peak is below, shape (2, ops).

    $W + O + B \sum s_v$ is there when the forward pass has ended, $W + O + G$ when the backward pass has.
    """
    fixed = cost.weight_bytes + cost.buffer_bytes + cost.optimizer_bytes
    kept_bytes = cost.workload.batch_size * cost.saved_bytes
    return np.stack([fixed + kept_bytes, fixed + cost.weight_gradient_bytes])


def lower_bytes(cost: GraphCost, sides: Mask) -> Floats:
    """Bytes that the peak of each of `sides` (sides, ops) is not below, shape (sides,).

    The sums of `lower_rows`, and what stays for good with the widest tensor of the side.
    """
    fixed = cost.weight_bytes + cost.buffer_bytes + cost.optimizer_bytes
    sums = sides.astype(np.float64) @ np.vstack([lower_rows(cost), fixed]).T
    sums[:, 2] += largest_bytes(cost, sides)
    return np.asarray(sums.max(axis=1, initial=0.0))


def upper_bytes(cost: GraphCost, sides: Mask) -> Floats:
    """Bytes that the peak of each of `sides` (sides, ops) is not above, shape (sides,).

    What the side keeps for good, all else that the whole model ever holds at once, and `AT_BORDER` times what
    crosses the side's border, in training.
    """
    fixed = cost.weight_bytes + cost.buffer_bytes + cost.optimizer_bytes
    times = AT_BORDER * cost.workload.batch_size * cost.workload.training
    widths = times * storage_bytes(cost)
    crossing = _at_border(cost, sides)
    held = sides.astype(np.float64) @ fixed + crossing.astype(np.float64) @ widths
    return np.where(sides.any(axis=1), held + _moving_bytes(cost)[0], 0.0)


def _at_border(cost: GraphCost, sides: Mask) -> Mask:
    """Which ops (sides, ops) have a reader on the other side than their own."""
    found = np.zeros(sides.shape, dtype=bool)
    for producer, reader in cost.graph.edge_array.tolist():
        found[:, producer] |= sides[:, producer] != sides[:, reader]
    return found


@kept
def _moving_bytes(cost: GraphCost) -> Floats:
    """Most that the whole model holds at once beside what it keeps for good, shape (1,)."""
    fixed = cost.weight_bytes + cost.buffer_bytes + cost.optimizer_bytes
    return read_only(np.array([memory_sweep(cost).max(initial=0.0) - fixed.sum()]))
