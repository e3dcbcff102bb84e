"""Inlines model-local functions of an ONNX model, after counting what that would make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.read_limits import GRAPH_NODES

if TYPE_CHECKING:
    from onnx import FunctionProto, ModelProto, NodeProto

Key = tuple[str, str]


def inlined(model: ModelProto, *, file: str) -> ModelProto:
    """`model` with every call to a model-local function replaced by the function's nodes.

    Raises `ModelImportError` when functions call each other in a circle, or so often that the
    result would have too many nodes: thirty functions that each call the next one twice make 2^30.
    """
    if not model.functions:
        return model
    bodies = {(function.domain, function.name): function for function in model.functions}
    sizes: dict[Key, int] = {}
    total = _size(model.graph.node, bodies, sizes, (), file)
    if total > GRAPH_NODES:
        raise ModelImportError(
            f"{file}: its functions would expand to {total:.3g} nodes, at most {GRAPH_NODES} are read; "
            "export a smaller part of the model"
        )
    from onnx.inliner import inline_local_functions

    return inline_local_functions(model)


def all_nodes(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """`nodes` and all nodes in their branches and loop bodies."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from all_nodes(graph.node)


def _size(
    nodes: Iterable[NodeProto],
    bodies: dict[Key, FunctionProto],
    sizes: dict[Key, int],
    callers: tuple[Key, ...],
    file: str,
) -> int:
    total = 0
    for node in all_nodes(nodes):
        key = (node.domain, node.op_type)
        if key not in bodies:
            total += 1
            continue
        if key in callers:
            raise ModelImportError(
                f"{file}: function {key[1]!r} calls itself; export the model without functions"
            )
        if key not in sizes:
            sizes[key] = _size(bodies[key].node, bodies, sizes, (*callers, key), file)
        total += sizes[key]
    return total
