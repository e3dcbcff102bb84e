"""ModernBERT: rotary positions, gated perceptrons, and a window in most layers, none of it causal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.activations import ACTIVATIONS, activation
from cutwise.importers.hugging_face.architectures.text_heads import CHOICE, MASKED, ONE_CHOICE
from cutwise.importers.hugging_face.attention import TURN, Heads, attended, by_heads, rotated_heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import BARE, QUESTION, SEQUENCE, TOKENS, Blueprint, output_kind
from cutwise.importers.hugging_face.net import BATCH, Net

SLIDING = "sliding_attention"
EVERY, LOCAL = 3, 128
POOLINGS = frozenset({"cls", "mean"})
WHOLE_TEXT = frozenset({SEQUENCE, CHOICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModernBert:
    """Sizes of a ModernBERT; `windows` holds, for each layer, how many tokens it sees (None: all)."""

    width: int
    hidden: int
    heads: Heads
    windows: tuple[int | None, ...]
    vocabulary: int
    act: str
    head_act: str
    kind: str
    labels: int
    tied: bool
    averaged: bool
    norm_bias: bool
    attention_bias: bool
    mlp_bias: bool
    head_bias: bool
    decoder_bias: bool
    dropout_ratio: float
    mlp_dropout_ratio: float
    embedding_dropout_ratio: float
    head_dropout_ratio: float


def modernbert(keys: Keys) -> Blueprint:
    """Warner et al. 2024, arXiv 2412.13663: every third layer sees all tokens, the others 64 on each side."""
    dropped = keys.dropout("attention_dropout", 0.0)
    heads = Heads.equal(keys, causal=False, masked=False, dropout_ratio=dropped)
    windows = _windows(keys)
    model = ModernBert(
        width=keys.count("hidden_size"),
        hidden=keys.count("intermediate_size"),
        heads=replace(heads, rotated=heads.width),
        windows=windows,
        vocabulary=keys.count("vocab_size"),
        act=keys.word("hidden_activation", ACTIVATIONS, "gelu"),
        head_act=keys.word("classifier_activation", ACTIVATIONS, "gelu"),
        kind=output_kind(keys, (MASKED, SEQUENCE, TOKENS, QUESTION, CHOICE, BARE), MASKED),
        labels=keys.count("num_labels", 2),
        tied=keys.flag("tie_word_embeddings", True),
        averaged=keys.word("classifier_pooling", POOLINGS, "cls") == "mean",
        norm_bias=keys.flag("norm_bias", False),
        attention_bias=keys.flag("attention_bias", False),
        mlp_bias=keys.flag("mlp_bias", False),
        head_bias=keys.flag("classifier_bias", False),
        decoder_bias=keys.flag("decoder_bias", True),
        dropout_ratio=dropped,
        mlp_dropout_ratio=keys.dropout("mlp_dropout", 0.0),
        embedding_dropout_ratio=keys.dropout("embedding_dropout", 0.0),
        head_dropout_ratio=keys.dropout("classifier_dropout", 0.0),
    )
    return Blueprint(
        write=partial(_write, model),
        most_tokens=keys.count("max_position_embeddings"),
        window=min((size for size in windows if size is not None), default=None),
        notes=(ONE_CHOICE,) if model.kind == CHOICE else (),
    )


def _windows(keys: Keys) -> tuple[int | None, ...]:
    """A token sees half of `local_attention` on each side and itself, but for layers that see everything."""
    layers = keys.count("num_hidden_layers")
    every = keys.count("global_attn_every_n_layers", EVERY)
    types = keys.values.get("layer_types")
    slides = [bool(number % every) for number in range(layers)]
    if isinstance(types, list) and len(types) == layers:
        slides = [word == SLIDING for word in types]
    window = 2 * (keys.count("local_attention", LOCAL) // 2) + 1
    return tuple(window if slide else None for slide in slides)


def _write(model: ModernBert, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "model.embeddings"):
        x, table = net.embedding("tok_embeddings", ids, model.vocabulary, model.width)
        x = net.dropped(_norm(model, net, "norm", x), model.embedding_dropout_ratio)
    for number, window in enumerate(model.windows):
        source = f"model.layers.{number}"
        with net.at(f"layers/{number}/attention", source):
            y = x if number == 0 else _norm(model, net, "attn_norm", x)
            y = _attention(model, net, y, replace(model.heads, window=window))
            x = net.elementwise("add", "add", x, net.dropped(y, model.dropout_ratio))
        with net.at(f"layers/{number}/mlp", source):
            x = net.elementwise("add", "add", x, _perceptron(model, net, _norm(model, net, "mlp_norm", x)))
    with net.at("", "model"):
        x = _norm(model, net, "final_norm", x)
    if model.kind != BARE:
        _head(model, net, x, table)


def _norm(model: ModernBert, net: Net, path: str, x: str) -> str:
    """A layer norm, by default without a bias."""
    parts = ("weight", "bias") if model.norm_bias else ("weight",)
    weights = [net.weight(path, (net.width(x),), part=part) for part in parts]
    return net.op("layer_norm", path.rpartition(".")[2], [x], net.shape(x), weights=weights)


def _attention(model: ModernBert, net: Net, x: str, heads: Heads) -> str:
    made = net.linear("attn.Wqkv", x, sum(heads.widths), bias=model.attention_bias)
    query, key, value = (
        by_heads(net, name, part, heads.count)
        for name, part in zip("qkv", net.split("qkv", made, heads.widths), strict=True)
    )
    y = attended(
        net,
        rotated_heads(net, "q", query, heads),
        rotated_heads(net, "k", key, heads),
        net.transpose("v_heads", value, *TURN),
        heads,
    )
    return net.linear("attn.Wo", y, model.width, bias=model.attention_bias)


def _perceptron(model: ModernBert, net: Net, x: str) -> str:
    both = net.linear("mlp.Wi", x, 2 * model.hidden, bias=model.mlp_bias)
    kept, gate = net.split("gate_up", both, (model.hidden, model.hidden))
    y = net.elementwise("mul", "gated", activation(net, model.act, kept), gate)
    return net.linear("mlp.Wo", net.dropped(y, model.mlp_dropout_ratio), model.width, bias=model.mlp_bias)


def _head(model: ModernBert, net: Net, x: str, table: Weight) -> None:
    """A layer, an activation and a norm on each token, or on what stands for the text, and the output."""
    with net.at("head", ""):
        if model.kind in WHOLE_TEXT:
            x = _pooled(model, net, x)
        y = activation(net, model.head_act, net.linear("head.dense", x, model.width, bias=model.head_bias))
        y = _norm(model, net, "head.norm", y)
        if model.kind == MASKED:
            tied = table if model.tied else None
            net.linear("decoder", y, model.vocabulary, bias=model.decoder_bias, tied=tied)
        else:
            y = net.dropped(y, model.head_dropout_ratio)
            net.linear("classifier", y, 1 if model.kind == CHOICE else model.labels)


def _pooled(model: ModernBert, net: Net, x: str) -> str:
    if not model.averaged:
        return net.first_token(x)
    return net.op("reduce_mean", "mean", [x], (BATCH, net.width(x)), attrs={"axes": (1,)})
