"""Decoders of the GPT line whose attention is written out: GPT-J, CodeGen, GPT-Neo; and StarCoder."""

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
    model="transformer", layers="h", tokens="wte", before_attention="ln_1", before_mlp="ln_2",
    last_norm="ln_f",
)  # fmt: skip
ONE_NORM, WITH_POSITIONS = replace(NAMES, before_mlp=""), replace(NAMES, positions="wpe")
ROTATED = 64
LOCAL, GLOBAL = "local", "global"
WINDOW = 256


def gptj(keys: Keys) -> Blueprint:
    """Wang and Komatsuzaki 2021, "GPT-J-6B": attention and perceptron side by side."""
    return _gptj(keys, AttentionBranch(heads=_partly_turned(keys), path="attn", out="out_proj"))


def codegen(keys: Keys) -> Blueprint:
    """Nijkamp et al. 2022, arXiv 2203.13474: one product in four groups of queries, values and keys."""
    attention = AttentionBranch(
        heads=_partly_turned(keys), path="attn", joined="qkv_proj", parts=_regrouped, out="out_proj"
    )
    return _gptj(keys, attention)


def gpt_neo(keys: Keys) -> Blueprint:
    """Black et al. 2021, "GPT-Neo": every other layer sees a window, as `attention_layers` says."""
    width, layers = keys.count("hidden_size"), keys.count_of("num_layers", "num_hidden_layers")
    heads = Heads.equal(
        keys, heads=("num_heads", "num_attention_heads"), dropout_ratio=keys.dropout("attention_dropout", 0.0)
    )
    dropout_ratio = keys.dropout("resid_dropout", 0.0)
    window = keys.count("window_size", WINDOW)
    kinds = keys.words("attention_layers", frozenset({LOCAL, GLOBAL}), layers)
    attentions = tuple(
        AttentionBranch(
            heads=replace(heads, written_out=True, window=window if kind == LOCAL else None),
            path="attn.attention", out="out_proj", out_bias=True, dropout_ratio=dropout_ratio,
        )
        for kind in kinds
    )  # fmt: skip
    decoder = TextDecoder(
        names=WITH_POSITIONS, width=width, vocabulary=keys.count("vocab_size"), norm=Net.layer_norm,
        attentions=attentions, output=language_output(keys, "lm_head", tied=True),
        perceptron=_perceptron(keys, keys.count("intermediate_size", 4 * width), "mlp.c_fc", "mlp.c_proj",
                               dropout_ratio),
        position_rows=keys.count("max_position_embeddings"),
        dropout_ratio=keys.dropout("embed_dropout", 0.0),
    )  # fmt: skip
    return decoder.blueprint(decoder.position_rows)


def gpt_bigcode(keys: Keys) -> Blueprint:
    """Li et al. 2023, arXiv 2305.06161 (StarCoder): GPT-2 with one key head for all queries."""
    width = keys.count("n_embd")
    shared = keys.flag("multi_query", True)
    dropout_ratio = keys.dropout("resid_pdrop", 0.1)
    heads = _heads(keys, keys.dropout("attn_pdrop", 0.1))
    attention = AttentionBranch(
        heads=replace(heads, kv_heads=1 if shared else heads.count, upcast=True), path="attn",
        joined="c_attn", parts=side_by_side if shared else head_by_head, out="c_proj", bias=True,
        out_bias=True, dropout_ratio=dropout_ratio,
    )  # fmt: skip
    decoder = TextDecoder(
        names=WITH_POSITIONS, width=width, vocabulary=keys.count("vocab_size"), norm=Net.layer_norm,
        attentions=(attention,) * keys.count("n_layer"),
        perceptron=_perceptron(keys, keys.count("n_inner", 4 * width), "mlp.c_fc", "mlp.c_proj",
                               dropout_ratio, "gelu_pytorch_tanh"),
        output=language_output(keys, "lm_head", tied=True),
        position_rows=keys.count("n_positions"), dropout_ratio=keys.dropout("embd_pdrop", 0.1),
    )  # fmt: skip
    return decoder.blueprint(decoder.position_rows)


def _gptj(keys: Keys, attention: AttentionBranch) -> Blueprint:
    width = keys.count("n_embd")
    dropout_ratio = keys.dropout("resid_pdrop", 0.0)
    decoder = TextDecoder(
        names=ONE_NORM, width=width, vocabulary=keys.count("vocab_size"), norm=Net.layer_norm,
        attentions=(replace(attention, dropout_ratio=dropout_ratio),) * keys.count("n_layer"),
        perceptron=_perceptron(keys, keys.count("n_inner", 4 * width), "mlp.fc_in", "mlp.fc_out",
                               dropout_ratio),
        output=language_output(keys, "lm_head", tied=False, bias=True), parallel=True,
        dropout_ratio=keys.dropout("embd_pdrop", 0.0),
    )  # fmt: skip
    return decoder.blueprint(keys.count_of("n_positions", "n_ctx"))


def _partly_turned(keys: Keys) -> Heads:
    heads = _heads(keys, keys.dropout("attn_pdrop", 0.0))
    rotated = min(keys.count("rotary_dim", ROTATED), heads.width)
    return replace(heads, rotated=rotated, partial=True, written_out=True)


def _heads(keys: Keys, dropout_ratio: float) -> Heads:
    return Heads.equal(keys, width=("n_embd",), heads=("n_head",), dropout_ratio=dropout_ratio)


def _perceptron(
    keys: Keys, hidden: int, up: str, down: str, dropout_ratio: float, act: str = "gelu_new"
) -> Perceptron:
    return Perceptron(
        hidden=hidden, act=keys.word("activation_function", ACTIVATIONS, act), up=up, down=down, bias=True,
        dropout_ratio=dropout_ratio,
    )  # fmt: skip


def _regrouped(net: Net, made: str, heads: Heads) -> tuple[str, str, str]:
    """Heads of four groups put side by side, which copies queries, keys and values."""
    query, key, value = side_by_side(net, made, heads)
    return query, key, copied(net, "value", value)
