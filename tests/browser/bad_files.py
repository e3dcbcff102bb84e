"""Files that the page must refuse, made by code."""

from __future__ import annotations

import io
import zipfile

from onnx import TensorProto, helper


def cyclic_onnx() -> bytes:
    """Two nodes that read each other's output."""
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"], "second"),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("x", "b")]
    graph = helper.make_graph(nodes, "cycle", ends[:1], ends[1:])
    return bytes(helper.make_model(graph).SerializeToString())


def torchscript_archive() -> bytes:
    """A zip laid out as TorchScript saves it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("script/code/__torch__.py", "def forward(self, x): return x\n")
        archive.writestr("script/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("script/version", "3\n")
    return content.getvalue()
