"""Sizes for the dimensions an ONNX file leaves open: given by the user, or proposed and said so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import FLOATING
from cutwise.importers.onnx_format.tensors import dtype_name

if TYPE_CHECKING:
    from onnx import TypeProto, ValueInfoProto

BATCH, CHANNELS, PIXELS, TOKENS, FRAMES = 1, 3, 224, 128, 16

# Names that say what a dimension is, whatever its axis.
NAMED_SIZES = (
    (re.compile(r"(^|_)(batch|bs|b|n)(_?size)?$", re.IGNORECASE), BATCH),
    (re.compile(r"seq|token|length|time|step|word", re.IGNORECASE), TOKENS),
    (re.compile(r"height|width|^[hw]$|(^|_)[hw]$", re.IGNORECASE), PIXELS),
    (re.compile(r"channel", re.IGNORECASE), CHANNELS),
    (re.compile(r"frame", re.IGNORECASE), FRAMES),
)

# What some exporters write for "open", on every open axis alike.
PLACEHOLDERS = frozenset({"", "?", "None", "-1", "dynamic"})

# What the axes of an input mean where no name tells: by number of axes, batch first.
FLOATING_AXES = FrozenDict(
    {
        3: (BATCH, TOKENS, TOKENS),
        4: (BATCH, CHANNELS, PIXELS, PIXELS),
        5: (BATCH, CHANNELS, FRAMES, PIXELS, PIXELS),
    }
)


@dataclass(frozen=True, slots=True)
class OpenDim:
    """One axis of one input whose size the file leaves open; `name` is the file's own, or empty."""

    input: str
    axis: int
    rank: int
    floating: bool
    name: str

    @property
    def key(self) -> str:
        """What `dims` calls it: its name, or "input_name:axis"."""
        return self.name or self.place

    @property
    def place(self) -> str:
        """Input and axis, "input_name:axis"."""
        return f"{self.input}:{self.axis}"


@dataclass(frozen=True, slots=True)
class BoundDims(Frozen):
    """All open dimensions by key; sizes by key and by place; those worth recording; what was assumed.

    `batch_size` is the size of the open batch dimension, None where no dimension looks like one.
    """

    open: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    batch_size: int | None = None


def bind(inputs: Sequence[ValueInfoProto], dims: Mapping[str, int], *, file: str) -> BoundDims:
    """Sizes for all open dimensions of the value infos `inputs`.

    `dims` decides where it names one; the batch is 1, other sizes are proposals, each with a
    warning. Raises `ModelImportError` when `dims` names a dimension that is not open.
    """
    open_dims = [dim for value in inputs for dim in _open_dims(value, file)]
    _refuse_unknown(dims, open_dims, file)
    sizes: dict[str, int] = {}
    chosen: dict[str, int] = {}
    warnings: list[str] = []
    for dim in open_dims:
        given = dims.get(dim.place, dims.get(dim.key))
        size = given if given is not None else sizes.get(dim.key, _proposed(dim))
        assumed = given is None and dim.key not in sizes and not _is_batch(dim)
        sizes[dim.place] = sizes[dim.key] = size
        if given is not None or not _is_batch(dim):
            chosen[dim.key] = size
        if assumed:
            warnings.append(
                f"dimension {dim.key!r} of input {dim.input!r} is open; {size} is assumed, "
                f"dims={{{dim.key!r}: …}} gives another size"
            )
    batches = [sizes[dim.key] for dim in open_dims if _is_batch(dim)]
    return BoundDims(
        {dim.key: sizes[dim.key] for dim in open_dims},
        sizes,
        chosen,
        tuple(warnings),
        batches[0] if batches else None,
    )


def set_sizes(value_type: TypeProto, sizes: Mapping[str, int], *, input_name: str = "") -> None:
    """Writes `sizes` into the open dimensions of a tensor type, by input axis or by their name."""
    for axis, dim in enumerate(value_type.tensor_type.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value > 0:
            continue
        size = sizes.get(f"{input_name}:{axis}", sizes.get(dim.dim_param))
        if size is not None:
            dim.Clear()
            dim.dim_value = size


def _open_dims(value: ValueInfoProto, file: str) -> Iterator[OpenDim]:
    tensor = value.type.tensor_type
    floating = dtype_name(tensor.elem_type) in FLOATING
    for axis, dim in enumerate(tensor.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value < -1:
            raise ModelImportError(
                f"{file}: input {value.name!r} has size {dim.dim_value} at axis {axis}; "
                "export it with sizes above 0"
            )
        if not (dim.HasField("dim_value") and dim.dim_value > 0):
            name = "" if dim.dim_param in PLACEHOLDERS else dim.dim_param
            yield OpenDim(value.name, axis, len(tensor.shape.dim), floating, name)


def _refuse_unknown(dims: Mapping[str, int], open_dims: Sequence[OpenDim], file: str) -> None:
    known = dict.fromkeys(name for dim in open_dims for name in (dim.key, dim.place))
    for name in dims:
        if name not in known:
            keys = ", ".join(dict.fromkeys(dim.key for dim in open_dims)) or "none"
            raise ModelImportError(
                f"{file}: dims names {name!r}, which is not open in this file; open are: {keys}"
            )


def _proposed(dim: OpenDim) -> int:
    for pattern, size in NAMED_SIZES:
        if dim.name and pattern.search(dim.name):
            return size
    if dim.axis == 0:
        return BATCH
    axes = FLOATING_AXES.get(dim.rank, ()) if dim.floating else ()
    return axes[dim.axis] if axes else TOKENS


def _is_batch(dim: OpenDim) -> bool:
    return _proposed(dim) == BATCH
