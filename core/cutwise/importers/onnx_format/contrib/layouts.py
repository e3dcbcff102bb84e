"""Operators whose channels stand last, or in blocks: the same ones between two turns of their data."""

from __future__ import annotations

import numpy as np

from cutwise.importers.onnx_format.contrib.fused import (
    Expansion,
    convolution_attributes,
    own_result,
    summed_and_activated,
)
from cutwise.importers.onnx_format.contrib.fused_node import FusedNode, UnreadableError


def channels_last_convolution(parts: FusedNode) -> None:
    """A convolution of (batch, …, channels): the data is turned, the weight too where it is stored so."""
    image, weight = parts.shape(0), parts.shape(1)
    axes = len(image)
    first = parts.add("Transpose", parts.read(0), perm=[0, axes - 1, *range(1, axes - 1)])
    kernel = parts.read(1)
    groups = max(1, parts.number("group", 1))
    if weight[1] * groups != image[-1] and weight[-1] * groups == image[-1]:
        kernel = parts.add("Transpose", kernel, perm=[0, axes - 1, *range(1, axes - 1)])
    bias = [parts.read(2)] if parts.read(2) else []
    made = parts.add("Conv", first, kernel, *bias, **convolution_attributes(parts))
    last = own_result(parts, 3)
    made = parts.add("Transpose", made, to=last, perm=[0, *range(2, axes), 1])
    summed_and_activated(parts, made, 3)


def channels_last(op_type: str) -> Expansion:
    """An operator of (batch, channels, …) between two turns of its data."""

    def made(parts: FusedNode) -> None:
        axes = len(parts.shape(0))
        turned = parts.add("Transpose", parts.read(0), perm=[0, axes - 1, *range(1, axes - 1)])
        given = [entry for entry in parts.step.node.attribute if entry.name != "channels_last"]
        inner = parts.add(op_type, turned, *parts.step.inputs[1:], entries=given)
        parts.add("Transpose", inner, to=parts.made(0), perm=[0, *range(2, axes), 1])

    return made


def into_blocks(parts: FusedNode) -> None:
    """The data with its channels first; in memory they stand in blocks, which no shape shows."""
    axes = len(parts.shape(0))
    if parts.number("channels_last"):
        parts.add("Transpose", parts.read(0), to=parts.made(0), perm=[0, axes - 1, *range(1, axes - 1)])
    else:
        parts.add("Identity", parts.read(0), to=parts.made(0))


def out_of_blocks(parts: FusedNode) -> None:
    """Only as many channels as there are beside those that fill the last block."""
    shape, channels = parts.shape(0), parts.number("channels")
    last = bool(parts.number("channels_last"))
    name = parts.read(0)
    if 0 < channels < shape[1]:
        ends = [parts.constant(np.array([end], dtype=np.int64)) for end in (0, channels, 1)]
        name = parts.add("Slice", name, *ends, to="" if last else parts.made(0))
    elif not last:
        parts.add("Identity", name, to=parts.made(0))
    if last:
        parts.add("Transpose", name, to=parts.made(0), perm=[0, *range(2, len(shape)), 1])


def enlarged(parts: FusedNode) -> None:
    """A change of size whose factors are an attribute."""
    factors = parts.constant(np.array(parts.numbers("scales"), dtype=np.float32))
    parts.add("Resize", parts.read(0), "", factors, to=parts.made(0), mode=parts.word("mode", "nearest"))


def quantised_channels_last(parts: FusedNode) -> None:
    """The same operator with its channels first; unreadable where they are first already."""
    if not parts.number("channels_last"):
        raise UnreadableError
    channels_last(parts.step.node.op_type)(parts)


def quantised_convolution(parts: FusedNode) -> None:
    """ONNX's own convolution of whole numbers, between two turns where the channels are last."""
    if parts.number("channels_last"):
        channels_last("QLinearConv")(parts)
    else:
        parts.add("QLinearConv", *parts.step.inputs, to=parts.made(0), **convolution_attributes(parts))
