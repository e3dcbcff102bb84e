"""Layers that several families share: activations, classic transformer layers, output layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.activations import ACTIVATIONS as ACTIVATIONS
from cutwise.importers.hugging_face.activations import activation as activation
from cutwise.importers.hugging_face.attention import TURN, Heads, attended, by_heads, capped
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.net import Net
from cutwise.importers.json_formats.document import shown

SEQUENCE_DIM, DECODER_DIM = "sequence", "decoder_sequence"
"""What the open lengths are called: tokens of a text (of the one that is read, where another is written),
and of the text that a decoder writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSize:
    """An open dimension: its largest size, and the one that is assumed where none is given."""

    most: int
    assumed: int = 128
    unit: str = "tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A model as its configuration describes it: `write` adds it to a net for so many tokens.

    `most_tokens` is the longest sequence, None for a model of images; `window` the fewest tokens that a
    layer with a sliding window sees at once, None without one. `others` are further open dimensions, which
    `write` is given by name; `notes` what has to be said of the model.
    """

    write: Callable[..., None]
    most_tokens: int | None = None
    window: int | None = None
    others: Mapping[str, OpenSize] = FrozenDict()
    notes: tuple[str, ...] = ()

    @property
    def open_dims(self) -> dict[str, OpenSize]:
        """Every open dimension; that of the tokens comes first."""
        first = {} if self.most_tokens is None else {SEQUENCE_DIM: OpenSize(most=self.most_tokens)}
        return {**first, **self.others}


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNames:
    """What a file calls the eight layers of a classic transformer layer.

    Where a branch's result is multiplied by a weight a feature (layer scale), the last two name it.
    """

    query: str
    key: str
    value: str
    out: str
    attention_norm: str
    up: str
    down: str
    mlp_norm: str
    attention_scale: str = ""
    mlp_scale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicLayer:
    """Attention and a two-layer perceptron with layer norms, before each (`norm_first`) or after the sum.

    `scales_queries`: queries are scaled by themselves, not inside the attention kernel. `cross` names the
    layers of a second attention, to an encoder's result. `gated`: the activation of one half of the inner
    features multiplies the other. `lays_out_heads`: queries, keys and values are copied head by head.
    `bias_rows`: each layer adds trained biases of so many distances to its scores. Training drops
    `dropout_ratio` of each branch's result, and `activation_dropout_ratio` of the inner features.
    """

    names: LayerNames
    heads: Heads
    hidden: int
    act: str
    norm_first: bool = True
    affine: bool = True
    qkv_bias: bool = True
    key_bias: bool = True
    bias: bool = True
    scales_queries: bool = False
    cross: LayerNames | None = None
    gated: bool = False
    lays_out_heads: bool = False
    bias_rows: int = 0
    dropout_ratio: float = 0.0
    activation_dropout_ratio: float = 0.0


def classic_layers(
    net: Net, x: str, layer: ClassicLayer, count: int, *, source: str, block: str = "layers", memory: str = ""
) -> str:
    """`x` after `count` equal layers, which files call `source` and a number.

    Ops of layer 0 stand in the blocks "layers/0/attention" and "layers/0/mlp"; a decoder's, which read
    `memory`, an encoder's result, also in "layers/0/cross_attention".
    """
    return layers_called(
        net, x, layer, [f"{source}.{number}" for number in range(count)], block=block, memory=memory
    )


def layers_called(
    net: Net, x: str, layer: ClassicLayer, sources: Sequence[str], *, block: str = "layers", memory: str = ""
) -> str:
    """`x` after a layer for each of `sources`, as files call them; a name that comes again is shared."""
    for number, source in enumerate(sources):
        for part, (norm, scale, branch) in _branches(layer, memory).items():
            with net.at(f"{block}/{number}/{part}", source):
                x = _around(net, x, layer, norm, scale, branch)
    return x


Branch = Callable[[Net, str, ClassicLayer], str]


def _branches(layer: ClassicLayer, memory: str) -> dict[str, tuple[str, str, Branch]]:
    """The residual branches of a layer by the blocks they stand in: norm, scale and what runs."""
    names, cross = layer.names, layer.cross
    found: dict[str, tuple[str, str, Branch]] = {
        "attention": (names.attention_norm, names.attention_scale, _attention)
    }
    if cross is not None:
        whole = replace(layer, names=cross, heads=replace(layer.heads, causal=False))
        found["cross_attention"] = (
            cross.attention_norm, "", lambda net, x, _: _attention(net, x, whole, memory)
        )  # fmt: skip
    return found | {"mlp": (names.mlp_norm, names.mlp_scale, _perceptron)}


def _around(net: Net, x: str, layer: ClassicLayer, norm: str, scale: str, branch: Branch) -> str:
    """A residual branch with its norm before it, or behind the sum."""
    if layer.norm_first:
        y = branch(net, net.layer_norm(norm, x, affine=layer.affine), layer)
        y = net.dropped(net.scaled(scale, y) if scale else y, layer.dropout_ratio)
        return net.elementwise("add", "add", x, y)
    y = net.dropped(branch(net, x, layer), layer.dropout_ratio)
    joined = net.elementwise("add", "add", y, x)
    return net.layer_norm(norm, joined, affine=layer.affine)


def _attention(net: Net, x: str, layer: ClassicLayer, memory: str = "") -> str:
    """Attention of `x` to itself, or to `memory`, of which keys and values are made then."""
    names, heads, made = layer.names, layer.heads, []
    for path, width in zip((names.query, names.key, names.value), heads.widths, strict=True):
        bias = layer.qkv_bias and (layer.key_bias or path != names.key)
        y = net.linear(path, x if path == names.query else memory or x, width, bias=bias)
        name = path.rpartition(".")[2]
        if layer.scales_queries and path == names.query:
            y = net.elementwise("mul", f"{name}_scaled", y)
        y = net.transpose(f"{name}_heads", by_heads(net, name, y, heads.count), *TURN)
        made.append(net.elementwise("copy", f"{name}_laid_out", y) if layer.lays_out_heads else y)
    query, key, value = made
    biases = _position_bias(net, net.shape(x)[1], layer) if layer.bias_rows else ""
    y = attended(net, query, key, value, heads, biases)
    return net.linear(names.out, y, net.width(x), bias=layer.bias)


def _position_bias(net: Net, tokens: int, layer: ClassicLayer) -> str:
    """A number for each head and pair of tokens, by their distance: the same for every sample."""
    path, heads = "relative_position_bias.relative_position_bias_table", layer.heads.count
    shape = (heads, tokens, tokens)
    return net.looked_up(path, layer.bias_rows, heads, shape, name="position_bias", part="")


def _perceptron(net: Net, x: str, layer: ClassicLayer) -> str:
    up, down = layer.names.up, layer.names.down
    same = up.rpartition(".")[2] == down.rpartition(".")[2]
    inner = layer.hidden * (1 + layer.gated)
    y = net.linear(up, x, inner, bias=layer.bias, name=up.partition(".")[0] if same else "")
    if layer.gated:
        gate, y = net.split("halves", y, (layer.hidden, layer.hidden))
        y = net.elementwise("mul", "gated", activation(net, layer.act, gate), y)
    else:
        y = activation(net, layer.act, y)
    y = net.dropped(y, layer.activation_dropout_ratio)
    return net.linear(down, y, net.width(x), bias=layer.bias, name=down.partition(".")[0] if same else "")


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


CAUSAL, LAST_LANGUAGE, SEQUENCE, TOKENS, QUESTION, BARE = (
    "ForCausalLM", "LMHeadModel", "ForSequenceClassification", "ForTokenClassification",
    "ForQuestionAnswering", "Model",
)  # fmt: skip
LANGUAGE_OUTPUTS = (CAUSAL, LAST_LANGUAGE, SEQUENCE, TOKENS, QUESTION, BARE)
ANSWER_ENDS = 2  # where an answer begins and where it ends


def language_output(
    keys: Keys, path: str, *, tied: bool, capped: bool = False, scaled: bool = False, bias: bool = False,
    more: tuple[str, ...] = (),
) -> LanguageOutput:  # fmt: skip
    """The output that `architectures` names, a language model's where it names none.

    `more` are ends of class names that the family has beside the usual ones, and writes itself.
    """
    return LanguageOutput(
        kind=output_kind(keys, (*more, *LANGUAGE_OUTPUTS), CAUSAL),
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
        keys.refuse(
            f"architectures names {shown(name)}",
            f"a class that ends in {', '.join(known)}, or export that model with "
            "cutwise.from_torch(model, example)",
        )
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
    elif output.kind == QUESTION:
        net.linear("qa_outputs", x, ANSWER_ENDS)
