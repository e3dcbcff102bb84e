"""Refuses windows that are larger than what they slide over, before shapes turn empty or negative."""

from __future__ import annotations

from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, SizeMisfitError, label, sizes_remedy

POOLED = frozenset({"MaxPool", "AveragePool", "LpPool"})
CONVOLVED = {"Conv": 1, "ConvInteger": 1, "QLinearConv": 3, "FusedConv": 1}


def check_window(known: OnnxTrace, step: OnnxStep) -> None:
    """Raises `SizeMisfitError` where the kernel of `step` is larger than its padded input."""
    node = step.node
    if node.op_type not in POOLED and node.op_type not in CONVOLVED:
        return
    attributes = {attribute.name: attribute for attribute in node.attribute}
    read = known.tensors.spec(step.inputs[0])
    if read is None or ("auto_pad" in attributes and attributes["auto_pad"].s.startswith(b"SAME")):
        return
    kernel = list(attributes["kernel_shape"].ints) if "kernel_shape" in attributes else []
    if not kernel and node.op_type in CONVOLVED:
        weight = known.tensors.spec(step.inputs[CONVOLVED[node.op_type]])
        kernel = list(weight.shape[2:]) if weight is not None else []
    axes = len(kernel)
    dilations = list(attributes["dilations"].ints) if "dilations" in attributes else [1] * axes
    pads = list(attributes["pads"].ints) if "pads" in attributes else [0] * (2 * axes)
    sizes = read.shape[2:]
    if not len(sizes) == len(dilations) == axes == len(pads) // 2:
        return
    for axis, (size, width, dilation) in enumerate(zip(sizes, kernel, dilations, strict=True)):
        window, room = (width - 1) * dilation + 1, size + pads[axis] + pads[axis + axes]
        if window > room:
            raise SizeMisfitError(
                f"{known.file}: {label(node)} slides a window of {window} along axis {axis + 2} of "
                f"{step.inputs[0]!r}, which has only {room} places; {sizes_remedy(known)}"
            )
