"""What is known of the tensors of an ONNX graph: types, small values, and which are stored weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import TensorSpec
from cutwise.read_limits import ONNX_LOOP_NODES, ONNX_VALUE_ELEMENTS, TENSOR_ELEMENTS

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto, TypeProto

Values: TypeAlias = NDArray[np.generic]
"""The numbers of a tensor, of whatever element type its file has."""


# Numbers of onnx.TensorProto.DataType. Complex numbers are given a dtype of their width.
DTYPES: Mapping[int, str] = MappingProxyType(
    {
        1: "fp32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string",
        9: "bool", 10: "fp16", 11: "fp64", 12: "uint32", 13: "uint64", 14: "fp64", 15: "fp64", 16: "bf16",
        17: "fp8", 18: "fp8", 19: "fp8", 20: "fp8", 21: "uint4", 22: "int4", 23: "uint4", 24: "fp8",
        25: "uint2", 26: "int2",
    }
)  # fmt: skip


class SizeMisfitError(ModelImportError):
    """The sizes of the inputs do not fit the model; others might."""


class BranchMisfitError(SizeMisfitError):
    """One of two branches does not fit these sizes."""


@dataclass(slots=True)
class Tensors:
    """Tables by tensor name, filled in topological order.

    A constant depends on no model input; `roots` holds for each constant the stored tensors
    (initializers and the like, in `stored`) it is made from, those in `filled` from nothing but a shape.
    `values` holds small known values; `scales` are stored tensors that say how numbers are quantised,
    `scaled` what they are said of, `measured` scales that a node measures; `read` and `facts` keep what was
    worked out.
    """

    types: dict[str, TypeProto] = field(default_factory=dict)
    values: dict[str, Values] = field(default_factory=dict)
    roots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    stored: dict[str, TensorSpec] = field(default_factory=dict)
    scales: set[str] = field(default_factory=set)
    scaled: set[str] = field(default_factory=set)
    measured: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    read: dict[str, tuple[TypeProto | None, TensorSpec | None]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def is_constant(self, name: str) -> bool:
        """True for a tensor that depends on no model input."""
        return name in self.roots

    def spec(self, name: str) -> TensorSpec | None:
        """Shape and dtype, or None while a dimension is unknown."""
        found = self.types.get(name)
        read = self.read.get(name)
        if read is None or read[0] is not found:
            read = self.read[name] = (found, static_spec(found))
        return read[1]

    def known_spec(self, name: str) -> TensorSpec:
        """Shape and dtype of a tensor that has been checked to have them."""
        spec = self.spec(name)
        assert spec is not None, name
        return spec

    def store(self, name: str, tensor: TensorProto, *, file: str) -> None:
        """Enters a TensorProto that the file holds: an initializer or the value of a Constant."""
        self.store_shape(name, tensor.data_type, tuple(tensor.dims), file=file)
        value = _small_value(tensor, name, file)
        if value is not None:
            self.values[name] = value

    def store_shape(self, name: str, element: int, shape: tuple[int, ...], *, file: str) -> None:
        """Enters a stored tensor of which only element type and shape are known."""
        _check_stored(shape, name, file)
        self.stored[name] = TensorSpec(shape=shape, dtype=dtype_name(element))
        self.roots[name] = (name,)
        self.types[name] = tensor_type(element, shape)

    def is_uniform(self, name: str) -> bool:
        """True for a stored tensor of which all elements are known to be equal."""
        value = self.values.get(name)
        return value is not None and value.size > 0 and bool((value == value.flat[0]).all())

    def set_value(self, name: str, value: Values) -> None:
        """Enters a computed constant with its type."""
        from onnx.helper import np_dtype_to_tensor_dtype

        self.values[name] = value
        self.types[name] = tensor_type(np_dtype_to_tensor_dtype(value.dtype), value.shape)


@dataclass(frozen=True, slots=True)
class OnnxStep:
    """One node as it takes part in the graph: branches inlined, names made unique.

    It stands for `trips` turns of loops, and is `looped` where it stands in one.
    """

    node: NodeProto
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    trips: int = 1
    looped: bool = False


@dataclass(slots=True)
class OnnxTrace:
    """All steps in topological order, what is known of their tensors, and the graph's outputs.

    `lists` are the tensors in each sequence, `turns` how often loops run whose data say it, as given and
    as `chosen`, `notes` what was assumed on the way. Where the walk stands in loops: how many, how
    many turns a step there counts for, how many nodes their turns may have, what they store. Where it is
    `strict`, both branches that data decide between have to fit.
    """

    file: str
    opsets: Mapping[str, int]
    ir_version: int
    declared: Mapping[str, TypeProto]
    open: Mapping[str, int] = field(default_factory=dict)
    tensors: Tensors = field(default_factory=Tensors)
    steps: list[OnnxStep] = field(default_factory=list)
    outputs: tuple[str, ...] = ()
    taken: set[str] = field(default_factory=set)
    protos: dict[str, TensorProto] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    turns: Mapping[str, int] = field(default_factory=dict)
    chosen: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    loops: int = 0
    trips: int = 1
    room: float = ONNX_LOOP_NODES
    strict: bool = False
    once: dict[tuple[tuple[str, ...], str], str] = field(default_factory=dict)

    def proto(self, name: str) -> TensorProto:
        """The known value of tensor `name` as a TensorProto, made once."""
        if name not in self.protos:
            from onnx.numpy_helper import from_array

            self.protos[name] = from_array(self.tensors.values[name], name)
        return self.protos[name]


def sizes_remedy(known: OnnxTrace) -> str:
    """What to do about sizes that do not work: give others where they are open, or export anew."""
    if not known.open:
        return "export the model with other sizes"
    now = ", ".join(f"{name!r}: {size}" for name, size in known.open.items())
    return f"give other sizes with dims={{…}}, which now are {{{now}}}"


def label(node: NodeProto) -> str:
    """What messages call a node: its name, or the first tensor it makes, and its type."""
    name = node.name or next((output for output in node.output if output), "?")
    return f"op {name!r} ({node.op_type})"


def tensor_type(element: int, shape: Sequence[int]) -> TypeProto:
    """An ONNX TypeProto for a tensor of this element type and shape."""
    from onnx.helper import make_tensor_type_proto

    return make_tensor_type_proto(element, list(shape))


def dtype_name(element: int) -> str:
    """Our name of an ONNX element type; unknown and undefined ones count as fp32."""
    return DTYPES.get(element, "fp32")


def static_spec(value_type: TypeProto | None) -> TensorSpec | None:
    """Shape and dtype of an ONNX TypeProto when it is a tensor whose every dimension is known."""
    if value_type is None or not value_type.HasField("tensor_type"):
        return None
    tensor = value_type.tensor_type
    if not tensor.HasField("shape"):
        return None
    sizes = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim)
    return None if min(sizes, default=0) < 0 else TensorSpec(shape=sizes, dtype=dtype_name(tensor.elem_type))


def _check_stored(shape: tuple[int, ...], name: str, file: str) -> None:
    if min(shape, default=0) < 0:
        raise ModelImportError(
            f"{file}: weight {name!r} has the negative size {min(shape)}; it is damaged, export it again"
        )
    if math.prod(shape) > TENSOR_ELEMENTS:
        raise ModelImportError(
            f"{file}: weight {name!r} claims {math.prod(shape):.3g} elements; it is damaged, export it again"
        )


def _small_value(tensor: TensorProto, name: str, file: str) -> Values | None:
    from onnx import TensorProto, numpy_helper

    external = tensor.data_location == TensorProto.EXTERNAL
    if external or math.prod(tensor.dims) > ONNX_VALUE_ELEMENTS or not _has_payload(tensor):
        return None
    try:
        value: Values = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError) as error:
        raise ModelImportError(
            f"{file}: weight {name!r} does not hold the data its shape claims ({error}); export it again"
        ) from None
    return value


def _has_payload(tensor: TensorProto) -> bool:
    fields = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")
    return tensor.HasField("raw_data") or any(len(getattr(tensor, name)) for name in fields)
