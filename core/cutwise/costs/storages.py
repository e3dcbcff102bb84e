"""Which tensors share memory: a view has no storage of its own, a reshape that cannot be a view copies.

Follows eager PyTorch: strides are tracked through transpositions, slices and element-wise ops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from cutwise.costs.ops.formula import drops
from cutwise.costs.ops.pointwise import ACTIVATIONS
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec

Strides = tuple[int, ...]

RESHAPES = frozenset({"reshape", "flatten", "squeeze", "unsqueeze"})
ALIASES = frozenset({"identity", "dropout", "cast"})
PARTS = frozenset({"slice", "split"})
VIEWS = RESHAPES | ALIASES | PARTS | {"transpose", "expand"}
# These write their result in the order their (first) input lies in memory.
KEEP_LAYOUT = frozenset((set(ACTIVATIONS) - {"softmax", "log_softmax"}) | {
    "prelu", "add", "sub", "mul", "div", "maximum", "minimum", "neg", "dropout", "attention",
})  # fmt: skip


def storage_roots(
    graph: ModelGraph, *, training: bool, laid_out_like: Mapping[int, int] | None = None
) -> list[int]:
    """For each op, the position of the op in whose storage its output lies; its own if it has one.

    `laid_out_like` names ops whose output is written in the memory order of another op's output, as
    fused attention writes its result in the order of the queries.
    """
    order_of = laid_out_like or {}
    roots = list(range(len(graph)))
    layouts: list[Strides | None] = [None] * len(graph)
    for position, op in enumerate(graph.ops):
        if not op.inputs:
            continue
        source = graph.index[op.inputs[0]]
        if _may_view(op, graph.ops[source].output) and not drops(op, training=training):
            is_view, layouts[position] = _viewed(op, graph.ops[source].output, layouts[source])
            roots[position] = roots[source] if is_view else position
        elif position in order_of:
            layouts[position] = _same_order(op, graph.ops[order_of[position]], layouts[order_of[position]])
        elif op.kind in KEEP_LAYOUT:
            layouts[position] = _same_order(op, graph.ops[source], layouts[source])
    return roots


def contiguous_strides(shape: tuple[int, ...]) -> Strides:
    """Strides of a tensor stored row by row.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def reshaped_strides(shape: tuple[int, ...], strides: Strides, wanted: tuple[int, ...]) -> Strides | None:
    """Strides of the same memory seen as `wanted`, or None where only a copy has that shape.

    A transposed 2x3 matrix (strides 1 and 3) is no vector of six, but still 3x1x2:

    >>> reshaped_strides((3, 2), (1, 3), (6,)) is None
    True
    >>> reshaped_strides((3, 2), (1, 3), (3, 1, 2))
    (1, 6, 3)
    """
    if math.prod(shape) != math.prod(wanted) or not math.prod(shape):
        return None
    runs = _runs(shape, strides)
    left, stride = runs.pop() if runs else (1, 1)
    found: list[int] = []
    for size in reversed(wanted):
        if size > 1 and left == 1:
            left, stride = runs.pop()
        if left % size:
            return None
        found.append(stride)
        left, stride = left // size, stride * size
    return tuple(reversed(found))


def _runs(shape: tuple[int, ...], strides: Strides) -> list[tuple[int, int]]:
    """Dimensions that lie in memory one right after another, merged into (size, stride)."""
    runs: list[tuple[int, int]] = []
    for size, stride in zip(shape, strides, strict=True):
        if runs and runs[-1][1] == size * stride:
            runs[-1] = (runs[-1][0] * size, stride)
        elif size > 1:
            runs.append((size, stride))
    return runs


def _may_view(op: Op, source: TensorSpec) -> bool:
    """Views, and picking one place along an axis: `x[:, 0]` is a gather whose index is constant."""
    picks = op.kind == "gather" and len(op.inputs) == 1 and len(op.output.shape) == len(source.shape) - 1
    return picks or op.kind in VIEWS


def _viewed(op: Op, source: TensorSpec, layout: Strides | None) -> tuple[bool, Strides | None]:
    """Whether `op` is a view of `source`, and its strides (None: stored row by row)."""
    shape = op.output.shape
    if op.kind in ALIASES:
        return op.output.dtype == source.dtype, layout
    if op.kind in RESHAPES:
        if layout is None or shape == source.shape:
            return True, layout
        strides = reshaped_strides(source.shape, layout, shape)
        return strides is not None, strides
    strides = layout or contiguous_strides(source.shape)
    if op.kind == "transpose":
        return True, _transposed(op, source, strides)
    if op.kind == "expand":
        return True, _expanded(source.shape, strides, shape)
    if op.kind == "gather":
        return True, _picked(source.shape, strides, shape)
    return True, strides if len(strides) == len(shape) else None


def _transposed(op: Op, source: TensorSpec, strides: Strides) -> Strides | None:
    order = op.attrs.get("perm") or _order(source.shape, op.output.shape)
    moved = tuple(strides[axis] for axis in order if axis < len(strides))
    if len(moved) != len(op.output.shape) or _row_by_row(op.output.shape, moved):
        return None
    return moved


def _order(shape: tuple[int, ...], moved: tuple[int, ...]) -> tuple[int, ...]:
    """An order of dimensions that explains `moved`: the nearest one, but not the one that moves nothing."""
    forward, backward = (_matched(shape, moved, reverse=reverse) for reverse in (False, True))
    return backward if forward == tuple(range(len(shape))) else forward


def _matched(shape: tuple[int, ...], moved: tuple[int, ...], *, reverse: bool) -> tuple[int, ...]:
    left = sorted(range(len(shape)), reverse=reverse)
    found: list[int] = []
    for size in moved:
        fitting = next((axis for axis in left if shape[axis] == size), None)
        if fitting is None:
            return ()
        left.remove(fitting)
        found.append(fitting)
    return tuple(found)


def _row_by_row(shape: tuple[int, ...], strides: Strides) -> bool:
    expected = contiguous_strides(shape)
    return all(s == e for n, s, e in zip(shape, strides, expected, strict=True) if n > 1)


def _picked(shape: tuple[int, ...], strides: Strides, left: tuple[int, ...]) -> Strides | None:
    """Strides without the first axis whose loss explains the shape that is left."""
    lost = (axis for axis in range(len(shape)) if shape[:axis] + shape[axis + 1 :] == left)
    return next((strides[:axis] + strides[axis + 1 :] for axis in lost), None)


def _expanded(shape: tuple[int, ...], strides: Strides, wanted: tuple[int, ...]) -> Strides | None:
    added = len(wanted) - len(shape)
    if added < 0:
        return None
    kept = (s if n == w else 0 for n, s, w in zip(shape, strides, wanted[added:], strict=True))
    return (0,) * added + tuple(kept)


def _same_order(op: Op, source: Op, layout: Strides | None) -> Strides | None:
    """Strides of a dense tensor whose dimensions lie in memory in the order of `layout`."""
    shape = op.output.shape
    if layout is None or shape != source.output.shape:
        return None
    stride, found = 1, list(shape)
    for axis in sorted(range(len(shape)), key=lambda axis: (layout[axis], -axis)):
        found[axis] = stride
        stride *= shape[axis]
    return None if _row_by_row(shape, tuple(found)) else tuple(found)
