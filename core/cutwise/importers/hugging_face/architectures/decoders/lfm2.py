"""LFM 2: short gated convolutions in most layers, grouped attention with normalised heads in the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import (
    AttentionBranch,
    Perceptron,
    attention_branch,
    perceptron_branch,
)
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import FULL, grouped_heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    Blueprint,
    LanguageOutput,
    language_output,
    write_language_output,
)
from cutwise.importers.hugging_face.net import BATCH, Net

CONVOLUTION = "conv"
KERNEL, MULTIPLE_OF, KEY_HEADS, TOKENS = 3, 256, 8, 128_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lfm2:
    """Sizes of a model; `attends` says of each layer whether it attends or convolves over `kernel` tokens."""

    width: int
    vocabulary: int
    attends: tuple[bool, ...]
    attention: AttentionBranch
    kernel: int
    bias: bool
    perceptron: Perceptron
    output: LanguageOutput


def lfm2(keys: Keys) -> Blueprint:
    """Liquid AI 2025, arXiv 2511.23404."""
    layers = keys.count("num_hidden_layers")
    kinds = keys.words("layer_types", frozenset({FULL, CONVOLUTION}), layers)
    model = Lfm2(
        width=keys.count("hidden_size"),
        vocabulary=keys.count("vocab_size"),
        attends=tuple(kind == FULL for kind in kinds),
        attention=AttentionBranch(
            heads=grouped_heads(keys, kv_default=KEY_HEADS), out="out_proj", head_norm=Net.rms_norm,
            norm_names=("q_layernorm", "k_layernorm"),
        ),
        kernel=keys.count("conv_L_cache", KERNEL),
        bias=keys.flag("conv_bias", False),
        perceptron=Perceptron(
            hidden=_inner_width(keys), act="silu", gate="feed_forward.w1", up="feed_forward.w3",
            down="feed_forward.w2",
        ),
        output=_output(keys),
    )  # fmt: skip
    most_tokens = keys.count("max_position_embeddings", TOKENS)
    return Blueprint(write=partial(_write, model), most_tokens=most_tokens)


def _output(keys: Keys) -> LanguageOutput:
    """`tie_embedding` is the key of the first files."""
    output = language_output(keys, "lm_head", tied=True)
    return replace(output, tied=keys.flag("tie_embedding", output.tied))


def _inner_width(keys: Keys) -> int:
    width = keys.count_of("block_ff_dim", "intermediate_size")
    if not keys.flag("block_auto_adjust_ff_dim", True):
        return width
    multiple = keys.count("block_multiple_of", MULTIPLE_OF)
    scaled = int(keys.factor("block_ffn_dim_multiplier", 1.0) * int(2 * width / 3))
    return multiple * -(-scaled // multiple)


def _write(model: Lfm2, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "model"):
        x, table = net.embedding("embed_tokens", ids, model.vocabulary, model.width)
    for number, attends in enumerate(model.attends):
        source = f"model.layers.{number}"
        with net.at(f"layers/{number}/{'attention' if attends else 'convolution'}", source):
            read = net.rms_norm("operator_norm", x)
            y = attention_branch(net, read, model.attention) if attends else _convolution(net, read, model)
            x = net.elementwise("add", "add", y, x)
        with net.at(f"layers/{number}/mlp", source):
            y = perceptron_branch(net, net.rms_norm("ffn_norm", x), model.perceptron)
            x = net.elementwise("add", "add", x, y)
    with net.at("", "model"):
        x = net.rms_norm("embedding_norm", x)
    write_language_output(net, x, model.output, table)


def _convolution(net: Net, x: str, model: Lfm2) -> str:
    """Two gates around a convolution of each feature over the tokens before."""
    width, tokens = model.width, net.shape(x)[1]
    parts = net.split("gates", net.linear("conv.in_proj", x, 3 * width, bias=model.bias), (width,) * 3)
    before, behind, hidden = (
        net.transpose(f"{name}_channels", part, 0, 2, 1)
        for name, part in zip(("before", "behind", "hidden"), parts, strict=True)
    )
    hidden = net.elementwise("mul", "gated_before", before, hidden)
    shapes = [("weight", (width, 1, model.kernel)), ("bias", (width,))][: 1 + model.bias]
    y = net.op(
        "conv1d", "conv1d", [hidden], (BATCH, width, tokens + model.kernel - 1),
        weights=[net.weight("conv.conv", shape, part=part) for part, shape in shapes],
        attrs={"groups": width},
    )  # fmt: skip
    y = net.op("slice", "conv1d_cut", [y], (BATCH, width, tokens), attrs={"axis": 2})
    y = net.transpose("tokens", net.elementwise("mul", "gated_behind", behind, y), 0, 2, 1)
    return net.linear("conv.out_proj", net.elementwise("copy", "laid_out", y), width, bias=model.bias)
