"""What each op of a table does with a mini-batch, counted while it runs: FLOPs, bytes, kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from cutwise.measured.split_runs import LayerWork
from tests.testbed.op_profile import LOSS
from tests.testbed.op_tables import INPUT, Batch, OpTable, loss_of

KINDS = {
    "ConvNorm": "conv_norm", "MaxPool2d": "max_pool", "AddRelu": "add_relu", "GlobalMean": "global_mean",
    "Linear": "linear", "Embedding": "embedding", "Attention": "attention", "FeedForward": "feed_forward",
    "AddStream": "add", "WordHead": "word_head",
}  # fmt: skip
VIEWS = {"view", "t", "transpose", "permute", "expand", "slice", "select", "detach", "unsqueeze", "alias"}


class KernelCount(TorchDispatchMode):
    """Kernels that run and the bytes of tensors they read and write, weights left out; views do neither."""

    def __init__(self, weights: Sequence[Tensor]) -> None:
        super().__init__()
        self._weights = {weight.untyped_storage().data_ptr() for weight in weights}
        self.launches, self.moved_bytes = 0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func.overloadpacket.__name__ not in VIEWS:
            self.launches += 1
            touched = [x for x in tree_leaves((args, kwargs, made)) if isinstance(x, Tensor)]
            self.moved_bytes += sum(
                x.nbytes for x in touched if x.untyped_storage().data_ptr() not in self._weights
            )
        return made


def work_of(kind: str, module: Any, read: Sequence[Tensor]) -> tuple[LayerWork, Tensor]:
    """What one layer does, and what it makes."""
    weights = list(module.parameters()) if isinstance(module, nn.Module) else []
    with FlopCounterMode(display=False) as forward, KernelCount(weights) as kernels:
        made = module(*read)
    with FlopCounterMode(display=False) as backward:
        made.backward(torch.ones_like(made))
    work = LayerWork(
        kind=kind,
        forward_flops=float(forward.get_total_flops()),
        backward_flops=float(backward.get_total_flops()),
        tensor_bytes=float(sum(x.nbytes for x in (*read, made))),
        moved_bytes=float(kernels.moved_bytes),
        weight_bytes=float(sum(weight.nbytes for weight in weights)),
        launches=float(kernels.launches),
    )
    return work, made


def table_works(table: OpTable, batch: Batch) -> dict[str, LayerWork]:
    """Every op's work by its name, and the loss's."""
    data, labels = batch
    values, found = {INPUT: data}, {}
    for place, op in enumerate(table.ops):
        read = [values[j].detach().requires_grad_(j != INPUT) for j in op.inputs]
        found[op.name], values[place] = work_of(KINDS[type(op.module).__name__], op.module, read)
    last = values[len(table.ops) - 1].detach().requires_grad_()
    found[LOSS], _ = work_of(LOSS, lambda made: loss_of(made, labels), [last])
    return found


def op_entries(table: OpTable, batch: Batch) -> list[dict[str, Any]]:
    """The table's ops and its loss without their times, as a run's file has them."""
    works, values = table_works(table, batch), {INPUT: batch[0]}
    table.run(range(len(table.ops)), values)
    names = {INPUT: "input", **{place: op.name for place, op in enumerate(table.ops)}}
    entries = [
        {
            "name": op.name,
            "inputs": [names[j] for j in op.inputs],
            "work": works[op.name],
            "output_bytes": float(values[place].nbytes),
            "gradient_bytes": float(values[place].nbytes),
        }
        for place, op in enumerate(table.ops)
    ]
    loss = {"name": LOSS, "inputs": [names[len(table.ops) - 1]], "work": works[LOSS]}
    return [*entries, {**loss, "output_bytes": 0.0, "gradient_bytes": 0.0}]
