"""T5 and its kin: encoder and decoder with trained biases of positions, so that no fused kernel runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.attention import TURN, Heads, attended, by_heads
from cutwise.importers.hugging_face.key_bounds import COUNTS
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    BARE,
    DECODER_DIM,
    SEQUENCE,
    TOKENS,
    Blueprint,
    OpenSize,
    activation,
    output_kind,
)
from cutwise.importers.hugging_face.net import Net

GENERATION, OLD_GENERATION, ENCODER, QUESTION = (
    "ForConditionalGeneration", "WithLMHeadModel", "EncoderModel", "ForQuestionAnswering",
)  # fmt: skip
KINDS = (GENERATION, OLD_GENERATION, ENCODER, SEQUENCE, TOKENS, QUESTION, BARE)
WRITES = frozenset({GENERATION, OLD_GENERATION, BARE})
# Nothing bounds relative positions but the numbers a sequence may have at all.
MOST_TOKENS = COUNTS["max_position_embeddings"][1]
# Whether the perceptron is gated, and its activation.
FEED_FORWARD: Mapping[str, tuple[bool, str]] = FrozenDict({
    "relu": (False, "relu"), "gelu": (False, "gelu"), "gelu_new": (False, "gelu_new"),
    "gated-relu": (True, "relu"), "gated-gelu": (True, "gelu_new"), "gated-gelu_new": (True, "gelu_new"),
    "gated-silu": (True, "silu"), "gated-swish": (True, "silu"),
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class T5:
    """Sizes of a T5 model; `biases_everywhere`: each layer has position biases of its own (UMT5)."""

    width: int
    hidden: int
    encoder_layers: int
    decoder_layers: int
    heads: Heads
    buckets: int
    vocabulary: int
    gated: bool
    act: str
    kind: str
    labels: int
    tied: bool
    biases_everywhere: bool
    dropout_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class T5Stack:
    """One of the two stacks: what files call it, and the encoder's result that a decoder reads."""

    name: str
    layers: int
    heads: Heads
    memory: str = ""


def t5(keys: Keys) -> Blueprint:
    """Raffel et al. 2020, arXiv 1910.10683; version 1.1 and Flan have gates and an output table apart."""
    return _blueprint(keys, hidden=2048, layers=6, heads=8, vocabulary=32_128, feed_forward="relu")


def mt5(keys: Keys) -> Blueprint:
    """Xue et al. 2021, arXiv 2010.11934."""
    return _blueprint(keys, hidden=1024, layers=8, heads=6, vocabulary=250_112, feed_forward="gated-gelu")


def umt5(keys: Keys) -> Blueprint:
    """Chung et al. 2023, arXiv 2304.09151: biases of positions in every layer."""
    return _blueprint(
        keys, hidden=1024, layers=8, heads=6, vocabulary=250_112, feed_forward="gated-gelu", everywhere=True
    )


def _blueprint(
    keys: Keys,
    *,
    hidden: int,
    layers: int,
    heads: int,
    vocabulary: int,
    feed_forward: str,
    everywhere: bool = False,
) -> Blueprint:
    """Sizes that published files leave out are the library's: those of the small model."""
    depth, count = keys.count("num_layers", layers), keys.count("num_heads", heads)
    dropout_ratio = keys.dropout("dropout_rate", 0.1)
    gated, act = FEED_FORWARD[keys.word("feed_forward_proj", FEED_FORWARD, feed_forward)]
    model = T5(
        width=keys.count("d_model", 512),
        hidden=keys.count("d_ff", hidden),
        encoder_layers=depth,
        decoder_layers=keys.count("num_decoder_layers", depth),
        heads=Heads(
            count=count,
            width=keys.count("d_kv", 64),
            kv_heads=count,
            causal=False,
            masked=False,
            dropout_ratio=dropout_ratio,
        ),
        buckets=keys.count("relative_attention_num_buckets", 32),
        vocabulary=keys.count("vocab_size", vocabulary),
        gated=gated,
        act=act,
        kind=output_kind(keys, KINDS, GENERATION),
        labels=keys.count("num_labels", 2),
        tied=keys.flag("tie_word_embeddings", True),
        biases_everywhere=everywhere,
        dropout_ratio=dropout_ratio,
    )
    return Blueprint(
        write=partial(_write, model),
        most_tokens=MOST_TOKENS,
        others={DECODER_DIM: OpenSize(most=MOST_TOKENS)} if model.kind in WRITES else {},
        notes=tuple(_notes(model)),
    )


def _notes(model: T5) -> list[str]:
    if model.tied or model.kind not in {GENERATION, OLD_GENERATION}:
        return []
    return [
        f"tie_word_embeddings is false: the output layer has {model.vocabulary * model.width:,} parameters "
        "of its own, as the published weights have; transformers 5 ties them in a model made without weights"
    ]


def _write(model: T5, net: Net, tokens: int, decoder_sequence: int = 0) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    encoder = T5Stack(name="encoder", layers=model.encoder_layers, heads=model.heads)
    memory, _ = _stack(net, ids, model, encoder)
    if model.kind in {ENCODER, TOKENS}:
        if model.kind == TOKENS:
            net.linear("classifier", memory, model.labels)
        return
    if model.kind in WRITES:
        ids = net.input("decoder_input_ids", (decoder_sequence,), dtype="int64")
    heads = replace(model.heads, causal=True)
    decoder = T5Stack(name="decoder", layers=model.decoder_layers, heads=heads, memory=memory)
    x, table = _stack(net, ids, model, decoder)
    with net.at("head", ""):
        _head(net, x, model, table)


def _head(net: Net, x: str, model: T5, table: Weight) -> None:
    """Scores of words, of a text's labels, or of where an answer begins and ends."""
    if model.kind in {GENERATION, OLD_GENERATION}:
        if model.tied:
            x = net.elementwise("mul", "scaled", x)
        net.linear("lm_head", x, model.vocabulary, bias=False, tied=table if model.tied else None)
    elif model.kind == SEQUENCE:
        x = net.linear("classification_head.dense", net.first_token(x, name="last_token"), model.width)
        x = net.elementwise("tanh", "tanh", x)
        net.linear("classification_head.out_proj", x, model.labels)
    elif model.kind == QUESTION:
        net.linear("qa_outputs", x, model.labels)


def _stack(net: Net, ids: str, model: T5, stack: T5Stack) -> tuple[str, Weight]:
    """The result of a stack's last norm, and the table of the tokens."""
    with net.at(f"{stack.name}/embeddings", ""):
        x, table = net.embedding("shared", ids, model.vocabulary, model.width)
        x, bias = net.dropped(x, model.dropout_ratio), ""
    for number in range(stack.layers):
        at, source = f"{stack.name}/layers/{number}", f"{stack.name}.block.{number}.layer"
        with net.at(f"{at}/attention", f"{source}.0"):
            if number == 0 or model.biases_everywhere:
                bias = _position_bias(net, net.shape(x)[1], model)
            y = _attention(net, net.rms_norm("layer_norm", x), "SelfAttention", stack.heads, bias=bias)
            x = net.elementwise("add", "add", x, net.dropped(y, model.dropout_ratio))
        if stack.memory:
            with net.at(f"{at}/cross_attention", f"{source}.1"):
                y, heads = net.rms_norm("layer_norm", x), replace(stack.heads, causal=False)
                y = _attention(net, y, "EncDecAttention", heads, memory=stack.memory)
                x = net.elementwise("add", "add", x, net.dropped(y, model.dropout_ratio))
        with net.at(f"{at}/mlp", f"{source}.{2 if stack.memory else 1}"):
            x = _perceptron(net, x, model)
    with net.at("head" if stack.memory else f"{stack.name}/final_layer_norm", stack.name):
        return net.dropped(net.rms_norm("final_layer_norm", x), model.dropout_ratio), table


def _position_bias(net: Net, tokens: int, model: T5) -> str:
    """One number for each head and pair of places, by their distance: the same for every sample."""
    path = "SelfAttention.relative_attention_bias"
    heads = model.heads.count
    return net.looked_up(path, model.buckets, heads, (heads, tokens, tokens), name="position_bias")


def _attention(net: Net, x: str, path: str, heads: Heads, *, memory: str = "", bias: str = "") -> str:
    query, key, value = (
        net.linear(f"{path}.{name}", source, width, bias=False)
        for name, source, width in zip("qkv", (x, memory or x, memory or x), heads.widths, strict=True)
    )
    query, key, value = (
        net.transpose(f"{name}_heads", by_heads(net, name, y, heads.count), *TURN)
        for name, y in (("q", query), ("k", key), ("v", value))
    )
    return net.linear(f"{path}.o", attended(net, query, key, value, heads, bias), net.width(x), bias=False)


def _perceptron(net: Net, x: str, model: T5) -> str:
    y = net.rms_norm("layer_norm", x)
    if model.gated:
        gate = activation(net, model.act, net.linear("DenseReluDense.wi_0", y, model.hidden, bias=False))
        y = net.linear("DenseReluDense.wi_1", y, model.hidden, bias=False)
        y = net.elementwise("mul", "gated", gate, y)
    else:
        y = activation(net, model.act, net.linear("DenseReluDense.wi", y, model.hidden, bias=False))
    y = net.linear("DenseReluDense.wo", net.dropped(y, model.dropout_ratio), net.width(x), bias=False)
    return net.elementwise("add", "add", x, net.dropped(y, model.dropout_ratio))
