"""What a cost formula is given and what it answers, and the table every formula is registered in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cutwise.graph.model_graph import Op, TensorSpec
from cutwise.registry import Registry

OUTPUT = -1
KERNEL = "kernel"
"""The kind of what is no op of a model: its attributes say what it keeps and holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpCall:
    """One op as its formula sees it: shapes, and who needs a gradient.

    `inputs` are the tensors of `op.inputs`, in argument order, at the graph's own batch size;
    `inputs_need_grad` says for each whether a gradient has to reach it; `weights_trained` whether any
    of the op's own weights is trained, `main_weight_trained` whether its matrix is. All are False in
    inference. `element_bytes` is the size of one activation in the compute number format. `batches` is how
    many of the workload's mini-batches the graph's own batch makes (1 sample of 32: 1/32): the share it
    bears of what costs once a mini-batch.
    `flash_attention`: the fused kernel is the one that skips what a window hides.
    """

    op: Op
    inputs: tuple[TensorSpec, ...]
    inputs_need_grad: tuple[bool, ...]
    weights_trained: bool
    main_weight_trained: bool
    training: bool
    fused_attention: bool
    element_bytes: float
    batches: float
    flash_attention: bool = False

    @property
    def elements(self) -> int:
        """Elements of the op's output."""
        return self.op.output.elements

    @property
    def input_elements(self) -> int:
        """Elements of the first input."""
        return self.inputs[0].elements

    @property
    def drops(self) -> bool:
        """True for a dropout that drops: in training, at a ratio that is not 0."""
        return drops(self.op, training=self.training)

    def needs_grad(self, position: int = 0) -> bool:
        """True if a gradient has to reach input `position`; False where there is no such input."""
        return position < len(self.inputs_need_grad) and self.inputs_need_grad[position]

    def stated(self, name: str) -> int:
        """The whole number under attribute `name`, which ops of this kind have."""
        value: int = self.op.attrs[name]
        return value

    def whole(self, name: str, default: int) -> int:
        """The product of attribute `name` (a number or a list of them), or `default` where it is absent."""
        value: Any = self.op.attrs.get(name, default)
        return math.prod(value) if isinstance(value, list | tuple) else int(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpWork:
    """What one op does at the graph's own batch size; one multiply-add is 2 FLOP.

    `input_gradient_flops` covers the inputs that need a gradient and `weight_gradient_flops` the
    trained weights; `macs` the multiply-adds of dense ops (convolution, matrix product, attention,
    recurrence) and of no other. `saves` names the tensors kept for the backward pass: positions in
    `op.inputs`, or `OUTPUT`; a position without an input (its operand is a weight or a number) names
    nothing. `extra_bytes` is what is kept beside them (pooling indices, statistics,
    masks), `once_bytes` the same once a mini-batch, whatever the samples. They matter only where the op's
    output needs a gradient. `forward_bytes` and `backward_bytes` are what it needs beside its operands and
    results while it runs.
    """

    forward_flops: float = 0
    input_gradient_flops: float = 0
    weight_gradient_flops: float = 0
    macs: float = 0
    saves: tuple[int, ...] = ()
    extra_bytes: float = 0
    once_bytes: float = 0
    forward_bytes: float = 0
    backward_bytes: float = 0


def drops(op: Op, *, training: bool) -> bool:
    """True if `op` is a dropout that drops anything; else a dropout is a view of its input."""
    return op.kind == "dropout" and training and op.attrs.get("ratio") != 0


Formula = Callable[[OpCall], OpWork]
FORMULAS: Registry[Formula] = Registry("op kind")
