"""Operators that stand for several: each is taken apart into ONNX's own, which are known and priced."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib import fused, fused_attention, layouts
from cutwise.importers.onnx_format.contrib.fused_node import FusedNode, UnreadableError
from cutwise.importers.onnx_format.contrib.names import in_blocks, microsoft
from cutwise.importers.onnx_format.tensors import OnnxStep, OnnxTrace

EXPANSIONS: Mapping[str, Callable[[FusedNode], None]] = FrozenDict(
    {
        microsoft(name): expansion
        for name, expansion in {
            "FusedConv": fused.fused_convolution,
            "NhwcConv": layouts.channels_last_convolution,
            "NhwcFusedConv": layouts.channels_last_convolution,
            "NhwcMaxPool": layouts.channels_last("MaxPool"),
            "QLinearConv": layouts.quantised_convolution,
            "QLinearAveragePool": layouts.quantised_channels_last,
            "QLinearGlobalAveragePool": layouts.quantised_channels_last,
            "FusedMatMul": fused.fused_product,
            "FusedMatMulActivation": fused.fused_product,
            "TransposeMatMul": fused.fused_product,
            "FusedGemm": fused.fused_general_product,
            "GemmFastGelu": fused.product_with_gelu,
            "BiasGelu": fused.biased("Gelu"),
            "FastGelu": fused.biased("Gelu"),
            "BiasSoftmax": fused.biased("Softmax"),
            "BiasAdd": fused.biased_sum,
            "BiasDropout": fused.biased_dropout,
            "BiasSplitGelu": fused.split_gelu,
            "SkipLayerNormalization": fused.skip_norm("LayerNormalization", gamma=2, bias=4),
            "SkipSimplifiedLayerNormalization": fused.skip_norm(fused.RMS_NORM, gamma=2, bias=3),
            "GroupNorm": fused.group_norm,
            "SkipGroupNorm": fused.group_norm,
            "EmbedLayerNormalization": fused.embedded_norm,
            "QEmbedLayerNormalization": fused.quantised_embedded_norm,
            "Attention": fused_attention.attention,
            "QAttention": fused_attention.quantised_attention,
            "MultiHeadAttention": fused_attention.multi_head_attention,
            "DecoderMaskedMultiHeadAttention": fused_attention.decoder_attention,
            "DecoderMaskedSelfAttention": fused_attention.attention,
            "GroupQueryAttention": fused_attention.grouped_query_attention,
            "MatMulNBitsQkv": fused_attention.packed_projections,
            "MatMulNBitsMlp": fused_attention.packed_gate,
        }.items()
    }
    | {
        in_blocks("Conv"): fused.fused_convolution,
        in_blocks("ReorderInput"): layouts.into_blocks,
        in_blocks("ReorderOutput"): layouts.out_of_blocks,
        in_blocks("Upsample"): layouts.enlarged,
    }
)


def expanded(
    known: OnnxTrace, step: OnnxStep, infer: Callable[[OnnxTrace, OnnxStep], None]
) -> list[OnnxStep] | None:
    """The steps that `step` is made of, with what they make entered; None for an operator that is one.

    `infer` enters what one step makes. Raises `ModelImportError` for inputs that do not fit together.
    """
    expansion = EXPANSIONS.get(step.node.op_type)
    if expansion is None:
        return None
    parts = FusedNode(known, step, infer)
    try:
        expansion(parts)
    except (UnreadableError, IndexError, ValueError):
        return None
    return parts.steps
