"""Memory along one mini-batch, from what is alive when: less than the sum of all kinds, and nearer the truth.

`cutwise.costs.memory.by_kind` adds up everything that is ever kept, the sum that limits are checked
against. Here the backward pass follows the forward pass op by op: what an op kept is free once the op has
run backward, while the gradients of its weights have come to stay.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.tensor_lifetimes import Interval, activation_gradients, tensors, weight_gradients


def peak_memory(cost: GraphCost, side: Mask | None = None) -> float:
    """Most bytes alive at once on one side while a mini-batch is trained or run.

    `side` (ops,) marks the ops that run there; all of them unless given. The loss, the runtime and
    what a kernel allocates for itself are not counted.
    """
    return float(memory_sweep(cost, side).max(initial=0.0))


def memory_sweep(cost: GraphCost, side: Mask | None = None) -> Floats:
    """Bytes alive at each step of a mini-batch: every op forward, then every op backward, last first.

    Shape (2 ops,), or (ops,) in inference. Alive are: weights, buffers and optimiser state of the side,
    its copies of weights that ops elsewhere are charged for among them; tensors that an op still reads or
    keeps; gradients on their way; and weights' gradients so far.
    """
    here = np.ones(len(cost), dtype=bool) if side is None else np.asarray(side, dtype=bool)
    steps = 2 * len(cost) if cost.workload.training else len(cost)
    fixed = (cost.weight_bytes + cost.buffer_bytes + cost.optimizer_bytes)[here].sum()
    if len(shared := cost.shared):
        copied = shared.of("weight_bytes") + shared.of("buffer_bytes") + shared.of("optimizer_bytes")
        fixed += copied[shared.beside(here[None])[0]].sum()
    per_sample = _alive(tensors(cost, here), steps) + _alive(activation_gradients(cost, here), steps)
    once = _alive(weight_gradients(cost, here), steps)
    return np.asarray(fixed + cost.workload.batch_size * per_sample + once)


def _alive(intervals: Iterable[Interval], steps: int) -> Floats:
    changes = np.zeros(steps + 1)
    for size, first, last in intervals:
        changes[first] += size
        changes[last + 1] -= size
    return np.cumsum(changes)[:steps]
