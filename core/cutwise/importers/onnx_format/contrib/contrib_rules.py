"""How quantised, packed and onnxruntime's own operators are read: kind, weights, and what are only scales.

A packed weight counts its elements, in the format they are packed in; scales and zero points are
buffers. Products of whole numbers have no gradient: whatever lies before them is not trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.onnx_format.contrib.names import microsoft
from cutwise.importers.onnx_format.contrib.shapes import packed_dtype, unpacked_shape
from cutwise.importers.onnx_format.ops import Attrs, NodeFacts, OnnxRule, rule_for
from cutwise.units import BITS_PER_BYTE

NF4 = 1  # MatMulBnb4's number for that format; the other is fp4

RuleMaker = Callable[[NodeFacts], OnnxRule]


def contrib_rule(facts: NodeFacts) -> OnnxRule | None:
    """The rule for a node of the operators in `CONTRIB_RULES`; None for all others.

    >>> contrib_rule(NodeFacts("DynamicQuantizeLinear", {}, (None,), (False,), (None,))).kind
    'dynamic_quantize'
    """
    made = CONTRIB_RULES.get(facts.op_type)
    return made(facts) if made is not None else None


@dataclass(frozen=True, slots=True)
class Like:
    """Read as ONNX's `op_type` of the inputs in `slots`; `extra` ones are biases, all others scales."""

    op_type: str
    slots: Callable[[NodeFacts], Iterable[int]]
    extra: tuple[int, ...] = ()

    def __call__(self, facts: NodeFacts) -> OnnxRule:
        """The rule for one node."""
        data = tuple(self.slots(facts))
        plain = rule_for(_view(facts, self.op_type, data))
        read = {*data, *self.extra}
        return replace(
            plain,
            weights=(*(data[slot] for slot in plain.weights if slot < len(data)), *self.extra),
            buffers=tuple(slot for slot in range(1, len(facts.inputs)) if slot not in read),
            attrs=lambda facts: plain.attrs(_view(facts, self.op_type, data)) | {"stops_gradient": True},
            quantised=True,
        )


def like(op_type: str, slots: Callable[[NodeFacts], Iterable[int]], *extra: int) -> RuleMaker:
    """The rule of an operator that does what ONNX's `op_type` does."""
    return Like(op_type, slots, extra)


def analogue(facts: NodeFacts) -> tuple[str, tuple[int, ...]] | None:
    """ONNX's operator that does what this one does, and the inputs it has; None where there is none.

    >>> analogue(NodeFacts("QLinearMatMul", {}, (None,) * 8, (False,) * 8, (None,)))
    ('MatMul', (0, 3))
    """
    made = CONTRIB_RULES.get(facts.op_type)
    return (made.op_type, tuple(made.slots(facts))) if isinstance(made, Like) else None


def of(*slots: int) -> Callable[[NodeFacts], Iterable[int]]:
    """These inputs, whatever the node."""
    return lambda facts: slots


def _view(facts: NodeFacts, op_type: str, slots: tuple[int, ...]) -> NodeFacts:
    there = [slot for slot in slots if slot < len(facts.inputs)]
    return replace(
        facts,
        op_type=op_type,
        inputs=tuple(facts.inputs[slot] for slot in there),
        constant=tuple(facts.constant[slot] for slot in there),
        numbers={},
    )


def _scaled(kind: str) -> RuleMaker:
    return lambda facts: OnnxRule(kind, buffers=(1, 2), quantised=True)


def _whole(facts: NodeFacts, name: str, default: int) -> int:
    return facts.count(name, default)


def _packed_product(facts: NodeFacts) -> OnnxRule:
    """Blocks of the weight's rows share a scale; `K` inputs, `N` outputs."""
    inner, outer = _whole(facts, "K", 0), _whole(facts, "N", 0)
    bits, block = _whole(facts, "bits", 4), _whole(facts, "block_size", 128)
    spec = TensorSpec(shape=(outer, inner), dtype=packed_dtype(bits))
    stored = facts.inputs[1].elements if len(facts.inputs) > 1 and facts.inputs[1] else 0
    if block < 1 or stored * BITS_PER_BYTE != outer * -(-inner // block) * block * bits:
        return OnnxRule(f"other:{facts.op_type}", (1, 5), (2, 3, 4), quantised=True)
    return OnnxRule("linear", (1, 5), (2, 3, 4), _features(inner, outer), unpacked={1: spec}, quantised=True)


def _bitsandbytes_product(facts: NodeFacts) -> OnnxRule:
    inner, outer = _whole(facts, "K", 0), _whole(facts, "N", 0)
    dtype = "nf4" if _whole(facts, "quant_type", 0) == NF4 else "int4"
    spec = TensorSpec(shape=(outer, inner), dtype=dtype)
    return OnnxRule("linear", (1,), (2,), _features(inner, outer), unpacked={1: spec}, quantised=True)


def _packed_table(facts: NodeFacts) -> OnnxRule:
    data = facts.inputs[0]
    if data is None or not facts.is_constant(0):
        return OnnxRule("gather")
    bits = _whole(facts, "bits", 4)
    shape = unpacked_shape(data.shape, bits=bits, dtype=data.dtype)
    dtype = data.dtype if shape == data.shape else packed_dtype(bits)
    return OnnxRule(
        "embedding", (0,), (2, 3), unpacked={0: TensorSpec(shape=shape, dtype=dtype)}, quantised=True
    )


def _quantised_lstm(facts: NodeFacts) -> OnnxRule:
    """The weights are stored with their inputs first; they count as (directions, 4 · hidden, inputs)."""
    turned = {}
    for slot in (1, 2):
        spec = facts.inputs[slot] if slot < len(facts.inputs) else None
        if spec is not None and len(spec.shape) == 3:
            directions, inputs, gates = spec.shape
            turned[slot] = TensorSpec(shape=(directions, gates, inputs), dtype=spec.dtype)
    recurrent = turned.get(2)
    directions, hidden = (recurrent.shape[0], recurrent.shape[-1]) if recurrent else (1, 0)
    sizes = {"hidden_size": facts.count("hidden_size", hidden), "directions": directions}
    return OnnxRule(
        "lstm",
        (1, 2, 3, 7),
        (8, 9, 10, 11),
        lambda facts: {**sizes, "stops_gradient": True},
        unpacked=turned,
        quantised=True,
    )


def _experts(bias: tuple[int, ...], scales: tuple[int, ...], weights: tuple[int, ...]) -> RuleMaker:
    """Every token goes through `k` experts; a weight holds all of them along its first axis."""

    def rule(facts: NodeFacts) -> OnnxRule:
        first = facts.shape(weights[0])
        packed = {} if not scales else _packed_experts(facts, weights)
        sizes: Attrs = {"experts": first[0] if first else 1, "active": _whole(facts, "k", 1)}
        return OnnxRule(
            "routed_experts",
            (*weights, *bias),
            scales,
            lambda facts: sizes,
            unpacked=packed,
            quantised=bool(scales),
        )

    return rule


def _packed_experts(facts: NodeFacts, weights: tuple[int, ...]) -> Mapping[int, TensorSpec]:
    bits = _whole(facts, "expert_weight_bits", 4)
    found = {}
    for slot in weights:
        spec = facts.inputs[slot] if slot < len(facts.inputs) else None
        if spec is not None:
            shape = unpacked_shape(spec.shape, bits=bits, dtype=spec.dtype)
            dtype = spec.dtype if shape == spec.shape else packed_dtype(bits)
            found[slot] = TensorSpec(shape=shape, dtype=dtype)
    return found


def _features(inner: int, outer: int) -> Callable[[NodeFacts], Attrs]:
    return lambda facts: {"in_features": inner, "out_features": outer}


def _third(facts: NodeFacts) -> Iterable[int]:
    return range(2, len(facts.inputs), 3)


def plain(kind: str, weights: tuple[int, ...] = (), buffers: tuple[int, ...] = ()) -> RuleMaker:
    """One kind, whatever the node."""
    return lambda facts: OnnxRule(kind, weights, buffers)


def _group_norm(facts: NodeFacts) -> OnnxRule:
    return OnnxRule("group_norm", (1, 2), attrs=lambda facts: {"groups": facts.count("groups", 1)})


CONTRIB_RULES: Mapping[str, RuleMaker] = FrozenDict(
    {
        "QuantizeLinear": _scaled("quantize"),
        "DequantizeLinear": _scaled("dequantize"),
        "DynamicQuantizeLinear": plain("dynamic_quantize"),
        "ConvInteger": like("Conv", of(0, 1)),
        "MatMulInteger": like("MatMul", of(0, 1)),
        "QLinearConv": like("Conv", of(0, 3, 8)),
        "QLinearMatMul": like("MatMul", of(0, 3)),
        "RotaryEmbedding": plain("rope", buffers=(1, 2)),
        "SimplifiedLayerNormalization": plain("rms_norm", (1,)),
        **{
            microsoft(name): rule
            for name, rule in {
                "MatMulIntegerToFloat": like("MatMul", of(0, 1), 6),
                "MatMulInteger16": like("MatMul", of(0, 1)),
                "DynamicQuantizeMatMul": like("MatMul", of(0, 1), 4),
                "QGemm": like("Gemm", of(0, 3, 6)),
                "QLinearAdd": like("Add", of(0, 3)),
                "QLinearMul": like("Mul", of(0, 3)),
                "QLinearWhere": like("Where", of(0, 1, 4)),
                "QLinearConcat": like("Concat", _third),
                "QLinearAveragePool": like("AveragePool", of(0)),
                "QLinearGlobalAveragePool": like("GlobalAveragePool", of(0)),
                "QLinearReduceMean": like("ReduceMean", of(0)),
                "QLinearSigmoid": like("Sigmoid", of(0)),
                "QLinearLeakyRelu": like("LeakyRelu", of(0)),
                "QLinearSoftmax": like("Softmax", of(0)),
                "DynamicQuantizeLSTM": _quantised_lstm,
                "MatMulNBits": _packed_product,
                "MatMulBnb4": _bitsandbytes_product,
                "GatherBlockQuantized": _packed_table,
                "RotaryEmbedding": plain("rope", buffers=(2, 3)),
                "GroupNorm": _group_norm,
                "QuickGelu": plain("gelu"),
                "ScaledSiLU": plain("silu"),
                "MoE": _experts(bias=(3, 5, 7), scales=(), weights=(2, 4, 6)),
                "QMoE": _experts(bias=(4, 7, 10), scales=(3, 6, 9, 11, 12, 13), weights=(2, 5, 8)),
            }.items()
        },
    }
)
