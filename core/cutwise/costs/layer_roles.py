"""What each linear layer is there for: attention, feed-forward part of a residual branch, output."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from cutwise.costs.attention_pattern import attentions
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import ModelGraph

ATTENTION, MLP, HEAD, OTHER = "attention", "mlp", "head", "other"
# Ops that mix features by multiply-adds: a layer behind which none follows makes the output.
MIXING = frozenset(
    {"linear", "conv1d", "conv2d", "conv3d", "matmul", "attention", "einsum", "grouped_matmul", "lstm", "gru"}
)
# For layers whose place in the graph says nothing: words of module paths.
WORDS = FrozenDict(
    {
        ATTENTION: re.compile(r"attn|attention", re.IGNORECASE),
        MLP: re.compile(r"mlp|ffn|feed_?forward|intermediate", re.IGNORECASE),
    }
)


def linear_roles(graph: ModelGraph) -> Mapping[int, str]:
    """The role of every linear layer of `graph` with weights, by position, in topological order.

    A product with a bare parameter (`bare`: the router of a mixture of experts) is no layer.
    "attention": projections into an attention and the first layers behind it. "mlp": other layers
    of a residual branch, and all but the last layers of a model without attention. "head": layers behind
    which nothing is multiplied any more. Of the rest, module names that speak of either decide, else they
    are "other".
    """
    linears = [
        at
        for at, op in enumerate(graph.ops)
        if op.kind == "linear" and op.weights and not op.figures and not op.attrs.get("bare")
    ]
    if not linears:
        return {}
    joins = _residual_joins(graph)
    branches = frozenset[int]().union(*joins.values()) if joins else frozenset()
    cores = list(_cores(graph))
    sources = [source for made_from, _ in cores for source in made_from]
    attending = _layers_before(graph, sources, joins, branches)
    attending |= _layers_behind(graph, [result for _, result in cores], joins)
    last = _last_layers(graph, linears)

    def role(at: int) -> str:
        if at in attending:
            return ATTENTION
        if at in branches:
            return MLP
        if at in last:
            return HEAD
        path = f"{graph.ops[at].block}/{graph.ops[at].id}"
        return next((name for name, word in WORDS.items() if word.search(path)), OTHER if cores else MLP)

    return {at: role(at) for at in linears}


def language_heads(graph: ModelGraph) -> frozenset[int]:
    """The linear layers of a language model behind which nothing is multiplied any more: its head."""
    if not any(op.kind == "embedding" for op in graph.ops):
        return frozenset()
    linears = [at for at, op in enumerate(graph.ops) if op.kind == "linear" and op.weights and not op.figures]
    return frozenset(_last_layers(graph, linears))


def _residual_joins(graph: ModelGraph) -> dict[int, frozenset[int]]:
    """Sums of a tensor and a branch that starts at it: position → linear layers on the branch."""
    joins = {}
    for at, op in enumerate(graph.ops):
        read = [graph.index[name] for name in dict.fromkeys(op.inputs)]
        if op.kind == "add" and len(read) > 1:
            layers = frozenset(
                layer for start in read for end in read for layer in _branch_layers(graph, start, end)
            )
            if layers:
                joins[at] = layers
    return joins


def _branch_layers(graph: ModelGraph, start: int, end: int) -> Iterator[int]:
    """Linear layers on the paths from op `start` to op `end`."""
    behind = {start}
    for at in range(start + 1, end + 1):
        if any(graph.index[name] in behind for name in graph.ops[at].inputs):
            behind.add(at)
    if end not in behind:
        return
    behind.discard(start)
    waiting, seen = [end], set[int]()
    while waiting:
        at = waiting.pop()
        if at in behind and at not in seen:
            seen.add(at)
            waiting += [graph.index[name] for name in graph.ops[at].inputs]
            if graph.ops[at].kind == "linear":
                yield at


def _cores(graph: ModelGraph) -> Iterator[tuple[tuple[int, ...], int]]:
    """For each attention the ops that make queries, keys and values, and the op that makes its result."""
    for at, op in enumerate(graph.ops):
        if op.kind == "attention":
            yield tuple(graph.index[name] for name in op.inputs[:3]), at
    for found in attentions(graph):
        read = (*graph.ops[found.scores].inputs, *graph.ops[found.context].inputs[1:])
        yield tuple(graph.index[name] for name in read), found.context


def _layers_before(
    graph: ModelGraph, starts: Sequence[int], joins: Collection[int], branches: Collection[int]
) -> set[int]:
    """The nearest linear layers above `starts`, and those above these as long as they lie on a branch."""
    found: set[int] = set()
    seen: set[tuple[int, bool]] = set()
    waiting = [(start, False) for start in starts]
    while waiting:
        at, above_layer = state = waiting.pop()
        op = graph.ops[at]
        if state in seen or at in joins:
            continue
        seen.add(state)
        is_layer = op.kind == "linear"
        if is_layer and (not above_layer or at in branches):
            found.add(at)
        if is_layer == (at in found) and (is_layer or op.kind not in MIXING):
            waiting += [(graph.index[name], above_layer or is_layer) for name in op.inputs]
    return found


def _layers_behind(graph: ModelGraph, starts: Sequence[int], joins: Collection[int]) -> set[int]:
    """The nearest linear layers below `starts`."""
    readers: dict[int, list[int]] = defaultdict(list)
    for at, op in enumerate(graph.ops):
        for name in op.inputs:
            readers[graph.index[name]].append(at)
    found: set[int] = set()
    seen = set(joins)
    waiting = [reader for start in starts for reader in readers[start]]
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        if graph.ops[at].kind == "linear":
            found.add(at)
        elif graph.ops[at].kind not in MIXING:
            waiting += readers[at]
    return found


def _last_layers(graph: ModelGraph, linears: Collection[int]) -> set[int]:
    mixed_later = [False] * len(graph)
    for at in range(len(graph) - 1, -1, -1):
        op = graph.ops[at]
        for name in op.inputs:
            source = graph.index[name]
            mixed_later[source] = mixed_later[source] or mixed_later[at] or op.kind in MIXING
    return {at for at in linears if not mixed_later[at]}
