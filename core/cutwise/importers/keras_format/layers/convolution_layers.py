"""Layers made of multiply-adds: dense, convolutions of all kinds, embeddings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Weight
from cutwise.importers.keras_format.layers.activation_layers import activated
from cutwise.importers.keras_format.layers.keras_layer import Layer, Writer


def dense(layer: Layer) -> str:
    """A product over the last axis."""
    width, units = layer.shape[-1], layer.count("units")
    weights = [layer.weight("kernel", units, width), *_bias(layer, units)]
    made = layer.op(
        "linear", (*layer.shape[:-1], units), weights=weights, in_features=width, out_features=units
    )
    return activated(layer, made)


def embedding(layer: Layer) -> str:
    """A look-up of rows."""
    rows, width = layer.count("input_dim"), layer.count("output_dim")
    return layer.op("embedding", (*layer.shape, width), weights=[layer.weight("embeddings", rows, width)])


def convolution(axes: int, layer: Layer) -> str:
    """Filters over channels in groups."""
    layer.has_rank(axes + 2)
    groups, filters = layer.count("groups", 1), layer.count("filters")
    into = layer.shape[layer.channels()]
    if into % groups or filters % groups:
        layer.refuse(f"has {groups} groups, of which {into} channels or {filters} filters are no multiple")
    kernel = layer.counts("kernel_size", axes)
    weights = [layer.weight("kernel", filters, into // groups, *kernel), *_bias(layer, filters)]
    return activated(layer, _convolved(layer, "conv", layer.x, filters, kernel, weights, groups))


def depthwise(axes: int, layer: Layer) -> str:
    """Filters of their own for each channel."""
    layer.has_rank(axes + 2)
    into = layer.shape[layer.channels()]
    filters = into * layer.count("depth_multiplier", 1)
    kernel = layer.counts("kernel_size", axes)
    weights = [layer.weight("kernel", filters, 1, *kernel), *_bias(layer, filters)]
    return activated(layer, _convolved(layer, "conv", layer.x, filters, kernel, weights, into))


def separable(axes: int, layer: Layer) -> str:
    """Filters for each channel, then a mixture of channels at each place."""
    layer.has_rank(axes + 2)
    into, filters = layer.shape[layer.channels()], layer.count("filters")
    between = into * layer.count("depth_multiplier", 1)
    kernel, ones = layer.counts("kernel_size", axes), (1,) * axes
    first = [layer.weight("depthwise_kernel", between, 1, *kernel)]
    spread = _convolved(layer, "conv", layer.x, between, kernel, first, into, name="depthwise")
    second = [layer.weight("pointwise_kernel", filters, between, *ones), *_bias(layer, filters)]
    sizes = [layer.net.shape(spread)[axis] for axis in layer.space()]
    made = layer.op(
        f"conv{axes}d", layer.placed(filters, sizes), inputs=[spread], weights=second,
        kernel=ones, stride=ones, groups=1,
    )  # fmt: skip
    return activated(layer, made)


def transposed(axes: int, layer: Layer) -> str:
    """Filters that spread each place over a window."""
    layer.has_rank(axes + 2)
    into, filters = layer.shape[layer.channels()], layer.count("filters")
    kernel, stride = layer.counts("kernel_size", axes), layer.counts("strides", axes, 1)
    weights = [layer.weight("kernel", into, filters, *kernel), *_bias(layer, filters)]
    same = layer.word("padding", "valid") == "same"
    sizes = [
        size * step if same else size * step + max(window - step, 0)
        for size, window, step in zip(_sizes(layer), kernel, stride, strict=True)
    ]
    made = layer.op(
        f"conv_transpose{axes}d", layer.placed(filters, sizes), weights=weights,
        kernel=kernel, stride=stride, groups=1,
    )  # fmt: skip
    return activated(layer, made)


def windowed(layer: Layer, window: Sequence[int], stride: Sequence[int]) -> list[int]:
    """Sizes behind windows that move over the space, as Keras pads it.

    same: ⌈n / s⌉; valid: ⌊(n - d (k - 1) - 1) / s⌋ + 1.
    """
    padding = layer.word("padding", "valid")
    spread = layer.counts("dilation_rate", len(window), 1)
    if padding in {"same", "causal"}:
        return [math.ceil(size / step) for size, step in zip(_sizes(layer), stride, strict=True)]
    if padding != "valid":
        layer.refuse(f"padding is {padding!r}, not valid, same or causal")
    return [
        (size - reach * (width - 1) - 1) // step + 1
        for size, width, step, reach in zip(_sizes(layer), window, stride, spread, strict=True)
    ]


def _convolved(
    layer: Layer, kind: str, x: str, filters: int, kernel: tuple[int, ...], weights: Sequence[Weight],
    groups: int, name: str = "",
) -> str:  # fmt: skip
    stride = layer.counts("strides", len(kernel), 1)
    shape = layer.placed(filters, windowed(layer, kernel, stride))
    return layer.op(
        f"{kind}{len(kernel)}d", shape, inputs=[x], weights=weights, name=name,
        kernel=kernel, stride=stride, groups=groups,
    )  # fmt: skip


def _bias(layer: Layer, features: int) -> list[Weight]:
    return [layer.weight("bias", features)] if layer.flag("use_bias", True) else []


def _sizes(layer: Layer) -> list[int]:
    return [layer.shape[axis] for axis in layer.space()]


LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        "Dense": dense,
        "Embedding": embedding,
        **{f"Conv{axes}D": partial(convolution, axes) for axes in (1, 2, 3)},
        **{f"Conv{axes}DTranspose": partial(transposed, axes) for axes in (1, 2, 3)},
        **{f"DepthwiseConv{axes}D": partial(depthwise, axes) for axes in (1, 2)},
        **{f"SeparableConv{axes}D": partial(separable, axes) for axes in (1, 2)},
        **{f"Convolution{axes}D": partial(convolution, axes) for axes in (1, 2, 3)},
    }
)
