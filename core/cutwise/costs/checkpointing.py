"""Gradient checkpointing: of a part of the model only the inputs are kept, and it runs forward once more.

Parts are the layers of a list (`layers/0`, `layer1/1`), as transformers checkpoints them; all of them run
again, the last too. A model without such a list runs again block by block, all but the last, as
`torch.utils.checkpoint.checkpoint_sequential` does.
"""

from __future__ import annotations

from collections.abc import Sequence

from cutwise.costs.gradient_flow import GradientFlow
from cutwise.costs.workload import Workload
from cutwise.graph.block_names import parts_of
from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph, Op

RUNS_ONCE = -1
"""The part of ops that do not run again."""


def run_again(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> list[int]:
    """For each op the part that it runs again with, or `RUNS_ONCE`.

    A part that no gradient passes keeps nothing and does not run again.
    """
    if workload.checkpointing == "none" or not workload.training:
        return [RUNS_ONCE] * len(graph)
    found = _layers(graph) or _blocks(graph)
    running = {part for part, needed in zip(found, flow.needs_grad, strict=True) if needed}
    return [part if part in running else RUNS_ONCE for part in found]


def _layers(graph: ModelGraph) -> list[int]:
    """The layer of a list that each op belongs to; empty where the model has no list of layers."""
    names = [_layer(op) for op in graph.ops]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(filter(None, names)))}
    return [numbers.get(name, RUNS_ONCE) for name in names] if len(numbers) > 1 else []


def _layer(op: Op) -> str:
    """The path of the op's block up to its first number."""
    parts = parts_of(op.block)
    first = next((at for at, part in enumerate(parts) if part.isdigit()), None)
    return "" if first is None or first == 0 else "/".join(parts[: first + 1])


def _blocks(graph: ModelGraph) -> Sequence[int]:
    """The block of each op; of the last, whose tensors are needed at once, nothing runs again."""
    found = [RUNS_ONCE] * len(graph)
    for number, block in list(enumerate(blocks(graph)))[:-1]:
        for at in block.ops:
            found[at] = number
    return found
