"""CPU seconds of every op alone: forward, backward, and its optimiser's step."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from torch import Tensor

from tests.testbed.op_tables import INPUT, Batch, OpTable, loss_of, sgd

LOSS = "loss"


def op_profile(table: OpTable, batch: Batch, *, rounds: int) -> dict[str, dict[str, float]]:
    """By op, and for the loss: the median over `rounds` training steps taken op by op."""
    optimizers = [sgd(op.module.parameters()) for op in table.ops]
    found = [_one_round(table, optimizers, batch) for _ in range(rounds)]
    return {
        name: {part: median(one[name][part] for one in found) for part in found[0][name]} for name in found[0]
    }


def _one_round(table: OpTable, optimizers: list[Any], batch: Batch) -> dict[str, dict[str, float]]:
    data, labels = batch
    values, leaves, seconds = {INPUT: data}, {}, {}
    for place, op in enumerate(table.ops):
        read = leaves[place] = [_leaf(values[j], trains=j != INPUT) for j in op.inputs]
        values[place], forward_s = _timed(lambda op=op, read=read: op.module(*read))
        seconds[op.name] = {"forward_s": forward_s, "step_s": 0.0}
    last = _leaf(values[len(table.ops) - 1], trains=True)
    loss, forward_s = _timed(lambda: loss_of(last, labels))
    _, backward_s = _timed(loss.backward)
    gradients: dict[int, Tensor] = {len(table.ops) - 1: last.grad}
    for place in reversed(range(len(table.ops))):
        op, optimizer = table.ops[place], optimizers[place]

        def backward(op: Any = op, place: int = place) -> None:
            values[place].backward(gradients[place])
            for j, leaf in zip(op.inputs, leaves[place], strict=True):
                if j != INPUT:
                    gradients[j] = leaf.grad if j not in gradients else gradients[j] + leaf.grad

        _, seconds[op.name]["backward_s"] = _timed(backward)
        if optimizer is not None:
            _, seconds[op.name]["step_s"] = _timed(optimizer.step)
            optimizer.zero_grad()
    return seconds | {LOSS: {"forward_s": forward_s, "backward_s": backward_s, "step_s": 0.0}}


def _leaf(tensor: Tensor, *, trains: bool) -> Tensor:
    leaf = tensor.detach()
    return leaf.requires_grad_() if trains else leaf


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began_s = time.process_time()
    made = work()
    return made, time.process_time() - began_s
