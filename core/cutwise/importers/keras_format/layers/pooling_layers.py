"""Pooling, over windows and over all of the space."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.importers.keras_format.layers.convolution_layers import windowed
from cutwise.importers.keras_format.layers.keras_layer import Layer, Writer


def pooled(kind: str, axes: int, layer: Layer) -> str:
    """The largest or the mean of each window."""
    layer.has_rank(axes + 2)
    window = layer.counts("pool_size", axes, 2)
    given = layer.config.get("strides")
    stride = window if given is None else layer.counts("strides", axes)
    shape = layer.placed(layer.shape[layer.channels()], windowed(layer, window, stride))
    return layer.op(kind, shape, kernel=window, stride=stride)


def pooled_whole(kind: str, axes: int, layer: Layer) -> str:
    """One number a channel."""
    layer.has_rank(axes + 2)
    channels = layer.shape[layer.channels()]
    kept = layer.placed(channels, (1,) * axes)
    return layer.op(kind, kept if layer.flag("keepdims", False) else (layer.shape[0], channels))


LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        **{f"MaxPooling{axes}D": partial(pooled, "max_pool", axes) for axes in (1, 2, 3)},
        **{f"AveragePooling{axes}D": partial(pooled, "avg_pool", axes) for axes in (1, 2, 3)},
        **{f"GlobalMaxPooling{axes}D": partial(pooled_whole, "global_max_pool", axes) for axes in (1, 2, 3)},
        **{
            f"GlobalAveragePooling{axes}D": partial(pooled_whole, "global_avg_pool", axes)
            for axes in (1, 2, 3)
        },
    }
)
