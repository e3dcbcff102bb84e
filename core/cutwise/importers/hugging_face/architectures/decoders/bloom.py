"""Bloom and MPT: positions are numbers added to the scores (Press et al. 2021, arXiv 2108.12409)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    AttentionBranch,
    Perceptron,
    head_by_head,
)
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names, TextDecoder
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint, language_output
from cutwise.importers.hugging_face.net import Net

BLOOM_NAMES = Names(
    model="transformer", layers="h", tokens="word_embeddings", token_norm="word_embeddings_layernorm",
    last_norm="ln_f",
)  # fmt: skip
MPT_NAMES = Names(
    model="transformer", layers="blocks", tokens="wte", before_attention="norm_1", before_mlp="norm_2",
    last_norm="norm_f",
)  # fmt: skip
# Neither has a table of positions: what they were trained on where no key says how long a text may be.
TRAINED_TOKENS = 2048


def bloom(keys: Keys) -> Blueprint:
    """Scao et al. 2022, arXiv 2211.05100: a norm of the token vectors, attention written out."""
    width = keys.count_of("hidden_size", "n_embed")
    dropout_ratio = keys.dropout("hidden_dropout", 0.0)
    heads = Heads.equal(keys, width=("hidden_size", "n_embed"), heads=("n_head", "num_attention_heads"))
    attention = AttentionBranch(
        heads=_written_out(heads, keys.dropout("attention_dropout", 0.0)),
        path="self_attention",
        joined="query_key_value",
        parts=head_by_head,
        out="dense",
        bias=True,
        out_bias=True,
        dropout_ratio=dropout_ratio,
    )
    decoder = TextDecoder(
        names=BLOOM_NAMES,
        width=width,
        vocabulary=keys.count("vocab_size"),
        norm=Net.layer_norm,
        attentions=(attention,) * keys.count_of("n_layer", "num_hidden_layers"),
        perceptron=Perceptron(
            hidden=4 * width,
            act="gelu",
            up="mlp.dense_h_to_4h",
            down="mlp.dense_4h_to_h",
            bias=True,
            dropout_ratio=dropout_ratio,
        ),
        output=language_output(keys, "lm_head", tied=True),
        normed_residual=keys.flag("apply_residual_connection_post_layernorm", False),
    )
    return decoder.blueprint(keys.count("seq_length", TRAINED_TOKENS))


def mpt(keys: Keys) -> Blueprint:
    """MosaicML 2023, "Introducing MPT-7B": no biases, attention written out."""
    width = keys.count("d_model")
    dropout_ratio = keys.dropout("attn_pdrop", 0.0)
    heads = Heads.equal(keys, width=("d_model",), heads=("n_heads",))
    attention = AttentionBranch(
        heads=_written_out(heads, dropout_ratio),
        path="attn",
        joined="Wqkv",
        out="out_proj",
        clipped=keys.cap("clip_qkv", False),
        dropout_ratio=dropout_ratio,
    )
    decoder = TextDecoder(
        names=MPT_NAMES,
        width=width,
        vocabulary=keys.count("vocab_size"),
        norm=partial(Net.layer_norm, bias=False),
        attentions=(attention,) * keys.count("n_layers"),
        perceptron=Perceptron(
            hidden=4 * width,
            act="gelu",
            up="ffn.up_proj",
            down="ffn.down_proj",
            dropout_ratio=dropout_ratio,
        ),
        output=language_output(keys, "lm_head", tied=True),
    )
    return decoder.blueprint(keys.count("max_seq_len", TRAINED_TOKENS))


def _written_out(heads: Heads, dropout_ratio: float) -> Heads:
    return replace(heads, written_out=True, upcast=True, dropout_ratio=dropout_ratio)
