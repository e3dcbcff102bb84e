"""Where the tokens of a language model are: its attentions, their keys and values, its output layer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cutwise.arrays import Mask, masked
from cutwise.caches import kept
from cutwise.costs.attention_pattern import attentions
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph, Op

COPIES = frozenset({"tile", "expand", "reshape", "unsqueeze", "transpose", "copy", "identity", "cast"})
"""What stands between a key or value as it is made, which a cache holds, and the product that reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedAttention:
    """One attention over tokens: the op at `position` reads the cache, the ops `inside` do the work.

    `elements` are the numbers that the cache holds for a token of a sample, `window` the tokens it sees.
    """

    position: int
    inside: frozenset[int]
    elements: float
    window: float


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TokenAxis(Frozen):
    """The attentions of a language model that was read at `tokens` tokens, and its output layer.

    `head` (ops,) marks what makes a score for every word, and everything behind it.
    """

    tokens: int
    attentions: tuple[CachedAttention, ...]
    head: Mask


@kept
def token_axis(graph: ModelGraph) -> TokenAxis | None:
    """The token axis of a language model; None for a model that cannot generate text.

    Such a model looks tokens up in a table, has attentions none of which sees what follows, and ends in a
    score for every row of the table.
    """
    words = _words(graph)
    lengths = {_looked_up(graph, op) for op in graph.ops if op.kind == "embedding" and op.inputs}
    if not words or len(lengths) != 1:
        return None
    tokens = lengths.pop()
    found = tuple(_cached(graph, tokens))
    if not found or not all(_is_causal(graph, one) for one in found):
        return None
    last = max(one.position for one in found)
    head = masked(at > last and op.output.shape[-1:] in words for at, op in enumerate(graph.ops))
    return TokenAxis(tokens=tokens, attentions=found, head=_with_readers(graph, head))


def _words(graph: ModelGraph) -> set[tuple[int, ...]]:
    """Widths that a table of tokens and an output of the model have in common."""
    read = {name for op in graph.ops for name in op.inputs}
    rows = {op.weights[0].shape[:1] for op in graph.ops if op.kind == "embedding" and op.weights}
    return rows & {op.output.shape[-1:] for op in graph.ops if op.id not in read}


def _looked_up(graph: ModelGraph, op: Op) -> int:
    """Rows of the table that one sample looks up."""
    return op.output.elements // (op.output.shape[-1] * graph.batch_size) if op.output.elements else 0


def _cached(graph: ModelGraph, tokens: int) -> Iterator[CachedAttention]:
    for position, op in enumerate(graph.ops):
        if op.kind == "attention":
            yield _attention(graph, tokens, position, frozenset({position}), op.inputs[1:3])
    for found in attentions(graph):
        keys, values = graph.ops[found.scores].inputs[1], graph.ops[found.context].inputs[1]
        yield _attention(graph, tokens, found.context, found.inside, (keys, values))


def _attention(
    graph: ModelGraph, tokens: int, position: int, inside: frozenset[int], cached: tuple[str, ...]
) -> CachedAttention:
    windows = (graph.ops[at].attrs["window"] for at in inside if "window" in graph.ops[at].attrs)
    return CachedAttention(
        position=position,
        inside=inside,
        elements=sum(_made_elements(graph, name) for name in cached) / (graph.batch_size * tokens),
        window=float(min(windows, default=math.inf)),
    )


def _made_elements(graph: ModelGraph, name: str) -> int:
    """Numbers of a key or value before heads that share one were given a copy each.

    A copy that its program puts into the cache says so (`cached`).
    """
    op = graph.ops[graph.index[name]]
    least = op.output.elements
    while op.kind in COPIES and op.inputs and not op.attrs.get("cached"):
        op = graph.ops[graph.index[op.inputs[0]]]
        least = min(least, op.output.elements)
    return least


def _is_causal(graph: ModelGraph, found: CachedAttention) -> bool:
    return all(graph.ops[at].attrs.get("causal", True) for at in found.inside)


def _with_readers(graph: ModelGraph, mask: Mask) -> Mask:
    """`mask` and everything that reads it."""
    grown = mask.copy()
    for at, op in enumerate(graph.ops):
        grown[at] |= any(grown[graph.index[name]] for name in op.inputs)
    return grown
