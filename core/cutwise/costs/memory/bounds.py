"""What a side holds at its peak, from below and from above: sums and one sweep in place of one a side."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.caches import kept
from cutwise.costs.checkpointing import RUNS_ONCE
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.kernels.op_columns import kept_bytes
from cutwise.costs.memory.peak_memory import memory_sweep
from cutwise.costs.memory.tensor_lifetimes import passed_on_bytes, timeline_of, working_bytes
from cutwise.frozen import read_only

ALONE = 2
"""Times that the gradient of a tensor that crosses a side's border may be held more than in the whole model:
it comes or stays for the whole backward pass, and is added up apart. What it was passed on from stays too."""


def lower_rows(cost: GraphCost) -> Floats:
    r"""What each op adds to the two sums that no peak is below, shape (2, ops).

    $W + O + B \sum s_v$ is there when the forward pass has ended, $W + O + G$ with the copy of the
    optimiser's step when the backward pass has.
    """
    fixed = _fixed(cost)
    return np.stack([fixed + _kept_forward(cost)[0], fixed + cost.weight_gradient_bytes + cost.step_bytes])


def copied_rows(cost: GraphCost) -> Floats:
    """What a copy of each shared weight (2, weights) adds to the sums of `lower_rows`."""
    fixed, shared = _fixed_copies(cost), cost.shared
    return np.stack([fixed, fixed + shared.of("weight_gradient_bytes") + shared.step_bytes])


def lower_bytes(cost: GraphCost, sides: Mask) -> Floats:
    """Bytes that the peak of each of `sides` (sides, ops) is not below, shape (sides,).

    The sums of `lower_rows`, and what stays for good with what the most demanding kernel of the side needs.
    """
    rows = np.vstack([lower_rows(cost), _fixed(cost)])
    sums = sides.astype(np.float64) @ rows.T
    if len(cost.shared):
        copied = np.vstack([copied_rows(cost), _fixed_copies(cost)])
        sums += cost.shared.beside(sides).astype(np.float64) @ copied.T
    sums[:, 2] += np.where(sides, working_bytes(cost), 0.0).max(axis=1, initial=0.0)
    return np.asarray(sums.max(axis=1, initial=0.0))


def upper_bytes(cost: GraphCost, sides: Mask) -> Floats:
    """Bytes that the peak of each of `sides` (sides, ops) is not above, shape (sides,).

    What the side keeps for good, all else that the whole model ever holds at once, and, in training, the
    gradients of what crosses the side's border, `ALONE` times and once as what they were passed on from.
    """
    held = sides.astype(np.float64) @ _fixed(cost)
    if len(cost.shared):
        held += cost.shared.beside(sides).astype(np.float64) @ _fixed_copies(cost)
    crossing = _at_border(cost, sides).astype(np.float64) @ _border_bytes(cost)
    return np.where(sides.any(axis=1), held + crossing + _moving_bytes(cost)[0], 0.0)


def most_bytes(cost: GraphCost) -> float:
    """Bytes that no side's peak is above."""
    return float(_fixed(cost).sum() + _moving_bytes(cost)[0] + _border_bytes(cost).sum())


def _fixed(cost: GraphCost) -> Floats:
    return cost.weight_bytes + cost.buffer_bytes + cost.optimizer_bytes


def _fixed_copies(cost: GraphCost) -> Floats:
    shared = cost.shared
    return shared.of("weight_bytes") + shared.of("buffer_bytes") + shared.of("optimizer_bytes")


def _at_border(cost: GraphCost, sides: Mask) -> Mask:
    """Which kernels (sides, kernels) have a reader on the other side than their own."""
    kernels = timeline_of(cost, accelerator=True).kernels
    owners = kernels.owners
    found = np.zeros((len(sides), len(owners)), dtype=bool)
    for producer, reader in kernels.graph.edge_array.tolist():
        if owners[producer] != owners[reader]:
            found[:, producer] |= sides[:, owners[producer]] != sides[:, owners[reader]]
    return found


@kept
def _border_bytes(cost: GraphCost) -> Floats:
    """What each kernel's gradient may take more where its result crosses a border, shape (kernels,)."""
    time = timeline_of(cost, accelerator=True)
    sizes = np.array(time.kernels.saved.sizes, dtype=np.float64)
    per_sample = (ALONE * sizes + passed_on_bytes(time)) * time.kernels.flow.needs_grad
    return read_only(cost.workload.batch_size * cost.workload.training * per_sample)


@kept
def _kept_forward(cost: GraphCost) -> Floats:
    """Bytes that each op keeps to the end of the forward pass, shape (1, ops)."""
    kernels = timeline_of(cost, accelerator=True).kernels
    once = np.array(kernels.saved.once_bytes) * (np.array(kernels.segments) == RUNS_ONCE)
    held = cost.workload.batch_size * kept_bytes(kernels)[0] + once
    found: Floats = np.bincount(kernels.owners, held, len(cost)).astype(np.float64)
    return read_only(found[None] * cost.workload.training)


@kept
def _moving_bytes(cost: GraphCost) -> Floats:
    """Most that the whole model holds at once beside what it keeps for good, shape (1,)."""
    return read_only(np.array([memory_sweep(cost).max(initial=0.0) - _fixed(cost).sum()]))
