"""A decoder of text as most families build it: token table, layers of two branches, last norm, output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    AttentionBranch,
    Norm,
    Perceptron,
    attention_branch,
    perceptron_branch,
)
from cutwise.importers.hugging_face.layers import Blueprint, LanguageOutput, write_language_output
from cutwise.importers.hugging_face.net import Net


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a family's files call its parts; a norm without a name is one that it does not have.

    "before" and "behind" are norms of what a branch reads and of what it makes.
    """

    model: str = "model"
    layers: str = "layers"
    tokens: str = "embed_tokens"
    positions: str = ""
    token_norm: str = ""
    before_attention: str = "input_layernorm"
    behind_attention: str = ""
    before_mlp: str = "post_attention_layernorm"
    behind_mlp: str = ""
    last_norm: str = "norm"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDecoder:
    """The parts of a decoder; `attentions` holds one for each layer.

    `parallel`: both branches read the same and are added up, and the perceptron reads what attention reads
    where it has no norm of its own. `position_rows` are those of a learned table. `scaled_tokens` and
    `scaled_branches`: token vectors and results of branches are multiplied by a number.
    `dropout_ratio` is that of token vectors.
    `normed_residual`: a norm's result stands for its input in the sum behind its branch.
    """

    names: Names
    width: int
    vocabulary: int
    norm: Norm
    attentions: Sequence[AttentionBranch]
    perceptron: Perceptron
    output: LanguageOutput
    position_rows: int = 0
    parallel: bool = False
    scaled_tokens: bool = False
    scaled_branches: bool = False
    normed_residual: bool = False
    dropout_ratio: float = 0.0

    def blueprint(self, most_tokens: int) -> Blueprint:
        """The decoder for at most so many tokens."""
        windows = [attention.heads.window for attention in self.attentions]
        return Blueprint(
            write=partial(_write, self),
            most_tokens=most_tokens,
            window=min((window for window in windows if window is not None), default=None),
        )


def _write(decoder: TextDecoder, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    names = decoder.names
    with net.at("embeddings", names.model):
        x, table = net.embedding(names.tokens, ids, decoder.vocabulary, decoder.width)
        if decoder.scaled_tokens:
            x = net.elementwise("mul", "scale", x)
        if names.positions:
            x = net.plus_weight(names.positions, x, (decoder.position_rows, decoder.width))
        if names.token_norm:
            x = decoder.norm(net, names.token_norm, x)
        x = net.dropped(x, decoder.dropout_ratio)
    layer = _parallel_layer if decoder.parallel else _layer
    for number, attention in enumerate(decoder.attentions):
        x = layer(net, x, decoder, attention, number)
    if names.last_norm:
        with net.at("", names.model):
            x = decoder.norm(net, names.last_norm, x)
    write_language_output(net, x, decoder.output, table)


def _layer(net: Net, x: str, decoder: TextDecoder, attention: AttentionBranch, number: int) -> str:
    names = decoder.names
    source = f"{names.model}.{names.layers}.{number}"
    with net.at(f"layers/{number}/attention", source):
        read = _norm(net, decoder, names.before_attention, x)
        y = _norm(net, decoder, names.behind_attention, attention_branch(net, read, attention))
        x = _joined(net, decoder, read if decoder.normed_residual else x, y)
    with net.at(f"layers/{number}/mlp", source):
        read = _norm(net, decoder, names.before_mlp, x)
        y = _norm(net, decoder, names.behind_mlp, perceptron_branch(net, read, decoder.perceptron))
        return _joined(net, decoder, read if decoder.normed_residual else x, y)


def _parallel_layer(net: Net, x: str, decoder: TextDecoder, attention: AttentionBranch, number: int) -> str:
    names = decoder.names
    source = f"{names.model}.{names.layers}.{number}"
    with net.at(f"layers/{number}/attention", source):
        read = _norm(net, decoder, names.before_attention, x)
        attended_to = attention_branch(net, read, attention)
    with net.at(f"layers/{number}/mlp", source):
        read = _norm(net, decoder, names.before_mlp, x) if names.before_mlp else read
        y = perceptron_branch(net, read, decoder.perceptron)
        both = net.elementwise("add", "add_branches", attended_to, y)
        return net.elementwise("add", "add", both, x)


def _norm(net: Net, decoder: TextDecoder, path: str, x: str) -> str:
    return decoder.norm(net, path, x) if path else x


def _joined(net: Net, decoder: TextDecoder, x: str, y: str) -> str:
    y = net.elementwise("mul", "branch_scale", y) if decoder.scaled_branches else y
    return net.elementwise("add", "add", x, y)
