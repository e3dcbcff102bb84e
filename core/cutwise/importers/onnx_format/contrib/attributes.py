"""The attributes of a node as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnx import NodeProto

# Numbers of onnx.AttributeProto.AttributeType: float, int, string, and lists of them.
PLAIN = frozenset({1, 2, 3, 6, 7, 8})


def attributes(node: NodeProto) -> dict[str, Any]:
    """The attributes of `node` by name, those that are numbers, words or lists of them."""
    from onnx.helper import get_attribute_value

    return {entry.name: get_attribute_value(entry) for entry in node.attribute if entry.type in PLAIN}
