"""When tensors are alive: from which step of a mini-batch to which, on one side of a cut.

Op i of n runs forward at step i and backward at step 2 n - 1 - i. As in PyTorch, a tensor lives until its
last reader has run or, where an op keeps it, until that op has run backward; the gradient of a tensor lives
from the backward step of its last reader to that of the op that made the tensor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.caches import kept
from cutwise.costs.checkpointing import Checkpoints, checkpoints_of
from cutwise.costs.derived_costs import DerivedCosts, derived_costs
from cutwise.costs.gradient_flow import GradientFlow, gradient_flow
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.storages import RESHAPES
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph

Interval = tuple[float, int, int]
"""Bytes, first step, last step."""
# The gradient of what these read is their own result's gradient, seen in another shape.
PASSING = RESHAPES | {"transpose", "identity", "cast", "add", "sub", "concat", "copy"}


def tensors(cost: GraphCost, here: Mask) -> Iterator[Interval]:
    """Bytes of a sample that ops on the side `here` read, make or keep; each storage once."""
    _, derived, checkpoints = _parts(cost)
    count = len(cost)
    readers = _readers(cost.graph, here)
    names: dict[int, list[int]] = defaultdict(list)
    for at, root in enumerate(derived.roots):
        names[root].append(at)
    keepers = _first_keepers(checkpoints.saved.storages, here)
    for root, seen_as in names.items():
        read = [reader for name in seen_as for reader in readers[name]]
        if here[root] or read:
            until = _backward(count, keepers[root]) if root in keepers else max([root, *read])
            yield derived.saved.sizes[root], root if here[root] else min(read), until
    begins = {block: at for at, block in enumerate(checkpoints.blocks) if here[at]}
    made_again = checkpoints.made_again.charged_bytes(here.tolist())
    present: list[int] = np.flatnonzero(here).tolist()
    for at in present:
        ends = _backward(count, at)
        if beside := checkpoints.saved.extra_bytes[at]:
            yield beside, at, ends
        if made_again[at]:
            yield float(made_again[at]), _backward(count, begins[checkpoints.blocks[at]]), ends


def activation_gradients(cost: GraphCost, here: Mask) -> Iterator[Interval]:
    """Bytes of a sample's gradients between ops on the side `here`.

    A sum, a concatenation or a view passes the gradient it gets on to what it read without a copy, until
    the gradient of another reader is added to it. What comes from the other side of the cut, or from the
    loss, is there from the start of the backward pass; what goes there, until its end.
    """
    flow, derived, _ = _parts(cost)
    graph, count = cost.graph, len(cost)
    everywhere = _readers(graph, np.ones(count, dtype=bool))
    owner: dict[int, int] = {}  # whose gradient each op's result shares; its own, if nobody passed one on
    spans: dict[int, tuple[int, int]] = {}
    for at in range(count - 1, -1, -1):
        readers = sorted((r for r in set(everywhere[at]) if flow.needs_grad[r]), reverse=True)
        local = [reader for reader in readers if here[reader]]
        if not flow.needs_grad[at] or not (here[at] or local):
            continue
        received = bool(here[at]) and (not readers or len(local) < len(readers))
        arrivals = [count] * received + [_backward(count, reader) for reader in local]
        ends = _backward(count, at) if here[at] else 2 * count - 1
        passed = not received and _passes_on(graph, local[0], at)
        if passed:
            owner[at] = owner[local[0]]
            begun, until = spans[owner[at]]
            spans[owner[at]] = (begun, max(until, arrivals[1] if len(arrivals) > 1 else ends))
        if not passed or len(arrivals) > 1:
            owner[at] = at
            spans[at] = (arrivals[1 if passed else 0], ends)
        yield from ((derived.saved.sizes[at], step, step) for step in arrivals[1:])
    yield from ((derived.saved.sizes[at], begun, until) for at, (begun, until) in spans.items())


def weight_gradients(cost: GraphCost, here: Mask) -> Iterator[Interval]:
    """Bytes of the gradients of trained weights on the side `here`, which stay once they are there.

    A weight that several ops share gets a gradient from each, added to the first; the gradient of a
    merged adapter goes through one of the whole matrix.
    """
    flow, _, _ = _parts(cost)
    count, size = len(cost), DTYPE_BYTES[cost.workload.compute]
    untied = cost.workload.tied_weights == "untied"
    steps: dict[tuple[str, int], list[int]] = defaultdict(list)
    elements: dict[tuple[str, int], int] = {}
    for at in np.flatnonzero(here).tolist()[::-1]:
        op = cost.graph.ops[at]
        for weight in op.weights:
            if weight.id in flow.trained[at]:
                key = (weight.id, at if untied else 0)
                elements[key] = weight.elements
                steps[key].append(_backward(count, at))
        if op.figures and cost.workload.training:
            yield float(cost.weight_gradient_bytes[at]), _backward(count, at), 2 * count - 1
        if "merged_rank" in op.attrs:
            yield op.weights[0].elements * size, _backward(count, at), _backward(count, at)
    for key, (first, *later) in steps.items():
        yield elements[key] * size, first, 2 * count - 1
        yield from ((elements[key] * size, step, step) for step in later)


def storage_bytes(cost: GraphCost) -> Floats:
    """Bytes of a sample in the storage that each op's result lies in, shape (ops,)."""
    _, derived, _ = _parts(cost)
    return np.array([derived.saved.sizes[root] for root in derived.roots], dtype=np.float64)


@kept
def _parts(cost: GraphCost) -> tuple[GradientFlow, DerivedCosts, Checkpoints]:
    flow = gradient_flow(cost.graph, cost.workload)
    derived = derived_costs(cost.graph, cost.workload, flow)
    return flow, derived, checkpoints_of(cost.graph, cost.workload, flow, derived)


def _backward(count: int, at: int) -> int:
    return 2 * count - 1 - at


def _readers(graph: ModelGraph, here: Mask) -> Mapping[int, list[int]]:
    readers: dict[int, list[int]] = defaultdict(list)
    for at in np.flatnonzero(here).tolist():
        for name in graph.ops[at].inputs:
            readers[graph.index[name]].append(at)
    return readers


def _first_keepers(storages: Sequence[frozenset[int]], here: Mask) -> Mapping[int, int]:
    keepers: dict[int, int] = {}
    for at in np.flatnonzero(here).tolist():
        for root in storages[at]:
            keepers.setdefault(root, at)
    return keepers


def _passes_on(graph: ModelGraph, reader: int, at: int) -> bool:
    """Whether the gradient of `at` is that of its reader: not where an operand was stretched to fit."""
    op, read = graph.ops[reader], graph.ops[at].output
    stretched = op.kind in {"add", "sub"} and read.elements != op.output.elements
    return op.kind in PASSING and not stretched
