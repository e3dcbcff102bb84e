"""Which rule says what an operator of ONNX or onnxruntime does to an axis that may be the batch."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib.contrib_rules import analogue
from cutwise.importers.onnx_format.contrib.names import microsoft
from cutwise.importers.onnx_format.sizes.axis_places import AxisRule, Outcome, Passage, UnknownError
from cutwise.importers.onnx_format.sizes.op_axes import (
    arg_reduced,
    batch_norm,
    cut,
    einsum,
    elementwise,
    first_output,
    gathered,
    gemm,
    joined,
    leading,
    looked_up,
    not_along,
    product,
    recurrent,
    reduced,
    repeated,
    reshaped,
    same,
    squeezed,
    transposed,
    unsqueezed,
)

_RULES: dict[AxisRule, str] = {
    elementwise: """
        Add Sub Mul Div Pow Max Min Sum Mean Mod Where Equal Less LessOrEqual Greater GreaterOrEqual And Or
        Xor PRelu Clip BitShift
    """,
    same: """
        Relu Sigmoid Tanh Exp Sqrt Elu Selu Celu Reciprocal Gelu Swish LeakyRelu HardSwish
        HardSigmoid Mish Erf Abs Log Sin Cos Softplus Softsign Neg Identity Cast CastLike Dropout Not Floor
        Ceil Round Sign IsNaN IsInf ThresholdedRelu Trilu Choice QuantizeLinear DequantizeLinear
    """,
    first_output: "DynamicQuantizeLinear",
    leading(0): """
        AveragePool MaxPool LpPool GroupNormalization DepthToSpace SpaceToDepth MaxUnpool
        GridSample Conv ConvTranspose
    """,
    leading(0, 1): "GlobalAveragePool GlobalMaxPool InstanceNormalization Attention",
    batch_norm: "BatchNormalization LRN",
    not_along(-1): "Softmax LogSoftmax Hardmax TopK",
    not_along(-1, several=True): "LayerNormalization RMSNormalization SimplifiedLayerNormalization",
    transposed: "Transpose",
    reshaped: "Reshape Flatten",
    unsqueezed: "Unsqueeze",
    squeezed: "Squeeze",
    reduced: """
        ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSumExp
        ReduceLogSum
    """,
    arg_reduced: "ArgMax ArgMin",
    joined: "Concat",
    cut: "Slice Split Pad Resize Upsample",
    gathered: "Gather",
    product: "MatMul",
    gemm: "Gemm",
    einsum: "Einsum",
    recurrent: "LSTM GRU RNN",
    repeated: "Expand Tile",
}
# onnxruntime's own that are no operator of ONNX under another name.
_CONTRIB_RULES: dict[AxisRule, str] = {
    same: "QuickGelu FastGelu BiasGelu ScaledSiLU",
    not_along(-1): "MatMulNBits MatMulBnb4 MoE QMoE",
    leading(0): "GroupNorm RotaryEmbedding MultiHeadAttention",
    looked_up: "GatherBlockQuantized",
    recurrent: "DynamicQuantizeLSTM",
}
AXIS_RULES: Mapping[str, AxisRule] = FrozenDict(
    {name: rule for rule, names in _RULES.items() for name in names.split()}
    | {microsoft(name): rule for rule, names in _CONTRIB_RULES.items() for name in names.split()}
)


def moved(step: Passage) -> Outcome:
    """Where the axis lies in what the op makes; of an operator like another of ONNX's, as of that one.

    Raises `MixedError` where the op mixes along the axis, `UnknownError` where its doing is not known.
    """
    alike = analogue(step.facts)
    rule = AXIS_RULES.get(alike[0] if alike else step.facts.op_type)
    if rule is None:
        raise UnknownError(step.facts.op_type)
    try:
        return rule(step.of_inputs(*alike) if alike else step)
    except (IndexError, KeyError, ValueError, TypeError, StopIteration) as error:
        raise UnknownError(step.facts.op_type) from error
