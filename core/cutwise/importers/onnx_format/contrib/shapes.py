"""Shapes of what onnxruntime's operators make, which the onnx package does not know."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib.learned_models import LEARNING_SHAPES
from cutwise.importers.onnx_format.contrib.names import STANDARD_DOMAINS, microsoft, plain_name
from cutwise.importers.onnx_format.contrib.reads import BOOL, FLOAT, Made, Reads, Shape, like_first, reads_of
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace, tensor_type
from cutwise.units import BITS_PER_BYTE

if TYPE_CHECKING:
    from onnx import NodeProto, TypeProto
    from onnx.defs import OpSchema

DTYPE_OF_BITS = FrozenDict({2: "uint2", 4: "uint4", 8: "uint8"})
PACKED = frozenset({"uint8", "int8"})


class MisfitError(Exception):
    """The second half of a sentence about sizes that contradict one another."""


def unpacked_shape(stored: Shape, *, bits: int, dtype: str) -> Shape:
    """The shape of what is packed along the last axis of `stored`, `bits` each.

    >>> unpacked_shape((1000, 32), bits=4, dtype="uint8")
    (1000, 64)
    """
    if not stored or dtype not in PACKED or not 0 < bits < BITS_PER_BYTE:
        return stored
    return (*stored[:-1], stored[-1] * BITS_PER_BYTE // bits)


def packed_dtype(bits: int) -> str:
    """The smallest number format that holds `bits`.

    >>> packed_dtype(4), packed_dtype(3)
    ('uint4', 'uint4')
    """
    return next((dtype for width, dtype in DTYPE_OF_BITS.items() if bits <= width), "uint8")


def contrib_types(known: OnnxTrace, step: OnnxStep) -> dict[str, TypeProto | None] | None:
    """Types of what `step` makes; None for an operator that has no rule here, or too little to go by.

    Raises `MisfitError` for sizes that contradict one another.
    """
    rule = SHAPES.get(step.node.op_type)
    if rule is None:
        return None
    try:
        found = rule(reads_of(known, step))
    except (LookupError, TypeError, ValueError):
        return {}
    return {
        name: tensor_type(element, shape)
        for name, (element, shape) in zip(step.outputs, found, strict=False)
        if name
    }


def stand_in(node: NodeProto) -> NodeProto:
    """The ONNX operator that makes the same shape from the same data; `node` itself where there is none."""
    if node.op_type not in STAND_INS:
        return node
    from onnx import defs

    op_type, slots = STAND_INS[node.op_type]
    known = defs.get_schema(op_type, OPSET_OF_STAND_INS, "").attributes
    copy = type(node)(op_type=op_type, input=[node.input[slot] for slot in slots(len(node.input))])
    copy.output.append(node.output[0])
    copy.attribute.extend(entry for entry in node.attribute if entry.name in known)
    return copy


def floating(types: Mapping[str, TypeProto]) -> dict[str, TypeProto]:
    """`types` of whole numbers as if they were floats, which is all that some ONNX operators take."""
    found = {}
    for name, kind in types.items():
        copy = type(kind)()
        copy.CopyFrom(kind)
        if copy.tensor_type.elem_type != BOOL:
            copy.tensor_type.elem_type = FLOAT
        found[name] = copy
    return found


def as_stored(made: Mapping[str, TypeProto | None], like: TypeProto | None) -> dict[str, TypeProto | None]:
    """`made` with the elements of `like`."""
    for kind in made.values():
        if kind is not None and like is not None:
            kind.tensor_type.elem_type = like.tensor_type.elem_type
    return dict(made)


def schema_of(known: OnnxTrace, node: NodeProto) -> OpSchema | None:
    """What onnx knows of the operator in the file's opset, or in its own where the file's is older."""
    from onnx import defs

    name, domain = plain_name(node), node.domain
    version = known.opsets.get(domain) or known.opsets.get("", 1)
    try:
        return defs.get_schema(name, version, domain)
    except defs.SchemaError:
        newer = domain in STANDARD_DOMAINS and defs.has(name, domain)
    return defs.get_schema(name, domain=domain) if newer else None


def _packed_product(reads: Reads) -> Made:
    shape, inner = reads.shape(0), reads.attributes["K"]
    if shape[-1] != inner:
        raise MisfitError(f"its weight has K = {inner} rows, its input ends in {shape[-1]}")
    return [(reads.element(0), (*shape[:-1], reads.attributes["N"]))]


def _looked_up(reads: Reads) -> Made:
    data = reads.specs[0]
    if data is None:
        raise LookupError
    table = unpacked_shape(data.shape, bits=reads.attributes.get("bits", 4), dtype=data.dtype)
    axis = reads.attributes.get("gather_axis", 0) % len(table)
    return [(reads.element(2), (*table[:axis], *reads.shape(1), *table[axis + 1 :]))]


def _recurrent(reads: Reads) -> Made:
    """The weights are (directions, inputs, 4 · hidden) and (directions, hidden, 4 · hidden)."""
    steps, batch, inputs = reads.shape(0)
    directions, rows, _ = reads.shape(1)
    hidden = reads.shape(2)[1]
    if rows != inputs:
        raise MisfitError(f"its weight has {rows} rows, its input ends in {inputs}")
    state = (directions, batch, hidden)
    return [(FLOAT, (steps, directions, batch, hidden)), (FLOAT, state), (FLOAT, state)]


def _product(element: int | None, scale: int, weight: int = 1) -> Callable[[Reads], Made]:
    def made(reads: Reads) -> Made:
        first, second = reads.shape(0), reads.shape(weight)
        if first[-1] != second[-2]:
            raise MisfitError(f"it multiplies rows of {first[-1]} by columns of {second[-2]}")
        batch = first[:-2] if math.prod(second[:-2]) == 1 else second[:-2]
        rows = first[-2:-1] if len(first) > 1 else ()
        return [(element or reads.element(scale), (*batch, *rows, second[-1]))]

    return made


def _general_product(reads: Reads) -> Made:
    first, second = reads.shape(0), reads.shape(3)
    rows = first[-1] if reads.attributes.get("transA") else first[0]
    columns = second[0] if reads.attributes.get("transB") else second[-1]
    return [(reads.element(8), (rows, columns))]


def _first(count: int) -> tuple[int, ...]:
    return (0,)


# Opset 13 still has the axes of a reduction as an attribute, as onnxruntime's operators have.
OPSET_OF_STAND_INS = 13

STAND_INS: Mapping[str, tuple[str, Callable[[int], Sequence[int]]]] = FrozenDict(
    {
        microsoft("QLinearAdd"): ("Add", lambda count: (0, 3)),
        microsoft("QLinearMul"): ("Mul", lambda count: (0, 3)),
        microsoft("QLinearWhere"): ("Where", lambda count: (0, 1, 4)),
        microsoft("QLinearConcat"): ("Concat", lambda count: range(2, count, 3)),
        microsoft("QLinearAveragePool"): ("AveragePool", _first),
        microsoft("QLinearGlobalAveragePool"): ("GlobalAveragePool", _first),
        microsoft("QLinearReduceMean"): ("ReduceMean", _first),
        microsoft("QLinearSigmoid"): ("Identity", _first),
        microsoft("QLinearLeakyRelu"): ("Identity", _first),
        microsoft("QLinearSoftmax"): ("Identity", _first),
    }
)

SHAPES: Mapping[str, Callable[[Reads], Made]] = FrozenDict(
    {
        **LEARNING_SHAPES,
        microsoft("MatMulNBits"): _packed_product,
        microsoft("MatMulBnb4"): _packed_product,
        microsoft("GatherBlockQuantized"): _looked_up,
        microsoft("DynamicQuantizeLSTM"): _recurrent,
        microsoft("DynamicQuantizeMatMul"): _product(FLOAT, 0),
        microsoft("MatMulIntegerToFloat"): _product(None, 2),
        microsoft("MatMulInteger16"): _product(6, 0),
        microsoft("QGemm"): _general_product,
        microsoft("MoE"): like_first,
        microsoft("QMoE"): like_first,
        microsoft("RotaryEmbedding"): like_first,
        microsoft("GroupNorm"): like_first,
        microsoft("QuickGelu"): like_first,
        microsoft("ScaledSiLU"): like_first,
        "SimplifiedLayerNormalization": like_first,
    }
)
