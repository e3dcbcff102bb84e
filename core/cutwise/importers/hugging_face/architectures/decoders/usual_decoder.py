"""The decoder that most families vary: grouped heads, rotated whole, and a gated perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    ACTS,
    AttentionBranch,
    Norm,
    Perceptron,
)
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import grouped_heads
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names, TextDecoder
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import LanguageOutput, language_output
from cutwise.importers.hugging_face.net import Net

NAMES = Names()
GATE = "mlp.gate_proj"


def usual(
    keys: Keys,
    *,
    attention: AttentionBranch | None = None,
    windows: Sequence[int | None] = (),
    norm: Norm = Net.rms_norm,
    names: Names = NAMES,
    perceptron: Perceptron | None = None,
    output: LanguageOutput | None = None,
    parallel: bool = False,
    scaled: bool = False,
) -> TextDecoder:
    """A decoder by the usual keys; what is given replaces what they would make.

    `scaled`: token vectors and results of branches are multiplied by numbers.
    """
    branch = attention or usual_attention(keys)
    layers = keys.count("num_hidden_layers")
    return TextDecoder(
        names=names,
        width=keys.count("hidden_size"),
        vocabulary=keys.count("vocab_size"),
        norm=norm,
        attentions=tuple(
            replace(branch, heads=replace(branch.heads, window=window))
            for window in windows or (None,) * layers
        ),
        perceptron=perceptron or usual_perceptron(keys),
        output=output or language_output(keys, "lm_head", tied=False),
        parallel=parallel,
        scaled_tokens=scaled,
        scaled_branches=scaled,
    )


def usual_attention(keys: Keys, heads: Heads | None = None, *, bias: bool = False) -> AttentionBranch:
    """Attention by the usual keys, with biases where they say so, else as `bias` says."""
    biased = keys.flag("attention_bias", bias)
    return AttentionBranch(heads=heads or grouped_heads(keys), bias=biased, out_bias=biased)


def usual_perceptron(keys: Keys, *, act: str = "silu", gate: str = GATE) -> Perceptron:
    """A perceptron by the usual keys; without a gate where that is empty."""
    return Perceptron(
        hidden=keys.count("intermediate_size"),
        act=keys.word("hidden_act", ACTS, act),
        gate=gate,
        bias=keys.flag("mlp_bias", False),
    )
