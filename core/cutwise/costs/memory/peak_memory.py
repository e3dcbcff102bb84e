"""Memory along one mini-batch, from what is alive when: what a run allocates, kernel by kernel.

The forward pass keeps what the backward pass needs again; each gradient of a weight stays from the moment it
is made; the optimiser's step comes last, with its copy. The most of all steps is what a limit is held
against.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.tensor_lifetimes import (
    Interval,
    activation_gradients,
    held_beside,
    held_once,
    tensors,
    timeline_of,
    weight_gradients,
)


def peak_memory(cost: GraphCost, side: Mask | None = None, *, accelerator: bool = True) -> float:
    """Most bytes allocated at once on one side while a mini-batch is trained or run.

    `side` (ops,) marks the ops that run there; all of them unless given. What the runtime itself takes
    is not counted. `accelerator`: with the kernels of a GPU, whose masks and attention hold less.
    """
    return float(memory_sweep(cost, side, accelerator=accelerator).max(initial=0.0))


def memory_sweep(cost: GraphCost, side: Mask | None = None, *, accelerator: bool = True) -> Floats:
    """Bytes allocated at each step of a mini-batch, in the order of `BatchSteps`, shape (steps,).

    Alive are: weights, buffers and optimiser state of the side, its copies of weights that ops elsewhere are
    charged for among them; tensors that a kernel still reads or keeps, and what it holds while it runs;
    gradients on their way; and weights' gradients so far. Where text is generated a step is an op, and alive
    beside keys and values (among the buffers) is the widest tensor of the prompt.
    """
    ops = np.ones(len(cost), dtype=bool) if side is None else np.asarray(side, dtype=bool)
    time = timeline_of(cost, accelerator=accelerator)
    here, steps = ops[time.kernels.owners], time.steps.count
    fixed = (cost.weight_bytes + cost.buffer_bytes + cost.optimizer_bytes)[ops].sum()
    shared = cost.shared
    copies = shared.beside(ops[None])[0]
    copied = shared.of("weight_bytes") + shared.of("buffer_bytes") + shared.of("optimizer_bytes")
    fixed += copied[copies].sum()
    if cost.generation is not None:
        return np.asarray(fixed + cost.workload.batch_size * np.where(ops, cost.transient_bytes, 0.0))
    per_sample = _alive(tensors(time, here), steps) + _alive(held_beside(time, here), steps)
    per_sample += _alive(activation_gradients(time, here), steps)
    once = _alive(weight_gradients(cost, time, here), steps) + _alive(held_once(time, here), steps)
    if cost.workload.training:
        once[-1] += cost.step_bytes[ops].sum() + shared.step_bytes[copies].sum()
    return np.asarray(fixed + cost.workload.batch_size * per_sample + once)


def _alive(intervals: Iterable[Interval], steps: int) -> Floats:
    changes = np.zeros(steps + 1)
    for size, first, last in intervals:
        changes[first] += size
        changes[last + 1] -= size
    return np.cumsum(changes)[:steps]
