"""Layers that read several tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from cutwise.frozen import FrozenDict
from cutwise.importers.keras_format.layers.keras_layer import Layer, Writer


def merged(kind: str, layer: Layer) -> str:
    """All tensors, element by element; smaller ones are repeated."""
    try:
        shape = np.broadcast_shapes(*layer.shapes())
    except ValueError:
        layer.refuse(f"reads tensors that do not fit: {', '.join(map(str, layer.shapes()[:4]))}")
    return layer.op(kind, shape)


def averaged(layer: Layer) -> str:
    """The sum of all tensors over their number."""
    total = merged("add", replace(layer, op_id=f"{layer.op_id}/sum"))
    return layer.op("mul", layer.net.shape(total), inputs=[total])


def concatenated(layer: Layer) -> str:
    """Side by side along one axis."""
    rank, axis = len(layer.shape), layer.config.get("axis", -1)
    if not isinstance(axis, int) or isinstance(axis, bool) or not -rank < axis < rank or axis == 0:
        layer.refuse("axis names no axis behind the batch")
    axis %= rank
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in layer.shapes()}
    if len(rests) != 1 or any(len(shape) != rank for shape in layer.shapes()):
        layer.refuse(f"reads tensors that do not fit: {', '.join(map(str, layer.shapes()[:4]))}")
    width = sum(shape[axis] for shape in layer.shapes())
    return layer.op("concat", (*layer.shape[:axis], width, *layer.shape[axis + 1 :]), axis=axis)


def dot(layer: Layer) -> str:
    """Products of two tensors over one axis of each."""
    if len(layer.inputs) != 2:
        layer.refuse("reads not two tensors")
    axes = layer.counts("axes", 2, -1, least=-8)
    first, second = layer.shapes()
    at, other = axes[0] % len(first), axes[1] % len(second)
    if at == 0 or other == 0 or first[at] != second[other]:
        layer.refuse(f"multiplies axes of {list(first)} and {list(second)} that do not fit")
    rows = [size for axis, size in enumerate(first) if axis not in (0, at)]
    columns = [size for axis, size in enumerate(second) if axis not in (0, other)]
    left = layer.op("transpose", (first[0], *rows, first[at]), inputs=layer.inputs[:1], name="left")
    right = layer.op("transpose", (second[0], second[other], *columns), inputs=layer.inputs[1:], name="right")
    return layer.op(
        "matmul", (first[0], *rows, *columns) if rows + columns else (first[0], 1), inputs=[left, right]
    )


LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        "Add": partial(merged, "add"),
        "Subtract": partial(merged, "sub"),
        "Multiply": partial(merged, "mul"),
        "Maximum": partial(merged, "maximum"),
        "Minimum": partial(merged, "minimum"),
        "Average": averaged,
        "Concatenate": concatenated,
        "Dot": dot,
    }
)
