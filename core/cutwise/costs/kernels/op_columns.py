"""What kernels keep and hold, summed up for the op of the model that they belong to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.checkpointing import RUNS_ONCE
from cutwise.costs.kernels.kernel_costs import KernelCosts
from cutwise.frozen import FrozenDict

RUN_AGAIN = FrozenDict(
    {
        "backward_input_flops": "forward_flops",
        "backward_moved_bytes": "moved_bytes",
        "backward_read_bytes": "read_bytes",
        "backward_launches": "launches",
    }
)
"""Columns of the backward pass, with those of the forward pass that checkpointing adds to them."""


def held_columns(kernels: KernelCosts, batch_size: int, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """The columns of the model's ops that follow from their kernels: kept, alive while they run, run again.

    A storage that is kept is charged to the first op that keeps it. While an op runs backward, what its
    part made again up to it is alive beside its own tensors: for a side with a piece of a part that is at
    most too much, never too little.
    """
    ops = len(columns["forward_flops"])
    kept, again = kept_bytes(kernels)
    once = np.array(kernels.saved.once_bytes) / batch_size
    running = (
        np.maximum(kernels.forward_bytes, kernels.backward_bytes) + kernels.passing_once_bytes / batch_size
    )
    own = np.array(kernels.saved.sizes) + running
    alive, so_far = own.copy(), dict.fromkeys(kernels.segments, 0.0)
    repeated = np.zeros(ops, dtype=bool)
    for at, part in enumerate(kernels.segments):
        if part != RUNS_ONCE:
            so_far[part] += again[at]
            alive[at] += so_far[part]
            repeated[kernels.owners[at]] = True
    transient = np.array(columns["transient_bytes"] * np.ones(ops))
    np.maximum.at(transient, kernels.owners, alive)
    return {
        "saved_bytes": np.bincount(kernels.owners, kept + once, ops).astype(np.float64),
        "transient_bytes": transient,
        **{back: columns[back] + columns[forward] * repeated for back, forward in RUN_AGAIN.items()},
    }


def widest_bytes(kernels: KernelCosts, ops: int) -> Floats:
    """Bytes of a sample of the largest tensor that each op of the model makes, shape (ops,)."""
    widest = np.zeros(ops)
    np.maximum.at(widest, kernels.owners, np.array(kernels.saved.sizes))
    return widest


def kept_bytes(kernels: KernelCosts) -> tuple[Floats, Floats]:
    """Bytes that each kernel is the first to keep all the time, and only while its part runs backward."""
    saved, segments = kernels.saved, kernels.segments
    seen: set[int] = set()
    inside: set[int] = set()
    kept, again = np.zeros(len(segments)), np.zeros(len(segments))
    for at, part in enumerate(segments):
        read = {kernels.roots[kernels.graph.index[name]] for name in kernels.graph.ops[at].inputs}
        if part == RUNS_ONCE:
            kept[at] = saved.extra_bytes[at] + sum(saved.sizes[root] for root in saved.storages[at] - seen)
            seen |= saved.storages[at]
            continue
        outside = {root for root in read if segments[root] != part}
        kept[at] = sum(saved.sizes[root] for root in outside - seen)
        seen |= outside
        own = {root for root in saved.storages[at] if segments[root] == part} - inside
        again[at] = saved.extra_bytes[at] + sum(saved.sizes[root] for root in own)
        inside |= own
    return kept, again
