"""Operators are known by domain and name: what an operator of another domain is called here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutwise.frozen import FrozenDict

if TYPE_CHECKING:
    from onnx import NodeProto

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})
BETWEEN = "::"

# onnxruntime's own that do what ONNX's operator of another name or a later opset does.
ALIASES = FrozenDict(
    {
        f"com.microsoft{BETWEEN}{name}": alias
        for name, alias in {
            "QuantizeLinear": "QuantizeLinear", "DequantizeLinear": "DequantizeLinear", "Gelu": "Gelu",
            "GatherND": "GatherND", "GridSample": "GridSample", "Pad": "Pad", "Range": "Range",
            "Trilu": "Trilu", "ReduceSumInteger": "ReduceSum", "ExpandDims": "Unsqueeze",
        }.items()
    }
)  # fmt: skip


def microsoft(name: str) -> str:
    """What onnxruntime's operator `name` is called here.

    >>> microsoft("FusedConv")
    'com.microsoft::FusedConv'
    """
    return f"com.microsoft{BETWEEN}{name}"


def qualified(node: NodeProto) -> NodeProto:
    """`node` with its domain in front of its operator's name, "acme::Conv", unless it is ONNX's own."""
    own = node.domain in STANDARD_DOMAINS
    if own and BETWEEN not in node.op_type:
        return node
    copy = type(node)()
    copy.CopyFrom(node)
    name = f"{node.domain or 'ai.onnx'}{BETWEEN}{node.op_type}"
    copy.op_type = ALIASES.get(name, name)
    if name in ALIASES:
        copy.domain = ""
    return copy


def plain_name(node: NodeProto) -> str:
    """The operator's name without its domain."""
    return node.op_type.rpartition(BETWEEN)[2]
