"""Steps that stand for what loops and sequences do with tensors: taken apart, put together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import FLOATING
from cutwise.importers.onnx_format.ops import CHOICE, LOOP_START
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, tensor_type
from cutwise.read_limits import TENSOR_ELEMENTS


def fresh(known: OnnxTrace, name: str) -> str:
    """A name like `name` that no tensor has yet."""
    unique = name
    while unique in known.taken:
        unique = f"{name}#{len(known.taken)}"
    known.taken.add(unique)
    return unique


def joined(
    known: OnnxTrace, names: Sequence[str], output: str, *, axis: int, new_axis: bool, times: int = 1
) -> None:
    """Enters `output`: the tensors `names` behind each other, along an axis of theirs or a new one.

    Each counts `times` times. Where they do not fit, or a shape is not known, neither is the result's.
    """
    specs = [known.tensors.spec(name) for name in names]
    shapes = [spec.shape for spec in specs if spec is not None]
    if not names or len(shapes) < len(names) or len({len(shape) for shape in shapes}) > 1:
        return
    axis %= len(shapes[0]) + new_axis
    shape = list(shapes[0])
    if new_axis:
        shape.insert(axis, len(names) * times)
    else:
        shape[axis] = sum(size[axis] for size in shapes)
    if math.prod(shape) > TENSOR_ELEMENTS:
        raise ModelImportError(
            f"{known.file}: what is put together as {output!r} has {math.prod(shape):.3g} elements, more "
            "than any model needs; export it with fewer turns"
        )
    _enter(known, "Concat", names, output, shape, axis=axis)
    if times == 1 and all(name in known.tensors.values for name in names):
        parts = [known.tensors.values[name] for name in names]
        put = np.stack if new_axis else np.concatenate
        known.tensors.set_value(output, put(parts, axis=axis))


def same(known: OnnxTrace, source: str, output: str) -> None:
    """Enters `output`, which is `source` once."""
    _enter(known, "Identity", [source], output, known.tensors.known_spec(source).shape)


def chosen(known: OnnxTrace, source: str, condition: str, output: str) -> None:
    """Enters `output`, which is `source` if data so decide: what works out the condition is read too."""
    _enter(known, CHOICE, [source], output, known.tensors.known_spec(source).shape)
    known.steps[-1] = replace(known.steps[-1], inputs=(source, condition))
    known.tensors.roots.pop(output, None)


def start_of(known: OnnxTrace, source: str) -> str:
    """What a loop starts with, as a tensor of its own where it is nothing but zeros: turns change it."""
    tensors, spec = known.tensors, known.tensors.spec(source)
    value = tensors.values.get(source)
    plain = value is not None and value.size > 0 and bool((value == value.flat[0]).all())
    if spec is None or spec.dtype not in FLOATING or spec.elements < 2 or not plain:
        return source
    name = fresh(known, f"{source}:start")
    _enter(known, LOOP_START, [source], name, spec.shape)
    known.steps[-1] = replace(known.steps[-1], inputs=())
    del tensors.roots[name]
    tensors.values[name] = tensors.values[source]
    return name


def taken(known: OnnxTrace, source: str, output: str, *, axis: int, place: int) -> None:
    """Enters `output`: `source` at one place of an axis, without that axis."""
    spec = known.tensors.known_spec(source)
    axis %= len(spec.shape)
    shape = [*spec.shape[:axis], *spec.shape[axis + 1 :]]
    _enter(known, "Gather", [source], output, shape, axis=axis)
    if source in known.tensors.values:
        known.tensors.set_value(output, np.take(known.tensors.values[source], place, axis=axis))


def split(
    known: OnnxTrace, source: str, outputs: Sequence[str], shapes: Sequence[Sequence[int]], *, axis: int
) -> None:
    """Enters `outputs`: pieces of `source` along an axis, of these shapes."""
    _enter(known, "Split", [source], outputs[0], shapes[0], axis=axis)
    step = known.steps.pop()
    known.steps.append(OnnxStep(step.node, step.inputs, tuple(outputs), step.trips, step.looped))
    at = 0
    for output, shape in zip(outputs, shapes, strict=True):
        _type(known, [source], output, shape)
        if source in known.tensors.values:
            spec = known.tensors.known_spec(source)
            length = shape[axis] if len(shape) == len(spec.shape) else 1
            part = known.tensors.values[source].take(range(at, at + length), axis=axis)
            known.tensors.set_value(output, part.reshape(shape))
            at += length


def _enter(
    known: OnnxTrace,
    op_type: str,
    names: Sequence[str],
    output: str,
    shape: Sequence[int],
    axis: int | None = None,
) -> None:
    from onnx.helper import make_attribute, make_node

    node = make_node(op_type, list(names), [output], name=output)
    if axis is not None:
        node.attribute.append(make_attribute("axis", axis))
    known.steps.append(OnnxStep(node, tuple(names), (output,), known.trips, known.loops > 0))
    _type(known, names, output, shape)


def _type(known: OnnxTrace, names: Sequence[str], output: str, shape: Sequence[int]) -> None:
    tensors = known.tensors
    tensors.types[output] = tensor_type(tensors.types[names[0]].tensor_type.elem_type, shape)
    if all(tensors.is_constant(name) for name in names):
        tensors.roots[output] = tuple(dict.fromkeys(root for name in names for root in tensors.roots[name]))
