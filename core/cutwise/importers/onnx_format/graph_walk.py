"""Follows an ONNX graph node by node: order, names, branches; shapes come from `onnx_inference`."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.importers.onnx_format.contrib.expansions import expanded
from cutwise.importers.onnx_format.contrib.names import STANDARD_DOMAINS, qualified
from cutwise.importers.onnx_format.dims import BoundDims, set_sizes
from cutwise.importers.onnx_format.inference import infer
from cutwise.importers.onnx_format.sequences import split_to_pieces, taken_piece
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, label, static_spec
from cutwise.read_limits import GRAPH_DEPTH

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TypeProto, ValueInfoProto


@dataclass(slots=True)
class BranchScope:
    """The names visible in one graph: a branch sees those around it and may reuse those beside it."""

    names: dict[str, str] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    depth: int = 0

    def define(self, known: OnnxTrace, name: str) -> str:
        """A unique name for a tensor this graph makes; raises `ModelImportError` for a second maker."""
        if name in self.defined:
            raise ModelImportError(f"{known.file}: tensor {name!r} is made twice; export the model again")
        unique = name if name not in known.taken else f"{name}#{len(known.taken)}"
        self.defined.add(name)
        known.taken.add(unique)
        self.names[name] = unique
        return unique


def trace(model: ModelProto, inputs: Sequence[ValueInfoProto], bound: BoundDims, *, file: str) -> OnnxTrace:
    """Walks the graph of `model` with the open dimensions of its `inputs` bound.

    Raises `ModelImportError` for cycles, names defined twice or never, and shapes that do not fit.
    """
    known = OnnxTrace(file, _opsets(model), model.ir_version, _declared(model.graph, bound.sizes), bound.open)
    scope = BranchScope()
    for value in inputs:
        set_sizes(value.type, bound.sizes, input_name=value.name)
        known.tensors.types[scope.define(known, value.name)] = value.type
    _walk(known, model.graph, scope)
    known.outputs = tuple(scope.names.get(output.name, output.name) for output in model.graph.output)
    return known


def _opsets(model: ModelProto) -> dict[str, int]:
    return {
        "" if entry.domain in STANDARD_DOMAINS else entry.domain: entry.version
        for entry in model.opset_import
    }


def _declared(graph: GraphProto, sizes: Mapping[str, int]) -> dict[str, TypeProto]:
    declared = {}
    for value in (*graph.value_info, *graph.output):
        set_sizes(value.type, sizes)
        if static_spec(value.type) is not None:
            declared[value.name] = value.type
    return declared


def _walk(known: OnnxTrace, graph: GraphProto, scope: BranchScope) -> None:
    for tensor in graph.initializer:
        known.tensors.store(scope.define(known, tensor.name), tensor, file=known.file)
    for sparse in graph.sparse_initializer:
        name = scope.define(known, sparse.values.name)
        known.tensors.store_shape(name, sparse.values.data_type, tuple(sparse.dims), file=known.file)
    for node in in_order(graph.node, file=known.file):
        branch = _chosen_branch(known, node, scope)
        if branch is None:
            _visit(known, node, scope)
        else:
            _inline(known, node, branch, scope)


def _chosen_branch(known: OnnxTrace, node: NodeProto, scope: BranchScope) -> GraphProto | None:
    if node.op_type != "If" or node.domain not in STANDARD_DOMAINS or not node.input:
        return None
    condition = known.tensors.values.get(scope.names.get(node.input[0], node.input[0]))
    if condition is None or condition.size != 1:
        return None
    wanted = "then_branch" if bool(condition.flat[0]) else "else_branch"
    return next((attribute.g for attribute in node.attribute if attribute.name == wanted), None)


def _inline(known: OnnxTrace, node: NodeProto, branch: GraphProto, scope: BranchScope) -> None:
    if scope.depth >= GRAPH_DEPTH:
        raise ModelImportError(
            f"{known.file}: {label(node)} nests branches more than {GRAPH_DEPTH} levels deep"
        )
    inner = BranchScope(dict(scope.names), set(), scope.depth + 1)
    _walk(known, branch, inner)
    for made, result in zip(node.output, branch.output, strict=False):
        scope.defined.add(made)
        scope.names[made] = inner.names.get(result.name, result.name)


def _visit(known: OnnxTrace, node: NodeProto, scope: BranchScope) -> None:
    node = qualified(node)
    inputs = tuple(scope.names.get(name, name) for name in node.input)
    for name in inputs:
        if name and name not in known.taken:
            raise ModelImportError(
                f"{known.file}: {label(node)} reads {name!r}, which no op makes; export it again"
            )
    captured = tuple(dict.fromkeys(scope.names.get(name, name) for name in outer_names(node)))
    outputs = tuple(scope.define(known, name) if name else "" for name in node.output)
    if inputs != tuple(node.input) or outputs != tuple(node.output):
        node = _renamed(node, inputs, outputs)
    step = OnnxStep(node, (*inputs, *(name for name in captured if name in known.taken)), outputs)
    if split_to_pieces(known, step):
        return
    piece = taken_piece(known, step)
    parts = [piece] if piece is not None else expanded(known, step, infer)
    if parts is None:
        infer(known, step)
    known.steps += parts or [step]


def _renamed(node: NodeProto, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> NodeProto:
    copy = type(node)()
    copy.CopyFrom(node)
    copy.input[:], copy.output[:] = inputs, outputs
    return copy


def in_order(nodes: Sequence[NodeProto], *, file: str) -> Iterator[NodeProto]:
    """`nodes` inputs first, in file order where that is so already; refuses a cycle."""
    makers = {output: number for number, node in enumerate(nodes) for output in node.output if output}
    needs = [{makers[name] for name in (*node.input, *outer_names(node)) if name in makers} for node in nodes]
    readers: dict[int, list[int]] = defaultdict(list)
    for number, makers_of in enumerate(needs):
        for maker in makers_of:
            readers[maker].append(number)
    waiting = [len(makers_of) for makers_of in needs]
    ready = [number for number, count in enumerate(waiting) if not count]
    placed = 0
    while ready:
        number = heapq.heappop(ready)
        placed += 1
        yield nodes[number]
        for reader in readers[number]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    if placed < len(nodes):
        stuck = next(node for node, count in zip(nodes, waiting, strict=True) if count)
        raise ModelImportError(f"{file}: {label(stuck)} lies on or behind a cycle; a model graph has none")


def outer_names(node: NodeProto) -> Iterator[str]:
    """Tensors that the branches and loop bodies of `node` read from around them."""
    for attribute in node.attribute:
        graphs: list[GraphProto] = [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]
        for graph in graphs:
            inside = {value.name for value in graph.input} | {value.name for value in graph.initializer}
            inside |= {output for inner in graph.node for output in inner.output}
            for inner in graph.node:
                for name in (*inner.input, *outer_names(inner)):
                    if name and name not in inside:
                        yield name
            yield from (result.name for result in graph.output if result.name not in inside)
