"""Costs of ops that work element by element: activations, softmax and arithmetic."""

from __future__ import annotations

from functools import partial

from cutwise.costs.ops.formula import FORMULAS, OUTPUT, OpCall, OpWork
from cutwise.frozen import FrozenDict

# kind: FLOPs of an element forward, of its gradient backward, what is kept for it.
ACTIVATIONS: dict[str, tuple[int, int, int]] = FrozenDict(
    {
        "relu": (1, 1, OUTPUT),
        "sigmoid": (4, 3, OUTPUT),
        "tanh": (1, 3, OUTPUT),
        "softmax": (5, 4, OUTPUT),
        "log_softmax": (5, 4, OUTPUT),
        "exp": (1, 1, OUTPUT),
        "sqrt": (1, 2, OUTPUT),
        "elu": (4, 3, OUTPUT),
        "reciprocal": (1, 3, OUTPUT),
        "gelu": (5, 9, 0),
        "silu": (5, 6, 0),
        "relu6": (2, 3, 0),
        "clip": (2, 3, 0),
        "leaky_relu": (2, 2, 0),
        "hardswish": (5, 5, 0),
        "hardsigmoid": (4, 3, 0),
        "mish": (5, 9, 0),
        "pow": (1, 3, 0),
        "erf": (1, 4, 0),
        "abs": (1, 2, 0),
        "log": (1, 1, 0),
        "sin": (1, 2, 0),
        "cos": (1, 3, 0),
        "softplus": (3, 4, 0),
    }
)

ROTATION_FLOPS = 3


def activation(per_forward: int, per_backward: int, kept: int, call: OpCall) -> OpWork:
    """Work of an activation with these FLOPs an element; it keeps its input (0) or its `OUTPUT`."""
    return OpWork(
        forward_flops=per_forward * call.elements,
        input_gradient_flops=per_backward * call.elements * call.needs_grad(),
        saves=(kept,),
    )


for _kind, _row in ACTIVATIONS.items():
    FORMULAS.add(_kind, partial(activation, *_row))


@FORMULAS.named("prelu")
def parametric_relu(call: OpCall) -> OpWork:
    """Work of a leaky ReLU with trained slopes, whose gradient is multiplied out and summed."""
    return OpWork(
        forward_flops=2 * call.elements,
        input_gradient_flops=2 * call.elements * call.needs_grad(),
        weight_gradient_flops=2 * call.elements * call.weights_trained,
        saves=(0,),
    )


@FORMULAS.named("add", "sub")
def addition(call: OpCall) -> OpWork:
    """Work of a sum: the gradient passes through, and is summed where an operand was broadcast.

    With a `factor` the last operand is multiplied by it first.
    """
    scaled = "factor" in call.op.attrs
    summed = sum(_broadcast(call, position) for position in _operands_with_grad(call))
    summed += scaled and call.needs_grad(len(call.inputs) - 1)
    return OpWork(
        forward_flops=call.elements * (1 + scaled),
        input_gradient_flops=call.elements * summed,
        weight_gradient_flops=call.elements * call.weights_trained,
    )


@FORMULAS.named("mul")
def multiplication(call: OpCall) -> OpWork:
    """Work of a product element by element; an operand is kept only for the gradient of the other."""
    gradients = sum(1 + _broadcast(call, position) for position in _operands_with_grad(call))
    weight_broadcast = bool(call.op.weights) and call.op.weights[0].elements < call.elements
    return OpWork(
        forward_flops=call.elements,
        input_gradient_flops=call.elements * gradients,
        weight_gradient_flops=call.elements * (1 + weight_broadcast) * call.weights_trained,
        saves=tuple(kept for kept, other in ((0, 1), (1, 0)) if _operand_needs_grad(call, other)),
    )


@FORMULAS.named("div")
def division(call: OpCall) -> OpWork:
    """Work of x / y: the gradient of x keeps y, that of y keeps both and takes three operations."""
    divisor_needs_grad = _operand_needs_grad(call, 1)
    return OpWork(
        forward_flops=call.elements,
        input_gradient_flops=call.elements * (call.needs_grad() + 3 * call.needs_grad(1)),
        weight_gradient_flops=3 * call.elements * call.weights_trained,
        saves=(0, 1) if divisor_needs_grad else (1,),
    )


@FORMULAS.named("maximum", "minimum")
def extremum(call: OpCall) -> OpWork:
    """Work of the larger or smaller of two; the comparison is made again in backward from both."""
    return OpWork(
        forward_flops=call.elements,
        input_gradient_flops=call.elements * len(_operands_with_grad(call)),
        weight_gradient_flops=call.elements * call.weights_trained,
        saves=(0, 1),
    )


@FORMULAS.named("where")
def selection(call: OpCall) -> OpWork:
    """Work of a choice between two by a condition (input 0, unless it is constant): all that is kept."""
    return OpWork(
        forward_flops=call.elements,
        input_gradient_flops=call.elements * len(_operands_with_grad(call)),
        weight_gradient_flops=call.elements * call.weights_trained,
        saves=(0,) if call.inputs[0].dtype == "bool" else (),
    )


@FORMULAS.named("rope")
def rotary_embedding(call: OpCall) -> OpWork:
    """Work of turning pairs of features by an angle: two products and a sum an element, both ways.

    Its tables of sines and cosines belong to the model; nothing of a sample is kept.
    """
    turned = ROTATION_FLOPS * call.elements
    return OpWork(forward_flops=turned, input_gradient_flops=turned * call.needs_grad())


@FORMULAS.named("neg")
def negation(call: OpCall) -> OpWork:
    """Work of a change of sign; nothing is kept."""
    return OpWork(forward_flops=call.elements, input_gradient_flops=call.elements * call.needs_grad())


def _operands_with_grad(call: OpCall) -> list[int]:
    return [position for position, needed in enumerate(call.inputs_need_grad) if needed]


def _operand_needs_grad(call: OpCall, position: int) -> bool:
    """Whether operand `position` needs a gradient; a weight stands in for the activation that is missing."""
    return call.needs_grad(position) if position < len(call.inputs) else call.weights_trained


def _broadcast(call: OpCall, position: int) -> bool:
    return call.inputs[position].elements < call.elements
