"""Operators are known by domain and name: what an operator of another domain is called here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutwise.frozen import FrozenDict

if TYPE_CHECKING:
    from onnx import NodeProto

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})
BETWEEN = "::"

# onnxruntime's own that do what ONNX's operator of that name does, by domain.
_ALIASES = {
    "com.microsoft": "QuantizeLinear DequantizeLinear Gelu GatherND GridSample Pad Range Trilu",
    "com.microsoft.nchwc": "MaxPool AveragePool GlobalAveragePool GlobalMaxPool",
}
ALIASES = FrozenDict(
    {f"{domain}{BETWEEN}{name}": name for domain, names in _ALIASES.items() for name in names.split()}
)


def in_blocks(name: str) -> str:
    """What onnxruntime's operator `name` on data in blocks of channels is called here."""
    return f"com.microsoft.nchwc{BETWEEN}{name}"


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
