"""Operators of torch.export in our words: kind, which arguments are weights, which attributes matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from cutwise.importers.torch_format.facts import Attrs, Facts, Rule
from cutwise.importers.torch_format.kinds import COPY, KINDS
from cutwise.read_limits import TORCH_LARGEST_COUNT


def rule_for(facts: Facts) -> Rule:
    """The rule for a call; operators without one become kind "other:<operator>" with all weights kept."""
    special = SPECIAL.get(facts.op)
    if special is not None:
        return special(facts)
    kind = KINDS.get(facts.op)
    if kind is None:
        return Rule(f"other:{facts.op}")
    return KIND_RULES.get(kind) or Rule(kind)


def _convolution(facts: Facts) -> Rule:
    if facts.is_constant("bias") and not facts.is_constant("weight"):
        return Rule(f"other:{facts.op}", ("bias",))
    weight = facts.shape("weight")
    turned = bool(facts.value("transposed")) or "transpose" in facts.op
    name = "conv_transpose" if turned else "conv"
    axes = len(weight) - 2
    attrs = {
        "kernel": weight[2:],
        "stride": each(facts.value("stride", 1), axes),
        "groups": each(facts.value("groups", 1), 1)[0],
    }
    return Rule(f"{name}{axes}d", ("weight", "bias"), data=("input", "weight"), attrs=lambda facts: attrs)


def each(value: Any, axes: int) -> tuple[int, ...]:
    """The number `value` gives for each of `axes`: lists of one and plain numbers stand for all.

    Raises `ValueError` for what is no count.

    >>> each([3], 2), each(2, 2), each([1, 2], 2)
    ((3, 3), (2, 2), (1, 2))
    """
    values = value if isinstance(value, list | tuple) else [value]
    if not all(type(number) is int and 0 <= number <= TORCH_LARGEST_COUNT for number in values):
        raise ValueError(f"{str(value)[:40]} stands where a count is expected")
    return tuple(values if len(values) == axes else [*values[:1]] * axes)


def _linear(facts: Facts) -> Rule:
    if not facts.is_constant("weight"):
        return Rule("matmul", data=("input", "weight"))
    shape = facts.shape("weight")
    outer = shape[0] if len(shape) > 1 else 1
    return Rule("linear", ("weight", "bias"), attrs=lambda facts: _features(shape[-1], outer))


def _product(first: str, second: str, *rest: str) -> Callable[[Facts], Rule]:
    """A matrix product of which either operand may be a weight."""

    def rule(facts: Facts) -> Rule:
        if facts.is_constant(second):
            shape = facts.shape(second)
            inner, outer = (shape[-2], shape[-1]) if len(shape) > 1 else (math.prod(shape), 1)
            return Rule("linear", (second, *rest), attrs=lambda facts: _features(inner, outer))
        if facts.is_constant(first):
            shape = facts.shape(first)
            outer, inner = (shape[-2], shape[-1]) if len(shape) > 1 else (1, math.prod(shape))
            return Rule("linear", (first, *rest), attrs=lambda facts: _features(inner, outer))
        return Rule("matmul", data=(first, second, *rest))

    return rule


def _features(inner: int, outer: int) -> Attrs:
    return {"in_features": inner, "out_features": outer}


def _embedding(facts: Facts) -> Rule:
    if facts.is_constant("weight"):
        return Rule("embedding", ("weight",))
    return Rule("gather", data=("weight", "indices"))


def _index(facts: Facts) -> Rule:
    """Rows of a table; a mask of trues and falses picks as positions do."""
    return Rule("embedding", ("self",)) if facts.is_constant("self") else Rule("gather")


def _clip(facts: Facts) -> Rule:
    low, high = facts.value("min_val", facts.value("min", -1)), facts.value("max_val", facts.value("max", 1))
    return Rule("relu6" if (low, high) == (0, 6) else "clip")


def _power(facts: Facts) -> Rule:
    return Rule("exp" if facts.call.overload.startswith("Scalar") else "pow")


def _extreme(kind: str, elementwise: str) -> Callable[[Facts], Rule]:
    """`max` of everything, along an axis (with places, as `topk`), or of two tensors."""

    def rule(facts: Facts) -> Rule:
        overload = facts.call.overload
        if overload == "other" or len(facts.call.refs()) > 1:
            return Rule(elementwise)
        return Rule("top_k" if overload == "dim" else kind)

    return rule


QKV = ("query", "key", "value")


def _attention_attrs(facts: Facts) -> Attrs:
    """Shapes are (batch, heads, length, width); fewer axes mean one head."""
    query, key, value = map(facts.shape, QKV)
    return {
        "heads": query[-3] if len(query) > 3 else 1,
        "q_length": query[-2],
        "k_length": key[-2],
        "head_dim": query[-1],
        "value_dim": value[-1],
        "kv_heads": key[-3] if len(key) > 3 else 1,
        "causal": bool(facts.value("is_causal", False)),
    }


def _pool_attrs(facts: Facts) -> Attrs:
    axes = next((int(digit) for digit in facts.op if digit.isdigit()), 1)
    kernel = each(facts.value("kernel_size", 1), axes)
    return {"kernel": kernel, "stride": each(facts.value("stride") or kernel, axes)}


def _adaptive_pool(whole: str, part: str) -> Callable[[Facts], Rule]:
    def rule(facts: Facts) -> Rule:
        axes = next(int(digit) for digit in facts.op if digit.isdigit())
        before, after = facts.shape("self")[-axes:], facts.output.shape[-axes:]
        kernel = tuple(-(-size // max(1, left)) for size, left in zip(before, after, strict=True))
        return Rule(whole) if math.prod(after) == 1 else Rule(part, attrs=lambda facts: {"kernel": kernel})

    return rule


def _cast(facts: Facts) -> Rule:
    source = facts.tensors[facts.call.refs()[0]]
    return Rule("identity" if source.dtype == facts.output.dtype else "cast")


def _contiguous(facts: Facts) -> Rule:
    before, after = (facts.strides.get(name) for name in (facts.tensor("self"), facts.call.outputs[0]))
    return Rule("identity" if before == after else COPY)


def _addition(facts: Facts) -> Rule:
    factor = facts.value("alpha", 1)
    scaled = isinstance(factor, int | float) and factor != 1 and len(facts.call.refs()) > 1
    return Rule(KINDS[facts.op], attrs=lambda facts: {"factor": factor} if scaled else {})


def _order(facts: Facts) -> Attrs:
    """The order of axes after a transposition."""
    rank = len(facts.shape("self"))
    order = list(range(rank))
    match facts.op:
        case "permute":
            order = [axis % rank for axis in facts.value("dims")]
        case "movedim" | "moveaxis":
            source, target = (
                [axis % rank for axis in (given if isinstance(given, list) else [given])]
                for given in (facts.value("source"), facts.value("destination"))
            )
            left = iter(axis for axis in order if axis not in source)
            order = [source[target.index(at)] if at in target else next(left) for at in range(rank)]
        case "t" | "numpy_T" | "T" | "matrix_H":
            order = order[::-1]
        case _:
            one, other = (
                facts.value("dim0", facts.value("axis0", -2)),
                facts.value("dim1", facts.value("axis1", -1)),
            )
            if rank:
                order[one], order[other] = order[other], order[one]
    return {"perm": tuple(order)}


def _interpolation(facts: Facts) -> Attrs:
    names = {"nearest": "nearest", "cubic": "cubic"}
    return {"mode": next((mode for word, mode in names.items() if word in facts.op), "linear")}


def _einsum(facts: Facts) -> Attrs:
    operands = facts.call.refs("tensors")
    places = tuple(place for place, name in enumerate(operands) if name in facts.constants)
    return {"equation": str(facts.value("equation"))[:1000], "weight_places": places}


def _grouped(weight: str) -> Callable[[Facts], Rule]:
    """One matrix product for each group of rows, as in a mixture of experts."""

    def rule(facts: Facts) -> Rule:
        width = facts.shape(weight)[-2]
        return Rule("grouped_matmul", (weight,), attrs=lambda facts: {"in_features": width})

    return rule


def _cell(facts: Facts) -> Attrs:
    return {"hidden_size": facts.output.shape[-1], "directions": 1}


NORM = (("weight", "bias"), ("running_mean", "running_var"))
KIND_RULES: Mapping[str, Rule] = {
    "batch_norm": Rule("batch_norm", *NORM, data=("input",)),
    "layer_norm": Rule("layer_norm", ("weight", "bias"), data=("input",)),
    "rms_norm": Rule("rms_norm", ("weight",), data=("input",)),
    "group_norm": Rule(
        "group_norm", ("weight", "bias"), data=("input",),
        attrs=lambda facts: {"groups": each(facts.value("num_groups", facts.value("group", 1)), 1)[0]},
    ),
    "instance_norm": Rule("instance_norm", *NORM, data=("input",)),
    "prelu": Rule("prelu", ("weight",)),
    "attention": Rule("attention", data=(*QKV, "attn_mask", "attn_bias"), attrs=_attention_attrs),
    "max_pool": Rule("max_pool", attrs=_pool_attrs),
    "avg_pool": Rule("avg_pool", attrs=_pool_attrs),
    "dropout": Rule("dropout", attrs=lambda facts: {"ratio": facts.value("p", 0.5)}),
    "resize": Rule("resize", attrs=_interpolation),
    "transpose": Rule("transpose", attrs=_order),
    "einsum": Rule("einsum", ("tensors",), attrs=_einsum),
    **{kind: Rule(kind, ("w_ih", "w_hh", "b_ih", "b_hh"), attrs=_cell) for kind in ("lstm", "gru", "rnn")},
}  # fmt: skip

SPECIAL: Mapping[str, Callable[[Facts], Rule]] = {
    **dict.fromkeys(
        ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
         "convolution", "_convolution", "cudnn_convolution", "mkldnn_convolution"), _convolution,
    ),
    "linear": _linear,
    "addmm": _product("mat1", "mat2", "self"),
    "mm": _product("self", "mat2"),
    "bmm": _product("self", "mat2"),
    "_scaled_mm": _product("self", "mat2", "bias"),
    "_int_mm": _product("self", "mat2"),
    "baddbmm": _product("batch1", "batch2", "self"),
    "addbmm": _product("batch1", "batch2", "self"),
    "matmul": _product("self", "other"),
    "mv": _product("self", "vec"),
    "addmv": _product("mat", "vec", "self"),
    "dot": _product("self", "tensor"),
    "vdot": _product("self", "other"),
    "inner": _product("self", "other"),
    "_grouped_mm": _grouped("mat2"),
    "transformers::grouped_mm_fallback": _grouped("weight"),
    **dict.fromkeys(
        ("embedding", "embedding_bag", "_embedding_bag", "_embedding_bag_forward_only"), _embedding,
    ),
    **dict.fromkeys(("index", "index_select", "gather", "take", "take_along_dim"), _index),
    "hardtanh": _clip,
    "clamp": _clip,
    "pow": _power,
    "max": _extreme("reduce_max", "maximum"),
    "min": _extreme("reduce_min", "minimum"),
    **dict.fromkeys(
        ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d",
         "_adaptive_avg_pool3d"), _adaptive_pool("global_avg_pool", "avg_pool"),
    ),
    **dict.fromkeys(
        ("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
        _adaptive_pool("global_max_pool", "max_pool"),
    ),
    **dict.fromkeys(("to", "_to", "type_as", "float", "half", "double"), _cast),
    "contiguous": _contiguous,
    "add": _addition,
    "sub": _addition,
    "div": lambda facts: Rule("reciprocal" if facts.is_constant("self") else "div"),
    "lerp": lambda facts: Rule("add" if facts.call.overload == "Scalar" else "mul"),
    "masked_fill": lambda facts: Rule("where", data=("mask", "self", "value")),
    "addcmul": lambda facts: Rule("mul", data=("tensor1", "tensor2", "self")),
    "addcdiv": lambda facts: Rule("div", data=("tensor1", "tensor2", "self")),
    "copy": lambda facts: Rule(COPY, data=("src",)),
}  # fmt: skip
