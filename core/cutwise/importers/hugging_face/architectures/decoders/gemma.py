"""Gemma and Gemma 3: scaled token vectors, root-mean-square norms, a gate with GELU."""

from __future__ import annotations

from dataclasses import replace

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import AttentionBranch, gated
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import (
    grouped_heads,
    patterned_windows,
)
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names, TextDecoder
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import ACTIVATIONS, Blueprint, language_output
from cutwise.importers.hugging_face.net import Net

GELU = "gelu_pytorch_tanh"
HEAD_WIDTH = 256
GEMMA3_PATTERN = 6
GEMMA3_NAMES = Names(
    behind_attention="post_attention_layernorm",
    before_mlp="pre_feedforward_layernorm",
    behind_mlp="post_feedforward_layernorm",
)

# What published files of the models that also read images leave out: the library's own defaults.
GEMMA3_DEFAULTS = FrozenDict(
    {
        "vocab_size": 262_208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
        "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": HEAD_WIDTH, "sliding_window": 4096,
        "max_position_embeddings": 131_072,
    }
)  # fmt: skip


def gemma(keys: Keys) -> Blueprint:
    """Gemma Team 2024, arXiv 2403.08295; `hidden_activation` is the later name of `hidden_act`."""
    act = "hidden_activation" if "hidden_activation" in keys.values else "hidden_act"
    attention = _attention(keys, AttentionBranch(heads=grouped_heads(keys, width=HEAD_WIDTH)))
    decoder = TextDecoder(
        names=Names(),
        width=keys.count("hidden_size"),
        vocabulary=keys.count("vocab_size"),
        norm=Net.rms_norm,
        attentions=(attention,) * keys.count("num_hidden_layers"),
        perceptron=gated(hidden=keys.count("intermediate_size"), act=keys.word(act, ACTIVATIONS, GELU)),
        output=language_output(keys, "lm_head", tied=True),
        scaled_tokens=True,
    )
    return decoder.blueprint(keys.count("max_position_embeddings", 8192))


def gemma3(keys: Keys) -> Blueprint:
    """Gemma Team 2025, arXiv 2503.19786: five of six layers see a window, heads are normalised."""
    keys = keys.with_defaults(GEMMA3_DEFAULTS)
    heads = grouped_heads(keys)
    attention = _attention(keys, AttentionBranch(heads=heads, head_norm=Net.rms_norm))
    seen = patterned_windows(keys, GEMMA3_PATTERN)
    decoder = TextDecoder(
        names=GEMMA3_NAMES,
        width=keys.count("hidden_size"),
        vocabulary=keys.count("vocab_size"),
        norm=Net.rms_norm,
        attentions=tuple(replace(attention, heads=replace(heads, window=window)) for window in seen),
        perceptron=gated(
            hidden=keys.count("intermediate_size"), act=keys.word("hidden_activation", ACTIVATIONS, GELU)
        ),
        output=language_output(keys, "lm_head", tied=True, capped=keys.cap("final_logit_softcapping", False)),
        scaled_tokens=True,
    )
    return decoder.blueprint(keys.count("max_position_embeddings"))


def _attention(keys: Keys, attention: AttentionBranch) -> AttentionBranch:
    bias = keys.flag("attention_bias", False)
    return replace(attention, bias=bias, out_bias=bias)
