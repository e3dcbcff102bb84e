"""Recurrent layers, one way or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.importers.keras_format.layers.keras_layer import Layer, Outputs, Writer

# Class: our kind, how many products a step makes of its input.
CELLS: Mapping[str, tuple[str, int]] = FrozenDict(
    {"LSTM": ("lstm", 4), "GRU": ("gru", 3), "SimpleRNN": ("rnn", 1)}
)


def recurrent(name: str, layer: Layer) -> Outputs:
    """All steps, or the last; with its state where that is returned."""
    layer.has_rank(3)
    made = _steps(name, layer)
    batch, units = layer.shape[0], layer.net.shape(made)[-1]
    result = made
    if not layer.flag("return_sequences", False):
        result = layer.op("slice", (batch, units), inputs=[made], name="last")
    if not layer.flag("return_state", False):
        return result
    states = (
        layer.op("slice", (batch, units), inputs=[made], name=part)
        for part in ("state", "cell")[: 1 + (name == "LSTM")]
    )
    return result, *states


def bidirectional(layer: Layer) -> Outputs:
    """The same layer over the steps and over them backwards, joined."""
    inner = layer.config.get("layer")
    name = inner.get("class_name") if isinstance(inner, dict) else None
    config = inner.get("config") if isinstance(inner, dict) else None
    if not isinstance(name, str) or name not in CELLS or not isinstance(config, dict):
        layer.refuse("goes both ways through a layer that is not LSTM, GRU or SimpleRNN")
    ways = []
    for way in ("forward", "backward"):
        one = replace(layer, config=config, path=f"{layer.path}/{way}", op_id=f"{layer.op_id}/{way}")
        ways.append(recurrent(name, replace(one, config={**config, "return_state": False})))
    outputs = [way for way in ways if isinstance(way, str)]
    shape = layer.net.shape(outputs[0])
    if layer.config.get("merge_mode", "concat") == "concat":
        return layer.op("concat", (*shape[:-1], 2 * shape[-1]), inputs=outputs, axis=len(shape) - 1)
    return layer.op("mul" if layer.config.get("merge_mode") == "mul" else "add", shape, inputs=outputs)


def _steps(name: str, layer: Layer) -> str:
    kind, gates = CELLS[name]
    batch, steps, width = layer.shape
    units = layer.count("units")
    weights = [
        layer.weight("kernel", gates * units, width),
        layer.weight("recurrent_kernel", gates * units, units),
    ]
    if layer.flag("use_bias", True):
        both = name == "GRU" and layer.flag("reset_after", True)
        weights.append(layer.weight("bias", *((2,) if both else ()), gates * units))
    return layer.op(
        kind, (batch, steps, units), inputs=[layer.x], weights=weights, hidden_size=units, directions=1
    )


LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        **{name: partial(recurrent, name) for name in CELLS},
        "CuDNNLSTM": partial(recurrent, "LSTM"),
        "CuDNNGRU": partial(recurrent, "GRU"),
        "Bidirectional": bidirectional,
    }
)
