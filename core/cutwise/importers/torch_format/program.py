"""A torch.export program as plain values: calls in order, tensors with shapes, weights by their own names."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import Weight
from cutwise.importers.torch_format.calls import enter_calls, enter_tensors
from cutwise.importers.torch_format.nodes import only_item, tensor_name
from cutwise.importers.torch_format.schema import ExportDocument, GraphModule, Spec, TensorMeta
from cutwise.importers.torch_format.scope import TorchProgram, TorchScope, define, known
from cutwise.importers.torch_format.sizes import Sizes

# The major number changes when old readers can no longer follow; 8 is that of PyTorch 2.5 to 2.13.
NEWEST_SCHEMA = 8


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
    enter_tensors(program, graph, scope)
    for kind, entry in map(only_item, module["signature"]["input_specs"]):
        if own := tensor_name(entry.get("arg")):
            name = define(program, scope, own)
            meta = graph["tensor_values"][own]
            if kind == "user_input":
                program.inputs.append(name)
                symbols = tuple(map(sizes.symbol, meta["sizes"]))
                program.trace.enter_input(name, program.tensors[name].shape, symbols)
            else:
                _enter_stored(program, name, _role(kind, meta), entry, ties)
    enter_calls(program, graph, scope)
    for kind, entry in map(only_item, module["signature"]["output_specs"]):
        own = tensor_name(entry.get("arg"))
        if own and kind in ("user_output", "loss_output"):
            program.outputs.append(known(program, scope, own))
    return program


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
