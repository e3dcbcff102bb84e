"""The first GPT: norms behind each sum, attention written out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    AttentionBranch,
    Perceptron,
    attention_branch,
    perceptron_branch,
)
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    Blueprint,
    LanguageOutput,
    language_output,
    write_language_output,
)
from cutwise.importers.hugging_face.net import Net

# The library's "gelu" of this family is the one that is written out in tanh.
ACTS = {**dict.fromkeys(ACTIVATIONS), "gelu": "gelu_new"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiGpt:
    """Sizes of the first GPT."""

    width: int
    layers: int
    vocabulary: int
    positions: int
    attention: AttentionBranch
    perceptron: Perceptron
    output: LanguageOutput
    dropout_ratio: float


def openai_gpt(keys: Keys) -> Blueprint:
    """Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training"."""
    width = keys.count("n_embd")
    dropout_ratio = keys.dropout("resid_pdrop", 0.1)
    heads = Heads.equal(
        keys, width=("n_embd",), heads=("n_head",), dropout_ratio=keys.dropout("attn_pdrop", 0.1)
    )
    act = keys.word("afn", ACTIVATIONS, "gelu")
    model = OpenAiGpt(
        width=width,
        layers=keys.count("n_layer"),
        vocabulary=keys.count("vocab_size"),
        positions=keys.count_of("n_positions", "n_ctx"),
        attention=AttentionBranch(
            heads=replace(heads, written_out=True), path="attn", joined="c_attn", out="c_proj", bias=True,
            out_bias=True, turned=True, dropout_ratio=dropout_ratio,
        ),
        perceptron=Perceptron(
            hidden=4 * width, act=ACTS[act] or act, up="mlp.c_fc", down="mlp.c_proj", bias=True, turned=True,
            dropout_ratio=dropout_ratio,
        ),
        output=language_output(keys, "lm_head", tied=True),
        dropout_ratio=keys.dropout("embd_pdrop", 0.1),
    )  # fmt: skip
    return Blueprint(write=partial(_write, model), most_tokens=model.positions)


def _write(model: OpenAiGpt, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "transformer"):
        x, table = net.embedding("tokens_embed", ids, model.vocabulary, model.width)
        x = net.plus_weight("positions_embed", x, (model.positions, model.width))
        x = net.dropped(x, model.dropout_ratio)
    for number in range(model.layers):
        source = f"transformer.h.{number}"
        with net.at(f"layers/{number}/attention", source):
            y = attention_branch(net, x, model.attention)
            x = net.layer_norm("ln_1", net.elementwise("add", "add", x, y))
        with net.at(f"layers/{number}/mlp", source):
            y = perceptron_branch(net, x, model.perceptron)
            x = net.layer_norm("ln_2", net.elementwise("add", "add", x, y))
    write_language_output(net, x, model.output, table)
