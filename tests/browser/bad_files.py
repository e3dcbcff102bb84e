"""Files that the page must refuse, made by code; some keep their reader busy for long."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

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


def crowded_json() -> bytes:
    """60 MB of lists, which would be 4 GB in memory."""
    return b'{"format": "cutwise-graph/1", "ops": [' + b"[]," * 20_000_000 + b"[]]}"


def long_json() -> bytes:
    """A graph of half a million ops."""
    op = b'{"id":"a","kind":"custom","inputs":[]}'
    return b'{"format": "cutwise-graph/1", "ops": [' + b",".join([op] * 500_000) + b"]}"


def nested_json() -> bytes:
    """Lists 200,000 deep."""
    return b'{"format": "cutwise-graph/1", "ops": ' + b"[" * 200_000


def doubling_onnx() -> bytes:
    """Thirty functions, each calling the next twice: 2^30 ops."""
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    functions = []
    for number in range(31):
        calls = [helper.make_node(f"F{number + 1}", ["a"], [f"t{n}"], domain="f") for n in range(2)]
        calls = calls if number < 30 else [helper.make_node("Relu", ["a"], [f"t{n}"]) for n in range(2)]
        nodes = [*calls, helper.make_node("Sum", ["t0", "t1"], ["b"])]
        functions.append(helper.make_function("f", f"F{number}", ["a"], ["b"], nodes, domains))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("F0", ["x"], ["y"], domain="f")], "g", ends[:1], ends[1:])
    made = helper.make_model(graph, functions=functions, opset_imports=domains)
    return bytes(made.SerializeToString())


def zip_bomb() -> bytes:
    """An exported program of 150 MB of blanks in 150 kB."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/models/model.json", b"[" + b" " * (150 << 20) + b"]")
    return content.getvalue()


def crowded_zip() -> bytes:
    """An archive of 80,000 empty files, whose directory is just short enough to be read."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(80_000):
            archive.writestr(f"{number:05d}", b"")
    return content.getvalue()


HEAVY: Mapping[str, Callable[[], bytes]] = {
    "crowded.json": crowded_json,
    "long.json": long_json,
    "nested.json": nested_json,
    "doubling.onnx": doubling_onnx,
    "bomb.pt2": zip_bomb,
    "crowded.pt2": crowded_zip,
    "cycle.onnx": cyclic_onnx,
}
