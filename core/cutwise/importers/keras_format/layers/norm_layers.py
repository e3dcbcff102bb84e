"""Normalisation layers."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Weight
from cutwise.importers.keras_format.layers.keras_layer import Layer, Writer


def batch_normalization(layer: Layer) -> str:
    """Scale and shift are trained, mean and variance kept."""
    features = layer.shape[_axes(layer)[0]]
    kept = [layer.weight(part, features, trained=False) for part in ("moving_mean", "moving_variance")]
    return layer.op("batch_norm", layer.shape, weights=[*_affine(layer, features), *kept])


def layer_normalization(layer: Layer) -> str:
    """Over the axes that are named, the last unless they are."""
    sizes = [layer.shape[axis] for axis in _axes(layer)]
    return layer.op("layer_norm", layer.shape, weights=_affine(layer, *sizes))


def rms_normalization(layer: Layer) -> str:
    """Without a mean; it has a scale and no shift."""
    sizes = [layer.shape[axis] for axis in _axes(layer)]
    return layer.op("rms_norm", layer.shape, weights=[layer.weight("scale", *sizes)])


def group_normalization(layer: Layer) -> str:
    """Over groups of channels; -1 groups are as many as channels."""
    features = layer.shape[_axes(layer)[0]]
    groups = layer.config.get("groups", 32)
    count = features if groups == -1 else layer.count("groups", 32)
    return layer.op("group_norm", layer.shape, weights=_affine(layer, features), groups=count)


def normalization(layer: Layer) -> str:
    """x less a mean, over a deviation, both of data that were seen before; how many they were is kept too."""
    named = layer.config.get("axis", -1)
    sizes = [layer.shape[axis] for axis in _axes(layer)] if named is not None and named != [] else []
    known = layer.config.get("mean") is not None
    kept = [layer.weight(part, *sizes, trained=False) for part in ("mean", "variance")]
    shifted = layer.op("sub", layer.shape, name="less_mean", weights=[] if known else kept[:1])
    counted = [] if known else [kept[1], layer.weight("count", trained=False)]
    return layer.op("div", layer.shape, inputs=[shifted], weights=counted)


def _axes(layer: Layer) -> list[int]:
    value = layer.config.get("axis", -1)
    named = value if isinstance(value, list) else [value]
    rank = len(layer.shape)
    if not named or not all(
        isinstance(a, int) and not isinstance(a, bool) and -rank < a < rank for a in named
    ):
        layer.refuse(f"axis names no axis of {list(layer.shape)}")
    return [axis % rank for axis in named if isinstance(axis, int)]


def _affine(layer: Layer, *sizes: int) -> list[Weight]:
    scale = [layer.weight("gamma", *sizes)] if layer.flag("scale", True) else []
    return scale + ([layer.weight("beta", *sizes)] if layer.flag("center", True) else [])


LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        "BatchNormalization": batch_normalization,
        "BatchNormalizationV1": batch_normalization,
        "SyncBatchNormalization": batch_normalization,
        "LayerNormalization": layer_normalization,
        "RMSNormalization": rms_normalization,
        "GroupNormalization": group_normalization,
        "Normalization": normalization,
    }
)
