"""Which ops run as one kernel where kernels are fused: element-wise ones together, and with what they follow.

A compiler or a runtime makes one kernel of element-wise ops of which each is read by the next alone. Where
all that it reads is one tensor that nobody else reads, it runs in the kernel that makes this tensor, and
nothing is moved for it: batch normalisation and activation behind a convolution. Products of one input with
several matrices are one product when nothing is trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cutwise.costs.ops.pointwise import ACTIVATIONS
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import ModelGraph

ELEMENT_WISE = frozenset(
    (set(ACTIVATIONS) - {"softmax", "log_softmax"})
    | {"add", "sub", "mul", "div", "neg", "maximum", "minimum", "where", "prelu", "dropout", "cast"}
)
APART = frozenset({"input", "constant"})


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedOp(Frozen):
    """What is left of an op that runs with others: tensors that it reads, whether it writes, its launches."""

    sources: tuple[int, ...] = ()
    writes: bool = False
    launches: float = 0.0


def joined_ops(graph: ModelGraph, *, training: bool) -> Mapping[int, JoinedOp]:
    """Every op that does not run as a kernel of its own, by position, where kernels are fused."""
    readers = _readers(graph)
    kinds = ELEMENT_WISE if training else ELEMENT_WISE | {"batch_norm"}
    last = _last_of_group(graph, readers, kinds)
    groups: dict[int, list[int]] = {}
    for at, end in last.items():
        groups.setdefault(end, []).append(at)
    found: dict[int, JoinedOp] = {}
    for end, members in groups.items():
        found |= _joined(graph, readers, end, frozenset(members))
    return FrozenDict(found if training else {**found, **dict(_joint_products(graph))})


def _readers(graph: ModelGraph) -> list[set[int]]:
    readers: list[set[int]] = [set() for _ in graph.ops]
    for producer, reader in graph.edges:
        readers[producer].add(reader)
    return readers


def _last_of_group(graph: ModelGraph, readers: list[set[int]], kinds: frozenset[str]) -> dict[int, int]:
    """The end of the chain that each element-wise op begins, or is part of."""
    last: dict[int, int] = {}
    for at in reversed(range(len(graph))):
        if graph.ops[at].kind in kinds and not graph.ops[at].figures:
            only = next(iter(readers[at])) if len(readers[at]) == 1 else at
            last[at] = last.get(only, at)
    return last


def _joined(
    graph: ModelGraph, readers: list[set[int]], end: int, members: frozenset[int]
) -> dict[int, JoinedOp]:
    """What a group reads and writes: nothing where it runs in the kernel that makes its only tensor."""
    read = {graph.index[name] for at in members for name in graph.ops[at].inputs} - members
    sources = tuple(sorted(at for at in read if graph.ops[at].kind != "constant"))
    one_kernel = dict.fromkeys(members, JoinedOp())
    if len(sources) == 1 and graph.ops[sources[0]].kind not in APART and readers[sources[0]] <= members:
        return one_kernel
    return {**one_kernel, end: JoinedOp(sources=sources, writes=True, launches=1.0)}


def _joint_products(graph: ModelGraph) -> Iterator[tuple[int, JoinedOp]]:
    """All but the first of the products with matrices that read one tensor: each writes its own part."""
    seen: set[str] = set()
    for at, op in enumerate(graph.ops):
        if op.kind == "linear" and len(op.inputs) == 1:
            if op.inputs[0] in seen:
                yield at, JoinedOp(writes=True)
            seen.add(op.inputs[0])
