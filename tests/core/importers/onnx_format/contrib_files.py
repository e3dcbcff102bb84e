"""One small file for each of onnxruntime's operators, with sizes that onnxruntime itself makes.

`python -m tests.core.importers.onnx_format.contrib_files` runs each of them in onnxruntime, where that is
installed, and compares the shapes of what comes out; those without a kernel on processors are named.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.core.importers.onnx_files import weight

Shape = tuple[int, ...]
MICROSOFT = "com.microsoft"


@dataclass(frozen=True, kw_only=True)
class ContribCase:
    """A node, what it reads, and what is right: shapes made, parameters, multiply-adds, buffer bytes."""

    op_type: str
    reads: str
    makes: Mapping[str, Shape]
    inputs: Mapping[str, Shape]
    stored: Sequence[Any] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    parameters: int = 0
    macs: int = 0
    whole: Mapping[str, int] = field(default_factory=dict)
    domain: str = MICROSOFT
    opset: int = 17
    kernel: bool = True

    def model(self) -> Any:
        """The ONNX model of the one node."""
        names = ["" if name == "-" else name for name in self.reads.split()]
        node = helper.make_node(
            self.op_type, names, list(self.makes), name="n", domain=self.domain, **self.attributes
        )
        graph = helper.make_graph(
            [node],
            "graph",
            [
                helper.make_tensor_value_info(name, self.whole.get(name, TensorProto.FLOAT), list(shape))
                for name, shape in self.inputs.items()
            ],
            [onnx.ValueInfoProto(name=name) for name in self.makes],
            list(self.stored),
        )
        imports = [helper.make_opsetid("", self.opset), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=imports, ir_version=8 if self.opset < 23 else 10)


def numbers(name: str, *shape: int, dtype: str = "uint8") -> Any:
    """A stored tensor of whole numbers."""
    data = np.random.default_rng(len(name)).integers(0, 15, size=shape)
    return numpy_helper.from_array(data.astype(dtype), name)


def scalar(name: str, value: float, dtype: str = "float32") -> Any:
    """A stored number."""
    return numpy_helper.from_array(np.array(value, dtype=dtype), name)


def _scaled(prefix: str, dtype: str = "uint8") -> list[Any]:
    return [scalar(f"{prefix}s", 0.5), scalar(f"{prefix}z", 3, dtype)]


NORM = [weight("gamma", 32), weight("beta", 32)]
QUANTISED = {"x": TensorProto.UINT8, "b": TensorProto.UINT8}
IDS = {"ids": TensorProto.INT32, "kinds": TensorProto.INT32, "mask": TensorProto.INT32}
LENGTHS = [
    numpy_helper.from_array(np.array([10], dtype=np.int32), "lengths"),
    numpy_helper.from_array(np.array(11, dtype=np.int32), "total"),
]
ROTATION = [weight("cos", 16, 4), weight("sin", 16, 4)]

# heads 4 of width 8 are 32 features; a batch of one, 6 tokens unless said.
CASES: Mapping[str, ContribCase] = {
    "attention": ContribCase(
        op_type="Attention", reads="x w b", makes={"y": (1, 6, 32)}, inputs={"x": (1, 6, 16)},
        stored=[weight("w", 16, 96), weight("b", 96)], attributes={"num_heads": 4},
        parameters=16 * 96 + 96, macs=6 * 16 * 96 + 2 * 6 * 6 * 32,
    ),
    "attention_of_unequal_widths": ContribCase(
        op_type="Attention", reads="x w b", makes={"y": (1, 6, 16)}, inputs={"x": (1, 6, 16)},
        stored=[weight("w", 16, 80), weight("b", 80)],
        attributes={"num_heads": 4, "qkv_hidden_sizes": [32, 32, 16]},
        parameters=16 * 80 + 80, macs=6 * 16 * 80 + 6 * 6 * 32 + 6 * 6 * 16,
    ),
    "attention_after_a_past": ContribCase(
        op_type="Attention", reads="x w b - past", makes={"y": (1, 6, 32), "present": (2, 1, 4, 11, 8)},
        inputs={"x": (1, 6, 16), "past": (2, 1, 4, 5, 8)}, stored=[weight("w", 16, 96), weight("b", 96)],
        attributes={"num_heads": 4, "unidirectional": 1},
        parameters=16 * 96 + 96, macs=6 * 16 * 96 + 2 * 6 * 11 * 32,
    ),
    "quantised_attention": ContribCase(
        op_type="QAttention", reads="x w b xs ws - xz wz", makes={"y": (1, 6, 32)}, inputs={"x": (1, 6, 16)},
        stored=[numbers("w", 16, 96), weight("b", 96), *_scaled("x"), *_scaled("w")],
        attributes={"num_heads": 4}, whole=QUANTISED,
        parameters=16 * 96 + 96, macs=6 * 16 * 96 + 2 * 6 * 6 * 32,
    ),
    "multi_head_attention": ContribCase(
        op_type="MultiHeadAttention", reads="q k v b", makes={"y": (1, 6, 32)},
        inputs={"q": (1, 6, 32), "k": (1, 9, 32), "v": (1, 9, 32)}, stored=[weight("b", 96)],
        attributes={"num_heads": 4}, parameters=96, macs=2 * 6 * 9 * 32,
    ),
    "multi_head_attention_after_a_past": ContribCase(
        op_type="MultiHeadAttention", reads="q k v - - - pk pv",
        makes={"y": (1, 6, 32), "nk": (1, 4, 11, 8), "nv": (1, 4, 11, 8)},
        inputs={
            "q": (1, 6, 32), "k": (1, 6, 32), "v": (1, 6, 32), "pk": (1, 4, 5, 8), "pv": (1, 4, 5, 8),
        },
        attributes={"num_heads": 4}, macs=2 * 6 * 11 * 32,
    ),
    "cross_attention_by_head": ContribCase(
        op_type="MultiHeadAttention", reads="q k v", makes={"y": (1, 6, 32)},
        inputs={"q": (1, 6, 32), "k": (1, 4, 9, 8), "v": (1, 4, 9, 8)},
        attributes={"num_heads": 4}, macs=2 * 6 * 9 * 32,
    ),
    "packed_multi_head_attention": ContribCase(
        op_type="MultiHeadAttention", reads="qkv", makes={"y": (1, 6, 32)}, inputs={"qkv": (1, 6, 4, 3, 8)},
        attributes={"num_heads": 4}, macs=2 * 6 * 6 * 32, kernel=False,
    ),
    "keys_and_values_packed": ContribCase(
        op_type="MultiHeadAttention", reads="q kv", makes={"y": (1, 6, 32)},
        inputs={"q": (1, 6, 32), "kv": (1, 9, 4, 2, 8)},
        attributes={"num_heads": 4}, macs=2 * 6 * 9 * 32, kernel=False,
    ),
    "grouped_query_attention": ContribCase(
        op_type="GroupQueryAttention", reads="q k v past_k past_v lengths total",
        makes={"y": (1, 6, 32), "nk": (1, 2, 11, 8), "nv": (1, 2, 11, 8)},
        inputs={
            "q": (1, 6, 32), "k": (1, 6, 16), "v": (1, 6, 16), "past_k": (1, 2, 5, 8), "past_v": (1, 2, 5, 8),
        },
        stored=LENGTHS,
        attributes={"num_heads": 4, "kv_num_heads": 2}, macs=2 * 6 * 11 * 32,
    ),
    "grouped_query_attention_packed_and_turned": ContribCase(
        op_type="GroupQueryAttention", reads="q - - past_k past_v lengths total cos sin",
        makes={"y": (1, 6, 64), "nk": (1, 2, 11, 16), "nv": (1, 2, 11, 16)},
        inputs={"q": (1, 6, 128), "past_k": (1, 2, 5, 16), "past_v": (1, 2, 5, 16)},
        stored=[*LENGTHS, weight("cos", 16, 8), weight("sin", 16, 8)],
        attributes={"num_heads": 4, "kv_num_heads": 2, "do_rotary": 1}, macs=2 * 6 * 11 * 64,
    ),
    "rotary_embedding": ContribCase(
        op_type="RotaryEmbedding", reads="x at cos sin", makes={"y": (1, 6, 32)},
        inputs={"x": (1, 6, 32), "at": (1, 6)}, whole={"at": TensorProto.INT64}, stored=ROTATION,
        attributes={"num_heads": 4},
    ),
    "embed_layer_norm": ContribCase(
        op_type="EmbedLayerNormalization", reads="ids kinds words places segments gamma beta mask",
        makes={"y": (1, 6, 32), "lengths": (1,)}, inputs={"ids": (1, 6), "kinds": (1, 6), "mask": (1, 6)},
        whole=IDS,
        stored=[weight("words", 20, 32), weight("places", 8, 32), weight("segments", 2, 32), *NORM],
        parameters=(20 + 8 + 2 + 2) * 32,
    ),
    "quantised_embed_layer_norm": ContribCase(
        op_type="QEmbedLayerNormalization",
        reads="ids kinds words places segments gamma beta mask as bs cs ds es az bz cz dz ez",
        makes={"y": (1, 6, 32), "lengths": (1,)}, inputs={"ids": (1, 6), "kinds": (1, 6), "mask": (1, 6)},
        whole=IDS,
        stored=[
            numbers("words", 20, 32), numbers("places", 8, 32), numbers("segments", 2, 32),
            numbers("gamma", 32), numbers("beta", 32), *_scaled("a"), *_scaled("b"), *_scaled("c"),
            *_scaled("d"), *_scaled("e"),
        ],
        parameters=(20 + 8 + 2 + 2) * 32,
    ),
    "skip_layer_norm": ContribCase(
        op_type="SkipLayerNormalization", reads="x s gamma beta b",
        makes={"y": (1, 6, 32), "mean": (1, 6, 1), "deviation": (1, 6, 1), "sum": (1, 6, 32)},
        inputs={"x": (1, 6, 32), "s": (1, 6, 32)}, stored=[*NORM, weight("b", 32)], parameters=3 * 32,
    ),
    "skip_rms_norm": ContribCase(
        op_type="SkipSimplifiedLayerNormalization", reads="x s gamma", makes={"y": (1, 6, 32)},
        inputs={"x": (1, 6, 32), "s": (1, 6, 32)}, stored=[weight("gamma", 32)], parameters=32,
    ),
    "rms_norm": ContribCase(
        op_type="SimplifiedLayerNormalization", reads="x gamma", makes={"y": (1, 6, 32)}, domain="",
        inputs={"x": (1, 6, 32)}, stored=[weight("gamma", 32)], attributes={"axis": -1}, parameters=32,
    ),
    "group_norm": ContribCase(
        op_type="GroupNorm", reads="x gamma beta", makes={"y": (1, 4, 4, 32)}, inputs={"x": (1, 4, 4, 32)},
        stored=NORM, attributes={"groups": 4, "activation": 1}, parameters=64, kernel=False,
    ),
    "fused_gemm": ContribCase(
        op_type="FusedGemm", reads="x w b", makes={"y": (6, 8)}, inputs={"x": (6, 32)},
        stored=[weight("w", 8, 32), weight("b", 8)], attributes={"transB": 1, "activation": "Relu"},
        parameters=8 * 32 + 8, macs=6 * 8 * 32,
    ),
    "fused_matmul_turned": ContribCase(
        op_type="FusedMatMul", reads="a b", makes={"y": (2, 6, 5)}, inputs={"a": (2, 7, 6), "b": (2, 5, 7)},
        attributes={"transA": 1, "transB": 1, "alpha": 0.5}, macs=2 * 6 * 5 * 7,
    ),
    "bias_gelu": ContribCase(
        op_type="BiasGelu", reads="x b", makes={"y": (6, 32)}, inputs={"x": (6, 32)},
        stored=[weight("b", 32)], parameters=32,
    ),
    "fast_gelu": ContribCase(
        op_type="FastGelu", reads="x b", makes={"y": (6, 32)}, inputs={"x": (6, 32)},
        stored=[weight("b", 32)], parameters=32,
    ),
    "quick_gelu": ContribCase(
        op_type="QuickGelu", reads="x", makes={"y": (6, 32)}, inputs={"x": (6, 32)}, attributes={"alpha": 1.7}
    ),
    "split_gelu": ContribCase(
        op_type="BiasSplitGelu", reads="x b", makes={"y": (1, 6, 16)}, inputs={"x": (1, 6, 32)},
        stored=[weight("b", 32)], parameters=32, kernel=False,
    ),
    "fused_conv_with_sum": ContribCase(
        op_type="FusedConv", reads="x w b z", makes={"y": (1, 6, 8, 8)},
        inputs={"x": (1, 4, 8, 8), "z": (1, 6, 8, 8)}, stored=[weight("w", 6, 4, 3, 3), weight("b", 6)],
        attributes={"activation": "Relu", "pads": [1, 1, 1, 1], "kernel_shape": [3, 3]},
        parameters=6 * 36 + 6, macs=64 * 6 * 36,
    ),
    "channels_last_conv": ContribCase(
        op_type="NhwcFusedConv", reads="x w b", makes={"y": (1, 8, 8, 6)}, inputs={"x": (1, 8, 8, 4)},
        stored=[weight("w", 6, 4, 3, 3), weight("b", 6)],
        attributes={"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]},
        parameters=6 * 36 + 6, macs=64 * 6 * 36, kernel=False,
    ),
    "channels_last_pool": ContribCase(
        op_type="NhwcMaxPool", reads="x", makes={"y": (1, 4, 4, 6)}, inputs={"x": (1, 8, 8, 6)},
        whole={"x": TensorProto.UINT8}, attributes={"kernel_shape": [2, 2], "strides": [2, 2]},
    ),
    "quantised_conv_channels_last": ContribCase(
        op_type="QLinearConv", reads="x xs xz w ws wz ys yz", makes={"y": (1, 8, 8, 6)},
        inputs={"x": (1, 8, 8, 4)}, whole={"x": TensorProto.UINT8},
        stored=[numbers("w", 6, 4, 3, 3), *_scaled("x"), *_scaled("w"), *_scaled("y")],
        attributes={"pads": [1, 1, 1, 1], "kernel_shape": [3, 3], "channels_last": 1},
        parameters=6 * 36, macs=64 * 6 * 36,
    ),
    "quantised_concat": ContribCase(
        op_type="QLinearConcat", reads="ys yz a as az b bs bz", makes={"y": (1, 10, 3)},
        inputs={"a": (1, 4, 3), "b": (1, 6, 3)}, whole={"a": TensorProto.UINT8, "b": TensorProto.UINT8},
        stored=[*_scaled("a"), *_scaled("b"), *_scaled("y")], attributes={"axis": 1},
    ),
    "quantised_mul": ContribCase(
        op_type="QLinearMul", reads="a as az b bs bz ys yz", makes={"y": (2, 4, 3)},
        inputs={"a": (2, 4, 3), "b": (4, 1)}, whole={"a": TensorProto.UINT8, "b": TensorProto.UINT8},
        stored=[*_scaled("a"), *_scaled("b"), *_scaled("y")],
    ),
    "quantised_pool": ContribCase(
        op_type="QLinearAveragePool", reads="x xs xz ys yz", makes={"y": (1, 4, 4, 4)},
        inputs={"x": (1, 4, 8, 8)}, whole={"x": TensorProto.UINT8},
        stored=[*_scaled("x"), *_scaled("y")], attributes={"kernel_shape": [2, 2], "strides": [2, 2]},
    ),
    "quantised_global_pool_channels_last": ContribCase(
        op_type="QLinearGlobalAveragePool", reads="x xs xz ys yz", makes={"y": (1, 1, 1, 4)},
        inputs={"x": (1, 8, 8, 4)}, whole={"x": TensorProto.UINT8},
        stored=[*_scaled("x"), *_scaled("y")], attributes={"channels_last": 1},
    ),
    "quantised_leaky_relu": ContribCase(
        op_type="QLinearLeakyRelu", reads="x xs xz ys yz", makes={"y": (1, 4)}, inputs={"x": (1, 4)},
        whole={"x": TensorProto.UINT8}, stored=[*_scaled("x"), *_scaled("y")], attributes={"alpha": 0.1},
    ),
    "quantised_softmax": ContribCase(
        op_type="QLinearSoftmax", reads="x xs xz ys yz", makes={"y": (1, 4)}, inputs={"x": (1, 4)},
        whole={"x": TensorProto.UINT8}, stored=[*_scaled("x"), *_scaled("y")],
        attributes={"axis": -1, "opset": 13},
    ),
    "quantised_where": ContribCase(
        op_type="QLinearWhere", reads="c a as az b bs bz ys yz", makes={"y": (2, 4)},
        inputs={"c": (2, 4), "a": (2, 4), "b": (2, 1)},
        whole={"c": TensorProto.BOOL, "a": TensorProto.UINT8, "b": TensorProto.UINT8},
        stored=[*_scaled("a"), *_scaled("b"), *_scaled("y")],
    ),
    "quantised_mean": ContribCase(
        op_type="QLinearReduceMean", reads="x xs xz ys yz", makes={"y": (1, 4)}, inputs={"x": (1, 4, 5)},
        whole={"x": TensorProto.UINT8}, stored=[*_scaled("x"), *_scaled("y")],
        attributes={"axes": [2], "keepdims": 0}, kernel=False,
    ),
    "quantised_gemm": ContribCase(
        op_type="QGemm", reads="x xs xz w ws wz b ys yz", makes={"y": (6, 8)}, inputs={"x": (6, 32)},
        whole={"x": TensorProto.UINT8},
        stored=[
            numbers("w", 8, 32), numbers("b", 8, dtype="int32"), *_scaled("x"), *_scaled("w"), *_scaled("y"),
        ],
        attributes={"transB": 1}, parameters=8 * 32 + 8, macs=6 * 8 * 32,
    ),
    "dynamic_quantised_matmul": ContribCase(
        op_type="DynamicQuantizeMatMul", reads="x w ws wz b", makes={"y": (1, 6, 8)},
        inputs={"x": (1, 6, 32)}, stored=[numbers("w", 32, 8), *_scaled("w"), weight("b", 8)],
        parameters=32 * 8 + 8, macs=6 * 8 * 32,
    ),
    "matmul_of_integers_to_float": ContribCase(
        op_type="MatMulIntegerToFloat", reads="x w xs ws xz wz b", makes={"y": (1, 6, 8)},
        inputs={"x": (1, 6, 32)}, whole={"x": TensorProto.UINT8},
        stored=[numbers("w", 32, 8), *_scaled("x"), *_scaled("w"), weight("b", 8)],
        parameters=32 * 8 + 8, macs=6 * 8 * 32,
    ),
    "dynamic_quantised_lstm": ContribCase(
        op_type="DynamicQuantizeLSTM", reads="x w r b - - - - ws wz rs rz",
        makes={"y": (7, 2, 1, 8), "h": (2, 1, 8), "c": (2, 1, 8)}, inputs={"x": (7, 1, 5)},
        stored=[
            numbers("w", 2, 5, 32, dtype="int8"), numbers("r", 2, 8, 32, dtype="int8"), weight("b", 2, 64),
            weight("ws", 2, value=0.5), weight("rs", 2, value=0.5),
            numpy_helper.from_array(np.zeros(2, dtype=np.int8), "wz"),
            numpy_helper.from_array(np.zeros(2, dtype=np.int8), "rz"),
        ],
        attributes={"hidden_size": 8, "direction": "bidirectional"},
        parameters=2 * (5 * 32 + 8 * 32 + 64), macs=7 * 2 * (5 + 8) * 32,
    ),
    "matmul_of_4_bits": ContribCase(
        op_type="MatMulNBits", reads="x w s z - b", makes={"y": (1, 6, 24)}, inputs={"x": (1, 6, 64)},
        stored=[numbers("w", 24, 2, 16), weight("s", 48), numbers("z", 24), weight("b", 24)],
        attributes={"K": 64, "N": 24, "bits": 4, "block_size": 32},
        parameters=24 * 64 + 24, macs=6 * 24 * 64,
    ),
    "matmul_of_8_bits": ContribCase(
        op_type="MatMulNBits", reads="x w s", makes={"y": (1, 6, 24)}, inputs={"x": (1, 6, 64)},
        stored=[numbers("w", 24, 2, 32), weight("s", 48)],
        attributes={"K": 64, "N": 24, "bits": 8, "block_size": 32}, parameters=24 * 64, macs=6 * 24 * 64,
    ),
    "matmul_of_normal_floats": ContribCase(
        op_type="MatMulBnb4", reads="x w s", makes={"y": (1, 6, 24)}, inputs={"x": (1, 6, 64)},
        stored=[numbers("w", 24 * 64 // 2), weight("s", 24)],
        attributes={"K": 64, "N": 24, "quant_type": 1, "block_size": 64},
        parameters=24 * 64, macs=6 * 24 * 64,
    ),
    "gather_of_4_bits": ContribCase(
        op_type="GatherBlockQuantized", reads="w ids s", makes={"y": (1, 6, 64)}, inputs={"ids": (1, 6)},
        whole={"ids": TensorProto.INT64}, stored=[numbers("w", 20, 32), weight("s", 20, 2)],
        attributes={"block_size": 32, "bits": 4, "gather_axis": 0, "quantize_axis": 1}, parameters=20 * 64,
    ),
    "matmul_of_integers": ContribCase(
        op_type="MatMulInteger", reads="x w xz wz", makes={"y": (1, 6, 8)}, domain="",
        inputs={"x": (1, 6, 32)}, whole={"x": TensorProto.UINT8},
        stored=[numbers("w", 32, 8), scalar("xz", 3, "uint8"), numbers("wz", 8)],
        parameters=32 * 8, macs=6 * 8 * 32,
    ),
    "conv_of_integers": ContribCase(
        op_type="ConvInteger", reads="x w xz wz", makes={"y": (1, 6, 8, 8)}, domain="",
        inputs={"x": (1, 4, 8, 8)}, whole={"x": TensorProto.UINT8},
        stored=[numbers("w", 6, 4, 3, 3), scalar("xz", 3, "uint8"), scalar("wz", 3, "uint8")],
        attributes={"pads": [1, 1, 1, 1]}, parameters=6 * 36, macs=64 * 6 * 36,
    ),
    "quantised_matmul": ContribCase(
        op_type="QLinearMatMul", reads="x xs xz w ws wz ys yz", makes={"y": (1, 6, 8)}, domain="",
        inputs={"x": (1, 6, 32)}, whole={"x": TensorProto.UINT8},
        stored=[numbers("w", 32, 8), *_scaled("x"), *_scaled("w"), *_scaled("y")],
        parameters=32 * 8, macs=6 * 8 * 32,
    ),
    "quantised_product_of_activations": ContribCase(
        op_type="QLinearMatMul", reads="a as az b bs bz ys yz", makes={"y": (2, 6, 5)}, domain="",
        inputs={"a": (2, 6, 7), "b": (2, 7, 5)}, whole={"a": TensorProto.UINT8, "b": TensorProto.UINT8},
        stored=[*_scaled("a"), *_scaled("b"), *_scaled("y")], macs=2 * 6 * 5 * 7,
    ),
    "onnx_rotary_embedding": ContribCase(
        op_type="RotaryEmbedding", reads="x cos sin at", makes={"y": (1, 6, 32)}, domain="", opset=23,
        inputs={"x": (1, 6, 32), "at": (1, 6)}, whole={"at": TensorProto.INT64}, stored=ROTATION,
        attributes={"num_heads": 4},
    ),
    "onnx_attention_after_a_past": ContribCase(
        op_type="Attention", reads="q k v - pk pv", domain="", opset=23,
        makes={"y": (1, 6, 32), "nk": (1, 2, 11, 8), "nv": (1, 2, 11, 8)},
        inputs={
            "q": (1, 6, 32), "k": (1, 6, 16), "v": (1, 6, 16), "pk": (1, 2, 5, 8), "pv": (1, 2, 5, 8),
        },
        attributes={"q_num_heads": 4, "kv_num_heads": 2}, macs=2 * 6 * 11 * 32,
    ),
    "onnx_rms_norm": ContribCase(
        op_type="RMSNormalization", reads="x gamma", makes={"y": (1, 6, 32)}, domain="", opset=23,
        inputs={"x": (1, 6, 32)}, stored=[weight("gamma", 32)], parameters=32,
    ),
    "mixture_of_experts": ContribCase(
        op_type="MoE", reads="x p up - down", makes={"y": (6, 32)}, inputs={"x": (6, 32), "p": (6, 4)},
        stored=[weight("up", 4, 48, 32), weight("down", 4, 32, 48)],
        attributes={"k": 2, "activation_type": "relu"},
        parameters=4 * 2 * 48 * 32, macs=6 * 2 * 2 * 48 * 32,
    ),
    "mixture_of_experts_in_4_bits": ContribCase(
        op_type="QMoE", reads="x p up us - down ds", makes={"y": (6, 32)}, inputs={"x": (6, 32), "p": (6, 4)},
        stored=[
            numbers("up", 4, 48, 16), weight("us", 4, 48), numbers("down", 4, 32, 24), weight("ds", 4, 32),
        ],
        attributes={"k": 2, "activation_type": "relu", "expert_weight_bits": 4},
        parameters=4 * 2 * 48 * 32, macs=6 * 2 * 2 * 48 * 32,
    ),
}  # fmt: skip


def _feeds(case: ContribCase) -> dict[str, Any]:
    dtypes = {name: helper.tensor_dtype_to_np_dtype(kind) for name, kind in case.whole.items()}
    return {name: np.ones(shape, dtypes.get(name, np.float32)) for name, shape in case.inputs.items()}


def main() -> None:
    import onnxruntime

    for name, case in CASES.items():
        try:
            session = onnxruntime.InferenceSession(case.model().SerializeToString())
            found = [made.shape for made in session.run(None, _feeds(case))]
        except Exception as error:
            said = f"{'FAILS' if case.kernel else 'no kernel'} {str(error)[:200]}"
        else:
            right = list(case.makes.values())
            said = "equal" if found == right else f"{found} not {right}"
        sys.stdout.write(f"{name:45s} {said}\n")


if __name__ == "__main__":
    main()
