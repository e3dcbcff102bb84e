"""Follows an ONNX graph node by node: order, names, branches; shapes come from `onnx_inference`."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib.expansions import expanded
from cutwise.importers.onnx_format.contrib.names import STANDARD_DOMAINS, qualified
from cutwise.importers.onnx_format.flow.branches import branch
from cutwise.importers.onnx_format.flow.loops import loop, scan
from cutwise.importers.onnx_format.flow.scopes import BranchScope, Walk
from cutwise.importers.onnx_format.flow.sequences import SEQUENCE_OPS, sequence_node
from cutwise.importers.onnx_format.inference import infer
from cutwise.importers.onnx_format.sizes.dims import BoundDims, set_sizes
from cutwise.importers.onnx_format.tensors import (
    OnnxStep,
    OnnxTrace,
    SizeMisfitError,
    label,
    sizes_remedy,
    static_spec,
)

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TypeProto, ValueInfoProto

# What is no op itself, but decides which ops there are: followed where it stands.
FLOW: Mapping[str, Callable[[OnnxTrace, NodeProto, BranchScope, Walk], bool]] = FrozenDict(
    {"If": branch, "Loop": loop, "Scan": scan, **dict.fromkeys(SEQUENCE_OPS, sequence_node)}
)


def trace(
    model: ModelProto,
    inputs: Sequence[ValueInfoProto],
    bound: BoundDims,
    *,
    file: str,
    turns: Mapping[str, int] | None = None,
    strict: bool = False,
) -> OnnxTrace:
    """Walks the graph of `model` with the open dimensions of its `inputs` bound, and `turns` of its loops.

    Raises `ModelImportError` for cycles, names defined twice or never, and shapes that do not fit.
    """
    known = OnnxTrace(file, _opsets(model), model.ir_version, _declared(model.graph, bound.sizes), bound.open)
    known.turns, known.strict = turns or {}, strict
    scope = BranchScope()
    for value in inputs:
        known.tensors.types[scope.define(known, value.name)] = _sized(value, bound.sizes, value.name)
    _walk(known, model.graph, scope)
    made = [scope.unique(output.name) for output in model.graph.output]
    known.outputs = tuple(item for name in made for item in known.lists.get(name, (name,)))
    _check_outputs(known)
    return known


def _check_outputs(known: OnnxTrace) -> None:
    for name in known.outputs:
        spec = known.tensors.spec(name)
        if spec is not None and not spec.elements and not known.tensors.is_constant(name):
            sizes = "×".join(map(str, spec.shape))
            raise SizeMisfitError(
                f"{known.file}: output {name!r} is empty ({sizes}) at these sizes; {sizes_remedy(known)}"
            )


def _opsets(model: ModelProto) -> dict[str, int]:
    return {
        "" if entry.domain in STANDARD_DOMAINS else entry.domain: entry.version
        for entry in model.opset_import
    }


def _declared(graph: GraphProto, sizes: Mapping[str, int]) -> dict[str, TypeProto]:
    declared = {}
    for value in (*graph.value_info, *graph.output):
        sized = _sized(value, sizes)
        if static_spec(sized) is not None:
            declared[value.name] = sized
    return declared


def _sized(value: ValueInfoProto, sizes: Mapping[str, int], input_name: str = "") -> TypeProto:
    """The type of `value` with sizes for its open dimensions; `value` may be walked again at other sizes."""
    copy = type(value.type)()
    copy.CopyFrom(value.type)
    set_sizes(copy, sizes, input_name=input_name)
    return copy


def _walk(known: OnnxTrace, graph: GraphProto, scope: BranchScope) -> None:
    for tensor in graph.initializer:
        if not _is_there(known, scope, tensor.name):
            known.tensors.store(scope.define(known, tensor.name), tensor, file=known.file)
    for sparse in graph.sparse_initializer:
        if not _is_there(known, scope, sparse.values.name):
            name = scope.define(known, sparse.values.name)
            known.tensors.store_shape(name, sparse.values.data_type, tuple(sparse.dims), file=known.file)
    for node in in_order(graph.node, file=known.file):
        if node.op_type == "Constant" and _is_there(known, scope, node.output[0]):
            continue
        follow = FLOW.get(node.op_type) if node.domain in STANDARD_DOMAINS else None
        if follow is None or not follow(known, node, scope, _walk):
            _visit(known, node, scope)


def _is_there(known: OnnxTrace, scope: BranchScope, name: str) -> bool:
    """True for what an earlier turn of a loop has stored already: it is the same in each."""
    if not known.loops:
        return False
    first = known.once.get((scope.path, name), "")
    if first:
        scope.alias(known, name, first)
    return bool(first)


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
    read = (*inputs, *(name for name in captured if name in known.taken))
    step = OnnxStep(node, read, outputs, known.trips, known.loops > 0)
    parts = expanded(known, step, infer)
    if parts is None:
        infer(known, step)
    for part in parts or [step]:
        known.steps.append(OnnxStep(part.node, part.inputs, part.outputs, step.trips, step.looped))


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
