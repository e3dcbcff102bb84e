"""Decoders that only their authors' programs build: ChatGLM, Qwen 1, Baichuan, InternLM, MiniCPM.

The library has no code for them. What their programs do is what the described parts do, with the names of
their files; parameters are those that were published.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    ACTS,
    AttentionBranch,
    Perceptron,
)
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import grouped_heads
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names, TextDecoder
from cutwise.importers.hugging_face.architectures.decoders.usual_decoder import (
    usual,
    usual_attention,
    usual_perceptron,
)
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint, LanguageOutput, language_output
from cutwise.importers.hugging_face.net import Net

HEAD_WIDTH = 128
QWEN_NAMES = Names(
    model="transformer", layers="h", tokens="wte", before_attention="ln_1", before_mlp="ln_2",
    last_norm="ln_f",
)  # fmt: skip
INTERNLM2_NAMES = Names(tokens="tok_embeddings", before_attention="attention_norm", before_mlp="ffn_norm")
CHATGLM_NAMES = Names(
    model="transformer", layers="encoder.layers", tokens="embedding.word_embeddings",
    last_norm="encoder.final_layernorm",
)  # fmt: skip
# Baichuan's smaller models turn heads, those of 13 billion add numbers to the scores.
TURNED_WIDTH = 4096
TURNED_SHARE = 0.5


def qwen(keys: Keys) -> Blueprint:
    """Bai et al. 2023, arXiv 2309.16609: the inner width that the file gives is that of gate and up."""
    heads = replace(grouped_heads(keys, width=keys.count("kv_channels", HEAD_WIDTH)), upcast=True)
    decoder = usual(
        keys,
        attention=AttentionBranch(heads=heads, path="attn", joined="c_attn", out="c_proj", bias=True),
        perceptron=Perceptron(
            hidden=keys.count("intermediate_size") // 2, act="silu", gate="mlp.w2", up="mlp.w1",
            down="mlp.c_proj",
        ),
        names=QWEN_NAMES,
    )  # fmt: skip
    return decoder.blueprint(keys.count_of("max_position_embeddings", "seq_length"))


def internlm(keys: Keys) -> Blueprint:
    """InternLM Team 2023: Llama with biases around attention."""
    attention = replace(usual_attention(keys), bias=keys.flag("bias", True), out_bias=keys.flag("bias", True))
    return usual(keys, attention=attention).blueprint(keys.count("max_position_embeddings"))


def internlm2(keys: Keys) -> Blueprint:
    """Cai et al. 2024, arXiv 2403.17297: one product makes queries, keys and values of each group."""
    bias = keys.flag("bias", False)
    decoder = usual(
        keys,
        attention=AttentionBranch(
            heads=grouped_heads(keys), path="attention", joined="wqkv", out="wo", bias=bias, out_bias=bias
        ),
        perceptron=Perceptron(
            hidden=keys.count("intermediate_size"), act=keys.word("hidden_act", ACTS, "silu"),
            gate="feed_forward.w1", up="feed_forward.w3", down="feed_forward.w2",
        ),
        output=language_output(keys, "output", tied=False),
        names=INTERNLM2_NAMES,
    )  # fmt: skip
    return decoder.blueprint(keys.count("max_position_embeddings"))


def baichuan(keys: Keys) -> Blueprint:
    """Yang et al. 2023, arXiv 2309.10305; the 13B model has no rotation."""
    heads = grouped_heads(keys)
    turned = heads.width if keys.count("hidden_size") <= TURNED_WIDTH else 0
    attention = AttentionBranch(heads=replace(heads, rotated=turned), joined="W_pack")
    return usual(keys, attention=attention).blueprint(
        keys.count_of("max_position_embeddings", "model_max_length")
    )


def minicpm(keys: Keys) -> Blueprint:
    """Hu et al. 2024, arXiv 2404.06395: numbers multiply tokens, branches and logits."""
    output = language_output(keys, "lm_head", tied=True, scaled=True)
    decoder = usual(keys, perceptron=usual_perceptron(keys), output=output, scaled=True)
    return decoder.blueprint(keys.count("max_position_embeddings"))


def chatglm(keys: Keys) -> Blueprint:
    """GLM Team 2024, arXiv 2406.12793: ChatGLM 2 and 3 and GLM 4, in the keys of their own program."""
    width, bias = keys.count("hidden_size"), keys.flag("add_bias_linear", False)
    attention = AttentionBranch(
        heads=_chatglm_heads(keys), path="self_attention", joined="query_key_value", out="dense",
        bias=bias or keys.flag("add_qkv_bias", False), out_bias=bias,
    )  # fmt: skip
    perceptron = Perceptron(
        hidden=keys.count("ffn_hidden_size"), act="silu", joined="mlp.dense_h_to_4h",
        down="mlp.dense_4h_to_h", bias=bias,
    )  # fmt: skip
    rows = keys.count_of("padded_vocab_size", "vocab_size")
    decoder = TextDecoder(
        names=CHATGLM_NAMES, width=width, vocabulary=rows, norm=Net.rms_norm,
        attentions=(attention,) * keys.count_of("num_layers", "num_hidden_layers"), perceptron=perceptron,
        output=_chatglm_output(keys, rows),
    )  # fmt: skip
    return decoder.blueprint(keys.count("seq_length"))


def _chatglm_output(keys: Keys, rows: int) -> LanguageOutput:
    """The program's base class, which published files name, already holds the output layer."""
    words = {**keys.values, "vocab_size": rows}
    if re.search("Model$|ForConditionalGeneration$", keys.architecture):
        words["architectures"] = []
    return language_output(Keys(keys.file, words), "transformer.output_layer", tied=False)


def _chatglm_heads(keys: Keys) -> Heads:
    count = keys.count("num_attention_heads")
    width = keys.count("kv_channels", HEAD_WIDTH)
    shared = keys.flag("multi_query_attention", False)
    kv_heads = keys.count("multi_query_group_num", 1) if shared else count
    keys.divided("num_attention_heads", "multi_query_group_num", size=count, count=kv_heads)
    return Heads(
        count=count, width=width, kv_heads=kv_heads, rotated=int(width * TURNED_SHARE), partial=True,
        upcast=True, dropout_ratio=keys.dropout("attention_dropout", 0.0),
    )  # fmt: skip
