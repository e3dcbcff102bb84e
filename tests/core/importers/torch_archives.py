"""Hand-written torch.export archives, made without PyTorch."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.reading import read_here

Json = dict[str, Any]


def size(given: int | str) -> Json:
    """A size: a number, or "s0#4", a symbol with the size it had in the example."""
    if isinstance(given, int):
        return {"as_int": given}
    name, _, hint = given.partition("#")
    expression: Json = {"expr_str": name if "(" in name else f"Symbol('{name}', positive=True, integer=True)"}
    if hint:
        expression["hint"] = {"as_int": int(hint)}
    return {"as_expr": expression}


def tensor(*shape: int | str, dtype: int = 7, device: str = "cpu") -> Json:
    return {
        "dtype": dtype, "sizes": [size(given) for given in shape], "strides": [], "requires_grad": True,
        "device": {"type": device, "index": None}, "storage_offset": {"as_int": 0}, "layout": 7,
    }  # fmt: skip


def argument(value: Any) -> Json:
    """A tensor by its name, a list of tensors, or a number."""
    if isinstance(value, str):
        return {"as_tensor": {"name": value}}
    if isinstance(value, list) and value and isinstance(value[0], str):
        return {"as_tensors": [{"name": name} for name in value]}
    kind = {bool: "as_bool", int: "as_int", float: "as_float", list: "as_ints", type(None): "as_none"}
    return {kind[type(value)]: True if value is None else value}


def node(op: str, outputs: Sequence[str] | str, module: str = "", **inputs: Any) -> Json:
    names = [outputs] if isinstance(outputs, str) else outputs
    target = op if "." in op else f"torch.ops.aten.{op}.default"
    stack = f"L__self__,,Net;L__self__{module},{module},Layer" if module else "L__self__,,Net"
    return {
        "name": names[0] if names else "none",
        "target": target,
        "inputs": [{"name": name, "arg": argument(value), "kind": 1} for name, value in inputs.items()],
        "outputs": [argument(name) for name in names],
        "metadata": {"nn_module_stack": stack},
    }


def document(
    tensors: Mapping[str, Json],
    nodes: Sequence[Json],
    *,
    inputs: Sequence[str] = ("x",),
    outputs: Sequence[str] = ("y",),
    parameters: Mapping[str, str] | None = None,
    buffers: Mapping[str, str] | None = None,
) -> Json:
    specs = [
        {"parameter": {"arg": {"name": n}, "parameter_name": own}} for n, own in (parameters or {}).items()
    ]
    specs += [
        {"buffer": {"arg": {"name": n}, "buffer_name": own, "persistent": True}}
        for n, own in (buffers or {}).items()
    ]
    specs += [{"user_input": {"arg": argument(name)}} for name in inputs]
    names = [*(parameters or {}), *(buffers or {}), *inputs]
    return {
        "graph_module": {
            "graph": {
                "inputs": [argument(name) for name in names], "outputs": [argument(name) for name in outputs],
                "nodes": list(nodes), "tensor_values": dict(tensors), "sym_int_values": {},
            },
            "signature": {
                "input_specs": specs,
                "output_specs": [{"user_output": {"arg": argument(name)}} for name in outputs],
            },
            "module_call_graph": [],
        },
        "range_constraints": {}, "verifiers": ["TRAINING"], "torch_version": "2.13.0",
        "schema_version": {"major": 8, "minor": 20}, "opset_version": {"aten": 10},
    }  # fmt: skip


def perceptron() -> Json:
    """x (2, 4) → linear 4 → 3 → relu."""
    tensors = {
        "p_w": tensor(3, 4),
        "p_b": tensor(3),
        "x": tensor(2, 4),
        "fc": tensor(2, 3),
        "y": tensor(2, 3),
    }
    nodes = [
        node("linear", "fc", "fc", input="x", weight="p_w", bias="p_b"),
        node("relu", "y", "act", self="fc"),
    ]
    return document(tensors, nodes, parameters={"p_w": "fc.weight", "p_b": "fc.bias"})


def save(
    path: Path,
    program: Any,
    *,
    entry: str = "net/models/model.json",
    others: Mapping[str, bytes] | None = None,
    method: int = zipfile.ZIP_STORED,
) -> Path:
    """An archive with `program` (JSON, or bytes as they are) as its exported program."""
    text = program if isinstance(program, bytes) else json.dumps(program).encode()
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(entry, text)
        for name, data in (others or {}).items():
            archive.writestr(name, data)
    return path


def tied_program(device: str) -> Json:
    tensors = {name: tensor(4, 4, device=device) for name in ("p_a", "p_b")}
    tensors |= {"x": tensor(2, 4), "h": tensor(2, 4), "y": tensor(2, 4)}
    nodes = [
        node("linear", "h", "one", input="x", weight="p_a"),
        node("linear", "y", "two", input="h", weight="p_b"),
    ]
    return document(tensors, nodes, parameters={"p_a": "a", "p_b": "b"})


def open_program() -> Json:
    """Batch s0 (example 2) and length s1 (example 8), halved by a pooling layer."""
    pooled = "FloorDiv(Add(Symbol('s1', positive=True, integer=True), Integer(-2)), Integer(2))#3"
    tensors = {"x": tensor("s0#2", 3, "s1#8"), "y": tensor("s0#2", 3, pooled)}
    program = document(tensors, [node("max_pool1d", "y", self="x", kernel_size=[4], stride=[2])])
    program["range_constraints"] = {"s1": {"min_val": 4, "max_val": 64}}
    return program


def graph_of(path: Path, program: Json, dims: dict[str, int] | None = None, **options: Any) -> ModelGraph:
    return read_here(save(path / "net.pt2", program, **options), dims or {})
