"""ONNX operators in our words: normalised kind, which inputs are weights, which attributes matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import TensorSpec

Attr: TypeAlias = int | float | str | Sequence[int] | Sequence[float] | Sequence[Sequence[int]] | None
Attrs = dict[str, Attr]


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What a rule may look at: operator, attributes, tensors read and made, and which are constant.

    Absent optional inputs have no spec. `numbers` holds the known values of scalar inputs.
    """

    op_type: str
    attributes: Mapping[str, Attr]
    inputs: tuple[TensorSpec | None, ...]
    constant: tuple[bool, ...]
    outputs: tuple[TensorSpec | None, ...]
    numbers: Mapping[int, float] = field(default_factory=dict)

    def shape(self, slot: int) -> tuple[int, ...]:
        """Shape of input `slot`, empty where it is absent or unknown."""
        spec = self.inputs[slot] if slot < len(self.inputs) else None
        return spec.shape if spec is not None else ()

    def is_constant(self, slot: int) -> bool:
        """True for a present input that depends on no model input."""
        return slot < len(self.constant) and self.constant[slot]

    def count(self, name: str, default: int) -> int:
        """The whole number under attribute `name`; `ModelImportError` when the file has something else."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise ModelImportError(f"{self.op_type}: {name} is {value}, not a whole number; export it again")
        return value

    def sizes(self, name: str, default: Sequence[int]) -> tuple[int, ...]:
        """The whole numbers under attribute `name`; `ModelImportError` when the file has something else."""
        value = self.attributes.get(name, default)
        found = tuple(v for v in value if isinstance(v, int)) if isinstance(value, Sequence) else ()
        if not isinstance(value, Sequence) or len(found) < len(value):
            raise ModelImportError(f"{self.op_type}: {name} is {value}, not whole numbers; export it again")
        return found


@dataclass(frozen=True, slots=True)
class OnnxRule:
    """How one operator is read: kind, weight slots (the first is the main one), buffer slots, attributes.

    A `loose` rule takes a constant operand for a parameter only when it looks like one: floating,
    more than one element, and no square mask. A `quantised` one also takes whole numbers for weights;
    `unpacked` says what a slot's weight holds where that is not what is stored.
    """

    kind: str
    weights: tuple[int, ...] = ()
    buffers: tuple[int, ...] = ()
    attrs: Callable[[NodeFacts], Attrs] = lambda facts: {}
    loose: bool = False
    quantised: bool = False
    unpacked: Mapping[int, TensorSpec] = FrozenDict()


def rule_for(facts: NodeFacts) -> OnnxRule:
    """The rule for a node; operators without one become kind "other:<OpType>" with all weights kept.

    >>> rule_for(NodeFacts("Relu", {}, (None,), (False,), (None,))).kind
    'relu'
    """
    special = SPECIAL.get(facts.op_type)
    if special is not None:
        return special(facts)
    if facts.op_type in RULES:
        return RULES[facts.op_type]
    kind = SIMPLE_KINDS.get(facts.op_type)
    return (
        OnnxRule(kind)
        if kind
        else OnnxRule(f"other:{facts.op_type}", tuple(range(len(facts.inputs))), loose=True)
    )


def _conv(name: str, weight: int, bias: int) -> Callable[[NodeFacts], OnnxRule]:
    def rule(facts: NodeFacts) -> OnnxRule:
        shape = facts.shape(weight)
        axes = len(shape) - 2

        def attrs(facts: NodeFacts) -> Attrs:
            return {
                "kernel": facts.sizes("kernel_shape", shape[2:]),
                "stride": facts.sizes("strides", (1,) * axes),
                "groups": facts.count("group", 1),
            }

        return OnnxRule(f"{name}{axes}d", (weight, bias), attrs=attrs)

    return rule


def _gemm(facts: NodeFacts) -> OnnxRule:
    weight = next((slot for slot in (1, 0) if facts.is_constant(slot)), None)
    if weight is None:
        return OnnxRule("matmul", (2,), loose=True)
    rows, columns = facts.shape(weight)[-2:]
    flipped = bool(facts.count("transB" if weight == 1 else "transA", 0))
    inner, outer = (columns, rows) if flipped == (weight == 1) else (rows, columns)
    return OnnxRule("linear", (weight, 2), attrs=lambda facts: _features(inner, outer))


def _matmul(first: int, second: int) -> Callable[[NodeFacts], OnnxRule]:
    def rule(facts: NodeFacts) -> OnnxRule:
        if facts.is_constant(second):
            shape = facts.shape(second)
            inner, outer = (shape[-2], shape[-1]) if len(shape) > 1 else (math.prod(shape), 1)
            return OnnxRule("linear", (second,), attrs=lambda facts: _features(inner, outer))
        if facts.is_constant(first):
            shape = facts.shape(first)
            outer, inner = (shape[-2], shape[-1]) if len(shape) > 1 else (1, math.prod(shape))
            return OnnxRule("linear", (first,), attrs=lambda facts: _features(inner, outer))
        return OnnxRule("matmul")

    return rule


def _features(inner: int, outer: int) -> Attrs:
    return {"in_features": inner, "out_features": outer}


def _gather(facts: NodeFacts) -> OnnxRule:
    return OnnxRule("embedding", (0,)) if facts.is_constant(0) else OnnxRule("gather")


def _clip(facts: NodeFacts) -> OnnxRule:
    low = facts.numbers.get(1, facts.attributes.get("min"))
    high = facts.numbers.get(2, facts.attributes.get("max"))
    return OnnxRule("relu6" if (low, high) == (0, 6) else "clip")


def _attention(facts: NodeFacts) -> OnnxRule:
    return OnnxRule("attention", attrs=_attention_attrs)


def _attention_attrs(facts: NodeFacts) -> Attrs:
    """Shapes are (batch, heads, length, width), or (batch, length, heads · width) and the heads stated."""
    query, key, value = (facts.shape(slot) for slot in range(3))
    past = facts.shape(4)[2] if len(facts.shape(4)) == 4 else 0
    if len(query) == 4:
        heads, key_heads = query[1], key[1]
        q_length, k_length, width, value_width = query[2], key[2], query[3], value[3]
    else:
        heads = facts.count("q_num_heads", 1)
        key_heads = facts.count("kv_num_heads", heads)
        q_length, k_length, width, value_width = query[1], key[1], query[2] // heads, value[2] // key_heads
    return {
        "heads": heads,
        "q_length": q_length,
        "k_length": k_length + past,
        "head_dim": width,
        "value_dim": value_width,
        "kv_heads": key_heads,
        "causal": bool(facts.count("is_causal", 0)),
    }


def _pool(facts: NodeFacts) -> Attrs:
    kernel = facts.sizes("kernel_shape", ())
    return {"kernel": kernel, "stride": facts.sizes("strides", (1,) * len(kernel))}


def _recurrent(facts: NodeFacts) -> Attrs:
    recurrence = facts.shape(2)
    hidden = facts.count("hidden_size", recurrence[-1] if recurrence else 0)
    return {"hidden_size": hidden, "directions": recurrence[0] if recurrence else 1}


def _einsum(facts: NodeFacts) -> OnnxRule:
    places = tuple(slot for slot in range(len(facts.inputs)) if facts.is_constant(slot))

    def attrs(facts: NodeFacts) -> Attrs:
        equation = facts.attributes.get("equation")
        if not isinstance(equation, str):
            raise ModelImportError("Einsum: its equation is no text; export it again")
        shapes = [facts.shape(slot) for slot in places]
        return {"equation": equation, "weight_places": places, "weight_shapes": shapes}

    return OnnxRule("einsum", places, attrs=attrs)


SPECIAL: Mapping[str, Callable[[NodeFacts], OnnxRule]] = FrozenDict(
    {
        "Conv": _conv("conv", 1, 2),
        "ConvTranspose": _conv("conv_transpose", 1, 2),
        "Gemm": _gemm,
        "MatMul": _matmul(0, 1),
        "Gather": _gather,
        "Clip": _clip,
        "Attention": _attention,
        "Einsum": _einsum,
    }
)

ELEMENTWISE = FrozenDict({
    "Add": "add", "Sum": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Max": "maximum", "Min": "minimum",
    "Where": "where", "Concat": "concat", "GatherND": "gather", "GatherElements": "gather",
})  # fmt: skip

RULES: Mapping[str, OnnxRule] = FrozenDict(
    {
        "BatchNormalization": OnnxRule("batch_norm", (1, 2), (3, 4)),
        "LayerNormalization": OnnxRule("layer_norm", (1, 2)),
        "GroupNormalization": OnnxRule("group_norm", (1, 2)),
        "InstanceNormalization": OnnxRule("instance_norm", (1, 2)),
        "RMSNormalization": OnnxRule("rms_norm", (1,)),
        "PRelu": OnnxRule("prelu", (1,)),
        "MaxPool": OnnxRule("max_pool", attrs=_pool),
        "AveragePool": OnnxRule("avg_pool", attrs=_pool),
        "LSTM": OnnxRule("lstm", (1, 2, 3, 7), attrs=_recurrent),
        "GRU": OnnxRule("gru", (1, 2, 3), attrs=_recurrent),
        "RNN": OnnxRule("rnn", (1, 2, 3), attrs=_recurrent),
        **{name: OnnxRule(kind, tuple(range(8)), loose=True) for name, kind in ELEMENTWISE.items()},
    }
)

LOOP_START = "LoopStart"
CHOICE = "Choice"
"""No operators: what a loop carries into its first turn, and what a branch makes of a condition."""

SIMPLE_KINDS: Mapping[str, str] = FrozenDict({
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax", "LogSoftmax": "log_softmax",
    "Exp": "exp", "Sqrt": "sqrt", "Elu": "elu", "Selu": "elu", "Celu": "elu", "Reciprocal": "reciprocal",
    "Gelu": "gelu", "Swish": "silu", "LeakyRelu": "leaky_relu",
    "HardSwish": "hardswish", "HardSigmoid": "hardsigmoid", "Mish": "mish", "Pow": "pow", "Erf": "erf",
    "Abs": "abs", "Log": "log", "Sin": "sin", "Cos": "cos", "Softplus": "softplus", "Neg": "neg",
    "GlobalAveragePool": "global_avg_pool", "GlobalMaxPool": "global_max_pool", "LRN": "lrn",
    "ReduceMean": "reduce_mean", "ReduceSum": "reduce_sum", "ReduceMax": "reduce_max",
    "ReduceMin": "reduce_min", "ReduceProd": "reduce_prod", "ReduceL1": "reduce_l1", "ReduceL2": "reduce_l2",
    "ReduceSumSquare": "reduce_sum_square", "ReduceLogSumExp": "reduce_log_sum_exp",
    "Pad": "pad", "Resize": "resize", "Upsample": "resize", "Tile": "tile", "DepthToSpace": "depth_to_space",
    "SpaceToDepth": "space_to_depth", "Slice": "slice", "Split": "split",
    "Reshape": "reshape", "Transpose": "transpose", "Flatten": "flatten", "Squeeze": "squeeze",
    "Unsqueeze": "unsqueeze", "Identity": "identity", "Cast": "cast", "CastLike": "cast", "Expand": "expand",
    "Dropout": "dropout", "Equal": "equal", "Less": "less", "LessOrEqual": "less_or_equal",
    "Greater": "greater", "GreaterOrEqual": "greater_or_equal", "Not": "not", "And": "and", "Or": "or",
    LOOP_START: "constant", CHOICE: "identity", "TopK": "top_k", "NonZero": "nonzero",
    "Compress": "gather", "Unique": "unique", "NonMaxSuppression": "non_max_suppression",
    "ArgMax": "arg_max", "ArgMin": "arg_max", "ReverseSequence": "gather", "ScatterElements": "copy",
    "ScatterND": "copy",
    "Xor": "or", "Floor": "floor", "Ceil": "ceil", "Round": "round", "Sign": "sign",
})  # fmt: skip
