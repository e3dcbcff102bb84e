"""Sizes that only data decide, bounded from above by what the op reads, and those that onnx leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, label, tensor_type

if TYPE_CHECKING:
    from onnx import AttributeProto, TypeProto

INT64, BOOL = 7, 9

Shape = tuple[int, ...]
Bound = Callable[[OnnxTrace, OnnxStep], Sequence[Shape] | None]


def bounded(known: OnnxTrace, step: OnnxStep) -> dict[str, TypeProto]:
    """Types of what `step` makes at its largest, where its size depends on data; empty for other ops."""
    bound = BOUNDS.get(step.node.op_type) if step.node.domain in ("", "ai.onnx") else None
    if bound is None or all(known.tensors.spec(name) is not None for name in step.outputs if name):
        return {}
    shapes = bound(known, step)
    if not shapes:
        return {}
    if step.node.op_type not in COMPARISONS:
        known.notes.append(
            f"the size of what {label(step.node)} makes depends on data; its upper bound "
            f"{'×'.join(map(str, shapes[0]))} is priced"
        )
    return {
        name: tensor_type(_element(known, step, slot), shape)
        for slot, (name, shape) in enumerate(zip(step.outputs, shapes, strict=False))
        if name and known.tensors.spec(name) is None
    }


def _element(known: OnnxTrace, step: OnnxStep, slot: int) -> int:
    found = known.tensors.types.get(step.outputs[slot])
    if found is not None and found.tensor_type.elem_type:
        return found.tensor_type.elem_type
    first = known.tensors.types.get(step.inputs[0])
    same = slot == 0 and step.node.op_type in SAME_TYPE and first is not None
    if same and first is not None:
        return first.tensor_type.elem_type
    return BOOL if step.node.op_type in COMPARISONS else INT64


def _shape(known: OnnxTrace, step: OnnxStep, slot: int) -> Shape | None:
    name = step.inputs[slot] if slot < len(step.inputs) else ""
    spec = known.tensors.spec(name) if name else None
    return spec.shape if spec is not None else None


def _number(known: OnnxTrace, step: OnnxStep, slot: int) -> int | None:
    name = step.inputs[slot] if slot < len(step.inputs) else ""
    value = known.tensors.values.get(name)
    return int(value.flat[0]) if value is not None and value.size == 1 else None


def _attributes(step: OnnxStep) -> dict[str, AttributeProto]:
    return {attribute.name: attribute for attribute in step.node.attribute}


def _suppressed(known: OnnxTrace, step: OnnxStep) -> Sequence[Shape] | None:
    """At most `max_output_boxes_per_class` boxes, or all, of each class of each picture."""
    scores = _shape(known, step, 1)
    if scores is None or len(scores) != 3:
        return None
    given = len(step.inputs) > 2 and bool(step.inputs[2])
    most = _number(known, step, 2) if given else 0
    boxes = scores[2] if most is None or most < 0 else min(most, scores[2])
    return [(scores[0] * scores[1] * boxes, 3)]


def _nonzero(known: OnnxTrace, step: OnnxStep) -> Sequence[Shape] | None:
    shape = _shape(known, step, 0)
    return [(max(len(shape), 1), int(np.prod(shape, dtype=object)))] if shape is not None else None


def _compressed(known: OnnxTrace, step: OnnxStep) -> Sequence[Shape] | None:
    shape, condition = _shape(known, step, 0), _shape(known, step, 1)
    if shape is None or condition is None or len(condition) != 1:
        return None
    axis = _attributes(step).get("axis")
    if axis is None:
        return [(min(int(np.prod(shape, dtype=object)), _chosen(known, step, condition[0])),)]
    at = axis.i % len(shape)
    return [(*shape[:at], min(shape[at], _chosen(known, step, condition[0])), *shape[at + 1 :])]


def _chosen(known: OnnxTrace, step: OnnxStep, length: int) -> int:
    value = known.tensors.values.get(step.inputs[1])
    return length if value is None else int(np.count_nonzero(value))


def _unique(known: OnnxTrace, step: OnnxStep) -> Sequence[Shape] | None:
    shape = _shape(known, step, 0)
    if shape is None:
        return None
    axis = _attributes(step).get("axis")
    length = int(np.prod(shape, dtype=object)) if axis is None else shape[axis.i % len(shape)]
    return [(length,) if axis is None else shape, (length,), (length,), (length,)]


def _largest(known: OnnxTrace, step: OnnxStep) -> Sequence[Shape] | None:
    shape = _shape(known, step, 0)
    if not shape:
        return None
    axis = _attributes(step).get("axis")
    at = (axis.i if axis is not None else -1) % len(shape)
    k = _number(known, step, 1)
    kept = (*shape[:at], shape[at] if k is None else min(k, shape[at]), *shape[at + 1 :])
    return [kept, kept]


def _sliced(known: OnnxTrace, step: OnnxStep) -> Sequence[Shape] | None:
    shape = _shape(known, step, 0)
    return [shape] if shape is not None else None


def _compared(known: OnnxTrace, step: OnnxStep) -> Sequence[Shape] | None:
    """Shapes of comparisons that onnx reads as functions, which it does not infer."""
    shapes = [_shape(known, step, slot) for slot in range(len(step.inputs))]
    try:
        return [np.broadcast_shapes(*(shape for shape in shapes if shape is not None))]
    except ValueError:
        return None


COMPARISONS = frozenset({"GreaterOrEqual", "LessOrEqual"})
BOUNDS: Mapping[str, Bound] = FrozenDict(
    {
        "NonMaxSuppression": _suppressed,
        "NonZero": _nonzero,
        "Compress": _compressed,
        "Unique": _unique,
        "TopK": _largest,
        "Slice": _sliced,
        **dict.fromkeys(COMPARISONS, _compared),
    }
)
SAME_TYPE = frozenset({"Compress", "Unique", "TopK", "Slice"})
