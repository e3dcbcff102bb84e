"""Falcon: one key head or a few for all queries, attention and perceptron side by side."""

from __future__ import annotations

from dataclasses import replace

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    AttentionBranch,
    Perceptron,
    copied,
    head_by_head,
    side_by_side,
)
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names, TextDecoder
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import ACTIVATIONS, Blueprint, language_output
from cutwise.importers.hugging_face.net import Net

NAMES = Names(
    model="transformer", layers="h", tokens="word_embeddings", last_norm="ln_f",
    before_attention="input_layernorm", before_mlp="post_attention_layernorm",
)  # fmt: skip
ONE_NORM = replace(NAMES, before_mlp="")
TWO_NORMS = replace(NAMES, before_attention="ln_attn", before_mlp="ln_mlp")


def falcon(keys: Keys) -> Blueprint:
    """Almazrouei et al. 2023, arXiv 2311.16867; the first files are of type RefinedWeb and shorter keys."""
    grouped = keys.flag("new_decoder_architecture", keys.values["model_type"] == "RefinedWeb")
    parallel = grouped or keys.flag("parallel_attn", True)
    bias = keys.flag("bias", False)
    width = keys.count_of("hidden_size", "n_embed")
    dropout_ratio = keys.dropout("hidden_dropout", 0.0)
    attention = replace(
        _attention(keys, grouped), path="self_attention", joined="query_key_value", out="dense", bias=bias,
        out_bias=bias, dropout_ratio=keys.dropout("attention_dropout", 0.0) * (not parallel),
    )  # fmt: skip
    decoder = TextDecoder(
        names=_names(keys, grouped, parallel),
        width=width,
        vocabulary=keys.count("vocab_size"),
        norm=Net.layer_norm,
        attentions=(attention,) * keys.count_of("num_hidden_layers", "n_layer"),
        perceptron=Perceptron(
            hidden=keys.count("ffn_hidden_size", 4 * width),
            act=keys.word("activation", ACTIVATIONS, "gelu"),
            up="mlp.dense_h_to_4h",
            down="mlp.dense_4h_to_h",
            bias=bias,
            dropout_ratio=dropout_ratio,
        ),
        output=language_output(keys, "lm_head", tied=True),
        parallel=parallel,
    )
    return decoder.blueprint(keys.count("max_position_embeddings", 2048))


def _names(keys: Keys, grouped: bool, parallel: bool) -> Names:
    if not parallel:
        return NAMES
    return TWO_NORMS if grouped and keys.count("num_ln_in_parallel_attn", 2) == 2 else ONE_NORM


def _attention(keys: Keys, grouped: bool) -> AttentionBranch:
    heads = Heads.equal(
        keys, width=("hidden_size", "n_embed"), heads=("num_attention_heads", "n_head"), upcast=True
    )
    turned = 0 if keys.flag("alibi", False) else heads.width
    heads = replace(heads, rotated=turned)
    if not grouped:
        shared = keys.flag("multi_query", True)
        # PyTorch's fused kernels take no keys of another number of heads unless they are told to.
        one = replace(heads, kv_heads=1, written_out=True) if shared else heads
        return AttentionBranch(heads=one, parts=_shared if shared else head_by_head)
    kv_heads = keys.count_of("num_kv_heads", "n_head_kv") if _says_key_heads(keys) else heads.count
    keys.divided("num_attention_heads", "num_kv_heads", size=heads.count, count=kv_heads)
    return AttentionBranch(heads=heads, parts=_spread, joined_key_heads=kv_heads)


def _says_key_heads(keys: Keys) -> bool:
    return not keys.values.keys().isdisjoint({"num_kv_heads", "n_head_kv"})


def _shared(net: Net, made: str, heads: Heads) -> tuple[str, str, str]:
    """One key and value head, picked out as copies."""
    query, key, value = side_by_side(net, made, heads)
    return query, copied(net, "key", key), copied(net, "value", value)


def _spread(net: Net, made: str, heads: Heads) -> tuple[str, str, str]:
    """Keys and values of a group of heads, copied for each of them before a cache takes them."""
    kv_heads = (net.width(made) // heads.width - heads.count) // 2
    query, key, value = side_by_side(net, made, replace(heads, kv_heads=kv_heads))
    shape = net.shape(query)
    key, value = (
        net.op("tile", f"{name}_repeated", [part], shape, attrs={"cached": True})
        for name, part in (("key", key), ("value", value))
    )
    return query, key, value
