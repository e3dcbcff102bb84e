"""One op as a call of PyTorch, from its kind, shapes and attributes alone, with random numbers.

Nothing of a model's file is run: a graph has no code in it, and `RUNS` names all that is ever called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cutwise.calibration.runs.op_tensors import OpTensors, Shape
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Op

if TYPE_CHECKING:
    from torch import Tensor

Run = Callable[[], "Tensor"]
NOT_RUN = frozenset({"input", "constant"})


Prepared = tuple[Run, tuple[Any, ...]]
"""What is called, and the tensors that its backward pass makes gradients of."""


def prepared(op: Op, shapes: Sequence[Shape], output: Shape, *, device: str = "cpu") -> Prepared | None:
    """The op ready to run on inputs of these shapes; None for a kind that nothing here runs.

    Raises what PyTorch raises where shapes do not fit.
    """
    if op.kind not in RUNS:
        return None
    made = OpTensors(op=op, shapes=tuple(shapes), output=output, device=device)
    call = RUNS[op.kind](made)
    return call, tuple(made.leaves)


def _convolution(made: OpTensors, *, axes: int) -> Run:
    import torch.nn.functional as functional

    kernel = made.op.weights[0].shape
    stride, dilation = made.axes("stride", axes), made.axes("dilation", axes)
    padding = tuple(
        max(0, -(-((out - 1) * step + spread * (size - 1) + 1 - given) // 2))
        for out, step, spread, size, given in zip(
            made.output[2:], stride, dilation, kernel[2:], made.shapes[0][2:], strict=True
        )
    )
    (given,), weight = made.inputs()[:1], made.random(kernel)
    bias = made.random((kernel[0],)) if len(made.op.weights) > 1 else None
    run: Any = getattr(functional, f"conv{axes}d")
    groups = made.whole("groups", 1)
    return lambda: run(given, weight, bias, stride, padding, dilation, groups)


def _transposed_convolution(made: OpTensors, *, axes: int) -> Run:
    import torch.nn.functional as functional

    kernel, stride = made.op.weights[0].shape, made.axes("stride", axes)
    (given,), weight = made.inputs()[:1], made.random(kernel)
    run: Any = getattr(functional, f"conv_transpose{axes}d")
    return lambda: run(given, weight, None, stride, groups=made.whole("groups", 1))


def _linear(made: OpTensors) -> Run:
    import torch.nn.functional as functional

    inner, outer = made.shapes[0][-1], made.output[-1]
    (given,), weight = made.inputs()[:1], made.random((outer, inner))
    bias = made.random((outer,)) if len(made.op.weights) > 1 else None
    return lambda: functional.linear(given, weight, bias)


def _matmul(made: OpTensors) -> Run:
    first, second = made.inputs()[:2]
    return lambda: first @ second


def _attention(made: OpTensors) -> Run:
    import torch.nn.functional as functional

    query, key, value = made.inputs()[:3]
    shares = query.dim() == 4 and query.shape[1] != key.shape[1]
    return lambda: functional.scaled_dot_product_attention(query, key, value, enable_gqa=shares)


def _batch_norm(made: OpTensors) -> Run:
    import torch
    import torch.nn.functional as functional

    (given,) = made.inputs()[:1]
    channels = made.shapes[0][1]
    weight, bias = made.random((channels,)), made.random((channels,))
    mean, variance = torch.zeros(channels, device=made.device), torch.ones(channels, device=made.device)
    return lambda: functional.batch_norm(
        given, mean, variance, weight, bias, training=torch.is_grad_enabled()
    )


def _layer_norm(made: OpTensors, *, name: str = "layer_norm") -> Run:
    import torch.nn.functional as functional

    width = made.op.weights[0].shape if made.op.weights else made.shapes[0][-1:]
    (given,), weight = made.inputs()[:1], made.random(width)
    if name == "rms_norm":
        return lambda: functional.rms_norm(given, list(width), weight)
    bias = made.random(width)
    return lambda: functional.layer_norm(given, list(width), weight, bias)


def _group_norm(made: OpTensors) -> Run:
    import torch.nn.functional as functional

    (given,) = made.inputs()[:1]
    weight, bias = made.random(made.shapes[0][1:2]), made.random(made.shapes[0][1:2])
    groups = made.whole("groups", 1) if made.op.kind == "group_norm" else made.shapes[0][1]
    return lambda: functional.group_norm(given, groups, weight, bias)


def _pool(made: OpTensors, *, largest: bool) -> Run:
    import torch.nn.functional as functional

    (given,) = made.inputs()[:1]
    axes = len(made.shapes[0]) - 2
    kernel, stride = made.axes("kernel", axes), made.axes("stride", axes)
    padding = tuple(
        min(size // 2, max(0, -(-((out - 1) * step + size - before) // 2)))
        for out, step, size, before in zip(made.output[2:], stride, kernel, made.shapes[0][2:], strict=True)
    )
    run: Any = getattr(functional, f"{'max' if largest else 'avg'}_pool{axes}d")
    return lambda: run(given, kernel, stride, padding)


def _global_pool(made: OpTensors) -> Run:
    (given,) = made.inputs()[:1]
    axes = tuple(range(2, given.dim()))
    return lambda: given.mean(axes, keepdim=True)


def _reduced(made: OpTensors) -> Run:
    (given,) = made.inputs()[:1]
    axis = next((at for at, size in enumerate(made.shapes[0]) if size not in made.output[at : at + 1]), -1)
    return lambda: given.mean(axis)


def _elementwise(made: OpTensors, *, run: str, where: str = "torch") -> Run:
    import torch
    import torch.nn.functional as functional

    (given,) = made.inputs()[:1]
    call: Any = getattr({"torch": torch, "functional": functional}[where], run)
    return lambda: call(given)


def _row_wise(made: OpTensors, *, run: str) -> Run:
    import torch.nn.functional as functional

    (given,) = made.inputs()[:1]
    call: Any = getattr(functional, run)
    return lambda: call(given, dim=-1)


def _arithmetic(made: OpTensors, *, run: str) -> Run:
    import torch

    one, other = made.operands()
    call: Any = getattr(torch, run)
    if run in ("maximum", "minimum") and isinstance(other, float):
        return lambda: torch.clamp(one, max=other)
    return lambda: call(one, other)


def _where(made: OpTensors) -> Run:
    import torch

    chosen = torch.rand(made.output, device=made.device) > 0.5
    given = made.random(made.output)
    return lambda: torch.where(chosen, given, 0.0)


def _concat(made: OpTensors) -> Run:
    """What no input brings is a weight, such as a token of its own, for every sample."""
    import torch

    several, first = made.inputs(), made.shapes[0]
    axis = next((at for at, size in enumerate(first) if size != made.output[at]), 0)
    missing = made.output[axis] - sum(shape[axis] for shape in made.shapes)
    if missing > 0:
        several.append(made.random((*first[:axis], missing, *first[axis + 1 :])))
    return lambda: torch.cat(several, axis)


def _embedding(made: OpTensors) -> Run:
    import torch
    import torch.nn.functional as functional

    table = made.random(made.op.weights[0].shape)
    places = torch.randint(table.shape[0], made.shapes[0], device=made.device)
    return lambda: functional.embedding(places, table)


def _dropout(made: OpTensors) -> Run:
    import torch
    import torch.nn.functional as functional

    (given,) = made.inputs()[:1]
    ratio = float(made.op.attrs.get("ratio", 0.5))
    return lambda: functional.dropout(given, ratio, training=torch.is_grad_enabled() and ratio > 0)


def _copy(made: OpTensors) -> Run:
    """As many numbers as the output has, read and written once."""
    given = made.random((math.prod(made.output),))
    return lambda: given.clone()


ELEMENTWISE = FrozenDict(
    {
        "relu": ("functional", "relu"), "relu6": ("functional", "relu6"), "gelu": ("functional", "gelu"),
        "silu": ("functional", "silu"), "elu": ("functional", "elu"), "mish": ("functional", "mish"),
        "softplus": ("functional", "softplus"), "leaky_relu": ("functional", "leaky_relu"),
        "hardswish": ("functional", "hardswish"), "hardsigmoid": ("functional", "hardsigmoid"),
        "sigmoid": ("torch", "sigmoid"), "tanh": ("torch", "tanh"), "exp": ("torch", "exp"),
        "erf": ("torch", "erf"), "abs": ("torch", "abs"), "neg": ("torch", "neg"), "sin": ("torch", "sin"),
        "cos": ("torch", "cos"), "reciprocal": ("torch", "reciprocal"), "sqrt": ("torch", "abs"),
        "log": ("torch", "exp"), "clip": ("functional", "relu6"),
    }
)  # fmt: skip
"""A square root and a logarithm would make no numbers of negative ones: others as costly stand in."""
ARITHMETIC = FrozenDict(
    {
        "add": "add", "sub": "sub", "mul": "mul", "div": "div", "maximum": "maximum", "minimum": "minimum",
        "pow": "mul",
    }
)  # fmt: skip
COPIED = ("copy", "pad", "transpose", "tile", "gather", "depth_to_space", "space_to_depth", "resize", "cast")
RUNS: Mapping[str, Callable[[OpTensors], Run]] = FrozenDict(
    {
        **{f"conv{axes}d": partial(_convolution, axes=axes) for axes in (1, 2, 3)},
        **{f"conv_transpose{axes}d": partial(_transposed_convolution, axes=axes) for axes in (1, 2, 3)},
        "linear": _linear,
        "matmul": _matmul,
        "attention": _attention,
        "batch_norm": _batch_norm,
        "layer_norm": _layer_norm,
        "rms_norm": partial(_layer_norm, name="rms_norm"),
        "group_norm": _group_norm,
        "instance_norm": _group_norm,
        "max_pool": partial(_pool, largest=True),
        "avg_pool": partial(_pool, largest=False),
        "global_avg_pool": _global_pool,
        "reduce_mean": _reduced,
        "reduce_sum": _reduced,
        "softmax": partial(_row_wise, run="softmax"),
        "log_softmax": partial(_row_wise, run="log_softmax"),
        "where": _where,
        "concat": _concat,
        "embedding": _embedding,
        "dropout": _dropout,
        **{kind: partial(_elementwise, run=run, where=where) for kind, (where, run) in ELEMENTWISE.items()},
        **{kind: partial(_arithmetic, run=run) for kind, run in ARITHMETIC.items()},
        **dict.fromkeys(COPIED, _copy),
    }
)
"""Kind → how it is run."""
