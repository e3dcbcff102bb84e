"""Which stored tensors only say how: scales, zero points and angles are no parameters, though floating."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.onnx_format.contrib.attributes import attributes
from cutwise.importers.onnx_format.contrib.names import microsoft
from cutwise.importers.onnx_format.contrib.shapes import packed_dtype, unpacked_shape
from cutwise.importers.onnx_format.tensors import OnnxStep, Tensors

PACKED_TABLE = microsoft("GatherBlockQuantized")
# What may be made of stored tensors alone, and the inputs that are scales and zero points.
SCALES: Mapping[str, tuple[int, ...]] = FrozenDict(
    {"QuantizeLinear": (1, 2), "DequantizeLinear": (1, 2), PACKED_TABLE: (2, 3)}
)
ANGLES = frozenset({"Cos", "Sin"})
"""What they make of stored numbers alone are tables of positions: nobody trains angles."""
MEASURED_SCALE = 1  # the output of DynamicQuantizeLinear that is the scale


def note_scales(tensors: Tensors, step: OnnxStep) -> None:
    """Enters the scales and zero points `step` reads, what is scaled by them, and the scale it measures."""
    op_type = step.node.op_type
    if op_type in SCALES:
        read = {slot: name for slot, name in enumerate(step.inputs) if name}
        tensors.scales.update(_roots(tensors, (read.get(slot, "") for slot in SCALES[op_type])))
        tensors.scaled.update(_roots(tensors, step.inputs[:1]))
        if op_type == PACKED_TABLE:
            _unpack(tensors, step)
    elif op_type == "DynamicQuantizeLinear":
        tensors.measured.update(step.outputs[MEASURED_SCALE:][:1])
    elif op_type in ANGLES or (op_type == "Mul" and tensors.measured.intersection(step.inputs)):
        tensors.scales.update(_roots(tensors, step.inputs))


def _roots(tensors: Tensors, names: Iterable[str]) -> set[str]:
    return {root for name in names for root in tensors.roots.get(name, ())}


def _unpack(tensors: Tensors, step: OnnxStep) -> None:
    """The table counts as what it holds, also where only its scaled rows are read."""
    spec = tensors.stored.get(step.inputs[0])
    bits = attributes(step.node).get("bits", 4)
    if spec is not None and isinstance(bits, int):
        shape = unpacked_shape(spec.shape, bits=bits, dtype=spec.dtype)
        if shape != spec.shape:
            tensors.stored[step.inputs[0]] = TensorSpec(shape=shape, dtype=packed_dtype(bits))
