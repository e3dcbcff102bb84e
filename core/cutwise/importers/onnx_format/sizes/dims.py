"""Sizes for the dimensions an ONNX file leaves open: given by the user, or proposed and said so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cutwise.errors import ModelImportError, shown
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import FLOATING
from cutwise.importers.onnx_format.sizes.size_names import computed, parts_of, total_of
from cutwise.importers.onnx_format.tensors import dtype_name

if TYPE_CHECKING:
    from onnx import TypeProto, ValueInfoProto

BATCH, CHANNELS, PIXELS, TOKENS, FRAMES = 1, 3, 224, 128, 16
SAMPLES = 16_000
"""A second of speech."""
IMAGE_CHANNELS = frozenset({1, 3, 4})

BATCH_NAME = re.compile(r"(^|_)(batch|bs|b|n)(_?size)?$", re.IGNORECASE)
# One letter may as well be the number of nodes: what the ops do decides.
CALLED_BATCH = re.compile(r"batch|^bs$", re.IGNORECASE)
SAMPLES_NAME = re.compile(r"samples?$|audio|wav|pcm", re.IGNORECASE)
# Names that say what a dimension is, whatever its axis.
NAMED_SIZES = (
    (BATCH_NAME, BATCH),
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
CHANNELS_LAST = FrozenDict(
    {4: (BATCH, PIXELS, PIXELS, CHANNELS), 5: (BATCH, FRAMES, PIXELS, PIXELS, CHANNELS)}
)

Axis = tuple[str, int]


@dataclass(frozen=True, slots=True)
class OpenDim:
    """One axis of one input whose size the file leaves open; `name` is the file's own, or empty.

    `shape` are the sizes of all its axes that the file or the weights say, 0 for others.
    """

    input: str
    axis: int
    shape: tuple[int, ...]
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

    @property
    def is_named_batch(self) -> bool:
        """True where the file calls it the batch."""
        return bool(BATCH_NAME.search(self.name) and CALLED_BATCH.search(self.name))


@dataclass(frozen=True, slots=True)
class BoundDims(Frozen):
    """All open dimensions by key; sizes by key and by place; those worth recording; what was assumed.

    `assumed` are keys of sizes that nothing decided. `batch_size` is the size of the open batch dimension,
    None where no dimension looks like one; `batch` are the axes that were taken for it, `named` those of
    them that the file calls so.
    """

    open: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    batch_size: int | None = None
    assumed: frozenset[str] = frozenset()
    batch: frozenset[Axis] = frozenset()
    named: tuple[Axis, ...] = ()


@dataclass(frozen=True, slots=True)
class Known(Frozen):
    """What is known of open axes beside their names: sizes by the weights, which are a batch, tried sizes."""

    weights: Mapping[Axis, int] = field(default_factory=dict)
    roles: Mapping[Axis, bool] = field(default_factory=dict)
    tried: Mapping[str, int] = field(default_factory=dict)

    def with_roles(self, roles: Mapping[Axis, bool]) -> Known:
        """The same with other axes known to be a batch or none."""
        return Known(self.weights, roles, self.tried)


NOTHING = Known()


def bind(
    inputs: Sequence[ValueInfoProto], dims: Mapping[str, int], *, file: str, known: Known = NOTHING
) -> BoundDims:
    """Sizes for all open dimensions of the value infos `inputs`.

    `dims` decides where it names one, then what other names add up to, then the weights; the batch is 1,
    other sizes are proposals, each with a warning. Raises `ModelImportError` when `dims` names a dimension
    that is not open.
    """
    open_dims = [dim for value in inputs for dim in _open_dims(value, known.weights, file)]
    _refuse_unknown(dims, open_dims, file)
    names = frozenset(dim.name for dim in open_dims)
    sums = {dim.key: total_of(dim.key, names) for dim in open_dims if _is_sum(dim.name, names)}
    decided = {dim.key: known.weights[dim.input, dim.axis] for dim in open_dims if _has(known, dim)}
    batches = {dim.key for dim in open_dims if _is_batch(dim, known)} - sums.keys()
    sizes: dict[str, int] = {}
    for dim in (dim for dim in open_dims if dim.key not in sums):
        sizes[dim.key] = sizes.get(dim.key) or decided.get(dim.key) or _proposed(dim, known)
    sizes |= {dim.key: dims[name] for dim in open_dims for name in (dim.key, dim.place) if name in dims}
    sizes |= {key: total for key, name in sums.items() if (total := computed(name, sizes)) is not None}
    sizes |= dims
    placed = {dim.place: dims.get(dim.place, sizes[dim.key]) for dim in open_dims}
    given = {dim.key for dim in open_dims if dim.key in dims or dim.place in dims}
    assumed = {d.key: d for d in reversed(open_dims) if d.key not in {*given, *sums, *decided, *batches}}
    quiet = {*sums, *decided, *batches} - given
    return BoundDims(
        open={dim.key: placed[dim.place] for dim in open_dims},
        sizes=placed | {key: size for key, size in sizes.items() if key not in placed},
        chosen={dim.key: placed[dim.place] for dim in open_dims if dim.key not in quiet},
        warnings=tuple(
            f"dimension {key!r} of input {assumed[key].input!r} is open; {sizes[key]} is assumed, "
            f"dims={{{key!r}: …}} gives another size"
            for key in dict.fromkeys(dim.key for dim in open_dims)
            if key in assumed
        ),
        batch_size=next((placed[dim.place] for dim in open_dims if dim.key in batches), None),
        assumed=frozenset(assumed),
        batch=frozenset((dim.input, dim.axis) for dim in open_dims if dim.key in batches),
        named=tuple((dim.input, dim.axis) for dim in open_dims if dim.is_named_batch),
    )


def set_sizes(value_type: TypeProto, sizes: Mapping[str, int], *, input_name: str = "") -> None:
    """Writes `sizes` into the open dimensions of a tensor type, by input axis or by their name."""
    for axis, dim in enumerate(value_type.tensor_type.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value > 0:
            continue
        size = sizes.get(f"{input_name}:{axis}", sizes.get(dim.dim_param))
        if size is None and dim.dim_param:
            size = computed(dim.dim_param, sizes)
        if size is not None:
            dim.Clear()
            dim.dim_value = size


def _open_dims(value: ValueInfoProto, weights: Mapping[Axis, int], file: str) -> Iterator[OpenDim]:
    tensor = value.type.tensor_type
    floating = dtype_name(tensor.elem_type) in FLOATING
    shape = tuple(
        max(dim.dim_value, 0) or weights.get((value.name, axis), 0)
        for axis, dim in enumerate(tensor.shape.dim)
    )
    for axis, dim in enumerate(tensor.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value < -1:
            raise ModelImportError(
                f"{file}: input {value.name!r} has size {dim.dim_value} at axis {axis}; "
                "export it with sizes above 0"
            )
        if not (dim.HasField("dim_value") and dim.dim_value > 0):
            name = "" if dim.dim_param in PLACEHOLDERS else dim.dim_param
            yield OpenDim(value.name, axis, shape, floating, name)


def _refuse_unknown(dims: Mapping[str, int], open_dims: Sequence[OpenDim], file: str) -> None:
    known = dict.fromkeys(name for dim in open_dims for name in (dim.key, dim.place))
    for name in dims:
        if name not in known:
            keys = ", ".join(dict.fromkeys(dim.key for dim in open_dims)) or "none"
            raise ModelImportError(
                f"{file}: dims names {shown(name)}, which is not open in this file; open are: {keys}"
            )


def _is_sum(name: str, names: frozenset[str]) -> bool:
    """True for a name that others of the file add up to."""
    whole = total_of(name, names)
    parts = parts_of(whole)
    return whole not in parts and bool(parts) and parts <= names


def _has(known: Known, dim: OpenDim) -> bool:
    return (dim.input, dim.axis) in known.weights


def _proposed(dim: OpenDim, known: Known) -> int:
    if _is_batch(dim, known):
        return BATCH
    return known.tried.get(dim.key, _usual(dim, is_batch=False))


def _is_batch(dim: OpenDim, known: Known) -> bool:
    if _has(known, dim):
        return False
    role = known.roles.get((dim.input, dim.axis))
    return _usual(dim, is_batch=True) == BATCH if role is None else role


def _usual(dim: OpenDim, *, is_batch: bool) -> int:
    """The size of a dimension by its name or its axis; the first axis may be the batch."""
    if dim.axis and SAMPLES_NAME.search(dim.name):
        return SAMPLES
    for pattern, size in NAMED_SIZES:
        if dim.name and pattern.search(dim.name) and (is_batch or size != BATCH):
            return size
    if dim.axis == 0:
        return BATCH if is_batch else TOKENS
    rank = len(dim.shape)
    axes = FLOATING_AXES.get(rank, ()) if dim.floating or rank > 3 else ()
    if rank in CHANNELS_LAST and _has_channels_last(dim.shape):
        axes = CHANNELS_LAST[rank]
    return axes[dim.axis] if axes else TOKENS


def _has_channels_last(shape: tuple[int, ...]) -> bool:
    """True where the last axis is known and like channels, or the only known one."""
    if shape[1] in IMAGE_CHANNELS:
        return False
    return shape[-1] in IMAGE_CHANNELS or (shape[-1] > 0 and not any(shape[1:-1]))
