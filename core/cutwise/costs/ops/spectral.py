"""Costs of Fourier transforms, and of complex numbers in any op."""

from __future__ import annotations

import math
from dataclasses import replace

from cutwise.costs.ops.formula import FORMULAS, OpCall, OpWork
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import COMPLEX

# FLOPs of a complex number where a real one takes one: a product has four and two sums, a quotient a
# square more and two divisions; sums and most else go part by part.
COMPLEX_FLOPS = FrozenDict({"mul": 6, "div": 11})
COMPLEX_PARTS = 2
# (a + ib)(c + id) takes four real multiply-adds.
COMPLEX_MACS = 4
FFT_FLOPS = 5


@FORMULAS.named("fft")
def fourier_transform(call: OpCall) -> OpWork:
    r"""Work of a fast Fourier transform over `length` places, $5 n \log_2 n$ for complex numbers.

    Real ones, on either side, take half (Johnson and Frigo 2007, who count so whatever the algorithm). The
    gradient is a transform again, for which PyTorch keeps a real input.
    """
    length = call.whole("length", call.op.output.shape[-1])
    real = call.inputs[0].dtype not in COMPLEX or call.op.output.dtype not in COMPLEX
    elements = max(call.elements, call.input_elements)
    flops = FFT_FLOPS * elements * math.log2(max(2, length)) / (1 + real)
    saves = () if call.inputs[0].dtype in COMPLEX else (0,)
    return OpWork(forward_flops=flops, input_gradient_flops=flops * call.needs_grad(), saves=saves)


def of_complex_numbers(work: OpWork, call: OpCall) -> OpWork:
    """The work of an op as `work` counts it for real numbers, where its numbers are complex."""
    if call.op.output.dtype not in COMPLEX or call.op.kind == "fft":
        return work
    factor = COMPLEX_MACS if work.macs else COMPLEX_FLOPS.get(call.op.kind, COMPLEX_PARTS)
    return replace(
        work,
        forward_flops=factor * work.forward_flops,
        input_gradient_flops=factor * work.input_gradient_flops,
        weight_gradient_flops=factor * work.weight_gradient_flops,
        macs=factor * work.macs,
    )
