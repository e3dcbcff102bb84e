"""Functions of Keras and TensorFlow used as layers: by name where they are known, unpriced where not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from cutwise.frozen import FrozenDict
from cutwise.importers.keras_format.layers.keras_layer import Layer
from cutwise.plain import Json

Operation: TypeAlias = Callable[[Layer, "tuple[int, ...] | None"], str]
KERAS_OPS = ("keras.src.ops", "keras.ops")
CODE = frozenset({"Lambda", "TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})

# Function in small letters: our kind, for those whose result has the shape of what they read together.
ELEMENTWISE: Mapping[str, str] = FrozenDict({
    "add": "add", "add_v2": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "truedivide": "div",
    "truediv": "div", "realdiv": "div", "maximum": "maximum", "minimum": "minimum", "sigmoid": "sigmoid",
    "relu": "relu", "relu6": "relu6", "tanh": "tanh", "softmax": "softmax", "gelu": "gelu", "silu": "silu",
    "exp": "exp", "sqrt": "sqrt", "rsqrt": "sqrt", "square": "pow", "pow": "pow", "power": "pow",
    "negative": "neg", "absolute": "abs", "abs": "abs", "log": "log", "cast": "cast", "sin": "sin",
    "cos": "cos", "clip": "clip", "identity": "identity",
})  # fmt: skip
# Those whose result has another shape, which the file has to state.
SHAPED: Mapping[str, str] = FrozenDict({
    "reshape": "reshape", "transpose": "transpose", "squeeze": "reshape", "expanddims": "reshape",
    "expand_dims": "reshape", "mean": "reduce_mean", "reduce_mean": "reduce_mean", "sum": "reduce_sum",
    "reduce_sum": "reduce_sum", "max": "reduce_max", "amax": "reduce_max", "reduce_max": "reduce_max",
    "min": "reduce_min", "matmul": "matmul", "getitem": "slice", "concatenate": "concat", "concat": "concat",
    "stack": "concat", "pad": "pad", "tile": "tile", "repeat": "tile", "split": "slice",
    "strided_slice": "slice",
    "broadcastto": "expand", "swapaxes": "transpose",
})  # fmt: skip


def operation_of(module: str, kind: str, config: Mapping[str, Json]) -> Operation | None:
    """What adds the op of a function that is used as a layer; None for any other layer."""
    if kind not in CODE and not module.startswith(KERAS_OPS):
        return None
    name = config.get("function") if kind in CODE else kind
    word = name.rpartition(".")[2].lower() if isinstance(name, str) else kind.lower()
    if kind == "Lambda":
        word = "lambda"
    return lambda layer, stated: _added(word, layer, stated)


def _added(word: str, layer: Layer, stated: tuple[int, ...] | None) -> str:
    if word in ELEMENTWISE:
        try:
            shape = np.broadcast_shapes(*layer.shapes())
        except ValueError:
            layer.refuse("reads tensors that do not fit")
        return layer.op(ELEMENTWISE[word], shape)
    if stated is None:
        layer.refuse("is code, and the file does not state the shape of what it makes")
    inputs = layer.inputs[:2] if word == "matmul" else layer.inputs
    return layer.op(SHAPED.get(word, f"other:{layer.kind[:40]}"), stated, inputs=inputs)
