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
    A new token works `work_ratio` times as much for each token of the context as one of a prompt: keys and
    values of a latent are not made again, the products read the latent itself.
    """

    position: int
    inside: frozenset[int]
    elements: float
    window: float
    work_ratio: float = 1.0


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


def writes_what_is_read(graph: ModelGraph) -> bool:
    """True for an encoder and a decoder: scores of words, with attentions that look back only and others."""
    causal = {op.attrs["causal"] for op in graph.ops if op.kind == "attention" and "causal" in op.attrs}
    return bool(_words(graph)) and len(causal) > 1


def _words(graph: ModelGraph) -> set[tuple[int, ...]]:
    """Widths that a table of tokens and an output of the model have in common."""
    read = {name for op in graph.ops for name in op.inputs}
    rows = {op.weights[0].shape[:1] for op in graph.ops if op.kind == "embedding" and op.weights}
    return rows & {op.output.shape[-1:] for op in graph.ops if op.id not in read}


def _looked_up(graph: ModelGraph, op: Op) -> int:
    """Rows of the table that one sample looks up."""
    width = op.output.shape[-1] if op.output.shape else 1
    return op.output.elements // (width * graph.batch_size) if op.output.elements else 0


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
    latent = _latent(graph.ops[position])
    windows = (graph.ops[at].attrs["window"] for at in inside if "window" in graph.ops[at].attrs)
    return CachedAttention(
        position=position,
        inside=inside,
        elements=latent[0]
        if latent
        else sum(_made_elements(graph, name) for name in cached) / (graph.batch_size * tokens),
        window=float(min(windows, default=math.inf)),
        work_ratio=latent[1] if latent else 1.0,
    )


def _latent(op: Op) -> tuple[float, float] | None:
    """What a cache of latents holds for a token, and the work for it over that of whole keys and values.

    Of each head $2 r + d_R$ products in place of $d + d_v$ (Liu et al. 2024, arXiv 2405.04434, 2.1.2).
    """
    if "latent_dim" not in op.attrs:
        return None
    rank, turned = op.attrs["latent_dim"], op.attrs["rotary_dim"]
    return rank + turned, (2 * rank + turned) / (op.attrs["head_dim"] + op.attrs["value_dim"])


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
