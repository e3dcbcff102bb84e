"""Costs of changing number formats, and of routed experts."""

from __future__ import annotations

from cutwise.costs.ops.formula import FORMULAS, OpCall, OpWork
from cutwise.units import FLOP_PER_MULTIPLY_ADD

QUANTISE = 4  # divide by the scale, round, add the zero point, clip
DEQUANTISE = 2  # take the zero point off, multiply by the scale
MEASURE = 2  # the smallest and the largest


@FORMULAS.named("quantize")
def quantisation(call: OpCall) -> OpWork:
    """Work of numbers made whole: four FLOP each, and no gradient passes."""
    return OpWork(forward_flops=QUANTISE * call.elements)


@FORMULAS.named("dynamic_quantize")
def measured_quantisation(call: OpCall) -> OpWork:
    """Work of a quantisation whose scale follows from its own numbers: six FLOP each, no gradient."""
    return OpWork(forward_flops=(QUANTISE + MEASURE) * call.input_elements)


@FORMULAS.named("dequantize")
def dequantisation(call: OpCall) -> OpWork:
    """Work of whole numbers made floating: two FLOP each."""
    return OpWork(forward_flops=DEQUANTISE * call.elements)


@FORMULAS.named("routed_experts")
def routed_experts(call: OpCall) -> OpWork:
    r"""Work of all experts in one op: every token goes through `active` of `experts`.

    A weight matrix holds all experts' along its first axis, whichever way round:
    $2 \cdot T \cdot a/E \cdot \sum_w |w|$ forward for T tokens, the same for each gradient. Activations
    between the products are left out; inputs are kept, and every product's result.
    """
    matrices = [weight for weight in call.op.weights if len(weight.shape) > 2]
    held = sum(weight.elements for weight in matrices) // max(1, call.stated("experts"))
    tokens = call.elements // max(1, call.op.output.shape[-1])
    macs = tokens * call.stated("active") * held
    inner = held // max(1, len(matrices) * call.op.output.shape[-1])
    flops = FLOP_PER_MULTIPLY_ADD * macs
    return OpWork(
        forward_flops=flops,
        input_gradient_flops=flops * call.needs_grad(),
        weight_gradient_flops=flops * call.weights_trained,
        macs=macs,
        saves=(0,),
        extra_bytes=tokens * call.stated("active") * len(matrices) * inner * call.element_bytes,
    )
