"""The two branches of a decoder's layer: attention and perceptron, in the forms that families give them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cutwise.importers.hugging_face.attention import (
    TURN,
    Heads,
    attended,
    by_heads,
    joined_parts,
    rotated_heads,
)
from cutwise.importers.hugging_face.layers import ACTIVATIONS, activation
from cutwise.importers.hugging_face.net import Net

# A square behind a rectifier, So et al. 2021, arXiv 2109.08668: decoders have it beside the usual ones.
SQUARED = "relu2"
ACTS = frozenset({*ACTIVATIONS, SQUARED})
Norm = Callable[[Net, str, str], str]
"""Adds a norm: net, its path, what it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionBranch:
    """Projections around an attention of `heads`, called as the family's files do.

    `joined` names the one product that makes queries, keys and values, where there is one; `parts` says how
    they lie in it, `joined_key_heads` how many heads of keys it makes where each is copied for several.
    `head_norm` is that of queries and keys, each head by itself or, with `wide_norm`, all of them together;
    `context_norm` names one of what attention makes. `clipped`: queries, keys and values are held between
    two bounds. `turned`: weights are stored (in, out).
    """

    heads: Heads
    path: str = "self_attn"
    query: str = "q_proj"
    key: str = "k_proj"
    value: str = "v_proj"
    out: str = "o_proj"
    joined: str = ""
    joined_key_heads: int = 0
    parts: Callable[[Net, str, Heads], tuple[str, str, str]] | None = None
    bias: bool = False
    out_bias: bool = False
    head_norm: Norm | None = None
    norm_names: tuple[str, str] = ("q_norm", "k_norm")
    wide_norm: bool = False
    context_norm: str = ""
    clipped: bool = False
    turned: bool = False
    dropout_ratio: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Perceptron:
    """Two layers with an activation between them, or three where a `gate` multiplies what `up` makes.

    `joined` names the one product that makes gate and up, where there is one, `inner_norm` a norm before the
    last layer.
    """

    hidden: int
    act: str
    up: str = "mlp.up_proj"
    down: str = "mlp.down_proj"
    gate: str = ""
    joined: str = ""
    inner_norm: str = ""
    bias: bool = False
    turned: bool = False
    dropout_ratio: float = 0.0


def gated(**sizes: object) -> Perceptron:
    """A perceptron with a gate, called as most files call it."""
    return Perceptron(gate="mlp.gate_proj", **sizes)  # type: ignore[arg-type]


def attention_branch(net: Net, x: str, attention: AttentionBranch) -> str:
    """AttentionBranch over `x`, with the projections around it."""
    query, key, value = _made(net, x, attention)
    context = attended(net, query, key, value, attention.heads)
    if attention.context_norm:
        context = net.rms_norm(_in(attention, attention.context_norm), context)
    y = net.linear(
        _in(attention, attention.out), context, net.width(x), bias=attention.out_bias, turned=attention.turned
    )
    return net.dropped(y, attention.dropout_ratio)


def perceptron_branch(net: Net, x: str, perceptron: Perceptron) -> str:
    """The perceptron of a layer."""
    hidden, bias = perceptron.hidden, perceptron.bias
    if perceptron.joined:
        both = net.linear(perceptron.joined, x, 2 * hidden, bias=bias)
        gate, up = net.split("gate_up", both, (hidden, hidden))
    elif perceptron.gate:
        gate, up = (net.linear(path, x, hidden, bias=bias) for path in (perceptron.gate, perceptron.up))
    else:
        gate, up = net.linear(perceptron.up, x, hidden, bias=bias, turned=perceptron.turned), ""
    y = _activated(net, perceptron.act, gate)
    y = net.elementwise("mul", "gated", y, up) if up else y
    y = net.rms_norm(perceptron.inner_norm, y) if perceptron.inner_norm else y
    y = net.linear(perceptron.down, y, net.width(x), bias=bias, turned=perceptron.turned)
    return net.dropped(y, perceptron.dropout_ratio)


def _activated(net: Net, act: str, x: str) -> str:
    if act != SQUARED:
        return activation(net, act, x)
    return net.elementwise("pow", "square", net.elementwise("relu", "relu", x))


def side_by_side(net: Net, made: str, heads: Heads) -> tuple[str, str, str]:
    """All queries, then all keys, then all values: each seen as (batch, sequence, heads, width)."""
    query, key, value = (
        by_heads(net, name, part, count)
        for name, part, count in zip(
            "qkv", net.split("qkv", made, heads.widths), (heads.count, heads.kv_heads, heads.kv_heads),
            strict=True,
        )
    )  # fmt: skip
    return query, key, value


def head_by_head(net: Net, made: str, heads: Heads) -> tuple[str, str, str]:
    """Query, key and value of each head together: parts of (batch, sequence, heads, 3 x width)."""
    query, key, value = net.split("qkv_parts", by_heads(net, "qkv", made, heads.count), (heads.width,) * 3)
    return query, key, value


def copied(net: Net, name: str, x: str) -> str:
    """`x` picked out of what it is a part of."""
    return net.op("copy", f"{name}_picked", [x], net.shape(x))


def _made(net: Net, x: str, attention: AttentionBranch) -> tuple[str, str, str]:
    """Queries, keys and values with heads in front, normalised and turned where the family does so."""
    heads = attention.heads
    apart = _joined if attention.joined else _apart
    query, key, value = apart(net, x, attention)
    query, key = (
        _normed(net, path, part, attention)
        for path, part in zip(attention.norm_names, (query, key), strict=True)
    )
    return (
        _placed(net, "q", query, heads),
        _placed(net, "k", key, heads),
        net.transpose("v_heads", value, *TURN),
    )


def _apart(net: Net, x: str, attention: AttentionBranch) -> tuple[str, str, str]:
    heads, made = attention.heads, []
    counts = (heads.count, heads.kv_heads, heads.kv_heads)
    paths = (attention.query, attention.key, attention.value)
    norms = (*attention.norm_names, "")
    for name, path, count, norm in zip("qkv", paths, counts, norms, strict=True):
        joint = sum(heads.widths) if name == "v" else 0
        y = net.linear(_in(attention, path), x, count * heads.width, bias=attention.bias, joint=joint)
        if attention.head_norm and attention.wide_norm and norm:
            y = attention.head_norm(net, _in(attention, norm), y)
        if attention.clipped:
            y = net.elementwise("clip", f"{name}_clipped", y)
        made.append(by_heads(net, name, y, count))
    query, key, value = made
    return query, key, value


def _joined(net: Net, x: str, attention: AttentionBranch) -> tuple[str, str, str]:
    path = _in(attention, attention.joined)
    heads = attention.heads
    made = replace(heads, kv_heads=attention.joined_key_heads or heads.kv_heads)
    y = net.linear(path, x, sum(made.widths), bias=attention.bias, turned=attention.turned)
    y = net.elementwise("clip", "qkv_clipped", y) if attention.clipped else y
    return (attention.parts or side_by_side)(net, y, heads)


def _normed(net: Net, path: str, x: str, attention: AttentionBranch) -> str:
    if not attention.head_norm or attention.wide_norm:
        return x
    return attention.head_norm(net, _in(attention, path), x)


def _placed(net: Net, name: str, x: str, heads: Heads) -> str:
    if not heads.rotated:
        return net.transpose(f"{name}_heads", x, *TURN)
    if heads.partial and heads.written_out:
        return net.transpose(f"{name}_heads", joined_parts(net, name, x, heads), *TURN)
    return rotated_heads(net, name, x, heads)


def _in(attention: AttentionBranch, name: str) -> str:
    return f"{attention.path}.{name}"
