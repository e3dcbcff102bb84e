"""Layers of Keras by class name, each with what adds its ops; a layer is one function and one line."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.keras_format.layers import (
    activation_layers,
    attention_layers,
    convolution_layers,
    merging_layers,
    norm_layers,
    pooling_layers,
    recurrent_layers,
    shape_layers,
)
from cutwise.importers.keras_format.layers.keras_layer import Writer

LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        **activation_layers.LAYERS,
        **attention_layers.LAYERS,
        **convolution_layers.LAYERS,
        **merging_layers.LAYERS,
        **norm_layers.LAYERS,
        **pooling_layers.LAYERS,
        **recurrent_layers.LAYERS,
        **shape_layers.LAYERS,
    }
)
