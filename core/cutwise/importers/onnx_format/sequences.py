"""Splits that ONNX writes as a sequence of pieces, of which others take one: read as plain splits.

torch's exporter leaves `SplitToSequence` and `SequenceAt` in models that are not optimised.
"""

from __future__ import annotations

from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, Pieces, Values, tensor_type


def split_to_pieces(known: OnnxTrace, step: OnnxStep) -> bool:
    """Enters the pieces a `SplitToSequence` makes; False when they cannot be known, or for other nodes."""
    spec = known.tensors.spec(step.inputs[0]) if step.node.op_type == "SplitToSequence" else None
    if spec is None or not spec.shape:
        return False
    attributes = {attribute.name: attribute.i for attribute in step.node.attribute}
    axis = attributes.get("axis", 0) % len(spec.shape)
    length = spec.shape[axis]
    counted = len(step.inputs) > 1 and bool(step.inputs[1])
    sizes = known.tensors.values.get(step.inputs[1]) if counted else None
    if counted and sizes is None:
        return False
    keep = counted or bool(attributes.get("keepdims", 1))
    known.pieces[step.outputs[0]] = Pieces(step.inputs[0], axis, _sizes(sizes, length), keep)
    return True


def _sizes(sizes: Values | None, length: int) -> tuple[int, ...]:
    if sizes is None:
        return (1,) * length
    if sizes.ndim:
        return tuple(int(size) for size in sizes)
    step = max(1, int(sizes))
    return tuple(min(step, length - start) for start in range(0, length, step))


def taken_piece(known: OnnxTrace, step: OnnxStep) -> OnnxStep | None:
    """The split that a `SequenceAt` amounts to, its result entered; None for other nodes."""
    pieces = known.pieces.get(step.inputs[0]) if step.node.op_type == "SequenceAt" else None
    position = known.tensors.values.get(step.inputs[1]) if pieces is not None else None
    if pieces is None or position is None or not -len(pieces.sizes) <= int(position) < len(pieces.sizes):
        return None
    source = known.tensors.known_spec(pieces.source)
    shape = list(source.shape)
    shape[pieces.axis] = pieces.sizes[int(position)]
    if not pieces.keep:
        del shape[pieces.axis]
    name = step.outputs[0]
    known.tensors.types[name] = tensor_type(known.tensors.types[pieces.source].tensor_type.elem_type, shape)
    if known.tensors.is_constant(pieces.source):
        known.tensors.roots[name] = known.tensors.roots[pieces.source]
    node = type(step.node)()
    node.CopyFrom(step.node)
    node.op_type = "Split"
    return OnnxStep(node, (pieces.source,), (name,))
