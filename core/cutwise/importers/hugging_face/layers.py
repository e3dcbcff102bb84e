"""Layers that several families share: activations, classic transformer layers, output layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.attention import TURN, Heads, attended, by_heads, capped
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.net import Net
from cutwise.importers.json_formats.document import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A model as its configuration describes it: `write` adds it to a net for so many tokens.

    `most_tokens` is the longest sequence, None for a model of images; `window` the fewest tokens that a
    layer with a sliding window sees at once, None without one; `notes` what is to be said of what it costs.
    """

    write: Callable[[Net, int], None]
    most_tokens: int | None = None
    window: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNames:
    """What a file calls the eight layers of a classic transformer layer."""

    query: str
    key: str
    value: str
    out: str
    attention_norm: str
    up: str
    down: str
    mlp_norm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicLayer:
    """Attention and a two-layer perceptron with layer norms, before each (`norm_first`) or after the sum.

    `scales_queries`: queries are scaled by themselves, not inside the attention kernel. Training drops
    `dropout_ratio` of each branch's result.
    """

    names: LayerNames
    heads: Heads
    hidden: int
    act: str
    norm_first: bool = True
    affine: bool = True
    qkv_bias: bool = True
    bias: bool = True
    scales_queries: bool = False
    dropout_ratio: float = 0.0


def classic_layers(net: Net, x: str, layer: ClassicLayer, count: int, *, source: str) -> str:
    """`x` after `count` equal layers, which files call `source` and a number.

    Ops of layer 0 stand in the blocks "layers/0/attention" and "layers/0/mlp".
    """
    for number in range(count):
        with net.at(f"layers/{number}/attention", f"{source}.{number}"):
            x = _around(net, x, layer, layer.names.attention_norm, _self_attention)
        with net.at(f"layers/{number}/mlp", f"{source}.{number}"):
            x = _around(net, x, layer, layer.names.mlp_norm, _perceptron)
    return x


def _around(
    net: Net, x: str, layer: ClassicLayer, norm: str, branch: Callable[[Net, str, ClassicLayer], str]
) -> str:
    """A residual branch with its norm before it, or behind the sum."""
    if layer.norm_first:
        y = branch(net, net.layer_norm(norm, x, affine=layer.affine), layer)
        y = net.dropped(y, layer.dropout_ratio)
        return net.elementwise("add", "add", x, y)
    y = net.dropped(branch(net, x, layer), layer.dropout_ratio)
    joined = net.elementwise("add", "add", y, x)
    return net.layer_norm(norm, joined, affine=layer.affine)


def _self_attention(net: Net, x: str, layer: ClassicLayer) -> str:
    names, heads, made = layer.names, layer.heads, []
    for path, width in zip((names.query, names.key, names.value), heads.widths, strict=True):
        y = net.linear(path, x, width, bias=layer.qkv_bias)
        name = path.rpartition(".")[2]
        if layer.scales_queries and path == names.query:
            y = net.elementwise("mul", f"{name}_scaled", y)
        made.append(net.transpose(f"{name}_heads", by_heads(net, name, y, heads.count), *TURN))
    query, key, value = made
    return net.linear(names.out, attended(net, query, key, value, heads), net.width(x), bias=layer.bias)


def _perceptron(net: Net, x: str, layer: ClassicLayer) -> str:
    up, down = layer.names.up, layer.names.down
    same = up.rpartition(".")[2] == down.rpartition(".")[2]
    y = net.linear(up, x, layer.hidden, bias=layer.bias, name=up.partition(".")[0] if same else "")
    y = activation(net, layer.act, y)
    return net.linear(down, y, net.width(x), bias=layer.bias, name=down.partition(".")[0] if same else "")


def activation(net: Net, word: str, x: str) -> str:
    """The activation that a configuration calls `word`, as one op or as the ops it is written out in."""
    kind = ACTIVATIONS[word]
    return net.elementwise(kind, kind, x) if kind else WRITTEN_OUT[word](net, x)


def _gelu_new(net: Net, x: str) -> str:
    """0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), operation by operation: five results are kept."""
    half = net.elementwise("mul", "gelu_half", x)
    cube = net.elementwise("mul", "gelu_cube_scaled", net.elementwise("pow", "gelu_cube", x))
    inner = net.elementwise("mul", "gelu_inner", net.elementwise("add", "gelu_sum", x, cube))
    tanh = net.elementwise("add", "gelu_plus_one", net.elementwise("tanh", "gelu_tanh", inner))
    return net.elementwise("mul", "gelu", half, tanh)


def _quick_gelu(net: Net, x: str) -> str:
    gate = net.elementwise("sigmoid", "gelu_gate", net.elementwise("mul", "gelu_scaled", x))
    return net.elementwise("mul", "gelu", x, gate)


# Op kind of each activation; empty for those that the library runs as several ops.
ACTIVATIONS: Mapping[str, str] = FrozenDict({
    "gelu": "gelu", "gelu_pytorch_tanh": "gelu", "gelu_new": "", "quick_gelu": "",
    "relu": "relu", "silu": "silu", "swish": "silu", "tanh": "tanh", "sigmoid": "sigmoid", "mish": "mish",
})  # fmt: skip
WRITTEN_OUT: Mapping[str, Callable[[Net, str], str]] = FrozenDict(
    {"gelu_new": _gelu_new, "quick_gelu": _quick_gelu}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOutput:
    """What stands behind a causal language model: `kind` is the end of its class name.

    `path` names the output layer, `rows` its outputs; `tied` that it shares the embedding's table;
    `capped` that the logits pass a tanh, `scaled` that they are multiplied by a number.
    """

    kind: str
    path: str
    rows: int
    labels: int
    tied: bool
    capped: bool = False
    scaled: bool = False
    bias: bool = False


CAUSAL, LAST_LANGUAGE, SEQUENCE, TOKENS, BARE = (
    "ForCausalLM", "LMHeadModel", "ForSequenceClassification", "ForTokenClassification", "Model",
)  # fmt: skip
LANGUAGE_OUTPUTS = (CAUSAL, LAST_LANGUAGE, SEQUENCE, TOKENS, BARE)


def language_output(
    keys: Keys, path: str, *, tied: bool, capped: bool = False, scaled: bool = False, bias: bool = False
) -> LanguageOutput:
    """The output that `architectures` names, a language model's where it names none."""
    return LanguageOutput(
        kind=output_kind(keys, LANGUAGE_OUTPUTS, CAUSAL),
        path=path,
        rows=keys.count("vocab_size"),
        labels=keys.count("num_labels", 2),
        tied=keys.flag("tie_word_embeddings", tied),
        capped=capped,
        scaled=scaled,
        bias=bias,
    )


def output_kind(keys: Keys, known: tuple[str, ...], default: str) -> str:
    """Which of `known` the class name under `architectures` ends in; refuses any other."""
    name = keys.architecture
    for kind in known if name else ():
        family = name.removesuffix(kind)
        if family != name and not re.search("For|Head", family):
            return kind
    if name:
        keys.refuse(f"architectures names {shown(name)}", f"a class that ends in {', '.join(known)}")
    return default


def write_language_output(net: Net, x: str, output: LanguageOutput, table: Weight) -> None:
    """Adds the output layer behind `x`, the result of the last norm."""
    if output.kind in {CAUSAL, LAST_LANGUAGE}:
        tied = table if output.tied else None
        logits = net.linear(output.path, x, output.rows, bias=output.bias, tied=tied)
        if output.scaled:
            logits = net.elementwise("mul", "logit_scale", logits)
        if output.capped:
            capped(net, logits)
    elif output.kind == SEQUENCE:
        net.first_token(net.linear("score", x, output.labels, bias=False), name="last_token")
    elif output.kind == TOKENS:
        net.linear("score", x, output.labels)
