"""Activations, as layers and as settings of others; dropout and what does nothing when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.importers.keras_format.layers.keras_layer import Layer, Writer
from cutwise.plain import Json

# Keras' word: our kind; empty where nothing happens.
KINDS: Mapping[str, str] = FrozenDict({
    "linear": "", "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid", "tanh": "tanh",
    "softmax": "softmax", "log_softmax": "log_softmax", "softplus": "softplus", "elu": "elu", "selu": "elu",
    "celu": "elu", "gelu": "gelu", "silu": "silu", "swish": "silu", "hard_sigmoid": "hardsigmoid",
    "hard_silu": "hardswish", "hard_swish": "hardswish", "mish": "mish", "exponential": "exp",
    "leaky_relu": "leaky_relu",
})  # fmt: skip


def activated(layer: Layer, x: str, *, key: str = "activation") -> str:
    """`x` behind the activation that the setting `key` names; a function that is not known is not priced."""
    word: Json = layer.config.get(key) or "linear"
    if isinstance(word, dict):
        # A layer, or a function of somebody's own.
        kind = word.get("class_name")
        word = kind if isinstance(kind, str) and kind in OWN_LAYERS else word.get("config")
    name = word if isinstance(word, str) and word.isidentifier() else "function"
    ours = KINDS.get(name, OWN_LAYERS.get(name, f"other:{name[:40]}"))
    if not ours:
        return x
    return layer.op(ours, layer.net.shape(x), inputs=[x], name="" if x in layer.inputs else name[:40])


OWN_LAYERS: Mapping[str, str] = FrozenDict(
    {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax"}
)


def relu(layer: Layer) -> str:
    """ReLU with its highest value: 6 is an activation of its own."""
    top = layer.config.get("max_value")
    kind = "relu" if top is None else "relu6" if top == 6 else "clip"
    slope = layer.config.get("negative_slope", layer.config.get("alpha", 0))
    return layer.op("leaky_relu" if slope and kind == "relu" else kind, layer.shape)


def prelu(layer: Layer) -> str:
    """A slope for each feature, shared along some axes."""
    shared = layer.config.get("shared_axes") or []
    axes = shared if isinstance(shared, list) else [shared]
    sizes = [1 if axis in axes else size for axis, size in enumerate(layer.shape) if axis > 0]
    return layer.op("prelu", layer.shape, weights=[layer.weight("alpha", *sizes)])


def dropout(layer: Layer) -> str:
    """Dropout of any pattern."""
    return layer.op("dropout", layer.shape, ratio=layer.ratio("rate"))


def unchanged(layer: Layer) -> str:
    """The tensor itself: what works on gradients, masks or only in training."""
    return layer.op("identity", layer.shape, inputs=[layer.x])


def elementwise(kind: str, layer: Layer) -> str:
    """An op that leaves the shape."""
    return layer.op(kind, layer.shape, inputs=[layer.x])


def scaled(layer: Layer) -> str:
    """x times a number, plus another."""
    x = layer.op("mul", layer.shape, name="scale")
    return layer.op("add", layer.shape, inputs=[x])


def weighted(layer: Layer) -> str:
    """ConvNeXt's scale of each channel."""
    return layer.op("mul", layer.shape, weights=[layer.weight("gamma", layer.count("projection_dim"))])


def scaled_sum(layer: Layer) -> str:
    """Inception-ResNet's x + scale y."""
    second = layer.op("mul", layer.shape, inputs=layer.inputs[-1:], name="scale")
    return layer.op("add", layer.shape, inputs=[layer.x, second])


def activation(layer: Layer) -> str:
    """The layer that is nothing but an activation."""
    found = activated(layer, layer.x)
    return unchanged(layer) if found == layer.x else found


def same_as(kind: str, layer: Layer) -> str:
    """An activation whose layer has settings that cost nothing."""
    return activation(replace(layer, config={"activation": kind}))


DROPOUTS = (
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout",
)  # fmt: skip
NOTHING = (
    "ActivityRegularization", "Masking", "GaussianNoise", "Identity", "RandomFlip", "RandomRotation",
    "RandomZoom", "RandomContrast", "RandomTranslation", "RandomBrightness", "AutoContrast", "RandomHeight",
    "RandomWidth", "RandomColorJitter", "RandomGrayscale",
)  # fmt: skip
LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        "Activation": activation,
        "ReLU": relu,
        "LeakyReLU": partial(elementwise, "leaky_relu"),
        "PReLU": prelu,
        "ELU": partial(elementwise, "elu"),
        "Softmax": partial(elementwise, "softmax"),
        "Rescaling": scaled,
        "LayerScale": weighted,
        "CustomScaleLayer": scaled_sum,
        **dict.fromkeys(
            DROPOUTS,
            dropout,
        ),
        **dict.fromkeys(NOTHING, unchanged),
    }
)
