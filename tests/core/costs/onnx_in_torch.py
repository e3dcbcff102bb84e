"""Runs an ONNX file's nodes as PyTorch operations, without weights or data: an oracle that knows no formula.

It reads the file itself, not through an importer, and computes on torch's meta device: shapes only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import TensorProto
from onnx.helper import get_attribute_value
from torch import nn
from torch.nn import functional

Attributes = Mapping[str, Any]


class OnnxInTorch(nn.Module):
    """The network of the ONNX file at `path`; its weights are parameters, or buffers of batch norm."""

    def __init__(self, path: Path):
        super().__init__()
        graph = onnx.load(path, load_external_data=False).graph
        statistics = {name for n in graph.node if n.op_type == "BatchNormalization" for name in n.input[3:]}
        self.nodes, self.inputs, self.result = (
            list(graph.node),
            [i.name for i in graph.input],
            graph.output[0].name,
        )
        # What nothing reads any more is let go, as local names of a written module are.
        self.last_read = {name: number for number, n in enumerate(self.nodes) for name in n.input}
        self.constants: dict[str, Any] = {}
        self.names: dict[str, str] = {}
        for number, tensor in enumerate(graph.initializer):
            if tensor.data_location != TensorProto.EXTERNAL:
                self.constants[tensor.name] = _constant(tensor)
                continue
            self.names[tensor.name] = f"w{number}"
            empty = torch.empty(tuple(tensor.dims), device="meta")
            if tensor.name in statistics:
                self.register_buffer(f"w{number}", empty)
            else:
                self.register_parameter(f"w{number}", nn.Parameter(empty))

    def forward(self, *data: torch.Tensor) -> torch.Tensor:
        held = {name: getattr(self, own) for name, own in self.names.items()}
        values: dict[str, Any] = {**self.constants, **held, **dict(zip(self.inputs, data, strict=True))}
        del data
        for number, node in enumerate(self.nodes):
            attributes = {a.name: get_attribute_value(a) for a in node.attribute}
            values[node.output[0]] = RUN[node.op_type](attributes, *(values[name] for name in node.input))
            for name in node.input:
                if self.last_read[name] == number:
                    del values[name]
        return values[self.result]


def _constant(tensor: TensorProto) -> Any:
    array = onnx.numpy_helper.to_array(tensor)
    return array.item() if array.ndim == 0 else torch.from_numpy(array.copy())


def _padding(a: Attributes) -> list[int]:
    """Samples pad alike on both ends of each axis."""
    pads = a.get("pads", [0, 0, 0, 0])
    return list(pads[: len(pads) // 2])


def _conv(a: Attributes, x: Any, w: Any, b: Any = None) -> Any:
    return functional.conv2d(x, w, b, a["strides"], _padding(a), groups=a.get("group", 1))


def _max_pool(a: Attributes, x: Any) -> Any:
    return functional.max_pool2d(
        x, a["kernel_shape"], a["strides"], _padding(a), ceil_mode=bool(a.get("ceil_mode", 0))
    )


def _reshape(a: Attributes, x: Any, shape: Any) -> Any:
    return x.reshape([x.shape[axis] if size == 0 else size for axis, size in enumerate(shape.tolist())])


def _gather(a: Attributes, x: Any, indices: Any) -> Any:
    if isinstance(indices, int):
        return x.select(a["axis"], indices)
    return functional.embedding(indices.to(x.device), x)


def _layer_norm(a: Attributes, x: Any, g: Any, b: Any) -> Any:
    return functional.layer_norm(x, g.shape, g, b, a["epsilon"])


def _where(a: Attributes, condition: Any, x: Any, y: Any) -> Any:
    return torch.where(condition.to(x.device), x, y)


RUN: Mapping[str, Callable[..., Any]] = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": lambda a, x: functional.avg_pool2d(x, a["kernel_shape"], a["strides"]),
    "BatchNormalization": lambda a, x, g, b, m, v: functional.batch_norm(x, m, v, g, b, training=True),
    "Clip": lambda a, x, low, high: x.clamp(low, high),
    "Concat": lambda a, *parts: torch.cat(parts, a["axis"]),
    "Conv": _conv,
    "ConvTranspose": lambda a, x, w, b: functional.conv_transpose2d(x, w, b, a["strides"]),
    "Dropout": lambda a, x: x,
    "Expand": lambda a, x, shape: x.expand(shape.tolist()),
    "Flatten": lambda a, x: x.flatten(a["axis"]),
    "Gather": _gather,
    "Gelu": lambda a, x: functional.gelu(x, approximate=a["approximate"].decode()),
    "Gemm": lambda a, x, w, b: functional.linear(x, w, b),
    "GlobalAveragePool": lambda a, x: functional.adaptive_avg_pool2d(x, 1),
    "GreaterOrEqual": lambda a, x, y: x >= y,
    "LayerNormalization": _layer_norm,
    "MatMul": lambda a, x, y: x @ y,
    "MaxPool": _max_pool,
    "Mul": lambda a, x, y: x * y,
    "Range": lambda a, start, stop, step: torch.arange(start, int(stop), step),
    "ReduceMean": lambda a, x, axes: x.mean(axes.tolist(), keepdim=bool(a["keepdims"])),
    "Relu": lambda a, x: functional.relu(x),
    "Reshape": _reshape,
    "Shape": lambda a, x: torch.tensor(x.shape[a["start"] : a["end"]]),
    "Softmax": lambda a, x: torch.softmax(x, a["axis"]),
    "Squeeze": lambda a, x: x.squeeze(),
    "Transpose": lambda a, x: x.permute(*a["perm"]),
    "Unsqueeze": lambda a, x, axes: x.unsqueeze(int(axes)),
    "Where": _where,
}
