"""Reads ONNX files: opset 7 and newer, with their weights inside, beside or missing.

Files with the weights beside them are never opened: the graph alone says what a model costs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.importer import Importer
from cutwise.importers.onnx_format.contrib.names import STANDARD_DOMAINS
from cutwise.importers.onnx_format.fitting import fitted
from cutwise.importers.onnx_format.flow.loops import trips_key
from cutwise.importers.onnx_format.functions import all_nodes, inlined
from cutwise.importers.onnx_format.graph import build_ops
from cutwise.importers.onnx_format.leftovers import left_over, weighed
from cutwise.importers.onnx_format.notices import quantised_warnings, warnings_about
from cutwise.importers.onnx_format.prescan import graph_bytes, looks_like_onnx

if TYPE_CHECKING:
    from onnx import ModelProto

# Before opset 7 operators broadcast by an attribute of their own.
OLDEST_OPSET = 7


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph in the ONNX file at `path`, its open dimensions bound to `dims` or to proposals.

    Raises `ModelImportError` when the file is damaged, too large or too deep, or when the shape of
    a tensor cannot be determined.
    """
    model = _parsed(graph_bytes(path), path.name)
    opset = _opset(model, path.name)
    model = inlined(model, file=path.name)
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in stored]
    loops = {trips_key(node) for node in all_nodes(model.graph.node) if node.op_type == "Loop"}
    turns = {name: size for name, size in dims.items() if name in loops}
    others = {name: size for name, size in dims.items() if name not in loops}
    found = fitted(model, inputs, others, turns=turns, file=path.name)
    bound, known = found.bound, found.trace
    ops = build_ops(known, [value.name for value in inputs])
    rest = left_over(model.graph, known, ops)
    return ModelGraph(
        name=path.stem,
        ops=ops,
        batch_size=found.batch_size,
        dims={**bound.chosen, **known.chosen},
        provenance=_provenance(model, opset, path),
        warnings=(
            *bound.warnings,
            *filter(None, (found.doubt,)),
            *dict.fromkeys(known.notes),
            *warnings_about(known, ops, inputs),
            *(one.sentence() for one in rest),
            *quantised_warnings(ops),
        ),
        uncounted=weighed(rest, found.batch_size),
    )


def _parsed(data: bytes, file: str) -> ModelProto:
    import onnx

    try:
        return onnx.ModelProto.FromString(data)
    except Exception:
        # protobuf's DecodeError, which has no place of its own in all its releases
        raise ModelImportError(f"{file}: is no valid ONNX message; download or export it again") from None


def _opset(model: ModelProto, file: str) -> int:
    versions = [entry.version for entry in model.opset_import if entry.domain in STANDARD_DOMAINS]
    if not model.graph.node:
        raise ModelImportError(f"{file}: holds no nodes; export the model again")
    opset = max(versions, default=1)
    if opset < OLDEST_OPSET:
        raise ModelImportError(
            f"{file}: uses opset {opset}, {OLDEST_OPSET} and newer are read; "
            "convert it with onnx.version_converter.convert_version(model, 17)"
        )
    return opset


def _provenance(model: ModelProto, opset: int, path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    producer = f"{model.producer_name} {model.producer_version}".strip()
    return {
        "format": "onnx",
        "file": path.name,
        "opset": str(opset),
        "producer": producer or "not stated",
        "ir_version": str(model.ir_version),
        "sha256": digest,
    }


IMPORTER = Importer(
    name="onnx", about="ONNX (without weights is fine)", suffixes=(".onnx",), sniff=looks_like_onnx, read=read
)
