"""Which stored tensors say how numbers are quantised: no parameters, though they are floating."""

from __future__ import annotations

from cutwise.importers.onnx_format.tensors import OnnxStep, Tensors

SCALED = frozenset({"QuantizeLinear", "DequantizeLinear"})
MEASURED_SCALE = 1  # the output of DynamicQuantizeLinear that is the scale


def note_scales(tensors: Tensors, step: OnnxStep) -> None:
    """Enters the scales and zero points `step` reads, what is scaled by them, and the scale it measures."""
    op_type = step.node.op_type
    if op_type in SCALED:
        _enter(tensors.scales, tensors, step.inputs[1:])
        _enter(tensors.scaled, tensors, step.inputs[:1])
    elif op_type == "DynamicQuantizeLinear":
        tensors.measured.update(step.outputs[MEASURED_SCALE:][:1])
    elif op_type == "Mul" and tensors.measured.intersection(step.inputs):
        _enter(tensors.scales, tensors, step.inputs)


def _enter(found: set[str], tensors: Tensors, names: tuple[str, ...]) -> None:
    for name in names:
        found.update(tensors.roots.get(name, ()))
