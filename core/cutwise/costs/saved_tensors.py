"""What a backward pass needs again: which storages each op keeps, each counted once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cutwise.costs.ops.formula import OUTPUT, OpWork
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTensors(Frozen):
    """For each op the storages it keeps and what beside them, bytes per sample; and once a mini-batch.

    A storage is named by the position of the op that makes it; `sizes` are those of all storages.
    """

    storages: Sequence[frozenset[int]]
    extra_bytes: Sequence[float]
    once_bytes: Sequence[float]
    sizes: Sequence[float]


def saved_tensors(
    graph: ModelGraph,
    works: Sequence[OpWork],
    roots: Sequence[int],
    needs_grad: Sequence[bool],
    sizes: Sequence[float],
    stated_bytes: Sequence[float],
) -> SavedTensors:
    """What every op keeps by its formula, or by its own figure (`stated_bytes`, 0 for all others).

    `roots` say in whose storage each op's output lies. Ops whose output needs no gradient keep nothing.
    """
    samples = graph.batch_size
    return SavedTensors(
        storages=[
            frozenset(roots[tensor] for tensor in _kept(graph, position, work)) if needed else frozenset()
            for position, (work, needed) in enumerate(zip(works, needs_grad, strict=True))
        ],
        extra_bytes=[
            work.extra_bytes / samples * needed + stated
            for work, needed, stated in zip(works, needs_grad, stated_bytes, strict=True)
        ],
        once_bytes=[work.once_bytes * needed for work, needed in zip(works, needs_grad, strict=True)],
        sizes=[size / samples for size in sizes],
    )


def _kept(graph: ModelGraph, position: int, work: OpWork) -> Iterator[int]:
    inputs = graph.ops[position].inputs
    for place in work.saves:
        if place == OUTPUT:
            yield position
        elif place < len(inputs):
            yield graph.index[inputs[place]]
