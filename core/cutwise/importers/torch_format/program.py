"""A torch.export program as plain values: calls in order, tensors with shapes, weights by their own names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import TensorSpec, Weight
from cutwise.importers.torch_format.axes.axis_trace import AxisTrace
from cutwise.importers.torch_format.kinds import plain_name
from cutwise.importers.torch_format.nodes import (
    Call,
    Ref,
    Subgraph,
    argument_value,
    made_by,
    modules_around,
    only_item,
    operator_of,
    tensor_name,
)
from cutwise.importers.torch_format.schema import ExportDocument, Graph, GraphModule, Spec, TensorMeta
from cutwise.importers.torch_format.sizes import Sizes
from cutwise.read_limits import GRAPH_DEPTH, GRAPH_NODES, TENSOR_ELEMENTS, TORCH_AXES

# The major number changes when old readers can no longer follow; 8 is that of PyTorch 2.5 to 2.13.
NEWEST_SCHEMA = 8


GRADIENT_SWITCH = "higher_order::wrap_with_set_grad_enabled"
# These run the graph they are given in another mode; a choice runs one of two.
WRAPPERS = frozenset(
    {
        GRADIENT_SWITCH, "higher_order::wrap_with_autocast", "higher_order::wrap",
        "higher_order::tag_activation_checkpoint", "higher_order::invoke_subgraph",
        "higher_order::strict_mode",
    }
)  # fmt: skip
CHOICE = "higher_order::cond"

# Numbers of torch's ScalarType as archives write them. Complex numbers are given a dtype of their width.
DTYPES: Mapping[int, str] = FrozenDict({
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "fp16", 7: "fp32", 8: "fp64", 9: "fp32",
    10: "fp64", 11: "fp64", 12: "bool", 13: "bf16", 28: "uint16", 29: "fp8", 30: "fp8", 31: "fp8", 32: "fp8",
    33: "fp8", 34: "uint32", 35: "uint64",
})  # fmt: skip


@dataclass(slots=True)
class TorchProgram:
    """All calls in order, and what is known of the tensors by name; `trace` follows the inputs' axes.

    `stored` are parameters and persistent buffers; `lasting` all that the program holds, other buffers
    and constants included.
    """

    sizes: Sizes
    calls: list[Call] = field(default_factory=list)
    tensors: dict[str, TensorSpec] = field(default_factory=dict)
    strides: dict[str, tuple[int, ...]] = field(default_factory=dict)
    stored: dict[str, Weight] = field(default_factory=dict)
    lasting: set[str] = field(default_factory=set)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    trace: AxisTrace = field(default_factory=AxisTrace)
    warnings: list[str] = field(default_factory=list)

    @property
    def file(self) -> str:
        """What messages call the file."""
        return self.sizes.file


@dataclass(slots=True)
class TorchScope:
    """The unique names of the tensors one graph has made or was given so far.

    `without_gradients` is True for a graph that runs under torch.no_grad().
    """

    names: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    depth: int = 0
    without_gradients: bool = False


def checked_graph_module(document: ExportDocument, file: str) -> GraphModule:
    """The part of `document` that holds the graph; raises `ModelImportError` for unknown versions."""
    version = document.get("schema_version")
    major = version.get("major") if isinstance(version, Mapping) else None
    if not isinstance(major, int):
        raise ModelImportError(
            f"{file}: states no schema version, so it is no exported program; save one with torch.export.save"
        )
    if major > NEWEST_SCHEMA:
        raise ModelImportError(
            f"{file}: is written in schema {major} of torch.export, up to {NEWEST_SCHEMA} is read; "
            "export it with PyTorch 2.13"
        )
    return document["graph_module"]


def read_program(module: GraphModule, sizes: Sizes, ties: Mapping[str, str]) -> TorchProgram:
    """The program in a `graph_module`; a weight that `ties` names is called by the name it gives.

    Raises `ModelImportError` for graphs that are too long, too deep or out of order, and for absurd sizes.
    """
    program, scope, graph = TorchProgram(sizes), TorchScope(), module["graph"]
    _enter_tensors(program, graph, scope)
    for kind, entry in map(only_item, module["signature"]["input_specs"]):
        if own := tensor_name(entry.get("arg")):
            name = _define(program, scope, own)
            meta = graph["tensor_values"][own]
            if kind == "user_input":
                program.inputs.append(name)
                symbols = tuple(map(sizes.symbol, meta["sizes"]))
                program.trace.enter_input(name, program.tensors[name].shape, symbols)
            else:
                _enter_stored(program, name, _role(kind, meta), entry, ties)
    _enter_calls(program, graph, scope)
    for kind, entry in map(only_item, module["signature"]["output_specs"]):
        own = tensor_name(entry.get("arg"))
        if own and kind in ("user_output", "loss_output"):
            program.outputs.append(_known(program, scope, own))
    return program


def _enter_tensors(program: TorchProgram, graph: Graph, scope: TorchScope) -> None:
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


def _role(kind: str, meta: TensorMeta) -> str:
    if kind != "parameter":
        return "buffer"
    return "parameter" if meta["requires_grad"] else "frozen"


def _enter_stored(program: TorchProgram, name: str, role: str, entry: Spec, ties: Mapping[str, str]) -> None:
    program.lasting.add(name)
    spec, own = program.tensors[name], entry.get("parameter_name")
    if "buffer_name" in entry and entry.get("persistent", True):
        own = entry["buffer_name"]
    if own:
        program.stored[name] = Weight(
            id=ties.get(own, str(own)), shape=spec.shape, dtype=spec.dtype, role=role
        )


def _enter_calls(program: TorchProgram, graph: Graph, scope: TorchScope) -> None:
    known = partial(_known, program, scope)
    for node in graph["nodes"]:
        op, overload = operator_of(node)
        arguments = tuple(
            (item.get("name") or "", argument_value(item["arg"], known)) for item in node["inputs"]
        )
        outputs = tuple(_define(program, scope, own) if own else "" for own in made_by(node))
        name = node.get("name") or next(filter(None, outputs), op)
        stops = scope.without_gradients or plain_name(op) == "detach"
        call = Call(name, op, overload, arguments, outputs, modules_around(node), stops)
        if op in WRAPPERS or op == CHOICE:
            _inline(program, call, scope)
        elif any(outputs):
            program.calls.append(call)


def _inline(program: TorchProgram, call: Call, outer: TorchScope) -> None:
    """Appends the calls of the first graph `call` is given; the tensors behind it are that graph's inputs."""
    if outer.depth >= GRAPH_DEPTH:
        raise ModelImportError(
            f"{program.file}: nests graphs more than {GRAPH_DEPTH} levels deep; export it again"
        )
    if call.op == CHOICE:
        program.warnings.append(f"op {call.name!r} chooses by its data; only its first branch is read")
    at = next(place for place, (_, value) in enumerate(call.arguments) if isinstance(value, Subgraph))
    found = call.arguments[at][1]
    assert isinstance(found, Subgraph)
    graph = found.graph
    given = Call(call.name, call.op, "", call.arguments[at + 1 :], ()).refs()
    scope = TorchScope(
        prefix=f"{outer.prefix}{call.name}.",
        depth=outer.depth + 1,
        without_gradients=_without_gradients(call, outer),
    )
    _enter_tensors(program, graph, scope)
    scope.names |= zip(filter(None, map(tensor_name, graph["inputs"])), given, strict=False)
    _enter_calls(program, graph, scope)
    results = [_known(program, scope, own) for own in filter(None, map(tensor_name, graph["outputs"]))]
    for made, result in zip(call.outputs, results, strict=False):
        program.calls.append(Call(made, "alias", "", (("self", Ref(result)),), (made,), call.modules))


def _without_gradients(call: Call, outer: TorchScope) -> bool:
    """Whether the graph that `call` runs records no gradients: as it says itself, else as around it."""
    switched = call.arguments[0][1] if call.op == GRADIENT_SWITCH else None
    return not switched if isinstance(switched, bool) else outer.without_gradients


def _define(program: TorchProgram, scope: TorchScope, own: str) -> str:
    name = scope.prefix + own
    if own in scope.names:
        raise ModelImportError(f"{program.file}: tensor {own[:80]!r} is made twice; export the model again")
    if name not in program.tensors:
        raise ModelImportError(f"{program.file}: tensor {own[:80]!r} has no shape; export the model again")
    scope.names[own] = name
    return name


def _known(program: TorchProgram, scope: TorchScope, own: str) -> str:
    if own not in scope.names:
        raise ModelImportError(
            f"{program.file}: tensor {own[:80]!r} is read before any op has made it; export the model again"
        )
    return scope.names[own]
