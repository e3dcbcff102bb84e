"""Gradient checkpointing by blocks: only the inputs of a block are kept, and it runs forward once more.

As `torch.utils.checkpoint.checkpoint_sequential` does, with the blocks that are drawn as its segments: every
block is run again but the last, whose tensors are needed at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.derived_costs import DerivedCosts
from cutwise.costs.gradient_flow import GradientFlow
from cutwise.costs.lora import without_adapters
from cutwise.costs.saved_tensors import SavedTensors
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen
from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph

KEPT_ALIVE = -1  # the block of ops that do not run again


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints(Frozen):
    """`blocks`: for each op the block it runs again with, or `KEPT_ALIVE`. `saved`: what is kept all the
    time; `made_again`: what a block keeps only while it runs backward."""

    blocks: Sequence[int]
    saved: SavedTensors
    made_again: SavedTensors


def checkpoints_of(
    graph: ModelGraph, workload: Workload, flow: GradientFlow, derived: DerivedCosts
) -> Checkpoints:
    """What is kept and what is made again: all blocks but the last run again, or none.

    A block that no gradient passes keeps nothing and does not run again.
    """
    if workload.checkpointing == "none" or not workload.training:
        return _none_again(derived.saved)
    block_of = _blocks(graph, flow)
    inputs = [_read_from_outside(graph, at, block_of, derived.roots) for at in range(len(graph))]
    outside = {block: frozenset[int]() for block in block_of}
    for block, read in zip(block_of, inputs, strict=True):
        outside[block] |= read
    plain = derived.saved
    again = [block != KEPT_ALIVE for block in block_of]
    return Checkpoints(
        blocks=block_of,
        saved=replace(
            plain,
            storages=[
                read if repeated else kept
                for read, kept, repeated in zip(inputs, plain.storages, again, strict=True)
            ],
            extra_bytes=[
                0.0 if repeated else extra for extra, repeated in zip(plain.extra_bytes, again, strict=True)
            ],
        ),
        made_again=replace(
            plain,
            storages=[
                kept - outside[block] if repeated else frozenset()
                for kept, block, repeated in zip(plain.storages, block_of, again, strict=True)
            ],
            extra_bytes=[
                extra if repeated else 0.0 for extra, repeated in zip(plain.extra_bytes, again, strict=True)
            ],
        ),
    )


def _none_again(saved: SavedTensors) -> Checkpoints:
    count = len(saved.storages)
    nothing = replace(saved, storages=[frozenset()] * count, extra_bytes=[0.0] * count)
    return Checkpoints(blocks=[KEPT_ALIVE] * count, saved=saved, made_again=nothing)


def run_again(checkpoints: Checkpoints, columns: Mapping[str, Floats]) -> dict[str, Floats]:
    """The columns that checkpointing changes.

    While an op runs backward, what its block made again up to it is alive beside its own tensors. For
    a side with part of a block that is at most too much, never too little.
    """
    again = np.array(checkpoints.blocks) != KEPT_ALIVE
    made = checkpoints.made_again.charged_bytes()
    so_far = dict.fromkeys(checkpoints.blocks, 0.0)
    alive = np.zeros(len(made))
    for at, block in enumerate(checkpoints.blocks):
        so_far[block] += made[at]
        alive[at] = so_far[block]
    return {
        "saved_bytes": checkpoints.saved.charged_bytes(),
        "transient_bytes": columns["transient_bytes"] + alive,
        "backward_input_flops": columns["backward_input_flops"] + columns["forward_flops"] * again,
    }


def _blocks(graph: ModelGraph, flow: GradientFlow) -> list[int]:
    """For each op the block that it runs again with; adapters belong to the block of their layer."""
    plain = without_adapters(graph)
    block_of = {plain.ops[at].id: number for number, block in enumerate(blocks(plain)) for at in block.ops}
    found = [block_of[op.id] if op.id in block_of else block_of[op.id.rpartition("/")[0]] for op in graph.ops]
    running = {block for block, needed in zip(found, flow.needs_grad, strict=True) if needed}
    last = max(block_of.values(), default=KEPT_ALIVE)
    return [block if block in running and block != last else KEPT_ALIVE for block in found]


def _read_from_outside(
    graph: ModelGraph, at: int, block_of: Sequence[int], roots: Sequence[int]
) -> frozenset[int]:
    """Storages made before the block that an op reads; the model's inputs are made by nobody."""
    read = (roots[graph.index[name]] for name in graph.ops[at].inputs)
    return frozenset(
        root for root in read if block_of[root] != block_of[at] or graph.ops[root].kind == "input"
    )
