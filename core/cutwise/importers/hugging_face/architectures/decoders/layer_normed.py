"""Decoders with layer norms: StarCoder 2, StableLM, Nemotron, Persimmon; BioGPT with learned positions."""

from __future__ import annotations

from dataclasses import replace

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    ACTS,
    AttentionBranch,
    Perceptron,
    head_by_head,
)
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import grouped_heads, windows
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names
from cutwise.importers.hugging_face.architectures.decoders.usual_decoder import (
    usual,
    usual_attention,
    usual_perceptron,
)
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint, language_output
from cutwise.importers.hugging_face.net import Net

NORM_NAMES = ("q_layernorm", "k_layernorm")
ROTATED_SHARE, STABLELM_ROTATED_SHARE = 0.5, 0.25
STARCODER2_KEY_HEADS = 2
PADDING_ROWS = 2
MOST_NORMED_HEADS = 256  # each has weights of its own; the published model has 32
BIOGPT_NAMES = Names(
    model="biogpt", positions="embed_positions", before_attention="self_attn_layer_norm",
    before_mlp="final_layer_norm", last_norm="layer_norm",
)  # fmt: skip


def starcoder2(keys: Keys) -> Blueprint:
    """Lozhkov et al. 2024, arXiv 2402.19173: two layers without a gate, biases everywhere."""
    bias, dropout_ratio = keys.flag("use_bias", True), keys.dropout("residual_dropout", 0.0)
    attention = AttentionBranch(
        heads=grouped_heads(keys, kv_default=STARCODER2_KEY_HEADS), bias=bias, out_bias=bias,
        dropout_ratio=dropout_ratio,
    )  # fmt: skip
    perceptron = Perceptron(
        hidden=keys.count("intermediate_size"), act=keys.word("hidden_act", ACTS, "gelu_pytorch_tanh"),
        up="mlp.c_fc", down="mlp.c_proj", bias=bias, dropout_ratio=dropout_ratio,
    )  # fmt: skip
    decoder = usual(
        keys, attention=attention, perceptron=perceptron, norm=Net.layer_norm,
        windows=windows(keys, lambda layer: True), output=language_output(keys, "lm_head", tied=True),
    )  # fmt: skip
    dropped = replace(decoder, dropout_ratio=keys.dropout("embedding_dropout", 0.0))
    return dropped.blueprint(keys.count("max_position_embeddings"))


def stablelm(keys: Keys) -> Blueprint:
    """Bellagente et al. 2024, arXiv 2402.17834: a quarter of each head is turned; heads may have norms."""
    parallel = keys.flag("use_parallel_residual", False)
    heads, normed = _partly_turned(keys, STABLELM_ROTATED_SHARE), keys.flag("qk_layernorm", False)
    if normed and heads.count > MOST_NORMED_HEADS:
        keys.refuse(
            f"num_attention_heads is {heads.count}, each with a norm of its own (qk_layernorm)",
            f"at most {MOST_NORMED_HEADS}",
        )
    attention = AttentionBranch(
        heads=heads,
        bias=keys.flag("use_qkv_bias", False),
        head_norm=norm_of_each_head if normed else None,
        norm_names=NORM_NAMES,
    )
    perceptron = replace(usual_perceptron(keys), dropout_ratio=keys.dropout("hidden_dropout", 0.0))
    decoder = usual(
        keys, attention=attention, perceptron=perceptron, norm=Net.layer_norm, parallel=parallel,
        names=Names(before_mlp="") if parallel else Names(),
    )  # fmt: skip
    return decoder.blueprint(keys.count("max_position_embeddings"))


def nemotron(keys: Keys) -> Blueprint:
    """Parmar et al. 2024, arXiv 2402.16819: a squared rectifier, half of each head is turned."""
    decoder = usual(
        keys, attention=usual_attention(keys, _partly_turned(keys, ROTATED_SHARE)), norm=Net.layer_norm,
        perceptron=usual_perceptron(keys, act="relu2", gate=""),
    )  # fmt: skip
    return decoder.blueprint(keys.count("max_position_embeddings"))


def persimmon(keys: Keys) -> Blueprint:
    """Adept 2023, "Persimmon-8B": query, key and value of a head lie together, and have norms."""
    attention = AttentionBranch(
        heads=_partly_turned(keys, ROTATED_SHARE), joined="query_key_value", parts=head_by_head, out="dense",
        bias=True, out_bias=True, norm_names=NORM_NAMES,
        head_norm=Net.layer_norm if keys.flag("qk_layernorm", True) else None,
    )  # fmt: skip
    perceptron = Perceptron(
        hidden=keys.count("intermediate_size"), act=keys.word("hidden_act", ACTS, "relu2"),
        up="mlp.dense_h_to_4h", down="mlp.dense_4h_to_h", bias=True,
        dropout_ratio=keys.dropout("hidden_dropout", 0.0),
    )  # fmt: skip
    decoder = usual(
        keys, attention=attention, perceptron=perceptron, norm=Net.layer_norm,
        names=Names(last_norm="final_layernorm"),
    )  # fmt: skip
    return decoder.blueprint(keys.count("max_position_embeddings"))


def biogpt(keys: Keys) -> Blueprint:
    """Luo et al. 2022, arXiv 2210.10341: scaled token vectors, learned positions of which two are padding."""
    positions = keys.count("max_position_embeddings")
    dropout_ratio = keys.dropout("hidden_dropout_prob", 0.1)
    heads = Heads.equal(keys, upcast=True, dropout_ratio=keys.dropout("attention_probs_dropout_prob", 0.1))
    attention = AttentionBranch(
        heads=heads, out="out_proj", bias=True, out_bias=True, dropout_ratio=dropout_ratio
    )
    perceptron = Perceptron(
        hidden=keys.count("intermediate_size"), act=keys.word("hidden_act", ACTS, "gelu"), up="fc1",
        down="fc2", bias=True, dropout_ratio=dropout_ratio,
    )  # fmt: skip
    decoder = usual(
        keys, attention=attention, perceptron=perceptron, norm=Net.layer_norm, names=BIOGPT_NAMES,
        output=language_output(keys, "output_projection", tied=True),
    )  # fmt: skip
    scaled = replace(
        decoder, position_rows=positions + PADDING_ROWS, dropout_ratio=dropout_ratio,
        scaled_tokens=keys.flag("scale_embedding", True),
    )  # fmt: skip
    return scaled.blueprint(positions)


def norm_of_each_head(net: Net, path: str, x: str) -> str:
    """Layer norms without biases, one for each head of `x`, (batch, sequence, heads, width)."""
    *_, heads, width = net.shape(x)
    weights = [net.weight(f"{path}.norms.{head}", (width,)) for head in range(heads)]
    return net.op("layer_norm", path.rpartition(".")[2], [x], net.shape(x), weights=weights)


def _partly_turned(keys: Keys, share: float) -> Heads:
    return grouped_heads(keys, rotated_share=keys.ratio("partial_rotary_factor", share))
