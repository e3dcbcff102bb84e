"""Operators of torch.export in our words: kind, which arguments are weights, which attributes matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.torch_format.facts import Attrs, Facts, TorchRule, each, integers
from cutwise.importers.torch_format.kinds import COPY, KINDS


def rule_for(facts: Facts) -> TorchRule:
    """The rule for a call; operators without one become kind "other:<operator>" with all weights kept."""
    special = SPECIAL.get(facts.op)
    if special is not None:
        return special(facts)
    kind = KINDS.get(facts.op)
    if kind is None:
        return TorchRule(f"other:{facts.op}")
    return KIND_RULES.get(kind) or TorchRule(kind)


def _convolution(facts: Facts) -> TorchRule:
    if facts.is_constant("bias") and not facts.is_constant("weight"):
        return TorchRule(f"other:{facts.op}", ("bias",))
    weight = facts.shape("weight")
    turned = bool(facts.value("transposed")) or "transpose" in facts.op
    name = "conv_transpose" if turned else "conv"
    axes = len(weight) - 2
    attrs = {
        "kernel": weight[2:],
        "stride": each(facts.value("stride", 1), axes),
        "groups": each(facts.value("groups", 1), 1)[0],
    }
    return TorchRule(f"{name}{axes}d", ("weight", "bias"), data=("input", "weight"), attrs=lambda _: attrs)


def _linear(facts: Facts) -> TorchRule:
    if not facts.is_constant("weight"):
        return TorchRule("matmul", data=("input", "weight"))
    shape = facts.shape("weight")
    outer = shape[0] if len(shape) > 1 else 1
    return TorchRule("linear", ("weight", "bias"), attrs=lambda facts: _features(shape[-1], outer))


def _product(first: str, second: str, *rest: str) -> Callable[[Facts], TorchRule]:
    """A matrix product of which either operand may be a weight."""

    def rule(facts: Facts) -> TorchRule:
        if facts.is_constant(second):
            shape = facts.shape(second)
            inner, outer = (shape[-2], shape[-1]) if len(shape) > 1 else (math.prod(shape), 1)
            return TorchRule("linear", (second, *rest), attrs=lambda facts: _features(inner, outer))
        if facts.is_constant(first):
            shape = facts.shape(first)
            outer, inner = (shape[-2], shape[-1]) if len(shape) > 1 else (1, math.prod(shape))
            return TorchRule("linear", (first, *rest), attrs=lambda facts: _features(inner, outer))
        return TorchRule("matmul", data=(first, second, *rest))

    return rule


def _features(inner: int, outer: int) -> Attrs:
    return {"in_features": inner, "out_features": outer}


def _embedding(facts: Facts) -> TorchRule:
    if facts.is_constant("weight"):
        return TorchRule("embedding", ("weight",))
    return TorchRule("gather", data=("weight", "indices"))


def _index(facts: Facts) -> TorchRule:
    """Rows of a table; a mask of trues and falses picks as positions do."""
    return TorchRule("embedding", ("self",)) if facts.is_constant("self") else TorchRule("gather")


def _clip(facts: Facts) -> TorchRule:
    low, high = facts.value("min_val", facts.value("min", -1)), facts.value("max_val", facts.value("max", 1))
    return TorchRule("relu6" if (low, high) == (0, 6) else "clip")


def _power(facts: Facts) -> TorchRule:
    return TorchRule("exp" if facts.call.overload.startswith("Scalar") else "pow")


def _extreme(kind: str, elementwise: str) -> Callable[[Facts], TorchRule]:
    """`max` of everything, along an axis (with places, as `topk`), or of two tensors."""

    def rule(facts: Facts) -> TorchRule:
        overload = facts.call.overload
        if overload == "other" or len(facts.call.refs()) > 1:
            return TorchRule(elementwise)
        return TorchRule("top_k" if overload == "dim" else kind)

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


def _adaptive_pool(whole: str, part: str) -> Callable[[Facts], TorchRule]:
    def rule(facts: Facts) -> TorchRule:
        axes = next(int(digit) for digit in facts.op if digit.isdigit())
        before, after = facts.shape("self")[-axes:], facts.output.shape[-axes:]
        kernel = tuple(-(-size // max(1, left)) for size, left in zip(before, after, strict=True))
        return (
            TorchRule(whole)
            if math.prod(after) == 1
            else TorchRule(part, attrs=lambda facts: {"kernel": kernel})
        )

    return rule


def _cast(facts: Facts) -> TorchRule:
    source = facts.tensors[facts.call.refs()[0]]
    return TorchRule("identity" if source.dtype == facts.output.dtype else "cast")


def _contiguous(facts: Facts) -> TorchRule:
    before, after = (facts.strides.get(name) for name in (facts.tensor("self"), facts.call.outputs[0]))
    return TorchRule("identity" if before == after else COPY)


def _addition(facts: Facts) -> TorchRule:
    factor = facts.value("alpha", 1)
    scaled = isinstance(factor, int | float) and factor != 1 and len(facts.call.refs()) > 1
    return TorchRule(KINDS[facts.op], attrs=lambda facts: {"factor": factor} if scaled else {})


def axis_order(facts: Facts) -> tuple[int, ...]:
    """The order of axes after a transposition."""
    rank = len(facts.shape("self"))
    order = list(range(rank))
    match facts.op:
        case "permute":
            order = [axis % rank for axis in integers(facts.value("dims"))]
        case "movedim" | "moveaxis":
            source, target = (
                [axis % rank for axis in integers(given)]
                for given in (facts.value("source"), facts.value("destination"))
            )
            left = iter(axis for axis in order if axis not in source)
            order = [source[target.index(at)] if at in target else next(left) for at in range(rank)]
        case "t" | "numpy_T" | "T" | "matrix_H":
            order = order[::-1]
        case _:
            (one,) = integers(facts.value("dim0", facts.value("axis0", -2)))
            (other,) = integers(facts.value("dim1", facts.value("axis1", -1)))
            if rank:
                order[one], order[other] = order[other], order[one]
    return tuple(order)


def _interpolation(facts: Facts) -> Attrs:
    names = {"nearest": "nearest", "cubic": "cubic"}
    return {"mode": next((mode for word, mode in names.items() if word in facts.op), "linear")}


def _dropout(facts: Facts) -> TorchRule:
    """Outside of training nothing is dropped."""
    if facts.value("train", facts.value("training", True)) is False:
        return TorchRule("identity")
    return TorchRule("dropout", attrs=lambda facts: {"ratio": facts.value("p", 0.5)})


def _transformed(facts: Facts) -> int:
    """Places that a Fourier transform takes together: of the axes it names, else of the last one or two."""
    real = max((facts.shape("self"), facts.output.shape), key=math.prod)
    named = facts.value("dim")
    last = [-2, -1] if "2" in facts.op and "fft_" in facts.op and not facts.op.startswith("_") else [-1]
    axes = integers(named) if named is not None else last
    return math.prod(real[axis] for axis in axes if -len(real) <= axis < len(real))


def _einsum(facts: Facts) -> Attrs:
    operands = facts.call.refs("tensors")
    places = tuple(place for place, name in enumerate(operands) if name in facts.constants)
    return {"equation": str(facts.value("equation"))[:1000], "weight_places": places}


def _grouped(weight: str) -> Callable[[Facts], TorchRule]:
    """One matrix product for each group of rows, as in a mixture of experts."""

    def rule(facts: Facts) -> TorchRule:
        width = facts.shape(weight)[-2]
        return TorchRule("grouped_matmul", (weight,), attrs=lambda facts: {"in_features": width})

    return rule


def _cell(facts: Facts) -> Attrs:
    return {"hidden_size": facts.output.shape[-1], "directions": 1}


NORM = (("weight", "bias"), ("running_mean", "running_var"))
KIND_RULES: Mapping[str, TorchRule] = FrozenDict({
    "batch_norm": TorchRule("batch_norm", *NORM, data=("input",)),
    "layer_norm": TorchRule("layer_norm", ("weight", "bias"), data=("input",)),
    "rms_norm": TorchRule("rms_norm", ("weight",), data=("input",)),
    "group_norm": TorchRule(
        "group_norm", ("weight", "bias"), data=("input",),
        attrs=lambda facts: {"groups": each(facts.value("num_groups", facts.value("group", 1)), 1)[0]},
    ),
    "instance_norm": TorchRule("instance_norm", *NORM, data=("input",)),
    "prelu": TorchRule("prelu", ("weight",)),
    "attention": TorchRule("attention", data=(*QKV, "attn_mask", "attn_bias"), attrs=_attention_attrs),
    "max_pool": TorchRule("max_pool", attrs=_pool_attrs),
    "avg_pool": TorchRule("avg_pool", attrs=_pool_attrs),
    "fft": TorchRule("fft", attrs=lambda facts: {"length": _transformed(facts)}),
    "resize": TorchRule("resize", attrs=_interpolation),
    "transpose": TorchRule("transpose", attrs=lambda facts: {"perm": axis_order(facts)}),
    "einsum": TorchRule("einsum", ("tensors",), attrs=_einsum),
    **{
        kind: TorchRule(kind, ("w_ih", "w_hh", "b_ih", "b_hh"), attrs=_cell)
        for kind in ("lstm", "gru", "rnn")
    },
})  # fmt: skip

SPECIAL: Mapping[str, Callable[[Facts], TorchRule]] = FrozenDict({
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
    **dict.fromkeys(
        ("dropout", "native_dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"), _dropout,
    ),
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
    "div": lambda facts: TorchRule("reciprocal" if facts.is_constant("self") else "div"),
    "lerp": lambda facts: TorchRule("add" if facts.call.overload == "Scalar" else "mul"),
    "masked_fill": lambda facts: TorchRule("where", data=("mask", "self", "value")),
    "addcmul": lambda facts: TorchRule("mul", data=("tensor1", "tensor2", "self")),
    "addcdiv": lambda facts: TorchRule("div", data=("tensor1", "tensor2", "self")),
    "copy": lambda facts: TorchRule(COPY, data=("src",)),
})  # fmt: skip
