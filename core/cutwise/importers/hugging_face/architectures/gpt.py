"""Decoders with layer norm: GPT-2, GPT-NeoX (Pythia), OPT."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.architectures.text_heads import ONE_CHOICE
from cutwise.importers.hugging_face.attention import TURN, Heads, attended, by_heads, joined_parts
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    LAST_LANGUAGE,
    Blueprint,
    ClassicLayer,
    LanguageOutput,
    LayerNames,
    activation,
    classic_layers,
    language_output,
    write_language_output,
)
from cutwise.importers.hugging_face.net import Net

OPT_NAMES = LayerNames(
    query="self_attn.q_proj", key="self_attn.k_proj", value="self_attn.v_proj", out="self_attn.out_proj",
    attention_norm="self_attn_layer_norm", up="fc1", down="fc2", mlp_norm="final_layer_norm",
)  # fmt: skip
DOUBLE = "DoubleHeadsModel"
# OPT keeps two rows of its position table for padding.
OPT_PADDING_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpt:
    """Sizes of a decoder. `bias` is that of GPT-NeoX's attention, `parallel` that its branches add up."""

    width: int
    hidden: int
    layers: int
    heads: Heads
    vocabulary: int
    positions: int
    act: str
    output: LanguageOutput
    bias: bool = True
    parallel: bool = False
    embedding_dropout_ratio: float = 0.0
    dropout_ratio: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opt:
    """Sizes of an OPT model; tokens are embedded in `embedded` features and projected where those differ."""

    width: int
    embedded: int
    layers: int
    layer: ClassicLayer
    vocabulary: int
    positions: int
    last_norm: bool
    output: LanguageOutput


def gpt2(keys: Keys) -> Blueprint:
    """Radford et al. 2019; the inner width is four times the model's where no key gives it."""
    width = keys.count_of("n_embd", "hidden_size")
    model = Gpt(
        width=width,
        hidden=keys.count("n_inner", 4 * width),
        layers=keys.count_of("n_layer", "num_hidden_layers"),
        heads=Heads.equal(
            keys,
            width=("n_embd", "hidden_size"),
            heads=("n_head", "num_attention_heads"),
            dropout_ratio=keys.dropout("attn_pdrop", 0.1),
        ),
        vocabulary=keys.count("vocab_size"),
        positions=keys.count_of("n_positions", "max_position_embeddings", "n_ctx"),
        act=keys.word("activation_function", ACTIVATIONS, "gelu_new"),
        output=language_output(keys, "lm_head", tied=True, more=(DOUBLE,)),
        embedding_dropout_ratio=keys.dropout("embd_pdrop", 0.1),
        dropout_ratio=keys.dropout("resid_pdrop", 0.1),
    )
    return Blueprint(
        write=partial(_write_gpt2, model),
        most_tokens=model.positions,
        notes=(ONE_CHOICE,) if model.output.kind == DOUBLE else (),
    )


def gpt_neox(keys: Keys) -> Blueprint:
    """Black et al. 2022, arXiv 2204.06745: attention and perceptron side by side, a part of heads rotated."""
    share = keys.ratio("partial_rotary_factor", keys.ratio("rotary_pct", 0.25))
    model = Gpt(
        width=keys.count("hidden_size"),
        hidden=keys.count("intermediate_size"),
        layers=keys.count("num_hidden_layers"),
        heads=Heads.equal(
            keys, rotated_share=share, upcast=True, dropout_ratio=keys.dropout("attention_dropout", 0.0)
        ),
        vocabulary=keys.count("vocab_size"),
        positions=keys.count("max_position_embeddings"),
        act=keys.word("hidden_act", ACTIVATIONS, "gelu"),
        output=language_output(keys, "embed_out", tied=False),
        bias=keys.flag("attention_bias", True),
        parallel=keys.flag("use_parallel_residual", True),
        dropout_ratio=keys.dropout("hidden_dropout", 0.0),
    )
    return Blueprint(write=partial(_write_gpt_neox, model), most_tokens=model.positions)


def opt(keys: Keys) -> Blueprint:
    """Zhang et al. 2022, arXiv 2205.01068; the 350M model norms behind each sum and projects tokens."""
    width = keys.count("hidden_size")
    norm_first = keys.flag("do_layer_norm_before", True)
    bias = keys.flag("enable_bias", True)
    model = Opt(
        width=width,
        embedded=keys.count("word_embed_proj_dim", width),
        layers=keys.count("num_hidden_layers"),
        layer=ClassicLayer(
            names=OPT_NAMES,
            heads=Heads.equal(keys, dropout_ratio=keys.dropout("attention_dropout", 0.0)),
            hidden=keys.count("ffn_dim"),
            dropout_ratio=keys.dropout("dropout", 0.1),
            act=keys.word("activation_function", ACTIVATIONS, "relu"),
            norm_first=norm_first,
            affine=keys.flag("layer_norm_elementwise_affine", True),
            qkv_bias=bias,
            bias=bias,
            scales_queries=True,
        ),
        vocabulary=keys.count("vocab_size"),
        positions=keys.count("max_position_embeddings"),
        last_norm=norm_first and not keys.flag("_remove_final_layer_norm", False),
        output=language_output(keys, "lm_head", tied=True),
    )
    return Blueprint(write=partial(_write_opt, model), most_tokens=model.positions)


def _write_gpt2(model: Gpt, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "transformer"):
        x, table = net.embedding("wte", ids, model.vocabulary, model.width)
        x = net.plus_weight("wpe", x, (model.positions, model.width))
        x = net.dropped(x, model.embedding_dropout_ratio)
    for number in range(model.layers):
        source = f"transformer.h.{number}"
        with net.at(f"layers/{number}/attention", source):
            y = _gpt2_attention(net, net.layer_norm("ln_1", x), model.heads)
            x = net.elementwise("add", "add", x, net.dropped(y, model.dropout_ratio))
        with net.at(f"layers/{number}/mlp", source):
            y = net.linear("mlp.c_fc", net.layer_norm("ln_2", x), model.hidden, turned=True)
            y = net.linear("mlp.c_proj", activation(net, model.act, y), model.width, turned=True)
            x = net.elementwise("add", "add", x, net.dropped(y, model.dropout_ratio))
    with net.at("", "transformer"):
        x = net.layer_norm("ln_f", x)
    if model.output.kind == DOUBLE:
        write_language_output(net, x, replace(model.output, kind=LAST_LANGUAGE), table)
        last = net.first_token(x, name="last_token")
        net.linear("multiple_choice_head.summary", last, 1, name="choice")
    else:
        write_language_output(net, x, model.output, table)


def _gpt2_attention(net: Net, x: str, heads: Heads) -> str:
    parts = net.split("qkv", net.linear("attn.c_attn", x, sum(heads.widths), turned=True), heads.widths)
    query, key, value = (
        net.transpose(f"{name}_heads", by_heads(net, name, part, heads.count), *TURN)
        for name, part in zip("qkv", parts, strict=True)
    )
    return net.linear("attn.c_proj", attended(net, query, key, value, heads), net.width(x), turned=True)


def _write_gpt_neox(model: Gpt, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "gpt_neox"):
        x, table = net.embedding("embed_in", ids, model.vocabulary, model.width)
    for number in range(model.layers):
        x = _gpt_neox_layer(net, x, model, number)
    with net.at("", "gpt_neox"):
        x = net.layer_norm("final_layer_norm", x)
    write_language_output(net, x, model.output, table)


def _gpt_neox_layer(net: Net, x: str, model: Gpt, number: int) -> str:
    source = f"gpt_neox.layers.{number}"
    with net.at(f"layers/{number}/attention", source):
        attended_to = _gpt_neox_attention(net, net.layer_norm("input_layernorm", x), model)
        attended_to = net.dropped(attended_to, model.dropout_ratio)
        if not model.parallel:
            x = attended_to = net.elementwise("add", "add", attended_to, x)
    with net.at(f"layers/{number}/mlp", source):
        y = net.linear("mlp.dense_h_to_4h", net.layer_norm("post_attention_layernorm", x), model.hidden)
        y = net.linear("mlp.dense_4h_to_h", activation(net, model.act, y), model.width)
        y = net.dropped(y, model.dropout_ratio)
        joined = net.elementwise("add", "add_branches" if model.parallel else "add", y, attended_to)
        return net.elementwise("add", "add", joined, x) if model.parallel else joined


def _gpt_neox_attention(net: Net, x: str, model: Gpt) -> str:
    """Queries, keys and values of one head lie side by side in the product that makes them."""
    heads = model.heads
    made = net.linear("attention.query_key_value", x, sum(heads.widths), bias=model.bias)
    turned = net.transpose("qkv_heads", by_heads(net, "qkv", made, heads.count), *TURN)
    query, key, value = net.split("qkv", turned, (heads.width,) * 3)
    query, key = (joined_parts(net, name, part, heads) for name, part in (("q", query), ("k", key)))
    y = attended(net, query, key, value, heads)
    return net.linear("attention.dense", y, model.width, bias=model.bias)


def _write_opt(model: Opt, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    projected = model.embedded != model.width
    with net.at("embeddings", "model.decoder"):
        x, table = net.embedding("embed_tokens", ids, model.vocabulary, model.embedded)
        if projected:
            x = net.linear("project_in", x, model.width, bias=False)
        x = net.plus_weight("embed_positions", x, (model.positions + OPT_PADDING_ROWS, model.width))
    x = classic_layers(net, x, model.layer, model.layers, source="model.decoder.layers")
    with net.at("", "model.decoder"):
        if model.last_norm:
            x = net.layer_norm("final_layer_norm", x, affine=model.layer.affine)
        if projected:
            x = net.linear("project_out", x, model.embedded, bias=False)
    write_language_output(net, x, model.output, table)
