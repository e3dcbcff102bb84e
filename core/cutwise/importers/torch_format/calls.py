"""The calls of a program in order, those of the graphs inside it among them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.torch_format.functions.regions import function_of
from cutwise.importers.torch_format.kinds import plain_name
from cutwise.importers.torch_format.loops.loop_steps import LOOPS, end_loop, loop_of, shifted, start_loop
from cutwise.importers.torch_format.loops.mapped import VMAP, enter_mapped
from cutwise.importers.torch_format.loops.trip_count import number_of
from cutwise.importers.torch_format.nodes import (
    Call,
    Ref,
    Subgraph,
    argument_value,
    made_by,
    modules_around,
    operator_of,
    tensor_name,
)
from cutwise.importers.torch_format.schema import ExportNode, Graph
from cutwise.importers.torch_format.scope import TorchProgram, TorchScope, define, known
from cutwise.read_limits import GRAPH_DEPTH, GRAPH_NODES, TENSOR_ELEMENTS, TORCH_AXES

GRADIENT_SWITCH = "higher_order::wrap_with_set_grad_enabled"
# These run the graph they are given in another mode; a choice runs one of two.
WRAPPERS = frozenset(
    {
        GRADIENT_SWITCH, "higher_order::wrap_with_autocast", "higher_order::wrap",
        "higher_order::tag_activation_checkpoint", "higher_order::invoke_subgraph",
        "higher_order::strict_mode", "higher_order::hints_wrap",
    }
)  # fmt: skip
CHOICE = "higher_order::cond"
PRODUCTS = frozenset({"linear", "addmm", "mm", "bmm", "baddbmm", "matmul", "conv1d", "conv2d", "conv3d"})

# Numbers of torch's ScalarType as archives write them.
DTYPES: Mapping[int, str] = FrozenDict({
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "fp16", 7: "fp32", 8: "fp64",
    9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bf16", 28: "uint16", 29: "fp8",
    30: "fp8", 31: "fp8", 32: "fp8", 33: "fp8", 34: "uint32", 35: "uint64",
})  # fmt: skip


def enter_tensors(program: TorchProgram, graph: Graph, scope: TorchScope) -> None:
    """Enters the shapes of all tensors of a graph."""
    if len(program.calls) + len(graph["nodes"]) > GRAPH_NODES:
        raise ModelImportError(
            f"{program.file}: has more than {GRAPH_NODES} nodes; export a smaller part of the model"
        )
    for own, tensor in graph["tensor_values"].items():
        if len(tensor["sizes"]) > TORCH_AXES:
            raise ModelImportError(
                f"{program.file}: tensor {own[:80]!r} has {len(tensor['sizes'])} axes; export the model again"
            )
        shape = tuple(map(program.sizes.value, tensor["sizes"]))
        if math.prod(shape) > TENSOR_ELEMENTS:
            raise ModelImportError(
                f"{program.file}: tensor {own[:80]!r} has {math.prod(shape):.3g} elements, more than any "
                "model needs; export the model with other sizes"
            )
        program.tensors[scope.prefix + own] = TensorSpec(
            shape=shape, dtype=DTYPES.get(tensor["dtype"], "fp32")
        )
        program.strides[scope.prefix + own] = tuple(map(program.sizes.value, tensor.get("strides", ())))


def enter_calls(program: TorchProgram, graph: Graph, scope: TorchScope) -> None:
    """Enters the calls of a graph in order; a graph that one of them runs takes its place."""
    for node in graph["nodes"]:
        call = _call(program, node, scope)
        if call.op in WRAPPERS:
            _enter_inner(program, call, _first_graph(call), _inner(program, call, scope))
        elif call.op == CHOICE:
            _enter_inner(program, call, _larger_branch(program, call), _inner(program, call, scope))
        elif call.op in LOOPS:
            _enter_loop(program, call, scope)
        elif call.op.startswith(VMAP):
            enter_mapped(program, call, scope)
        elif any(call.outputs):
            _enter_call(program, shifted(program, call, scope))


def _call(program: TorchProgram, node: ExportNode, scope: TorchScope) -> Call:
    op, overload = operator_of(node)
    named = partial(known, program, scope)
    arguments = tuple((item.get("name") or "", argument_value(item["arg"], named)) for item in node["inputs"])
    outputs = tuple(define(program, scope, own) if own else "" for own in made_by(node))
    name = node.get("name") or next(filter(None, outputs), op)
    function = function_of(node.get("metadata", {}))
    stops = (scope.without_gradients or plain_name(op) == "detach") and not function
    return Call(name, op, overload, arguments, outputs, modules_around(node), stops, function)


def _enter_call(program: TorchProgram, call: Call) -> None:
    program.calls.append(call)
    made = list(filter(None, call.outputs))
    if all(name in program.fixed or name in program.lasting for name in call.refs()):
        program.fixed.update(made)
    if len(made) == 1 and not program.tensors[made[0]].shape:
        number = number_of(call.op, [value for _, value in call.arguments], program.numbers)
        if number is not None:
            program.numbers[made[0]] = number


def _inner(program: TorchProgram, call: Call, outer: TorchScope, *trips: int) -> TorchScope:
    if outer.depth >= GRAPH_DEPTH:
        raise ModelImportError(
            f"{program.file}: nests graphs more than {GRAPH_DEPTH} levels deep; export it again"
        )
    return TorchScope(
        prefix=f"{outer.prefix}{call.name}.",
        depth=outer.depth + 1,
        without_gradients=_without_gradients(call, outer),
        trips=(*outer.trips, *trips),
    )


def _first_graph(call: Call) -> Graph:
    return next(_graphs(call))


def _graphs(call: Call) -> Iterator[Graph]:
    return (value.graph for _, value in call.arguments if isinstance(value, Subgraph))


def _larger_branch(program: TorchProgram, call: Call) -> Graph:
    """The branch that multiplies more: what a choice costs at most."""
    program.warnings.append(
        f"op {call.name!r} chooses by its data; of its branches the one that multiplies most is read"
    )
    return max(_graphs(call), key=lambda graph: sum(_products(program, graph)))


def _products(program: TorchProgram, graph: Graph) -> Iterator[int]:
    """A rough count of each node's work: what it makes times what it sums over, inner graphs included."""
    for node in graph["nodes"]:
        for item in node["inputs"]:
            if "as_graph" in item["arg"]:
                yield from _products(program, item["arg"]["as_graph"]["graph"])
        operands = [tensor_name(item["arg"]) for item in node["inputs"]]
        shapes = [_shape(program, graph, name) for name in operands if name in graph["tensor_values"]]
        made = [_shape(program, graph, name) for name in made_by(node) if name]
        summed = shapes[0][-1:] if len(shapes) > 1 and plain_name(operator_of(node)[0]) in PRODUCTS else ()
        yield sum(math.prod((*shape, *summed)) for shape in made)


def _shape(program: TorchProgram, graph: Graph, name: str) -> tuple[int, ...]:
    return tuple(map(program.sizes.value, graph["tensor_values"][name]["sizes"]))


def _enter_inner(program: TorchProgram, call: Call, graph: Graph, scope: TorchScope) -> None:
    """Appends the calls of the graph that `call` runs; the tensors behind it are that graph's inputs."""
    enter_tensors(program, graph, scope)
    at = max(place for place, (_, value) in enumerate(call.arguments) if isinstance(value, Subgraph))
    given = replace(call, arguments=call.arguments[at + 1 :]).refs()
    scope.names |= zip(filter(None, map(tensor_name, graph["inputs"])), given, strict=False)
    enter_calls(program, graph, scope)
    for made, result in zip(call.outputs, _results(program, graph, scope), strict=False):
        program.tensors[made] = program.tensors[result]
        for known_of in (program.looped, program.fixed):
            known_of.update({made} if result in known_of else ())
        program.calls.append(Call(made, "alias", "", (("self", Ref(result)),), (made,), call.modules))


def _enter_loop(program: TorchProgram, call: Call, outer: TorchScope) -> None:
    loop = loop_of(program, outer, call)
    scope = _inner(program, call, outer, loop.trips)
    enter_tensors(program, loop.body, scope)
    start_loop(program, loop, scope)
    enter_calls(program, loop.body, scope)
    end_loop(program, loop, scope, _results(program, loop.body, scope))


def _results(program: TorchProgram, graph: Graph, scope: TorchScope) -> list[str]:
    return [known(program, scope, own) for own in filter(None, map(tensor_name, graph["outputs"]))]


def _without_gradients(call: Call, outer: TorchScope) -> bool:
    """Whether the graph that `call` runs records no gradients: as it says itself, else as around it."""
    switched = call.arguments[0][1] if call.op == GRADIENT_SWITCH else None
    return not switched if isinstance(switched, bool) else outer.without_gradients
