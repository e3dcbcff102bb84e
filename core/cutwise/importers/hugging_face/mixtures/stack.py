"""A decoder as layers of two residual branches: one that attends, and one that works on each token alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.attention import TURN, Heads, attended, by_heads, rotated_heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import LanguageOutput, write_language_output
from cutwise.importers.hugging_face.net import BATCH, Net

Branch = Callable[[Net, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The branches of every layer, and what stands around them.

    `centred`: layer norms in place of root-mean-square norms, which stay in fp32 until they are multiplied by
    their weights where they are `whole_norms`. `scaled`: the embedding and each branch are multiplied by a
    number.
    """

    width: int
    vocabulary: int
    layers: Sequence[tuple[Branch, Branch]]
    output: LanguageOutput
    centred: bool = False
    scaled: bool = False
    whole_norms: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    """Queries, keys and values of a layer, and how they are made.

    `norms` are those of queries and keys: of each head, before or after it is turned, of all heads together,
    or none. `clipped`: all
    three are held between two bounds. With `sinks` each head has a score for no token at all, which only
    the eager kernel takes.
    """

    width: int
    heads: Heads
    qkv_bias: bool = False
    out_bias: bool = False
    norms: str = ""
    clipped: bool = False
    sinks: bool = False


EACH_HEAD, ALL_HEADS, TURNED_HEAD = "each head", "all heads", "each head, turned"


def write_stack(stack: Stack, net: Net, tokens: int) -> None:
    """Adds the model to `net` for so many tokens."""
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "model"):
        x, table = net.embedding("embed_tokens", ids, stack.vocabulary, stack.width)
        x = net.elementwise("mul", "scale", x) if stack.scaled else x
    for number, (attend, work) in enumerate(stack.layers):
        source = f"model.layers.{number}"
        with net.at(f"layers/{number}/attention", source):
            x = _around(stack, net, x, "input_layernorm", attend)
        with net.at(f"layers/{number}/mlp", source):
            x = _around(stack, net, x, "post_attention_layernorm", work)
    with net.at("", "model"):
        x = _normed(stack, net, x, "norm")
    write_language_output(net, x, stack.output, table)


def grouped_heads(
    keys: Keys, *, window: int | None = None, upcast: bool = True, rotated_share: float | None = None
) -> Heads:
    """Query heads that share key and value heads, as most decoders name them.

    A `rotated_share` of each head is turned apart from the rest; without one the whole head, as it lies.
    """
    count = keys.count("num_attention_heads")
    kv_heads = keys.count("num_key_value_heads", count)
    keys.divided("num_attention_heads", "num_key_value_heads", size=count, count=kv_heads)
    width = keys.count("head_dim") if "head_dim" in keys.values else None
    if width is None:
        size = keys.count("hidden_size")
        width = keys.divided("hidden_size", "num_attention_heads", size=size, count=count)
    return Heads(
        count=count,
        width=width,
        kv_heads=kv_heads,
        rotated=int(width * (rotated_share or 0)),
        partial=rotated_share is not None,
        window=window,
        upcast=upcast,
        dropout_ratio=keys.dropout("attention_dropout", 0.0),
    )


def self_attention(projections: Projections, net: Net, x: str) -> str:
    """Attention over projected queries, keys and values."""
    made, heads = [], projections.heads
    for name, width in zip("qkv", heads.widths, strict=True):
        joint = sum(heads.widths) if name == "v" else 0
        y = net.linear(f"self_attn.{name}_proj", x, width, bias=projections.qkv_bias, joint=joint)
        if projections.norms == ALL_HEADS and name != "v":
            y = net.rms_norm(f"self_attn.{name}_norm", y)
        made.append(net.elementwise("clip", f"{name}_clipped", y) if projections.clipped else y)
    query, key, value = made
    value = net.transpose("v_heads", by_heads(net, "v", value, heads.kv_heads), *TURN)
    query, key = (_turned(net, name, y, projections) for name, y in (("q", query), ("k", key)))
    attend = with_sinks if projections.sinks else attended
    y = attend(net, query, key, value, heads)
    return net.linear("self_attn.o_proj", y, projections.width, bias=projections.out_bias)


def with_sinks(net: Net, query: str, key: str, value: str, heads: Heads) -> str:
    """Eager attention with a sink for each head: one more score a row, dropped behind the softmax."""
    sinks = net.weight("self_attn.sinks", (heads.count,), part="")
    return attended_as(net, query, key, value, heads, weights=[sinks], sinks=True, eager=True)


def attended_as(
    net: Net, query: str, key: str, value: str, heads: Heads, *, weights: Sequence[Weight] = (), **more: int
) -> str:
    """Attention of one kernel, whose values may have a width of their own; `more` are attributes of it."""
    tokens, width = net.shape(query)[2], net.width(value)
    attrs = {
        "heads": heads.count, "kv_heads": heads.kv_heads, "head_dim": heads.width, "value_dim": width,
        "q_length": tokens, "k_length": tokens, "causal": heads.causal, "masked": heads.masked,
        "repeats": heads.kv_heads != heads.count, "upcast_softmax": heads.upcast,
        "dropout_ratio": heads.dropout_ratio, **({"window": heads.window} if heads.window else {}), **more,
    }  # fmt: skip
    shape = (*net.shape(query)[:-1], width)
    context = net.op("attention", "attention", [query, key, value], shape, weights=weights, attrs=attrs)
    turned = net.transpose("context_heads", context, *TURN)
    return net.reshape("merge", turned, BATCH, tokens, heads.count * width)


def _turned(net: Net, name: str, x: str, projections: Projections) -> str:
    heads = projections.heads
    y = by_heads(net, name, x, heads.count if name == "q" else heads.kv_heads)
    if projections.norms == EACH_HEAD:
        y = net.rms_norm(f"self_attn.{name}_norm", y)
    if projections.norms != TURNED_HEAD:
        return rotated_heads(net, name, y, heads)
    y = net.elementwise("rope", f"{name}_rotary", y)
    return net.transpose(f"{name}_heads", net.rms_norm(f"self_attn.{WORDS[name]}_layernorm", y), *TURN)


WORDS = FrozenDict({"q": "query", "k": "key"})


def _around(stack: Stack, net: Net, x: str, norm: str, branch: Branch) -> str:
    y = branch(net, _normed(stack, net, x, norm))
    y = net.elementwise("mul", "branch_scale", y) if stack.scaled else y
    return net.elementwise("add", "add", x, y)


def _normed(stack: Stack, net: Net, x: str, path: str) -> str:
    return net.layer_norm(path, x) if stack.centred else net.rms_norm(path, x, whole=stack.whole_norms)
