"""What onnxruntime's fused operators are made of: products, norms, sums and activations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib.fused_node import FusedNode, UnreadableError
from cutwise.importers.onnx_format.contrib.names import microsoft

# What an activation is called as an operator of its own, where that is another name.
ACTIVATIONS: Mapping[str, str] = FrozenDict({"QuickGelu": microsoft("QuickGelu"), "HardSwish": "HardSwish"})
CONVOLUTION = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
Expansion = Callable[[FusedNode], None]
RMS_NORM = "SimplifiedLayerNormalization"


def fused_convolution(parts: FusedNode) -> None:
    """Conv(X, W, B), the sum with Z and the activation."""
    made = parts.add(
        "Conv",
        *_present(parts, 0, 1, 2),
        to=own_result(parts, 3),
        **convolution_attributes(parts),
    )
    summed_and_activated(parts, made, 3)


def fused_product(parts: FusedNode) -> None:
    """MatMul of operands that may be turned first; the scale `alpha` rides along."""
    first = _turned(parts, 0, "transA", "transBatchA")
    second = _turned(parts, 1, "transB", "transBatchB")
    made = parts.add("MatMul", first, second, to=own_result(parts, -1))
    summed_and_activated(parts, made, -1)


def fused_general_product(parts: FusedNode) -> None:
    """Gemm and its activation."""
    flips = {name: parts.number(name) for name in ("transA", "transB")}
    made = parts.add("Gemm", *_present(parts, 0, 1, 2), to=own_result(parts, -1), **flips)
    summed_and_activated(parts, made, -1)


def product_with_gelu(parts: FusedNode) -> None:
    """MatMul, the bias and a GELU."""
    made = parts.add("MatMul", parts.read(0), parts.read(1))
    parts.add("Gelu", _plus(parts, made, 2), to=parts.made(0))


def biased(op_type: str, bias: int = 1) -> Expansion:
    """The sum with a bias, where there is one, and then an operator of one input."""

    def made(parts: FusedNode) -> None:
        given = {name: parts.number(name) for name in ("axis",) if op_type == "Softmax"}
        parts.add(op_type, _plus(parts, parts.read(0), bias), to=parts.made(0), **given)

    return made


def biased_sum(parts: FusedNode) -> None:
    """X + bias, and + skip where that is there."""
    if not parts.read(2):
        parts.add("Add", parts.read(0), parts.read(1), to=parts.made(0))
        return
    made = parts.add("Add", parts.read(0), parts.read(1))
    parts.add("Add", made, parts.read(2), to=parts.made(0))


def biased_dropout(parts: FusedNode) -> None:
    """data + bias through a dropout, and + residual where that is there."""
    total = parts.add("Add", parts.read(0), parts.read(1))
    residual = parts.read(2)
    kept = parts.add("Dropout", total, to="" if residual else parts.made(0))
    if residual:
        parts.add("Add", kept, residual, to=parts.made(0))


def split_gelu(parts: FusedNode) -> None:
    """(X + bias) in halves, one times the GELU of the other."""
    both = parts.add("Add", parts.read(0), parts.read(1))
    left, right = halves(parts, both, 2)
    parts.add("Mul", left, parts.add("Gelu", right), to=parts.made(0))


def halves(parts: FusedNode, name: str, count: int) -> tuple[str, ...]:
    """`name` in `count` equal pieces along its last axis."""
    width = parts.spec(name).shape[-1]
    if width % count:
        raise UnreadableError
    return pieces(parts, name, (width // count,) * count)


def pieces(parts: FusedNode, name: str, widths: tuple[int, ...]) -> tuple[str, ...]:
    """`name` in pieces of these widths along its last axis."""
    sizes = parts.constant(np.array(widths, dtype=np.int64))
    names = tuple(parts.fresh(f"part{number}") for number in range(len(widths)))
    return parts.add_many("Split", name, sizes, to=names, axis=-1)


def skip_norm(op_type: str, *, gamma: int, bias: int) -> Expansion:
    """input + skip + bias and a norm over the last axis; the sum may be an output of its own."""

    def made(parts: FusedNode) -> None:
        summed = parts.made(3)
        rest = [parts.read(bias)] if parts.read(bias) else []
        to = summed if summed and not rest else ""
        total = parts.add("Add", parts.read(0), parts.read(1), to=to)
        if rest:
            total = parts.add("Add", total, rest[0], to=summed)
        weights = [parts.read(slot) for slot in range(gamma, bias) if parts.read(slot)]
        statistics = (parts.made(1), parts.made(2)) if op_type == "LayerNormalization" else ()
        parts.add_many(op_type, total, *weights, to=(parts.made(0), *filter(None, statistics)), axis=-1)

    return made


def group_norm(parts: FusedNode) -> None:
    """The sum with skip and bias where they are there, the norm, and SiLU where it is asked for."""
    name = parts.read(0)
    for slot in (3, 4):
        if parts.read(slot):
            name = parts.add("Add", name, parts.read(slot), to=parts.made(1) if slot == 4 else "")
    activated = bool(parts.number("activation"))
    plain_already = not activated and parts.step.node.op_type == microsoft("GroupNorm")
    if plain_already:
        raise UnreadableError
    to = "" if activated else parts.made(0)
    weights = (parts.read(1), parts.read(2))
    name = parts.add(microsoft("GroupNorm"), name, *weights, to=to, groups=parts.number("groups", 1))
    if activated:
        parts.add("Swish", name, to=parts.made(0))


def embedded_norm(parts: FusedNode) -> None:
    """Words, positions and segments looked up and added, and a norm."""
    _embedded(parts, tables=(2, 3, 4), norm=(5, 6), mask=7, positions=8)


def quantised_embedded_norm(parts: FusedNode) -> None:
    """`embedded_norm` of tables and weights in 8 bit, each with a scale and a zero point."""
    whole = {}
    for number, slot in enumerate((2, 3, 4, 5, 6)):
        if parts.read(slot):
            scales = (parts.read(8 + number), parts.read(13 + number))
            whole[slot] = parts.add("DequantizeLinear", parts.read(slot), *scales)
    _embedded(parts, tables=(2, 3, 4), norm=(5, 6), mask=7, positions=-1, whole=whole)


def _embedded(
    parts: FusedNode,
    *,
    tables: tuple[int, int, int],
    norm: tuple[int, int],
    mask: int,
    positions: int,
    whole: Mapping[int, str] = FrozenDict(),
) -> None:
    def stored(slot: int) -> str:
        return whole.get(slot, parts.read(slot))

    words, places, segments = (stored(slot) for slot in tables)
    ids, length = parts.read(0), parts.shape(0)[1]
    given = parts.read(positions) if positions >= 0 else ""
    where = given or parts.constant(np.arange(length, dtype=np.int64))
    total = parts.add("Gather", words, ids)
    total = parts.add("Add", total, parts.add("Gather", places, where), to="" if segments else parts.made(2))
    if segments and parts.read(1):
        kinds = parts.add("Gather", segments, parts.read(1))
        total = parts.add("Add", total, kinds, to=parts.made(2))
    parts.add("LayerNormalization", total, *(stored(slot) for slot in norm), to=parts.made(0), axis=-1)
    if parts.made(1):
        axes = parts.constant(np.array([1], dtype=np.int64))
        counted = parts.read(mask) or ids
        parts.add("ReduceSum", counted, axes, to=parts.made(1), keepdims=0)


def convolution_attributes(parts: FusedNode) -> dict[str, Any]:
    """The attributes of the node that a convolution has."""
    given = {name: list(parts.numbers(name)) for name in CONVOLUTION if parts.numbers(name)}
    return given | {"group": parts.number("group", 1)} | _padding(parts)


def _padding(parts: FusedNode) -> dict[str, Any]:
    rule = parts.word("auto_pad")
    return {"auto_pad": rule} if rule not in ("", "NOTSET") else {}


def _present(parts: FusedNode, *slots: int) -> tuple[str, ...]:
    """The tensors at these inputs, without the absent ones at the end."""
    names = [parts.read(slot) for slot in slots]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def own_result(parts: FusedNode, added: int) -> str:
    """The node's own result, where neither a sum nor an activation follows."""
    follows = bool(parts.word("activation")) or (added >= 0 and bool(parts.read(added)))
    return "" if follows else parts.made(0)


def summed_and_activated(parts: FusedNode, name: str, added: int) -> None:
    """`name` and the tensor at input `added` summed, and the activation, each where it is there."""
    activation = parts.word("activation")
    if added >= 0 and parts.read(added):
        name = parts.add("Add", name, parts.read(added), to="" if activation else parts.made(0))
    if activation:
        parts.add(ACTIVATIONS.get(activation, activation), name, to=parts.made(0))


def _plus(parts: FusedNode, name: str, slot: int) -> str:
    return parts.add("Add", name, parts.read(slot)) if parts.read(slot) else name


def _turned(parts: FusedNode, slot: int, flipped: str, batch: str) -> str:
    """Operand `slot` of a product with its last two axes swapped, its first axis moved inward, or both."""
    name, axes = parts.read(slot), list(range(len(parts.shape(slot))))
    if parts.number(batch) and len(axes) > 2:
        axes = [*axes[1:-1], axes[0], axes[-1]]
    if parts.number(flipped) and len(axes) > 1:
        axes[-2:] = axes[:-3:-1]
    return name if axes == sorted(axes) else parts.add("Transpose", name, perm=axes)
