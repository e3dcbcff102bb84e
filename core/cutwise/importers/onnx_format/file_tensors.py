"""Every tensor that an ONNX graph holds: initializers, constants, attributes, in branches and bodies too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, dtype_name

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, NodeProto, SparseTensorProto, TensorProto

CONSTANT = "Constant"
# Numbers of onnx.AttributeProto.AttributeType: float, int, string, whole numbers, strings.
SMALL = frozenset({1, 2, 3, 7, 8})
LEARNING_DOMAIN = "ai.onnx.ml"
"""Its operators hold what they have learned as lists of numbers."""


@dataclass(frozen=True, slots=True)
class FileTensor:
    """The name a tensor has in its graph, or that of its node and attribute; its shape and dtype."""

    name: str
    spec: TensorSpec


def tensors_of(graph: GraphProto) -> Iterator[FileTensor]:
    """All tensors of `graph`, those of its branches and bodies after the node they belong to."""
    yield from (_dense(tensor.name, tensor) for tensor in graph.initializer)
    yield from (_sparse(sparse.values.name, sparse) for sparse in graph.sparse_initializer)
    for node in graph.node:
        yield from tensors_in(node)


def holds_tensors(node: NodeProto) -> bool:
    """False for a node whose attributes are all numbers, words and lists of whole numbers."""
    return any(attribute.type not in SMALL for attribute in node.attribute)


def tensors_in(node: NodeProto) -> Iterator[FileTensor]:
    """All tensors that `node` holds in its attributes and in the graphs among them."""
    made = node.output[0] if node.output else node.name
    for attribute in node.attribute:
        name = made if node.op_type == CONSTANT else f"{made}.{attribute.name}"
        yield from (_dense(name, tensor) for tensor in _tensors(attribute))
        if attribute.HasField("sparse_tensor"):
            yield _sparse(name, attribute.sparse_tensor)
        learned = node.domain == LEARNING_DOMAIN and len(set(attribute.floats)) > 1
        if learned or (attribute.floats and node.op_type == CONSTANT):
            yield FileTensor(name, TensorSpec(shape=(len(attribute.floats),)))
        for inner in graphs_in(attribute):
            yield from tensors_of(inner)


def graphs_in(attribute: AttributeProto) -> Iterator[GraphProto]:
    """The graphs that are the value of `attribute`."""
    if attribute.HasField("g"):
        yield attribute.g
    yield from attribute.graphs


def _tensors(attribute: AttributeProto) -> Iterator[TensorProto]:
    if attribute.HasField("t"):
        yield attribute.t
    yield from attribute.tensors


def _dense(name: str, tensor: TensorProto) -> FileTensor:
    return FileTensor(name, TensorSpec(shape=tuple(tensor.dims), dtype=dtype_name(tensor.data_type)))


def _sparse(name: str, sparse: SparseTensorProto) -> FileTensor:
    return FileTensor(name, TensorSpec(shape=tuple(sparse.dims), dtype=dtype_name(sparse.values.data_type)))


def store_constant(known: OnnxTrace, step: OnnxStep) -> bool:
    """Enters what a Constant node holds; False where that is a number or a text, which are no weights.

    Raises `ModelImportError` for a node that holds nothing.
    """
    attribute = step.node.attribute[0] if len(step.node.attribute) == 1 else None
    name = step.outputs[0]
    if attribute is None or attribute.name == "value":
        if attribute is None or not attribute.HasField("t"):
            raise ModelImportError(f"{known.file}: constant {name!r} has no value; export the model again")
        known.tensors.store(name, attribute.t, file=known.file)
        return True
    if attribute.name == "value_floats":
        from onnx.numpy_helper import from_array

        numbers = from_array(np.array(attribute.floats, dtype=np.float32), name)
        known.tensors.store(name, numbers, file=known.file)
        return True
    if attribute.name == "sparse_value":
        sparse = attribute.sparse_tensor
        known.tensors.store_shape(name, sparse.values.data_type, tuple(sparse.dims), file=known.file)
        return True
    return False
