"""How operators of TensorFlow Lite are read: kind, weights with their sizes as ours, attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import FLOATING, Weight
from cutwise.importers.tflite_format.operators import KINDS, WITH_OPERANDS
from cutwise.importers.tflite_format.schema_tables import TfliteGraph, TfliteOp, TfliteTensor

QUANTISED = frozenset({"int8", "uint8", "int4", "int16"})


@dataclass(frozen=True, slots=True)
class TfliteRule:
    """An operator as ours: its kind, the tensors it reads, its weights, its attributes."""

    kind: str
    inputs: tuple[int, ...]
    weights: tuple[Weight, ...] = ()
    attrs: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class TfliteWalk:
    """What is known so far: makers of tensors, stored tensors behind constants, and all that is ever made."""

    graph: TfliteGraph
    made: dict[int, str]
    stored: dict[int, int]
    makes: frozenset[int]

    def tensor(self, place: int) -> TfliteTensor:
        """The tensor of that number."""
        return self.graph.tensors[place]

    def weight(self, place: int, shape: Sequence[int] | None = None) -> Weight:
        """The stored tensor behind `place` as a weight, of its own number format."""
        at = self.stored[place]
        found = self.tensor(at)
        return Weight(
            id=f"{found.name or 'tensor'}#{at}", shape=tuple(shape or found.shape), dtype=found.dtype
        )


Reader: TypeAlias = Callable[[TfliteWalk, TfliteOp], TfliteRule]


def plain(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """An operator by its kind; constants that it reads are weights where they look like some."""
    kind = KINDS.get(step.name, f"other:{step.name}")
    operands = step.name in WITH_OPERANDS or kind.startswith("other:")
    weights = tuple(
        walk.weight(place)
        for place in dict.fromkeys(step.inputs)
        if operands and place in walk.stored and _is_weight(walk.tensor(walk.stored[place]))
    )
    return TfliteRule(kind, step.inputs, weights)


def _is_weight(tensor: TfliteTensor) -> bool:
    return math.prod(tensor.shape) > 1 and (tensor.dtype in FLOATING or tensor.dtype in QUANTISED)


def _convolution(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """Filters are (outputs, height, width, inputs of a group)."""
    if not _is_constant(walk, step, 1):
        return plain(walk, step)
    outputs, height, width, into = _axes(walk, step, 1, 4)
    channels = walk.tensor(step.inputs[0]).shape[-1]
    weights = (walk.weight(step.inputs[1], (outputs, into, height, width)), *_bias(walk, step))
    return TfliteRule(
        "conv2d",
        step.inputs[:1],
        weights,
        {"kernel": (height, width), "groups": max(1, channels // max(1, into))},
    )


def _depthwise(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """Filters are (1, height, width, outputs)."""
    if not _is_constant(walk, step, 1):
        return plain(walk, step)
    _, height, width, outputs = _axes(walk, step, 1, 4)
    groups = walk.tensor(step.inputs[0]).shape[-1]
    weights = (walk.weight(step.inputs[1], (outputs, 1, height, width)), *_bias(walk, step))
    return TfliteRule("conv2d", step.inputs[:1], weights, {"kernel": (height, width), "groups": groups})


def _convolution_3d(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """Filters are (depth, height, width, inputs, outputs)."""
    if not _is_constant(walk, step, 1):
        return plain(walk, step)
    *kernel, into, outputs = _axes(walk, step, 1, 5)
    weights = (walk.weight(step.inputs[1], (outputs, into, *kernel)), *_bias(walk, step))
    return TfliteRule("conv3d", step.inputs[:1], weights, {"kernel": tuple(kernel), "groups": 1})


def _transposed(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """Reads the result's sizes, filters (outputs, height, width, inputs), the tensor, and a bias."""
    if len(step.inputs) < 3 or not _is_constant(walk, step, 1):
        return plain(walk, step)
    outputs, height, width, into = _axes(walk, step, 1, 4)
    weights = (walk.weight(step.inputs[1], (into, outputs, height, width)), *_bias(walk, step, 3))
    return TfliteRule("conv_transpose2d", step.inputs[2:3], weights, {"kernel": (height, width), "groups": 1})


def _transposed_with_bias(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """MediaPipe's own: the tensor, filters (outputs, height, width, inputs), a bias."""
    if not _is_constant(walk, step, 1):
        return plain(walk, step)
    outputs, height, width, into = _axes(walk, step, 1, 4)
    weights = (walk.weight(step.inputs[1], (into, outputs, height, width)), *_bias(walk, step))
    return TfliteRule("conv_transpose2d", step.inputs[:1], weights, {"kernel": (height, width), "groups": 1})


def _fully_connected(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """Rows of the matrix are outputs."""
    if not _is_constant(walk, step, 1):
        return TfliteRule("matmul", step.inputs[:2], _bias(walk, step))
    outputs, into = _axes(walk, step, 1, 2)
    weights = (walk.weight(step.inputs[1]), *_bias(walk, step))
    return TfliteRule("linear", step.inputs[:1], weights, {"in_features": into, "out_features": outputs})


def _batch_matmul(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """A product of two tensors, or with a stored one; either may be turned."""
    for own, other in ((1, 0), (0, 1)):
        if _is_constant(walk, step, own):
            sizes = walk.tensor(walk.stored[step.inputs[own]]).shape
            turned = step.options is not None and bool(step.options.number(own, "b"))
            into, outputs = sizes[-2:] if len(sizes) > 1 else (1, 1)
            if turned == (own == 1):
                into, outputs = outputs, into
            attrs = {"in_features": into, "out_features": outputs}
            return TfliteRule("linear", (step.inputs[other],), (walk.weight(step.inputs[own]),), attrs)
    return TfliteRule("matmul", step.inputs[:2])


def _gather(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    if _is_constant(walk, step, 0):
        return TfliteRule("embedding", step.inputs[1:2], (walk.weight(step.inputs[0]),))
    return TfliteRule("gather", step.inputs[:2])


def _lookup(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    if _is_constant(walk, step, 1):
        return TfliteRule("embedding", step.inputs[:1], (walk.weight(step.inputs[1]),))
    return plain(walk, step)


def _pool(kind: str) -> Reader:
    def rule(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
        options = step.options
        kernel = (
            (1, 1) if options is None else (max(1, options.number(4, "i")), max(1, options.number(3, "i")))
        )
        return TfliteRule(kind, step.inputs[:1], (), {"kernel": kernel})

    return rule


def _resize(mode: str) -> Reader:
    return lambda walk, step: TfliteRule("resize", step.inputs[:1], (), {"mode": mode})


def _lstm(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """Matrices of the input at 1 to 4, of the state at 5 to 8, then peepholes, biases, a projection."""
    wide = [place for place in step.inputs[1:5] if place in walk.stored]
    deep = [place for place in step.inputs[5:9] if place in walk.stored]
    if not wide or not deep:
        return plain(walk, step)
    rest = [place for place in step.inputs[9:] if place in walk.stored]
    first, second = walk.weight(wide[0]), walk.weight(deep[0])
    weights = (
        Weight(id=f"{first.id}…", shape=(len(wide) * first.shape[0], first.shape[-1]), dtype=first.dtype),
        Weight(id=f"{second.id}…", shape=(len(deep) * second.shape[0], second.shape[-1]), dtype=second.dtype),
        *(walk.weight(place) for place in rest),
    )
    return TfliteRule("lstm", step.inputs[:1], weights, {"hidden_size": first.shape[0], "directions": 1})


def _rnn(walk: TfliteWalk, step: TfliteOp) -> TfliteRule:
    """Matrices of the input and of the state, and a bias."""
    if not (_is_constant(walk, step, 1) and _is_constant(walk, step, 2)):
        return plain(walk, step)
    weights = tuple(walk.weight(place) for place in step.inputs[1:4] if place in walk.stored)
    return TfliteRule("rnn", step.inputs[:1], weights, {"hidden_size": weights[0].shape[0], "directions": 1})


def _is_constant(walk: TfliteWalk, step: TfliteOp, slot: int) -> bool:
    return slot < len(step.inputs) and step.inputs[slot] in walk.stored


def _axes(walk: TfliteWalk, step: TfliteOp, slot: int, count: int) -> tuple[int, ...]:
    shape = walk.tensor(step.inputs[slot]).shape
    if len(shape) != count or not all(shape):
        raise ModelImportError(
            f"{step.name} reads a weight of sizes {list(shape)[:8]}, {count} were expected; convert it again"
        )
    return shape


def _bias(walk: TfliteWalk, step: TfliteOp, slot: int = 2) -> tuple[Weight, ...]:
    return (walk.weight(step.inputs[slot]),) if _is_constant(walk, step, slot) else ()


RULES: Mapping[str, Reader] = FrozenDict(
    {
        "CONV_2D": _convolution,
        "DEPTHWISE_CONV_2D": _depthwise,
        "CONV_3D": _convolution_3d,
        "TRANSPOSE_CONV": _transposed,
        "FULLY_CONNECTED": _fully_connected,
        "BATCH_MATMUL": _batch_matmul,
        "custom:Convolution2DTransposeBias": _transposed_with_bias,
        "GATHER": _gather,
        "EMBEDDING_LOOKUP": _lookup,
        "MAX_POOL_2D": _pool("max_pool"),
        "AVERAGE_POOL_2D": _pool("avg_pool"),
        "RESIZE_BILINEAR": _resize("linear"),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
        "UNIDIRECTIONAL_SEQUENCE_RNN": _rnn,
    }
)
