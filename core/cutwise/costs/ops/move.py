"""Costs of ops that move or name data: inputs, views, copies, look-ups, dropout, comparisons."""

from __future__ import annotations

import math

from cutwise.costs.ops.formula import FORMULAS, OpCall, OpWork
from cutwise.frozen import FrozenDict

MASK_BYTES = 1  # one bool for each element
INDEX_BYTES = 8  # places are kept as int64
# FLOPs of one interpolated element: none, four taps of two, sixteen taps of two.
INTERPOLATION_FLOPS = FrozenDict({"nearest": 0, "linear": 8, "cubic": 32})
# Of the overlap of two boxes: four corners, two sides, three areas, a sum, a quotient, a comparison.
OVERLAP_FLOPS = 12


@FORMULAS.named(
    "input", "constant", "reshape", "transpose", "flatten", "squeeze", "unsqueeze", "identity", "cast",
    "expand", "slice", "split", "concat", "copy", "pad", "depth_to_space", "space_to_depth",
)  # fmt: skip
def movement(call: OpCall) -> OpWork:
    """Work of a view or a plain copy: none, and nothing is kept."""
    return OpWork()


@FORMULAS.named("dropout")
def dropout(call: OpCall) -> OpWork:
    """Work of dropout: a mask of one byte an element in training; in inference it is a view.

    PyTorch's kernel for processors keeps four bytes an element, that for accelerators one.
    """
    if not call.drops:
        return OpWork()
    return OpWork(
        forward_flops=call.elements,
        input_gradient_flops=call.elements * call.needs_grad(),
        extra_bytes=MASK_BYTES * call.elements,
    )


@FORMULAS.named("embedding")
def embedding(call: OpCall) -> OpWork:
    """Work of a look-up: none forward; backward adds each row's gradient and needs the ids."""
    return OpWork(
        weight_gradient_flops=call.elements * call.weights_trained,
        saves=(0,) if call.weights_trained else (),
    )


@FORMULAS.named("gather")
def gather(call: OpCall) -> OpWork:
    """Work of picking rows or slices: none forward; backward adds gradients and needs the indices."""
    return OpWork(input_gradient_flops=call.elements * call.needs_grad(), saves=(1,))


@FORMULAS.named("top_k")
def selection_of_largest(call: OpCall) -> OpWork:
    """Work of picking the largest: a comparison an input; the gradient goes back to the places kept."""
    return OpWork(
        forward_flops=call.input_elements,
        input_gradient_flops=call.elements * call.needs_grad(),
        extra_bytes=INDEX_BYTES * call.elements,
    )


@FORMULAS.named("nonzero", "arg_max")
def found_places(call: OpCall) -> OpWork:
    """Work of finding what is not zero, or largest: a comparison an input; places pass no gradient."""
    return OpWork(forward_flops=call.input_elements)


@FORMULAS.named("unique")
def selection_of_unequal(call: OpCall) -> OpWork:
    r"""Work of dropping repetitions: the comparisons of a sort, $n \log_2 n$."""
    return OpWork(forward_flops=call.input_elements * math.log2(max(2, call.input_elements)))


@FORMULAS.named("non_max_suppression")
def suppression(call: OpCall) -> OpWork:
    """Work of picking boxes at most: each box that is kept is compared with all of its picture and class."""
    boxes = call.inputs[-1].shape[-1] if call.inputs else 0
    return OpWork(forward_flops=OVERLAP_FLOPS * call.op.output.shape[0] * boxes)


@FORMULAS.named("tile")
def repetition(call: OpCall) -> OpWork:
    """Work of a repeated copy: none forward; backward adds the gradients of the copies."""
    return OpWork(input_gradient_flops=call.elements * call.needs_grad())


@FORMULAS.named("resize")
def interpolation(call: OpCall) -> OpWork:
    """Work of a change of size, by its `mode`: none for nearest, taps of two FLOP otherwise."""
    flops = INTERPOLATION_FLOPS[str(call.op.attrs.get("mode", "nearest"))] * call.elements
    return OpWork(forward_flops=flops, input_gradient_flops=flops * call.needs_grad())


@FORMULAS.named(
    "equal", "less", "less_or_equal", "greater", "greater_or_equal", "not", "and", "or", "floor", "ceil",
    "round", "sign",
)  # fmt: skip
def step_function(call: OpCall) -> OpWork:
    """Work of a comparison or rounding: one FLOP an element, and a gradient that is zero everywhere."""
    return OpWork(forward_flops=call.elements)
