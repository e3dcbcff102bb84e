"""Decoders with RMS norm and rotary positions: Llama, Mistral, Qwen 2 and 3, Gemma 2, Phi 3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.attention import TURN, Heads, attended, by_heads, rotated_heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    Blueprint,
    LanguageOutput,
    activation,
    language_output,
    write_language_output,
)
from cutwise.importers.hugging_face.net import Net


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """The sizes of a decoder and how its family differs from Llama.

    `windows` holds, for each layer, how many tokens it attends to (None: all before it). `joined`: one
    product makes queries, keys and values, and one gate and up (Phi 3). `sandwich`: norms before and behind
    each branch, and a scaled embedding (Gemma 2). `head_norms`: norms of each head's queries and keys.
    """

    width: int
    hidden: int
    vocabulary: int
    heads: Heads
    windows: tuple[int | None, ...]
    act: str
    output: LanguageOutput
    qkv_bias: bool = False
    out_bias: bool = False
    mlp_bias: bool = False
    joined: bool = False
    sandwich: bool = False
    head_norms: bool = False


def llama(keys: Keys) -> Blueprint:
    """Touvron et al. 2023, arXiv 2302.13971; grouped queries and tied embeddings where the keys say so."""
    bias = keys.flag("attention_bias", False)
    return _blueprint(keys, qkv_bias=bias, out_bias=bias, mlp_bias=keys.flag("mlp_bias", False))


def mistral(keys: Keys) -> Blueprint:
    """Jiang et al. 2023, arXiv 2310.06825: every layer sees a sliding window."""
    return _blueprint(keys, windowed=lambda layer: "sliding_window" in keys.values)


def qwen2(keys: Keys) -> Blueprint:
    """Yang et al. 2024, arXiv 2407.10671: biases at queries, keys and values only."""
    return _blueprint(keys, qkv_bias=True, windowed=_behind_full_layers(keys))


def qwen3(keys: Keys) -> Blueprint:
    """Yang et al. 2025, arXiv 2505.09388: queries and keys of each head are normalised."""
    bias = keys.flag("attention_bias", False)
    return _blueprint(
        keys,
        qkv_bias=bias,
        out_bias=bias,
        head_norms=True,
        head_width=128,
        windowed=_behind_full_layers(keys),
    )


def gemma2(keys: Keys) -> Blueprint:
    """Gemma Team 2024, arXiv 2408.00118: every other layer sees a window, scores and logits are capped."""
    bias = keys.flag("attention_bias", False)
    return _blueprint(
        keys, qkv_bias=bias, out_bias=bias, sandwich=True, head_width=256, tied=True, act="hidden_activation",
        windowed=lambda layer: layer % 2 == 0 and "sliding_window" in keys.values,
    )  # fmt: skip


def phi3(keys: Keys) -> Blueprint:
    """Abdin et al. 2024, arXiv 2404.14219: fused products, part of a head may be rotated."""
    return _blueprint(keys, joined=True, windowed=lambda layer: "sliding_window" in keys.values)


def _blueprint(
    keys: Keys,
    *,
    windowed: Callable[[int], bool] = lambda layer: False,
    head_width: int | None = None,
    tied: bool = False,
    act: str = "hidden_act",
    joined: bool = False,
    sandwich: bool = False,
    **differences: bool,
) -> Blueprint:
    window = keys.count("sliding_window") if "sliding_window" in keys.values else None
    windows = tuple(window if windowed(layer) else None for layer in range(keys.count("num_hidden_layers")))
    decoder = Decoder(
        width=keys.count("hidden_size"),
        hidden=keys.count("intermediate_size"),
        vocabulary=keys.count("vocab_size"),
        heads=_heads(keys, head_width, partly_rotated=joined, written_out=sandwich),
        windows=windows,
        act=keys.word(act, ACTIVATIONS, "gelu_pytorch_tanh" if sandwich else "silu"),
        output=language_output(
            keys, "lm_head", tied=tied, capped=sandwich and keys.cap("final_logit_softcapping", True)
        ),
        joined=joined,
        sandwich=sandwich,
        **differences,
    )
    return Blueprint(
        write=partial(_write, decoder),
        most_tokens=keys.count("max_position_embeddings"),
        window=min((size for size in windows if size is not None), default=None),
    )


def _heads(keys: Keys, width: int | None, *, partly_rotated: bool, written_out: bool) -> Heads:
    count = keys.count("num_attention_heads")
    if "head_dim" in keys.values or width is not None:
        width = keys.count("head_dim", width)
    else:
        width = keys.divided(
            "hidden_size", "num_attention_heads", size=keys.count("hidden_size"), count=count
        )
    kv_heads = keys.count("num_key_value_heads", count)
    keys.divided("num_attention_heads", "num_key_value_heads", size=count, count=kv_heads)
    share = keys.ratio("partial_rotary_factor", 1.0) if partly_rotated else 1.0
    return Heads(
        count=count,
        width=width,
        kv_heads=kv_heads,
        rotated=int(width * share),
        partial=partly_rotated,
        written_out=written_out,
        capped=written_out and keys.cap("attn_logit_softcapping", True),
        upcast=True,
        dropout_ratio=keys.dropout("attention_dropout", 0.0),
    )


def _behind_full_layers(keys: Keys) -> Callable[[int], bool]:
    """Qwen's rule: the layers behind the first `max_window_layers` see a window, where one is used."""
    used = keys.flag("use_sliding_window", False) and "sliding_window" in keys.values
    full = keys.count("max_window_layers", 28) if used else 0
    return lambda layer: used and layer >= full


def _write(decoder: Decoder, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "model"):
        x, table = net.embedding("embed_tokens", ids, decoder.vocabulary, decoder.width)
        if decoder.sandwich:
            x = net.elementwise("mul", "scale", x)
    for number, window in enumerate(decoder.windows):
        source = f"model.layers.{number}"
        with net.at(f"layers/{number}/attention", source):
            x = _attention_branch(net, x, decoder, replace(decoder.heads, window=window))
        with net.at(f"layers/{number}/mlp", source):
            x = _mlp_branch(net, x, decoder)
    with net.at("", "model"):
        x = net.rms_norm("norm", x)
    write_language_output(net, x, decoder.output, table)


def _attention_branch(net: Net, x: str, decoder: Decoder, heads: Heads) -> str:
    y = net.rms_norm("input_layernorm", x)
    query, key, value = (
        _joined_projections(net, y, heads) if decoder.joined else _projections(net, y, decoder)
    )
    y = attended(
        net,
        _placed(net, "q", query, decoder),
        _placed(net, "k", key, decoder),
        net.transpose("v_heads", by_heads(net, "v", value, heads.kv_heads), *TURN),
        heads,
    )
    y = net.linear("self_attn.o_proj", y, decoder.width, bias=decoder.out_bias)
    if decoder.sandwich:
        y = net.rms_norm("post_attention_layernorm", y)
    return net.elementwise("add", "add", x, y)


def _projections(net: Net, x: str, decoder: Decoder) -> tuple[str, ...]:
    return tuple(
        net.linear(
            f"self_attn.{name}_proj",
            x,
            width,
            bias=decoder.qkv_bias,
            joint=sum(decoder.heads.widths) if name == "v" else 0,
        )
        for name, width in zip("qkv", decoder.heads.widths, strict=True)
    )


def _joined_projections(net: Net, x: str, heads: Heads) -> tuple[str, ...]:
    y = net.linear("self_attn.qkv_proj", x, sum(heads.widths), bias=False)
    return net.split("qkv", y, heads.widths)


def _placed(net: Net, name: str, x: str, decoder: Decoder) -> str:
    """Queries or keys by heads, normalised where the family does so, turned by their positions."""
    heads = decoder.heads
    y = by_heads(net, name, x, heads.count if name == "q" else heads.kv_heads)
    if decoder.head_norms:
        y = net.rms_norm(f"self_attn.{name}_norm", y)
    return rotated_heads(net, name, y, heads)


def _mlp_branch(net: Net, x: str, decoder: Decoder) -> str:
    """A gated perceptron: the activation of one half multiplies the other."""
    norm = "pre_feedforward_layernorm" if decoder.sandwich else "post_attention_layernorm"
    y = net.rms_norm(norm, x)
    if decoder.joined:
        both = net.linear("mlp.gate_up_proj", y, 2 * decoder.hidden, bias=False)
        gate, up = net.split("gate_up", both, (decoder.hidden, decoder.hidden))
    else:
        gate, up = (
            net.linear(f"mlp.{name}_proj", y, decoder.hidden, bias=decoder.mlp_bias)
            for name in ("gate", "up")
        )
    y = net.elementwise("mul", "gated", activation(net, decoder.act, gate), up)
    y = net.linear("mlp.down_proj", y, decoder.width, bias=decoder.mlp_bias)
    if decoder.sandwich:
        y = net.rms_norm("post_feedforward_layernorm", y)
    return net.elementwise("add", "add", x, y)
