"""What becomes of axes in each operator: a rule gives the axes of the (first) result.

An axis that a rule leaves out is one whose places the operator mixes: sums over, normalises along, slides
a window over. None says that the call tells nothing of any axis, such as a sum of everything.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import TypeAlias

from cutwise.frozen import FrozenDict
from cutwise.importers.torch_format.axes.axis_parts import Axes, regrouped, size_of, unlabelled
from cutwise.importers.torch_format.axes.axis_reading import Reading
from cutwise.importers.torch_format.axes.picked_axes import GATHERS
from cutwise.importers.torch_format.facts import Facts
from cutwise.importers.torch_format.kinds import KINDS, SHAPE_ONLY
from cutwise.importers.torch_format.ops import axis_order

AxisRule: TypeAlias = Callable[[Reading], Axes | None]


def rule_for_axes(facts: Facts) -> AxisRule:
    """The rule for a call; of an operator without one the first axis is taken to be kept."""
    op = facts.op
    if op in SHAPE_ONLY:
        return lambda reading: None
    return BY_NAME.get(op) or BY_KIND.get(KINDS.get(op, ""), _first_axis)


def _first_axis(reading: Reading) -> Axes:
    return _leading(1)(reading)


def _leading(count: int) -> Callable[[Reading], Axes]:
    """The first axes of the first tensor are kept."""

    def rule(reading: Reading) -> Axes:
        axes, shape = reading.given("self", "input"), reading.shape
        kept = [axes[at] for at in range(min(count, len(axes), len(shape)))]
        return (*kept, *map(unlabelled, shape[len(kept) :]))

    return rule


def _elementwise(reading: Reading) -> Axes:
    return reading.aligned([reading.of(name) for name in reading.facts.call.refs()], reading.shape)


def _copied(reading: Reading) -> Axes:
    """Element by element, but for axes along which places are turned round."""
    turned = (reading.dims("dims") or set()) | (reading.dims("dim") or set())
    axes = _elementwise(reading)
    return tuple(unlabelled(reading.shape[at]) if at in turned else axis for at, axis in enumerate(axes))


def _without(reading: Reading) -> Axes | None:
    """Without the axes that `dim` names; a reduction of everything tells nothing."""
    axes, shape = reading.given("self", "input"), reading.shape
    dims = reading.dims()
    if dims is None:
        return None
    if len(shape) == len(axes):
        return tuple(unlabelled(shape[at]) if at in dims else axis for at, axis in enumerate(axes))
    return tuple(axis for at, axis in enumerate(axes) if at not in dims)


def _extreme(reading: Reading) -> Axes | None:
    """Of two tensors element by element, or of one along an axis."""
    return _elementwise(reading) if len(reading.facts.call.refs()) > 1 else _without(reading)


def _ranked(reading: Reading) -> Axes | None:
    if reading.dims() is None and len(reading.shape) == len(reading.given("self")):
        return (*reading.given("self")[:-1], unlabelled(reading.shape[-1]))
    return _without(reading)


def _normed(reading: Reading) -> Axes:
    shape = reading.facts.value("normalized_shape")
    last = len(shape) if isinstance(shape, list) else 1
    return (*reading.given("input", "self")[:-last], *map(unlabelled, reading.shape[-last:]))


def _transformed(reading: Reading) -> Axes:
    axes, shape = reading.given("self"), reading.shape
    over = reading.dims() or {len(axes) - 1 - back for back in range(1 + ("2" in reading.facts.op))}
    return tuple(unlabelled(shape[at]) if at in over else axis for at, axis in enumerate(axes))


def _shaped(reading: Reading) -> Axes:
    axes, shape = reading.given("self", "input"), reading.shape
    if reading.facts.op == "view_as_complex":
        return axes[:-1]
    if reading.facts.op == "view_as_real":
        return (*axes, unlabelled(2))
    return regrouped(axes, shape) or tuple(map(unlabelled, shape))


def _turned(reading: Reading) -> Axes:
    axes = reading.given("self")
    return tuple(axes[at] for at in axis_order(reading.facts))


def _joined(reading: Reading) -> Axes:
    """Concatenated or stacked: the other axes meet."""
    refs, shape = reading.facts.call.refs("tensors"), reading.shape
    tensors = [reading.of(name) for name in refs if len(reading.of(name)) >= len(shape) - 1]
    (at,) = reading.dims(rank=len(shape)) or {0}
    if reading.facts.op == "stack":
        tensors = [(*axes[:at], (), *axes[at:]) for axes in tensors]
    met = reading.aligned(tensors, (*shape[:at], 1, *shape[at + 1 :]))
    return (*met[:at], unlabelled(shape[at]), *met[at + 1 :])


def _linear(reading: Reading) -> Axes:
    weight = reading.given("weight")
    rows = weight[0] if len(weight) > 1 else ()
    kept = reading.given("input")[:-1]
    return (*kept, rows) if len(weight) > 1 else kept


def _product(first: str, second: str, *added: str) -> AxisRule:
    """Rows of the first and columns of the second stay; what is summed over meets, and the axes before."""

    def rule(reading: Reading) -> Axes:
        a, b, shape = reading.given(first), reading.given(second), reading.shape
        ends = (*a[-2:-1], *(b[-1:] if len(b) > 1 else ()))
        reading.labels.one_axis([a[-1], b[-2:][0]], size_of(a[-1]), reading.name)
        before = len(shape) - len(ends)
        met = reading.aligned([a[:-2], b[:-2]], shape[:before]) if before > 0 else ()
        found = (*met, *ends)
        rest = [reading.given(name) for name in added]
        return reading.aligned([found, *rest], shape) if rest else found

    return rule


def _outer(reading: Reading) -> Axes:
    return tuple(axis for name in reading.facts.call.refs()[:2] for axis in reading.of(name))


def _convolved(reading: Reading) -> Axes:
    """Samples lie along the first axis, where there is one beside channels and window."""
    if len(reading.given("input")) < len(reading.given("weight")):
        return tuple(map(unlabelled, reading.shape))
    return _first_axis(reading)


def _windowed(reading: Reading) -> Axes:
    """The axes before those that a window slides over, or that are resized."""
    over = next((int(digit) for digit in reading.facts.op if digit.isdigit()), 1)
    return _leading(len(reading.shape) - over)(reading)


def _attended(reading: Reading) -> Axes:
    shape = reading.shape
    read = [reading.given(name)[:-2] for name in ("query", "key", "value")]
    masks = [reading.of(name)[:-2] for name in reading.facts.call.refs("attn_mask")]
    met = reading.aligned([*read, *masks], shape[:-2]) if len(shape) > 2 else ()
    return (*met, *map(unlabelled, shape[-2:]))


def _recurrent(reading: Reading) -> Axes:
    """Time is mixed; the other axis is that of the samples."""
    axes, shape = reading.given("input", "data"), reading.shape
    if len(axes) < 3:
        return tuple(map(unlabelled, shape))
    at = 0 if reading.facts.value("batch_first") else 1
    states = [reading.of(name)[1:2] for name in reading.facts.call.refs("hx")]
    (samples,) = reading.aligned([axes[at : at + 1], *states], shape[at : at + 1])
    reading.labels.judged.update(part.label for part in samples if part.label >= 0)
    for name in filter(None, reading.facts.call.outputs[1:]):
        state = reading.facts.tensors[name].shape
        reading.others[name] = (unlabelled(state[0]), samples, unlabelled(state[-1]))
    time, width = unlabelled(shape[1 - at]), unlabelled(shape[2])
    return (samples, time, width) if at == 0 else (time, samples, width)


def _einsum(reading: Reading) -> Axes:
    """Letters of the result are kept; those of several operands meet."""
    equation = str(reading.facts.value("equation")).replace(" ", "")
    refs = reading.facts.call.refs("tensors")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    spare = [
        len(reading.of(name)) - len(term.replace("...", "")) for name, term in zip(refs, terms, strict=False)
    ]
    hidden = string.digits[: max(spare, default=0)]
    opened = [
        t.replace("...", hidden[len(hidden) - n :] if n else "") for t, n in zip(terms, spare, strict=False)
    ]
    once = sorted(letter for letter in set(left) - set(",.") if left.count(letter) == 1)
    wanted = (result if arrow else "..." + "".join(once)).replace("...", hidden)
    found = []
    for letter, size in zip(wanted, reading.shape, strict=False):
        meeting = [
            axis
            for name, term in zip(refs, opened, strict=False)
            for axis, own in zip(reading.of(name), term, strict=False)
            if own == letter
        ]
        found.append(reading.labels.one_axis(meeting, size, reading.name))
    return tuple(found)


def _lost(reading: Reading) -> Axes | None:
    """A loss: samples lie along the first axis; one number of all of them mixes nothing."""
    axes = reading.given("self", "input")
    if reading.shape:
        return (
            reading.aligned([axes], reading.shape)
            if len(axes) == len(reading.shape)
            else _first_axis(reading)
        )
    reading.labels.judged.update(part.label for axis in axes[:1] for part in axis if part.label >= 0)
    return None


def _named(rules: Mapping[str, AxisRule]) -> dict[str, AxisRule]:
    return {name: rule for names, rule in rules.items() for name in names.split()}


BY_NAME: Mapping[str, AxisRule] = FrozenDict({
    **GATHERS,
    **_named({
        "linear": _linear,
        "addmm": _product("mat1", "mat2", "self"), "baddbmm": _product("batch1", "batch2", "self"),
        "mm bmm": _product("self", "mat2"), "mv": _product("self", "vec"),
        "matmul": _product("self", "other"), "dot vdot": lambda reading: None,
        "outer ger": _outer,
        "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution _convolution":
            _convolved,
        "cross_entropy_loss nll_loss nll_loss_nd nll_loss2d mse_loss l1_loss smooth_l1_loss huber_loss "
        "binary_cross_entropy binary_cross_entropy_with_logits kl_div": _lost,
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
        "adaptive_max_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d": _windowed,
        "max min": _extreme, "median nanmedian": _without, "topk sort argsort msort": _ranked,
        "kthvalue mode": _ranked, "cumsum cumprod logcumsumexp cummax cummin": _without,
        "lstm gru rnn_tanh rnn_relu": _recurrent,
        "one_hot": lambda reading: (*reading.given("self"), unlabelled(reading.shape[-1])),
        "histc trace diag_embed as_strided diagonal unfold im2col col2im": _first_axis,
        "to _to type_as float half double contiguous masked_fill addcmul addcdiv lerp clamp hardtanh":
            _elementwise,
        "loop_steps softmax _softmax special_softmax log_softmax _log_softmax special_log_softmax softmin":
            _without,
    }),
})  # fmt: skip

_ELEMENTWISE = (
    "relu sigmoid tanh exp sqrt elu reciprocal gelu silu relu6 clip leaky_relu hardswish hardsigmoid mish "
    "pow erf abs log sin cos softplus neg add sub mul div maximum minimum where equal less less_or_equal "
    "greater greater_or_equal not and or floor ceil round sign dropout prelu identity expand tile pad slice "
    "split"
)
BY_KIND: Mapping[str, AxisRule] = FrozenDict(_named({
    _ELEMENTWISE: _elementwise,
    "copy": _copied,
    "reduce_mean reduce_sum reduce_max reduce_min reduce_prod reduce_l2 reduce_sum_square reduce_l1 "
    "reduce_log_sum_exp": _without,
    "layer_norm rms_norm": _normed,
    "batch_norm group_norm instance_norm lstm gru rnn": _first_axis,
    "reshape flatten squeeze unsqueeze": _shaped,
    "transpose": _turned,
    "concat": _joined,
    "attention": _attended,
    "max_pool avg_pool resize": _windowed,
    "einsum": _einsum,
    "fft": _transformed,
}))  # fmt: skip
SORTS = {"sort", "argsort", "msort", "topk", "_grouped_mm", "transformers::grouped_mm_fallback"}
MOVES = frozenset({*GATHERS, *SORTS} - {"select", "unbind"})
