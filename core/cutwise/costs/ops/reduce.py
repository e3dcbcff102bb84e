"""Costs of normalisation, pooling and reductions: few FLOPs, much memory traffic."""

from __future__ import annotations

from dataclasses import replace

from cutwise.costs.ops.formula import FORMULAS, OUTPUT, OpCall, OpWork

STATISTIC_BYTES = 4  # means and deviations are kept in float32
INDEX_BYTES = 8  # places of maxima are kept as int64

# FLOPs an element: mean 1, variance 3, normalise 2, scale and shift 2.
NORM_FORWARD = 8
# With stored statistics: normalise 2, scale and shift 2.
NORM_STORED = 4
# Rebuild the normalised value 2, scale the gradient 1, its two sums 1 + 2, combine 4.
NORM_BACKWARD = 10
# Sum of the gradient 1, sum of its product with the normalised value 2.
NORM_WEIGHTS = 3
# Without a mean: square and sum 2, normalise 1, scale 1; rebuild 1, scale 1, sum 2, combine 3; 2.
RMS_FORWARD, RMS_BACKWARD, RMS_WEIGHTS = 4, 7, 2
# Beside the sum over the window: square 1, scale and shift 2, power 1, divide 1; and one more back.
LRN_FORWARD, LRN_BACKWARD = 5, 6
LRN_WINDOW = 5  # channels, where the file names none (AlexNet's)


@FORMULAS.named("batch_norm")
def batch_norm(call: OpCall) -> OpWork:
    """Work of batch normalisation; it keeps its input, and each channel's mean and deviation once a batch."""
    per_element = NORM_FORWARD if call.training else NORM_STORED
    plain = _normalised(call, per_element=per_element, statistics=0)
    channels = call.op.weights[0].elements if call.op.weights else call.op.output.shape[1]
    return replace(plain, once_bytes=2 * STATISTIC_BYTES * channels)


@FORMULAS.named("layer_norm")
def layer_norm(call: OpCall) -> OpWork:
    """Work of layer normalisation; it keeps its input, and mean and deviation of each row."""
    return _normalised(call, statistics=2 * _rows(call))


@FORMULAS.named("group_norm")
def group_norm(call: OpCall) -> OpWork:
    """Work of group normalisation; it keeps its input, and mean and deviation of each group."""
    return _normalised(call, statistics=2 * call.op.output.shape[0] * call.whole("groups", 1))


@FORMULAS.named("instance_norm")
def instance_norm(call: OpCall) -> OpWork:
    """Work of instance normalisation; it keeps its input, and mean and deviation of each channel."""
    return _normalised(call, statistics=2 * call.op.output.shape[0] * call.op.output.shape[1])


@FORMULAS.named("rms_norm")
def rms_norm(call: OpCall) -> OpWork:
    """Work of root-mean-square normalisation; it keeps its input and one number a row."""
    return OpWork(
        forward_flops=RMS_FORWARD * call.elements,
        input_gradient_flops=RMS_BACKWARD * call.elements * call.needs_grad(),
        weight_gradient_flops=RMS_WEIGHTS * call.elements * call.weights_trained,
        saves=(0,),
        extra_bytes=STATISTIC_BYTES * _rows(call),
    )


@FORMULAS.named("lrn")
def local_response_norm(call: OpCall) -> OpWork:
    """Work of normalisation over neighbouring channels; it keeps its input and the divisors."""
    window = call.whole("size", LRN_WINDOW)
    return OpWork(
        forward_flops=(window + LRN_FORWARD) * call.elements,
        input_gradient_flops=(window + LRN_BACKWARD) * call.elements * call.needs_grad(),
        saves=(0,),
        extra_bytes=call.elements * call.element_bytes,
    )


@FORMULAS.named("max_pool")
def max_pool(call: OpCall) -> OpWork:
    """Work of max pooling; it keeps its input and where each maximum was."""
    return OpWork(
        forward_flops=call.elements * call.whole("kernel", 1),
        input_gradient_flops=call.elements * call.needs_grad(),
        saves=(0,),
        extra_bytes=INDEX_BYTES * call.elements,
    )


@FORMULAS.named("global_max_pool")
def global_max_pool(call: OpCall) -> OpWork:
    """Work of one maximum over each channel; kept like the maxima of a window."""
    return OpWork(
        forward_flops=call.input_elements,
        input_gradient_flops=call.elements * call.needs_grad(),
        saves=(0,),
        extra_bytes=INDEX_BYTES * call.elements,
    )


@FORMULAS.named("avg_pool")
def average_pool(call: OpCall) -> OpWork:
    """Work of average pooling; the gradient is spread back over each window."""
    window = call.elements * call.whole("kernel", 1)
    return OpWork(forward_flops=window, input_gradient_flops=window * call.needs_grad(), saves=(0,))


@FORMULAS.named("global_avg_pool", "reduce_mean", "reduce_sum")
def linear_reduction(call: OpCall) -> OpWork:
    """Work of a sum or mean; its gradient needs shapes only, so nothing is kept."""
    return _reduction(call)


@FORMULAS.named("reduce_l1", "reduce_sum_square", "reduce_log_sum")
def input_reduction(call: OpCall) -> OpWork:
    """Work of a reduction whose gradient reads the input again."""
    return _reduction(call, saves=(0,))


@FORMULAS.named("reduce_max", "reduce_min", "reduce_prod", "reduce_l2", "reduce_log_sum_exp")
def compared_reduction(call: OpCall) -> OpWork:
    """Work of a reduction whose gradient compares input and result."""
    return _reduction(call, saves=(0, OUTPUT))


def _reduction(call: OpCall, saves: tuple[int, ...] = ()) -> OpWork:
    elements = call.input_elements
    return OpWork(forward_flops=elements, input_gradient_flops=elements * call.needs_grad(), saves=saves)


def _normalised(call: OpCall, *, statistics: float, per_element: int = NORM_FORWARD) -> OpWork:
    return OpWork(
        forward_flops=per_element * call.elements,
        input_gradient_flops=NORM_BACKWARD * call.elements * call.needs_grad(),
        weight_gradient_flops=NORM_WEIGHTS * call.elements * call.weights_trained,
        saves=(0,),
        extra_bytes=STATISTIC_BYTES * statistics,
    )


def _rows(call: OpCall) -> int:
    """Vectors that are normalised together: as long as the weights, or as the last dimension."""
    width = call.op.weights[0].elements if call.op.weights else call.op.output.shape[-1]
    return call.elements // max(1, width)
