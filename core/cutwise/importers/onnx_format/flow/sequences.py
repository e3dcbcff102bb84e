"""Sequences of tensors: built, read and joined while the graph is walked, so that no op is one.

A sequence is the tuple of the tensors in it, known by name; what reads one reads those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.flow.joining import fresh, joined, split
from cutwise.importers.onnx_format.flow.scopes import BranchScope, Walk, body_of
from cutwise.importers.onnx_format.tensors import OnnxTrace, Values, label
from cutwise.read_limits import GRAPH_NODES

if TYPE_CHECKING:
    from onnx import NodeProto

Names = tuple[str, ...]


def sequence_node(known: OnnxTrace, node: NodeProto, scope: BranchScope, walk: Walk) -> bool:
    """Enters what a node of sequences or optional values makes; False where it cannot be known."""
    inputs = tuple(scope.unique(name) if name else "" for name in node.input)
    if node.op_type in ALIASES:
        scope.alias(known, node.output[0], inputs[0])
        return True
    if node.op_type in BUILT:
        items = BUILT[node.op_type](known, node, inputs)
        if items is None:
            return False
        known.lists[scope.define(known, node.output[0])] = items
        return True
    items = known.lists.get(inputs[0]) if inputs else None
    return items is not None and READ[node.op_type](known, node, inputs, items, scope, walk)


def _constructed(known: OnnxTrace, node: NodeProto, inputs: Names) -> Names | None:
    return inputs


def _split(known: OnnxTrace, node: NodeProto, inputs: Names) -> Names | None:
    spec = known.tensors.spec(inputs[0])
    attributes = {attribute.name: attribute.i for attribute in node.attribute}
    counted = len(inputs) > 1 and bool(inputs[1])
    sizes = known.tensors.values.get(inputs[1]) if counted else None
    if spec is None or not spec.shape or (counted and sizes is None):
        return None
    axis = attributes.get("axis", 0) % len(spec.shape)
    lengths = _sizes(sizes, spec.shape[axis])
    if len(lengths) > GRAPH_NODES or sum(lengths) != spec.shape[axis] or min(lengths, default=0) < 0:
        raise ModelImportError(
            f"{known.file}: {label(node)} splits {spec.shape[axis]} into {len(lengths)} pieces of "
            f"{sum(lengths)} together; export it with other sizes"
        )
    keep = counted or bool(attributes.get("keepdims", 1))
    before, after = spec.shape[:axis], spec.shape[axis + 1 :]
    shapes = [(*before, *([length] if keep else []), *after) for length in lengths]
    names = [fresh(known, f"{node.output[0]}[{number}]") for number in range(len(lengths))]
    if names:
        split(known, inputs[0], names, shapes, axis=axis)
    return tuple(names)


def _sizes(sizes: Values | None, length: int) -> tuple[int, ...]:
    if sizes is None:
        return (1,) * length
    if sizes.ndim:
        return tuple(int(size) for size in sizes)
    step = max(1, int(sizes))
    return tuple(min(step, length - start) for start in range(0, length, step))


def _inserted(known: OnnxTrace, node: NodeProto, inputs: Names) -> Names | None:
    items = known.lists.get(inputs[0])
    place = _place(known, inputs, 2, len(items or ()))
    if items is None or place is None:
        return None
    return (*items[:place], inputs[1], *items[place:])


def _erased(known: OnnxTrace, node: NodeProto, inputs: Names) -> Names | None:
    items = known.lists.get(inputs[0])
    place = _place(known, inputs, 1, len(items or ()) - 1)
    if not items or place is None:
        return None
    return items[:place] + items[place + 1 :]


def _place(known: OnnxTrace, inputs: Names, slot: int, default: int) -> int | None:
    """The place that input `slot` says, from the end where it is negative; None where it is not known."""
    if slot >= len(inputs) or not inputs[slot]:
        return default
    value = known.tensors.values.get(inputs[slot])
    if value is None or value.size != 1:
        return None
    place = int(value.flat[0])
    return place if place >= 0 else place + len(known.lists[inputs[0]])


def _at(
    known: OnnxTrace, node: NodeProto, inputs: Names, items: Names, scope: BranchScope, walk: Walk
) -> bool:
    place = _place(known, inputs, 1, 0)
    if place is None or not 0 <= place < len(items):
        return False
    scope.alias(known, node.output[0], items[place])
    return True


def _length(
    known: OnnxTrace, node: NodeProto, inputs: Names, items: Names, scope: BranchScope, walk: Walk
) -> bool:
    name = scope.define(known, node.output[0])
    known.tensors.roots[name] = ()
    known.tensors.set_value(name, np.array(len(items), dtype=np.int64))
    return True


def _joined(
    known: OnnxTrace, node: NodeProto, inputs: Names, items: Names, scope: BranchScope, walk: Walk
) -> bool:
    attributes = {attribute.name: attribute.i for attribute in node.attribute}
    output = scope.define(known, node.output[0])
    joined(known, items, output, axis=attributes["axis"], new_axis=bool(attributes.get("new_axis", 0)))
    return output in known.tensors.types


def _mapped(
    known: OnnxTrace, node: NodeProto, inputs: Names, items: Names, scope: BranchScope, walk: Walk
) -> bool:
    body = body_of(node)
    if body is None:
        return False
    results: list[Names] = []
    for number in range(len(items)):
        inner = scope.inner(known, node)
        for value, name in zip(body.input, inputs, strict=False):
            inner.alias(known, value.name, known.lists[name][number] if name in known.lists else name)
        walk(known, body, inner)
        results.append(tuple(inner.unique(value.name) for value in body.output))
    for slot, made in enumerate(node.output):
        known.lists[scope.define(known, made)] = tuple(result[slot] for result in results)
    return True


Built = Callable[[OnnxTrace, "NodeProto", Names], Names | None]
Read = Callable[[OnnxTrace, "NodeProto", Names, Names, BranchScope, Walk], bool]

ALIASES = frozenset({"Optional", "OptionalGetElement"})
BUILT: Mapping[str, Built] = FrozenDict(
    {
        "SequenceConstruct": _constructed,
        "SequenceEmpty": _constructed,
        "SplitToSequence": _split,
        "SequenceInsert": _inserted,
        "SequenceErase": _erased,
    }
)
READ: Mapping[str, Read] = FrozenDict(
    {
        "SequenceAt": _at,
        "SequenceLength": _length,
        "ConcatFromSequence": _joined,
        "SequenceMap": _mapped,
    }
)
SEQUENCE_OPS = frozenset((*ALIASES, *BUILT, *READ))
