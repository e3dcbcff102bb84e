"""Families a step from Llama: Granite, SmolLM 3, GLM, Ministral, Seed, Ernie, Hunyuan, BitNet and others."""

from __future__ import annotations

from dataclasses import replace

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import ACTS, Perceptron
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import grouped_heads, windows
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names
from cutwise.importers.hugging_face.architectures.decoders.usual_decoder import (
    usual,
    usual_attention,
    usual_perceptron,
)
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint, language_output
from cutwise.importers.hugging_face.net import Net

HEAD_WIDTH = 128
GLM_ROTATED_SHARE = 0.5
GLM_KEY_HEADS = 2
GLM4_NAMES = Names(behind_attention="post_self_attn_layernorm", behind_mlp="post_mlp_layernorm")
SMOLLM3_KEY_HEADS, SMOLLM3_INTERVAL = 4, 4
CWM_PATTERN = 4


def granite(keys: Keys) -> Blueprint:
    """IBM 2024, arXiv 2405.04324 and "Granite 3.0": numbers multiply tokens, branches and logits."""
    output = language_output(keys, "lm_head", tied=False, scaled=True)
    return usual(keys, scaled=True, output=output).blueprint(keys.count("max_position_embeddings"))


def smollm3(keys: Keys) -> Blueprint:
    """Hugging Face 2025, "SmolLM3": every fourth layer turns nothing by its position."""
    layers = keys.count("num_hidden_layers")
    interval = keys.count("no_rope_layer_interval", SMOLLM3_INTERVAL)
    turned = keys.switches("no_rope_layers", tuple(bool((layer + 1) % interval) for layer in range(layers)))
    sliding = keys.flag("use_sliding_window", False)
    decoder = usual(
        keys,
        attention=usual_attention(keys, grouped_heads(keys, kv_default=SMOLLM3_KEY_HEADS)),
        windows=windows(keys, lambda layer: not turned[layer]) if sliding else (),
        output=language_output(keys, "lm_head", tied=True),
    )
    attentions = tuple(
        branch if turn else replace(branch, heads=replace(branch.heads, rotated=0))
        for branch, turn in zip(decoder.attentions, turned, strict=True)
    )
    return replace(decoder, attentions=attentions).blueprint(keys.count("max_position_embeddings"))


def glm(keys: Keys) -> Blueprint:
    """GLM Team 2024, arXiv 2406.12793: half of each head is turned, one product makes gate and up."""
    return _glm(keys, Names())


def glm4(keys: Keys) -> Blueprint:
    """GLM 4 of 2025: as `glm`, with a norm behind each branch too."""
    return _glm(keys, GLM4_NAMES)


def ministral(keys: Keys) -> Blueprint:
    """Mistral AI 2024 and 2025: layers that see a window are listed, or all that do where one is given."""
    seen = windows(keys, lambda layer: "sliding_window" in keys.values)
    return usual(keys, windows=seen).blueprint(keys.count("max_position_embeddings"))


def seed_oss(keys: Keys) -> Blueprint:
    """ByteDance 2025, "Seed-OSS": biases at queries, keys and values, and apart at the output."""
    heads = grouped_heads(keys, width=HEAD_WIDTH)
    attention = replace(
        usual_attention(keys, heads, bias=True), out_bias=keys.flag("attention_out_bias", False)
    )
    return usual(keys, attention=attention).blueprint(keys.count("max_position_embeddings"))


def helium(keys: Keys) -> Blueprint:
    """Kyutai 2025, "Helium 1": no bias behind attention."""
    attention = replace(usual_attention(keys, grouped_heads(keys, width=HEAD_WIDTH)), out_bias=False)
    return usual(keys, attention=attention).blueprint(keys.count("max_position_embeddings"))


def arcee(keys: Keys) -> Blueprint:
    """Arcee AI 2025, "AFM-4.5B": a squared rectifier in place of a gate."""
    perceptron = usual_perceptron(keys, act="relu2", gate="")
    return usual(keys, perceptron=perceptron).blueprint(keys.count("max_position_embeddings"))


def ernie4_5(keys: Keys) -> Blueprint:
    """Baidu 2025, "ERNIE 4.5": biases everywhere or nowhere."""
    bias = keys.flag("use_bias", False)
    heads = grouped_heads(keys, width=HEAD_WIDTH)
    decoder = usual(
        keys,
        attention=replace(usual_attention(keys, heads), bias=bias, out_bias=bias),
        perceptron=replace(usual_perceptron(keys), bias=bias),
        output=language_output(keys, "lm_head", tied=True),
    )
    return decoder.blueprint(keys.count("max_position_embeddings"))


def hunyuan(keys: Keys) -> Blueprint:
    """Tencent 2025, "Hunyuan": queries and keys of each head are normalised, behind their turn."""
    attention = replace(
        usual_attention(keys), head_norm=Net.rms_norm, norm_names=("query_layernorm", "key_layernorm")
    )
    return usual(keys, attention=attention).blueprint(keys.count("max_position_embeddings"))


def bitnet(keys: Keys) -> Blueprint:
    """Ma et al. 2025, arXiv 2504.12285: norms before the last layer of each branch."""
    decoder = usual(
        keys,
        attention=replace(usual_attention(keys), context_norm="attn_sub_norm"),
        perceptron=replace(usual_perceptron(keys, act="relu2"), inner_norm="mlp.ffn_sub_norm"),
    )
    return decoder.blueprint(keys.count("max_position_embeddings"))


def cwm(keys: Keys) -> Blueprint:
    """Meta FAIR 2025, arXiv 2510.02387: one of four layers sees all tokens."""
    seen = windows(keys, lambda layer: bool(layer % CWM_PATTERN))
    attention = usual_attention(keys, grouped_heads(keys, width=HEAD_WIDTH))
    return usual(keys, attention=attention, windows=seen).blueprint(keys.count("max_position_embeddings"))


def _glm(keys: Keys, names: Names) -> Blueprint:
    share = keys.ratio("partial_rotary_factor", GLM_ROTATED_SHARE)
    heads = grouped_heads(keys, width=HEAD_WIDTH, rotated_share=share, kv_default=GLM_KEY_HEADS)
    attention = replace(usual_attention(keys, heads, bias=True), out_bias=False)
    perceptron = Perceptron(
        hidden=keys.count("intermediate_size"),
        act=keys.word("hidden_act", ACTS, "silu"),
        joined="mlp.gate_up_proj",
    )
    decoder = usual(keys, attention=attention, perceptron=perceptron, names=names)
    return decoder.blueprint(keys.count("max_position_embeddings"))
