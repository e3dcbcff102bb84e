"""A ModelGraph as lines of JSON and back, nothing lost: how it leaves the guarded reader.

An op has a line of its own: a long text read at once would keep all other threads of the server waiting.
"""

from __future__ import annotations

import json
from typing import Any, NotRequired, TypedDict

from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.plain import Json


class GraphFields(TypedDict):
    """The first line: what a graph holds beside its ops, and how many of these follow."""

    name: str
    batch_size: int
    dims: dict[str, int]
    provenance: dict[str, str]
    warnings: list[str]
    uncounted: dict[str, int]
    ops: int


class OpFields(TypedDict):
    """One op; what is empty is left out."""

    id: str
    kind: str
    inputs: NotRequired[list[str]]
    shape: NotRequired[list[int]]
    dtype: str
    weights: NotRequired[list[tuple[str, list[int], str, str]]]
    block: NotRequired[str]
    attrs: NotRequired[dict[str, Json]]
    figures: NotRequired[dict[str, Json]]
    source: NotRequired[str]


def to_lines(graph: ModelGraph) -> str:
    """`graph` as lines of JSON that `from_lines` turns into an equal graph."""
    fields: GraphFields = {
        "name": graph.name,
        "batch_size": graph.batch_size,
        "dims": dict(graph.dims),
        "provenance": dict(graph.provenance),
        "warnings": list(graph.warnings),
        "uncounted": dict(graph.uncounted),
        "ops": len(graph.ops),
    }
    written = json.JSONEncoder(separators=(",", ":")).encode
    return "\n".join(map(written, (fields, *map(_op_fields, graph.ops))))


def from_lines(text: str) -> ModelGraph:
    """The graph that `to_lines` wrote; raises `KeyError`, `TypeError` or `ValueError` for anything else.

    >>> from cutwise.graph.model_graph import TensorSpec
    >>> graph = ModelGraph(name="one", ops=(Op(id="x", kind="input", output=TensorSpec(shape=(1, 3))),))
    >>> from_lines(to_lines(graph)) == graph
    True
    """
    first, *lines = text.split("\n")
    fields: GraphFields = json.loads(first)
    if fields["ops"] != len(lines):
        raise ValueError(f"{len(lines)} ops, {fields['ops']} were written")
    return ModelGraph(
        name=fields["name"],
        ops=tuple(_op(json.loads(line)) for line in lines),
        batch_size=fields["batch_size"],
        dims=fields["dims"],
        provenance=fields["provenance"],
        warnings=tuple(fields["warnings"]),
        uncounted=fields["uncounted"],
    )


def _op_fields(op: Op) -> dict[str, object]:
    fields: dict[str, object] = {
        "id": op.id, "kind": op.kind, "inputs": op.inputs, "shape": op.output.shape, "dtype": op.output.dtype,
        "weights": [(weight.id, weight.shape, weight.dtype, weight.role) for weight in op.weights],
        "block": op.block, "attrs": dict(op.attrs), "figures": dict(op.figures), "source": op.source,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value not in ("", {}, [], ())}


def _op(fields: OpFields) -> Op:
    return Op(
        id=fields["id"],
        kind=fields["kind"],
        inputs=tuple(fields.get("inputs", ())),
        output=TensorSpec(shape=tuple(fields.get("shape", ())), dtype=fields["dtype"]),
        weights=tuple(
            Weight(id=name, shape=tuple(shape), dtype=dtype, role=role)
            for name, shape, dtype, role in fields.get("weights", ())
        ),
        block=fields.get("block", ""),
        attrs=_tuples(fields.get("attrs", {})),
        figures=_tuples(fields.get("figures", {})),
        source=fields.get("source", ""),
    )


def _tuples(values: dict[str, Json]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
