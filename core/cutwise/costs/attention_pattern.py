"""Finds attention written out as product, softmax, product, so that it can be priced as one fused kernel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cutwise.graph.model_graph import ModelGraph, Op

# What may stand between the two products beside the softmax: scaling, capping, masking, guarding, naming.
CAP = "tanh"
BETWEEN = frozenset(
    {
        "add", "sub", "mul", "div", CAP, "where", "cast", "identity", "dropout", "reshape", "squeeze",
        "unsqueeze", "expand", "copy",
    }
)  # fmt: skip
# Ops from one product to the softmax and from there to the other: more than any attention has.
LONGEST_PATH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Positions of the ops of one written-out attention: product of queries and keys, softmax,
    dropouts on the probabilities, product with the values; of the queries; and of all ops inside."""

    scores: int
    softmax: int
    dropouts: tuple[int, ...]
    context: int
    query: int
    inside: frozenset[int]

    @property
    def roles(self) -> dict[int, str]:
        """The kind each op is priced as when the attention is one fused kernel."""
        return {
            self.scores: "attention_scores",
            self.softmax: "attention_softmax",
            **dict.fromkeys(self.dropouts, "identity"),
            self.context: "attention_context",
        }


def attentions(graph: ModelGraph) -> tuple[Attention, ...]:
    """Every attention of `graph` that is written out as separate ops, in topological order."""
    products = [position for position, op in enumerate(graph.ops) if _is_product(op)]
    if len(products) < 2:
        return ()
    return tuple(found for position in products if (found := _attention_at(graph, position)))


def written_out_attentions(graph: ModelGraph) -> tuple[Attention, ...]:
    """Those of `attentions` that one fused kernel can take the place of.

    One whose scores or probabilities are read by anything outside it is left out: a fused kernel
    never writes them down. So is one that caps its scores, which PyTorch's fused kernels cannot do, and one
    that says (`written_out`) that its program knows no other way.
    """
    found = tuple(attention for attention in attentions(graph) if not _has_to_stay(graph, attention))
    readers = _readers(graph) if found else {}
    return tuple(attention for attention in found if _is_closed(attention, readers))


def _has_to_stay(graph: ModelGraph, attention: Attention) -> bool:
    inside = (graph.ops[position] for position in attention.inside)
    return any(op.kind == CAP or op.attrs.get("written_out") for op in inside)


def _is_closed(attention: Attention, readers: Mapping[int, set[int]]) -> bool:
    between = attention.inside - {attention.context}
    return all(_stays(reader, attention.inside, readers) for place in between for reader in readers[place])


def _attention_at(graph: ModelGraph, context: int) -> Attention | None:
    above = _path_up(graph, graph.index[graph.ops[context].inputs[0]], "softmax")
    if not above:
        return None
    below = _path_up(graph, graph.index[graph.ops[above[-1]].inputs[0]], "matmul")
    if not below or not _is_product(graph.ops[below[-1]]):
        return None
    return Attention(
        scores=below[-1],
        softmax=above[-1],
        dropouts=tuple(position for position in above if graph.ops[position].kind == "dropout"),
        context=context,
        query=graph.index[graph.ops[below[-1]].inputs[0]],
        inside=frozenset({context, *above, *below}),
    )


def _stays(reader: int, inside: frozenset[int], readers: Mapping[int, set[int]]) -> bool:
    """A reader belongs to the attention, or only guards it: the test for NaN beside the choice it decides."""
    return reader in inside or (bool(readers[reader]) and readers[reader] <= inside)


def _readers(graph: ModelGraph) -> Mapping[int, set[int]]:
    readers: dict[int, set[int]] = defaultdict(set)
    for position, op in enumerate(graph.ops):
        for name in op.inputs:
            readers[graph.index[name]].add(position)
    return readers


def _path_up(graph: ModelGraph, position: int, wanted: str, length: int = LONGEST_PATH) -> tuple[int, ...]:
    """Positions from `position` up to the nearest op of kind `wanted`, or none within `length` ops."""
    op = graph.ops[position]
    if op.kind == wanted:
        return (position,)
    if op.kind not in BETWEEN or length == 1:
        return ()
    paths = (_path_up(graph, source, wanted, length - 1) for source in _carriers(graph, op))
    return next(((position, *path) for path in paths if path), ())


def _carriers(graph: ModelGraph, op: Op) -> Iterator[int]:
    """Inputs as large as the output: scales and masks are smaller, or made of constants."""
    for name in dict.fromkeys(op.inputs):
        source = graph.index[name]
        if graph.ops[source].output.elements == op.output.elements:
            yield source


def _is_product(op: Op) -> bool:
    return op.kind == "matmul" and len(op.inputs) == 2
