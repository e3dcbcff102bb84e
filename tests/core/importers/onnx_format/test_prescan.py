from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import helper

from cutwise.errors import ModelImportError
from cutwise.importers.onnx_format import prescan as onnx_prescan
from cutwise.importers.onnx_format.prescan import graph_bytes, looks_like_onnx
from cutwise.read_limits import ONNX_KEPT_PAYLOAD_BYTES
from tests.core.importers.onnx_files import model, node, save, weight


def test_a_graph_without_large_weights_comes_through_as_it_is(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.onnx", [node("Conv", "x w", "y")], {"x": (1, 3, 5, 5)}, ["y"], [weight("w", 4, 3, 1, 1)]
    )
    assert onnx.load_from_string(graph_bytes(path)) == onnx.load(path)


def test_payloads_above_the_limit_are_left_out_and_shapes_kept(tmp_path: Path) -> None:
    """128 × 129 floats are 66,048 bytes, 512 above 64 KB; 128 × 128 are exactly 64 KB and stay."""
    stored = [weight("large", 128, 129), weight("small", 128, 128)]
    path = save(tmp_path / "a.onnx", [node("MatMul", "x small", "y")], {"x": (1, 128)}, ["y"], stored)
    large, small = onnx.load_from_string(graph_bytes(path)).graph.initializer
    assert (list(large.dims), len(large.raw_data)) == ([128, 129], 0)
    assert len(small.raw_data) == ONNX_KEPT_PAYLOAD_BYTES == 65_536


def test_documentation_is_left_out(tmp_path: Path) -> None:
    made = model([node("Relu", "x", "y", doc_string="line 7 of my_code.py")], {"x": (1, 3)}, ["y"])
    made.doc_string = made.graph.doc_string = "long story"
    path = tmp_path / "a.onnx"
    path.write_bytes(made.SerializeToString())
    assert b"my_code" not in graph_bytes(path)
    assert b"long story" not in graph_bytes(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_off_anywhere_says_so(tmp_path: Path, share: float) -> None:
    path = save(
        tmp_path / "a.onnx", [node("Conv", "x w", "y")], {"x": (1, 3, 5, 5)}, ["y"], [weight("w", 4, 3, 1, 1)]
    )
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(
        ModelImportError, match=r"a\.onnx: is damaged or cut off at byte \d+; download or export it"
    ):
        graph_bytes(path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x08\x08\x3a\xff\xff\xff\xff\x7f", "is damaged or cut off at byte 2"),
        (b"\x08" + b"\xff" * 20, "is damaged or cut off"),
        (b"\x08\x08\x3b\x01", "is not an ONNX file: byte 2 starts no protobuf field"),
        (b"\x08\x08\x02\x00", "is damaged or cut off at byte 2"),
    ],
    ids=["length past the end", "endless number", "group", "field 0"],
)
def test_lying_lengths_and_unknown_wire_types_are_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelImportError, match=says):
        graph_bytes(path)


def test_too_many_nodes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_prescan, "GRAPH_NODES", 2)
    nodes = [node("Relu", "x", "a"), node("Relu", "a", "b"), node("Relu", "b", "y")]
    path = save(tmp_path / "a.onnx", nodes, {"x": (1, 3)}, ["y"])
    with pytest.raises(ModelImportError, match="has more than 2 nodes; export a smaller part"):
        graph_bytes(path)


def test_a_graph_too_large_besides_its_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_prescan, "ONNX_GRAPH_BYTES", 2**20)
    path = save(tmp_path / "a.onnx", [node("Relu", "x", "y", name="n" * 2**20)], {"x": (1, 3)}, ["y"])
    with pytest.raises(ModelImportError, match="holds more than 1 MB besides its weights"):
        graph_bytes(path)


def test_branches_nested_too_deep_are_refused(tmp_path: Path) -> None:
    graph = helper.make_graph([node("Relu", "x", "y")], "g", [], [onnx.ValueInfoProto(name="y")])
    for _ in range(30):
        choice = node("If", "c", "y", then_branch=graph, else_branch=graph)
        graph = helper.make_graph([choice], "g", [], [onnx.ValueInfoProto(name="y")])
        if len(graph.SerializeToString()) > 2**20:
            break
    chain = helper.make_graph([node("Relu", "x", "y")], "g", [], [onnx.ValueInfoProto(name="y")])
    for _ in range(15):
        chain = helper.make_graph([node("If", "c", "y", then_branch=chain)], "g", [], [])
    path = save(tmp_path / "a.onnx", list(chain.node), {"x": (1, 3), "c": ()}, ["y"])
    with pytest.raises(ModelImportError, match="nests graphs more than 20 levels deep"):
        graph_bytes(path)


def test_a_model_is_told_from_other_files_by_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    for data, expected in (
        (model([node("Relu", "x", "y")], {"x": (1, 3)}, ["y"]).SerializeToString(), True),
        (b"PK\x03\x04 zip", False),
        (b"\x80\x04 pickle", False),
        (b"\x08\x08 no graph follows", False),
        (b"{}", False),
    ):
        path.write_bytes(data)
        assert looks_like_onnx(data, path) is expected
