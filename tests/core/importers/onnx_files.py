"""Small ONNX files for the tests, written with the onnx package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str]


def node(op_type: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    """A node whose input and output names are separated by spaces; "-" is an absent input."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op_type, names, outputs.split(), **attributes)


def weight(name: str, *shape: int, value: float | None = None) -> Any:
    """A stored tensor of random numbers, or of one repeated number."""
    data = np.random.default_rng(len(name)).normal(size=shape) if value is None else np.full(shape, value)
    return numpy_helper.from_array(data.astype(np.float32), name)


def integers(name: str, *values: int) -> Any:
    """A stored list of whole numbers."""
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def model(
    nodes: Sequence[Any],
    inputs: Mapping[str, Shape],
    outputs: Sequence[Any],
    stored: Sequence[Any] = (),
    *,
    opset: int = 17,
    integer_inputs: Sequence[str] = (),
    **more: Any,
) -> Any:
    """An ONNX model; inputs are floating unless named in `integer_inputs`, outputs are names or typed."""
    kinds = {name: TensorProto.INT64 if name in integer_inputs else TensorProto.FLOAT for name in inputs}
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kinds[name], list(shape)) for name, shape in inputs.items()],
        [onnx.ValueInfoProto(name=one) if isinstance(one, str) else one for one in outputs],
        list(stored),
    )
    imports = [helper.make_opsetid("", opset), *more.pop("domains", [])]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, **more)


def save(path: Path, *arguments: Any, **options: Any) -> Path:
    """Writes the model that `model(*arguments, **options)` makes and returns its path."""
    path.write_bytes(model(*arguments, **options).SerializeToString())
    return path
