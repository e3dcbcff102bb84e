"""Attention layers: with heads and products of their own, and plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.importers.keras_format.layers.keras_layer import Layer, Writer


@dataclass(frozen=True, slots=True)
class Widths:
    """Heads of queries and of keys, features of a head of keys and of values."""

    heads: int
    kv_heads: int
    key: int
    value: int


def multi_head(layer: Layer) -> str:
    """Vaswani et al. 2017; queries, values and keys are the layer's tensors in this order."""
    heads, key = layer.count("num_heads"), layer.count("key_dim")
    return _attended(layer, Widths(heads, heads, key, layer.count("value_dim", key)))


def grouped_query(layer: Layer) -> str:
    """Ainslie et al. 2023: several heads of queries share one of keys."""
    width = layer.count("head_dim")
    return _attended(
        layer, Widths(layer.count("num_query_heads"), layer.count("num_key_value_heads"), width, width)
    )


def plain(layer: Layer) -> str:
    """Scores of queries and keys as they are, without products before them."""
    queries, values = layer.net.shape(layer.x), layer.net.shape(layer.inputs[min(1, len(layer.inputs) - 1)])
    keys = layer.net.shape(layer.inputs[2]) if len(layer.inputs) > 2 else values
    if len(queries) != 3 or len(keys) != 3 or len(values) != 3 or queries[-1] != keys[-1]:
        layer.refuse("reads tensors that are not (batch, steps, features)")
    source = layer.inputs[2] if len(layer.inputs) > 2 else layer.inputs[min(1, len(layer.inputs) - 1)]
    turned = layer.op("transpose", (keys[0], keys[2], keys[1]), inputs=[source], name="keys")
    scores = layer.op("matmul", (*queries[:2], keys[1]), inputs=[layer.x, turned], name="scores")
    weights = layer.op("softmax", (*queries[:2], keys[1]), inputs=[scores], name="softmax")
    value = layer.inputs[min(1, len(layer.inputs) - 1)]
    return layer.op("matmul", (*queries[:2], values[2]), inputs=[weights, value])


def _attended(layer: Layer, widths: Widths) -> str:
    layer.has_rank(3)
    sources = [layer.inputs[min(at, len(layer.inputs) - 1)] for at in (0, 2, 1)]
    if len(layer.inputs) == 2:
        sources = [layer.inputs[0], layer.inputs[1], layer.inputs[1]]
    if any(len(layer.net.shape(source)) != 3 for source in sources):
        layer.refuse("reads tensors that are not (batch, steps, features)")
    counts = ((widths.heads, widths.key), (widths.kv_heads, widths.key), (widths.kv_heads, widths.value))
    query, key, value = (
        _projected(layer, part, source, heads, width)
        for part, source, (heads, width) in zip(("query", "key", "value"), sources, counts, strict=True)
    )
    batch, length = layer.shape[:2]
    context = layer.op(
        "attention", (batch, widths.heads, length, widths.value), name="attention",
        inputs=[query, key, value],
        heads=widths.heads, kv_heads=widths.kv_heads, head_dim=widths.key, value_dim=widths.value,
        q_length=length, k_length=layer.net.shape(key)[2], causal=False,
        dropout_ratio=layer.ratio("dropout"),
    )  # fmt: skip
    features = widths.heads * widths.value
    merged = layer.op("reshape", (batch, length, features), inputs=[context], name="merged")
    given = layer.config.get("output_shape")
    wide = given[0] if isinstance(given, list) and len(given) == 1 else given
    out = layer.shape[-1] if wide is None else wide
    if isinstance(out, bool) or not isinstance(out, int) or out < 1:
        layer.refuse("output_shape is no width")
    weights = [layer.weight("attention_output/kernel", out, features)]
    weights += [layer.weight("attention_output/bias", out)] if layer.flag("use_bias", True) else []
    return layer.op(
        "linear",
        (batch, length, out),
        inputs=[merged],
        weights=weights,
        in_features=features,
        out_features=out,
    )


def _projected(layer: Layer, part: str, source: str, heads: int, width: int) -> str:
    batch, length, into = layer.net.shape(source)
    weights = [layer.weight(f"{part}/kernel", heads * width, into)]
    weights += [layer.weight(f"{part}/bias", heads * width)] if layer.flag("use_bias", True) else []
    made = layer.op(
        "linear", (batch, length, heads * width), inputs=[source], name=part, weights=weights,
        in_features=into, out_features=heads * width,
    )  # fmt: skip
    return layer.op("transpose", (batch, heads, length, width), inputs=[made], name=f"{part}_heads")


LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        "MultiHeadAttention": multi_head,
        "GroupedQueryAttention": grouped_query,
        "GroupQueryAttention": grouped_query,
        "Attention": plain,
    }
)
