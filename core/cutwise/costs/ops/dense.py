"""Costs of the ops made of multiply-adds: convolution, matrix product, attention, recurrence.

Each gradient of a product of two operands costs as much as the product itself, so a layer whose input
and weights both need one runs backward at twice its forward work, the first layer at once.
"""

from __future__ import annotations

import math
from dataclasses import replace

from cutwise.costs.ops.formula import FORMULAS, OUTPUT, OpCall, OpWork
from cutwise.frozen import FrozenDict
from cutwise.units import FLOP_PER_MULTIPLY_ADD

# A fused kernel keeps one float32 log-sum-exp for each query row.
LOG_SUM_EXP_BYTES = 4
# Vectors of the hidden size kept for each step beside the layer's result: four gates, cell and its tanh;
# three gates and three parts of the candidate.
RECURRENT_VECTORS = FrozenDict({"lstm": 6, "gru": 6, "rnn": 0})
GATES = FrozenDict({"lstm": 4, "gru": 3, "rnn": 1})


@FORMULAS.named("conv1d", "conv2d", "conv3d")
def convolution(call: OpCall) -> OpWork:
    r"""Work of a convolution; the weight's shape already accounts for groups.

    $2 \cdot |y| \cdot C_{in}/g \cdot \prod k$ forward, the same for each gradient. A 3→64 kernel of
    7x7 that makes 64x112x112: 802 816 outputs x 147 = 118 013 952 multiply-adds.
    """
    shape = _weight_shape(call)
    return _convolved(call, macs=call.elements * math.prod(shape[1:]))


@FORMULAS.named("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def transposed_convolution(call: OpCall) -> OpWork:
    r"""Work of a transposed convolution, $2 \cdot |x| \cdot C_{out}/g \cdot \prod k$ forward."""
    shape = _weight_shape(call)
    return _convolved(call, macs=call.input_elements * math.prod(shape[1:]))


@FORMULAS.named("linear")
def linear(call: OpCall) -> OpWork:
    """Work of a fully connected layer; it keeps its input only to train its matrix, not for the bias.

    With a `merged_rank` two matrices of that rank are multiplied and added to the weights first, once a
    mini-batch: their sum is kept for the input's gradient, and its own gradient is multiplied by each.
    """
    width = call.whole("in_features", 0) or _weight_shape(call)[-1]
    plain = _product(
        call.elements * width,
        input_gradients=call.needs_grad(),
        weight_gradients=call.main_weight_trained,
        saves=(0,) if call.main_weight_trained else (),
    )
    return _merged(call, plain, matrix=width * call.op.output.shape[-1])


@FORMULAS.named("grouped_matmul")
def grouped_product(call: OpCall) -> OpWork:
    r"""Work of one matrix product for each group of rows, as in a mixture of experts.

    $2 \cdot M K N$ forward for all rows $M$ that are multiplied (tokens times active experts), K inputs
    and N outputs a row, whoever's matrix a row takes; the weights hold every expert's, and K is their next
    to last axis unless `in_features` says otherwise. Adapters of all experts are merged as in `linear`.
    """
    width = call.whole("in_features", 0) or _weight_shape(call)[-2]
    plain = _product(
        call.elements * width,
        input_gradients=call.needs_grad(),
        weight_gradients=call.weights_trained,
        saves=(0,) if call.weights_trained else (),
    )
    return _merged(call, plain, matrix=math.prod(_weight_shape(call)))


@FORMULAS.named("matmul")
def matrix_product(call: OpCall) -> OpWork:
    """Work of a product of two activations; each is kept only for the gradient of the other."""
    return _product(
        _inner_macs(call),
        input_gradients=sum(call.inputs_need_grad[:2]),
        saves=tuple(kept for kept, other in ((0, 1), (1, 0)) if call.needs_grad(other)),
    )


@FORMULAS.named("attention_scores")
def attention_scores(call: OpCall) -> OpWork:
    """Work of the product queries x keys inside a fused attention, which runs once more in backward."""
    macs = _inner_macs(call)
    return _product(
        macs,
        input_gradients=sum(call.inputs_need_grad[:2]) + any(call.inputs_need_grad[:2]),
        saves=(0, 1),
    )


@FORMULAS.named("attention_softmax")
def attention_softmax(call: OpCall) -> OpWork:
    """Work of the softmax inside a fused attention, which keeps one number a row instead of all."""
    plain = FORMULAS["softmax"](call)
    rows = call.elements // max(1, call.op.output.shape[-1])
    return OpWork(
        forward_flops=plain.forward_flops,
        input_gradient_flops=plain.input_gradient_flops,
        extra_bytes=LOG_SUM_EXP_BYTES * rows,
    )


@FORMULAS.named("attention_context")
def attention_context(call: OpCall) -> OpWork:
    """Work of the product probabilities x values inside a fused attention: values and result are kept."""
    return _product(_inner_macs(call), input_gradients=sum(call.inputs_need_grad[:2]), saves=(1, OUTPUT))


@FORMULAS.named("attention")
def attention(call: OpCall) -> OpWork:
    r"""Work of scaled dot-product attention, softmax and causal savings not counted.

    $2 \cdot B H L_q L_k (d + d_v)$ forward. Backward is twice that, and the scores once more when the
    kernel is fused (2.5 times where $d = d_v$): it keeps no probabilities and computes them again.
    An additive mask that needs a gradient forces the eager kernel, whether it is an input or a weight of
    the op (learned position biases); an op that is `eager` has no other. Flash attention skips what lies
    outside a `window` (Dao 2024, arXiv 2307.08691), so that $L_k$ is at most the window; all other kernels
    compute it and mask it.
    """
    head_dim, k_length = call.stated("head_dim"), call.stated("k_length")
    rows = call.input_elements // head_dim
    eager = call.op.attrs.get("eager") or call.needs_grad(3) or call.weights_trained
    skips = call.flash_attention and not eager
    seen = min(k_length, call.whole("window", k_length)) if skips else k_length
    scores = rows * seen * head_dim
    context = rows * seen * call.stated("value_dim")
    query, key, value = (call.needs_grad(position) for position in range(3))
    fused = call.fused_attention and not eager
    backward = scores * (query + key) + context * (value + (query or key))
    if fused and (query or key or value):
        backward += scores
    return OpWork(
        forward_flops=FLOP_PER_MULTIPLY_ADD * (scores + context),
        input_gradient_flops=FLOP_PER_MULTIPLY_ADD * backward,
        macs=scores + context,
        saves=(0, 1, 2, OUTPUT) if fused else (0, 1, 2),
        extra_bytes=rows * (LOG_SUM_EXP_BYTES if fused else k_length * call.element_bytes),
    )


@FORMULAS.named("lstm", "gru", "rnn")
def recurrence(call: OpCall) -> OpWork:
    """Work of a recurrent layer: input and hidden products of every step, gates' own arithmetic left out.

    The gradient through time passes the hidden weights even where the layer's input needs none. Where
    the hidden state is `projected`, the last weight makes the smaller state from the whole one, which is
    kept for that weight's gradient.
    """
    steps, from_input, from_hidden = _recurrent_products(call)
    projection = call.op.attrs.get("projected")
    through_time = from_hidden if call.weights_trained or call.needs_grad() else 0
    hidden = call.whole("hidden_size", call.op.weights[1].shape[-1]) * call.whole("directions", 1)
    vectors = RECURRENT_VECTORS[call.op.kind] + bool(projection)
    return OpWork(
        forward_flops=FLOP_PER_MULTIPLY_ADD * (from_input + from_hidden),
        input_gradient_flops=FLOP_PER_MULTIPLY_ADD * (from_input * call.needs_grad() + through_time),
        weight_gradient_flops=FLOP_PER_MULTIPLY_ADD * (from_input + from_hidden) * call.weights_trained,
        macs=from_input + from_hidden,
        saves=(0, OUTPUT),
        extra_bytes=steps * hidden * vectors * call.element_bytes,
    )


def _recurrent_products(call: OpCall) -> tuple[int, int, int]:
    """Steps of all samples, and multiply-adds of all with the input's and with the state's weights.

    Where the hidden size is stated they follow from it, in however many pieces the weights are stored.
    """
    if "hidden_size" in call.op.attrs and not call.op.attrs.get("projected"):
        hidden, width = call.stated("hidden_size"), call.inputs[0].shape[-1]
        rows = GATES[call.op.kind] * hidden * call.whole("directions", 1)
        steps = call.input_elements // width
        return steps, steps * rows * width, steps * rows * hidden
    input_weight, hidden_weight = call.op.weights[0], call.op.weights[1]
    steps = call.input_elements // input_weight.shape[-1]
    projection = call.op.weights[-1].elements if call.op.attrs.get("projected") else 0
    return steps, steps * input_weight.elements, steps * (hidden_weight.elements + projection)


def _merged(call: OpCall, plain: OpWork, *, matrix: int) -> OpWork:
    """The work of a layer with two matrices that are multiplied and added to its `matrix` first."""
    if "merged_rank" not in call.op.attrs:
        return plain
    macs = matrix * call.batches * call.stated("merged_rank")
    once = FLOP_PER_MULTIPLY_ADD * macs
    return replace(
        plain,
        forward_flops=plain.forward_flops + once,
        weight_gradient_flops=plain.weight_gradient_flops + 2 * once * call.weights_trained,
        macs=plain.macs + macs,
        once_bytes=matrix * call.element_bytes * call.needs_grad(),
    )


def _convolved(call: OpCall, *, macs: int) -> OpWork:
    dynamic_weight = not call.op.weights and call.needs_grad(1)
    return _product(
        macs,
        input_gradients=call.needs_grad() + dynamic_weight,
        weight_gradients=call.main_weight_trained,
        saves=(0,) if call.op.weights else (0, 1),
    )


def _product(
    macs: float, *, input_gradients: int, weight_gradients: int = 0, saves: tuple[int, ...]
) -> OpWork:
    flops = FLOP_PER_MULTIPLY_ADD * macs
    return OpWork(
        forward_flops=flops,
        input_gradient_flops=flops * input_gradients,
        weight_gradient_flops=flops * weight_gradients,
        macs=macs,
        saves=saves,
    )


def _weight_shape(call: OpCall) -> tuple[int, ...]:
    return call.op.weights[0].shape if call.op.weights else call.inputs[1].shape


def _inner_macs(call: OpCall) -> int:
    return call.elements * (call.inputs[0].shape[-1] if call.inputs[0].shape else 1)
