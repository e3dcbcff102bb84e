"""Phi 1, 1.5 and 2: attention and perceptron side by side behind one layer norm, a part of heads rotated."""

from __future__ import annotations

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import AttentionBranch, Perceptron
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import grouped_heads
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names, TextDecoder
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import ACTIVATIONS, Blueprint, language_output
from cutwise.importers.hugging_face.net import Net

NAMES = Names(before_mlp="", last_norm="final_layernorm")
ROTATED_SHARE = 0.5


def phi(keys: Keys) -> Blueprint:
    """Li et al. 2023, arXiv 2309.05463; biases everywhere, those of the output layer too."""
    dropout_ratio = keys.dropout("resid_pdrop", 0.0)
    attention = AttentionBranch(
        heads=grouped_heads(keys, rotated_share=keys.ratio("partial_rotary_factor", ROTATED_SHARE)),
        out="dense",
        bias=True,
        out_bias=True,
        head_norm=Net.layer_norm if keys.flag("qk_layernorm", False) else None,
        norm_names=("q_layernorm", "k_layernorm"),
        dropout_ratio=dropout_ratio,
    )
    decoder = TextDecoder(
        names=NAMES,
        width=keys.count("hidden_size"),
        vocabulary=keys.count("vocab_size"),
        norm=Net.layer_norm,
        attentions=(attention,) * keys.count("num_hidden_layers"),
        perceptron=Perceptron(
            hidden=keys.count("intermediate_size"),
            act=keys.word("hidden_act", ACTIVATIONS, "gelu_new"),
            up="mlp.fc1",
            down="mlp.fc2",
            bias=True,
            dropout_ratio=dropout_ratio,
        ),
        output=language_output(keys, "lm_head", tied=False, bias=True),
        parallel=True,
        dropout_ratio=keys.dropout("embd_pdrop", 0.0),
    )
    return decoder.blueprint(keys.count("max_position_embeddings", 2048))
