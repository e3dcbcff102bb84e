"""When tensors are alive: from which step of a mini-batch to which, on one side of a cut.

As in PyTorch, a tensor lives until its last reader has run or, where a kernel keeps it, until that kernel has
run backward; the gradient of a tensor lives from the backward step of its last reader to that of the kernel
that made the tensor. What a part that runs again keeps of its own is there from then on only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.caches import kept
from cutwise.costs.checkpointing import RUNS_ONCE
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.kernels.kernel_costs import KernelCosts, kernel_costs
from cutwise.costs.memory.batch_steps import BatchSteps, batch_steps
from cutwise.costs.storages import RESHAPES
from cutwise.costs.weight_costs import trained_dtype
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph

Interval = tuple[float, int, int]
"""Bytes, first step, last step."""
# The gradient of what these read is their own result's gradient, seen in another shape.
PASSING = RESHAPES | {"transpose", "identity", "cast", "add", "sub", "concat", "copy"}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class KernelTimeline(Frozen):
    """The kernels of a model and the steps at which they run."""

    kernels: KernelCosts
    steps: BatchSteps


@kept
def timeline_of(cost: GraphCost, *, accelerator: bool) -> KernelTimeline:
    """The timeline of a priced model."""
    kernels = kernel_costs(cost.graph, cost.workload, accelerator=accelerator)
    return KernelTimeline(
        kernels=kernels, steps=batch_steps(kernels.segments, training=cost.workload.training)
    )


def tensors(time: KernelTimeline, here: Mask) -> Iterator[Interval]:
    """Bytes of a sample that kernels on the side `here` (kernels,) read, make or keep; each storage once."""
    kernels, steps = time.kernels, time.steps
    names: dict[int, list[int]] = defaultdict(list)
    for at, root in enumerate(kernels.roots):
        names[root].append(at)
    readers, segments = _readers(kernels.graph, here), kernels.segments
    keepers, again = _keepers(kernels, here)
    for root, seen_as in names.items():
        read = [reader for name in seen_as for reader in readers.get(name, ())]
        if not (here[root] or read):
            continue
        size, part = kernels.saved.sizes[root], segments[root]
        until = max([root, *read]) if here[root] else max(read)
        held = [steps.backward[keepers[root]]] if root in keepers else []
        if steps.backward:
            outside = {segments[reader] for reader in read} - {part, RUNS_ONCE}
            held += [steps.backward[min(r for r in read if segments[r] == other)] for other in outside]
        yield size, root if here[root] else min(read), max([until, *held])
        if here[root] and part != RUNS_ONCE:
            inside = [steps.again[reader] for reader in read if segments[reader] == part]
            kept_until = [steps.backward[again[root]]] if root in again else []
            yield size, steps.again[root], max([steps.again[root], *inside, *kept_until])


def held_beside(time: KernelTimeline, here: Mask) -> Iterator[Interval]:
    """Bytes of a sample that kernels keep beside tensors, and hold only while they run."""
    kernels, steps = time.kernels, time.steps
    for at in np.flatnonzero(here).tolist():
        first = at if kernels.segments[at] == RUNS_ONCE else steps.again[at]
        if beside := kernels.saved.extra_bytes[at]:
            yield beside, first, steps.backward[at] if steps.backward else first
        if running := float(kernels.forward_bytes[at]):
            yield from ((running, step, step) for step in {at, first})
        if steps.backward and kernels.backward_bytes[at] and kernels.flow.needs_grad[at]:
            yield float(kernels.backward_bytes[at]), steps.backward[at], steps.backward[at]


def held_once(time: KernelTimeline, here: Mask) -> Iterator[Interval]:
    """Bytes that kernels keep or pass by once a mini-batch, whatever its samples."""
    kernels, steps = time.kernels, time.steps
    for at in np.flatnonzero(here).tolist():
        first = at if kernels.segments[at] == RUNS_ONCE else steps.again[at]
        last = steps.backward[at] if steps.backward else first
        if beside := kernels.saved.once_bytes[at]:
            yield beside, first, last
        if passing := float(kernels.passing_once_bytes[at]):
            reached = steps.backward and kernels.flow.needs_grad[at]
            yield from ((passing, step, step) for step in {at, first, last if reached else first})


def activation_gradients(time: KernelTimeline, here: Mask) -> Iterator[Interval]:
    """Bytes of a sample's gradients between kernels on the side `here` (kernels,).

    A sum, a concatenation or a view passes the gradient it gets on to what it read without a copy, until
    the gradient of another reader is added to it. What comes from the other side of the cut, or from the
    loss, is there from the start of the backward pass; what goes there, until its end.
    """
    kernels, steps = time.kernels, time.steps
    if not steps.backward:
        return
    graph, flow, backward = kernels.graph, kernels.flow, steps.backward
    everywhere = _readers(graph, np.ones(len(graph), dtype=bool))
    owner: dict[int, int] = {}  # whose gradient each kernel's result shares; its own, if nobody passed one on
    spans: dict[int, tuple[int, int]] = {}
    for at in range(len(graph) - 1, -1, -1):
        readers = sorted((r for r in set(everywhere.get(at, ())) if flow.needs_grad[r]), reverse=True)
        local = [reader for reader in readers if here[reader]]
        if not flow.needs_grad[at] or not (here[at] or local):
            continue
        received = bool(here[at]) and (not readers or len(local) < len(readers))
        arrivals = [steps.first_backward] * received + [backward[reader] for reader in local]
        ends = backward[at] if here[at] else steps.last_backward
        passed = not received and _passes_on(kernels, local[0], at)
        if passed:
            owner[at] = owner[local[0]]
            begun, until = spans[owner[at]]
            spans[owner[at]] = (begun, max(until, arrivals[1] if len(arrivals) > 1 else ends))
        if not passed or len(arrivals) > 1:
            owner[at] = at
            spans[at] = (arrivals[1 if passed else 0], ends)
        yield from ((kernels.saved.sizes[at], step, step) for step in arrivals[1:])
    yield from ((kernels.saved.sizes[at], begun, until) for at, (begun, until) in spans.items())


def weight_gradients(cost: GraphCost, time: KernelTimeline, here: Mask) -> Iterator[Interval]:
    """Bytes of the gradients of trained weights on the side `here` (kernels,), which stay once they exist.

    A weight that several ops share gets a gradient from each, added to the first; the gradient of a
    merged adapter goes through one of the whole matrix. Where gradients are accumulated, those of earlier
    mini-batches are there from the start.
    """
    kernels, steps = time.kernels, time.steps
    if not steps.backward:
        return
    accumulated = cost.workload.gradient_accumulation > 1
    untied, last = cost.workload.tied_weights == "untied", steps.count - 1
    arrivals: dict[tuple[str, int], list[int]] = defaultdict(list)
    sizes: dict[tuple[str, int], float] = {}
    for at in np.flatnonzero(here).tolist()[::-1]:
        op, step = kernels.graph.ops[at], steps.backward[at]
        dtype = trained_dtype(cost.workload, adapter=bool(op.attrs.get("adapter")))
        for weight in op.weights:
            if weight.id in kernels.flow.trained[at]:
                key = (weight.id, at if untied else 0)
                sizes[key] = weight.elements * DTYPE_BYTES[dtype]
                arrivals[key].append(step)
        if op.figures:
            yield float(cost.weight_gradient_bytes[kernels.owners[at]]), 0 if accumulated else step, last
        if "merged_rank" in op.attrs:
            yield op.weights[0].elements * DTYPE_BYTES[cost.workload.compute], step, step
    for key, (first, *later) in arrivals.items():
        yield sizes[key], 0 if accumulated else first, last
        yield from ((sizes[key], step, step) for step in later)


def storage_bytes(cost: GraphCost) -> Floats:
    """Bytes of a sample in the largest storage that an op's kernels write their results to, shape (ops,)."""
    if cost.generation is not None:
        return cost.transient_bytes
    kernels = timeline_of(cost, accelerator=True).kernels
    found = np.zeros(len(cost))
    np.maximum.at(found, kernels.owners, np.array(kernels.saved.sizes)[list(kernels.roots)])
    return found


def working_bytes(cost: GraphCost) -> Floats:
    """Bytes that are there while the most demanding kernel of each op runs, shape (ops,)."""
    kernels, batch = timeline_of(cost, accelerator=True).kernels, cost.workload.batch_size
    sizes = np.array(kernels.saved.sizes)[list(kernels.roots)]
    backward = kernels.backward_bytes * np.array(kernels.flow.needs_grad) * cost.workload.training
    running = batch * np.maximum(sizes + kernels.forward_bytes, backward) + kernels.passing_once_bytes
    found = np.zeros(len(cost))
    np.maximum.at(found, kernels.owners, running)
    return found


def passed_on_bytes(time: KernelTimeline) -> Floats:
    """Bytes of a sample in the widest gradient that each kernel's may be passed on from, shape (kernels,)."""
    kernels = time.kernels
    found = np.array(kernels.saved.sizes, dtype=np.float64)
    readers = _readers(kernels.graph, np.ones(len(kernels.graph), dtype=bool))
    for at in range(len(found) - 1, -1, -1):
        passing = [found[reader] for reader in readers.get(at, ()) if _passes_on(kernels, reader, at)]
        found[at] = max([found[at], *passing])
    return found


def _readers(graph: ModelGraph, here: Mask) -> Mapping[int, list[int]]:
    readers: dict[int, list[int]] = defaultdict(list)
    for at in np.flatnonzero(here).tolist():
        for name in graph.ops[at].inputs:
            readers[graph.index[name]].append(at)
    return readers


def _keepers(kernels: KernelCosts, here: Mask) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """The first kernel that keeps each storage: of those that run once, and inside the storage's own part."""
    once: dict[int, int] = {}
    again: dict[int, int] = {}
    for at in np.flatnonzero(here).tolist():
        part = kernels.segments[at]
        for root in kernels.saved.storages[at]:
            if part == RUNS_ONCE:
                once.setdefault(root, at)
            elif part == kernels.segments[root]:
                again.setdefault(root, at)
    return once, again


def _passes_on(kernels: KernelCosts, reader: int, at: int) -> bool:
    """Whether the gradient of `at` is that of its reader: not where an operand was stretched to fit."""
    op, read = kernels.graph.ops[reader], kernels.graph.ops[at].output
    same = read.dtype == op.output.dtype
    stretched = op.kind in {"add", "sub"} and read.elements != op.output.elements
    return same and (op.kind in PASSING or bool(op.attrs.get("passes"))) and not stretched
