from __future__ import annotations

from typing import Any

from onnx import StringStringEntryProto, helper

from cutwise.importers.onnx_format.module_paths import SCOPES_KEY, named, place, printable


def placed(*nodes: tuple[str, str], weights: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Ids and blocks of nodes given as (name, kind)."""
    names = weights or ("",) * len(nodes)
    rows = [
        place(helper.make_node("Op", [], ["out"], name=name), "out", kind, weight)
        for (name, kind), weight in zip(nodes, names, strict=True)
    ]
    return named(rows, [])


def with_scopes(scopes: str) -> Any:
    node = helper.make_node("Op", [], ["out"], name="node_7")
    node.metadata_props.append(StringStringEntryProto(key=SCOPES_KEY, value=scopes))
    return node


def test_a_module_of_one_op_is_that_op_and_not_a_block() -> None:
    rows = placed(
        ("/layer1/layer1.0/conv1/Conv", "conv2d"),
        ("/layer1/layer1.0/relu/Relu", "relu"),
        ("/layer1/layer1.0/Add", "add"),
        ("/fc/Gemm", "linear"),
    )
    assert rows == [
        ("layer1/0/conv1", "layer1/0"), ("layer1/0/relu", "layer1/0"), ("layer1/0/Add", "layer1/0"),
        ("fc", ""),
    ]  # fmt: skip


def test_modules_in_lists_lose_their_repeated_names() -> None:
    rows = placed(
        ("/enc/layers.0/linear1/MatMul", "linear"), ("/enc/layers.0/Add", "add"), ("/head/Gemm", "linear")
    )
    assert [row[1] for row in rows] == ["enc/layers/0", "enc/layers/0", ""]


def test_what_surrounds_every_op_is_left_out_of_the_block() -> None:
    rows = placed(
        ("model/a/conv/Conv", "conv2d"),
        ("model/a/add", "add"),
        ("model/b/mul", "mul"),
        ("model/b/add", "add"),
    )
    assert [row[1] for row in rows] == ["a", "a", "b", "b"]


def test_the_scopes_of_torchs_exporter_come_first() -> None:
    scopes = "['', 'layer2', 'layer2.1', 'layer2.1.conv1', 'conv2d_4']"
    rows = [
        place(with_scopes(scopes), "out", "conv2d", ""),
        place(with_scopes("['', 'layer2', 'layer2.1', 'add_3']"), "out", "add", ""),
        place(with_scopes("['', 'fc', 'linear']"), "out", "linear", ""),
    ]
    assert named(rows, []) == [("layer2/1/conv1", "layer2/1"), ("layer2/1/add_3", "layer2/1"), ("fc", "")]


def test_scopes_that_are_no_list_of_names_are_passed_over() -> None:
    for scopes in ("__import__('os').getcwd()", "[1, 2]", "(" * 3000, "'x'"):
        assert place(with_scopes(scopes), "out", "relu", "").own == "node_7"


def test_weights_name_the_module_where_nothing_else_does() -> None:
    rows = placed(("Conv_0", "conv2d"), ("Relu_1", "relu"), weights=("layer1.0.conv1.weight", ""))
    assert rows == [("layer1/0/conv1", "layer1/0"), ("Relu_1", "")]


def test_ids_are_unique_and_inputs_keep_theirs() -> None:
    rows = [place(helper.make_node("Op", [], ["x"], name="x"), "x", "relu", "") for _ in range(2)]
    assert [row[0] for row in named(rows, ["x"])] == ["x#2", "x#3"]


def test_names_are_made_printable_and_short() -> None:
    assert printable("a\x1b[31m\nb") == "a_[31m_b"
    assert len(printable("n" * 1000)) == 200
