"""What becomes of axes where places are picked by numbers that are data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from cutwise.frozen import FrozenDict
from cutwise.importers.torch_format.axes.axis_parts import Axes, size_of, unlabelled
from cutwise.importers.torch_format.axes.axis_reading import Reading
from cutwise.importers.torch_format.nodes import Ref


def _selected(reading: Reading) -> Axes:
    dims = reading.dims() or {0}
    return tuple(axis for at, axis in enumerate(reading.given("self")) if at not in dims)


def _rows(reading: Reading) -> Axes:
    """Rows of a table: the axes of the places, and one for what a row holds."""
    places = reading.given("indices")
    if len(places) + 1 == len(reading.shape):
        return (*places, unlabelled(reading.shape[-1]))
    ends = reading.given("offsets", "indices")
    return (*ends[:1], *map(unlabelled, reading.shape[1:]))


def _picked(reading: Reading) -> Axes:
    (at,) = reading.dims() or {0}
    axes, index = reading.given("self"), reading.given("index")
    return (*axes[:at], *(index or ((),)), *axes[at + 1 :])


def _gathered(reading: Reading) -> Axes:
    """`gather` and `scatter`: all axes but one meet."""
    dims = reading.dims()
    axes = reading.given("self")
    if dims is None or len(axes) != len(reading.shape):
        return tuple(map(unlabelled, reading.shape))
    (at,) = dims
    others = [
        reading.of(name) for p in ("index", "src", "source", "indices") for name in reading.facts.call.refs(p)
    ]
    same = [other for other in others if len(other) == len(axes)]
    met = reading.aligned([axes, *same], reading.shape)
    along = reading.given("index", "indices") if reading.facts.op in ("gather", "take_along_dim") else axes
    kept = along[at] if len(along) > at and size_of(along[at]) == reading.shape[at] else ()
    return (*met[:at], kept or unlabelled(reading.shape[at]), *met[at + 1 :])


def _indexed(reading: Reading) -> Axes:
    """Several axes picked by tensors that meet: x[rows, columns]."""
    axes, places = reading.given("self"), reading.facts.value("indices")
    found = list(places) if isinstance(places, list) else []
    picked = [at for at, item in enumerate(found) if isinstance(item, Ref)]
    left = [axis for at, axis in enumerate(axes) if at not in picked]
    rank = len(reading.shape) - len(left)
    if not picked or rank < 0:
        return tuple(map(unlabelled, reading.shape))
    together = picked == list(range(picked[0], picked[-1] + 1))
    start = picked[0] if together else 0
    shape = reading.shape[start : start + rank]
    tensors = [(at, reading.of(item.name)) for at in picked if isinstance(item := found[at], Ref)]
    met = reading.aligned([t for _, t in tensors] + _counted(axes, tensors), shape)
    return (*left[:start], *met, *left[start:])


def _counted(axes: Axes, tensors: Sequence[tuple[int, Axes]]) -> list[Axes]:
    """Axes of which every place is picked in turn, as by `arange(batch)`, where the index has them."""
    kept = []
    for at, index in tensors if len(tensors) > 1 else ():
        longest = [axis for axis in index if size_of(axis) > 1]
        counts = len(longest) == 1 and math.prod(map(size_of, index)) == size_of(axes[at])
        if counts and all(part.label < 0 for part in longest[0]):
            kept.append(tuple(axes[at] if axis is longest[0] else () for axis in index))
    return kept


def _written(reading: Reading) -> Axes:
    """Into some places of the first tensor something is written."""
    axes = reading.given("self")
    written = [reading.of(name) for name in reading.facts.call.refs()[1:]]
    same = [other for other in written if len(other) == len(axes)]
    return reading.aligned([axes, *same], reading.shape) if len(axes) == len(reading.shape) else axes


Gather = Callable[[Reading], Axes | None]
GATHERS: Mapping[str, Gather] = FrozenDict({
    **dict.fromkeys(("select", "unbind"), _selected),
    **dict.fromkeys(("embedding", "embedding_bag", "_embedding_bag", "_embedding_bag_forward_only"), _rows),
    "index_select": _picked,
    "index": _indexed,
    **dict.fromkeys(
        ("gather", "take_along_dim", "scatter", "scatter_add", "scatter_reduce", "index_add", "index_copy"),
        _gathered,
    ),
    **dict.fromkeys(
        ("index_put", "_index_put_impl", "index_fill", "masked_scatter", "put", "slice_scatter",
         "select_scatter", "diagonal_scatter"), _written,
    ),
    **dict.fromkeys(("take", "masked_select"), lambda reading: tuple(map(unlabelled, reading.shape))),
})  # fmt: skip
