"""torch.export archives read from their JSON: ops, weights, writes in place, open dimensions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.guarded.guarded_process import PROJECT
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.reading import read_here
from tests.core.importers.torch_archives import (
    document,
    graph_of,
    node,
    open_program,
    perceptron,
    save,
    tensor,
    tied_program,
)


def test_a_small_program_becomes_ops_with_weights_blocks_and_batch(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, perceptron())
    assert [(op.id, op.kind, op.inputs) for op in graph.ops] == [
        ("x", "input", ()), ("fc", "linear", ("x",)), ("act", "relu", ("fc",)),
    ]  # fmt: skip
    assert [(w.id, w.shape) for w in graph.ops[1].weights] == [("fc.weight", (3, 4)), ("fc.bias", (3,))]
    assert dict(graph.ops[1].attrs) == {"in_features": 4, "out_features": 3}
    assert (graph.batch_size, graph.parameters) == (2, 15)
    assert graph.provenance["producer"] == "PyTorch 2.13.0"
    # 2 samples of 4 x 3 multiply-adds
    assert price(graph, Workload()).macs == 12


@pytest.mark.parametrize(
    "entry", ["serialized_exported_program.json", "models/model.json", "a/models/b.json"]
)
def test_programs_of_older_archives_stand_elsewhere(tmp_path: Path, entry: str) -> None:
    assert graph_of(tmp_path, perceptron(), entry=entry) == graph_of(tmp_path, perceptron())


def test_a_guarded_reader_gives_the_same_graph_and_loads_no_pytorch(tmp_path: Path) -> None:
    path = save(tmp_path / "net.pt2", perceptron())
    assert load_model(path) == load_bytes("upload.pt2", path.read_bytes()) == read_here(path, {})
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from cutwise.importers.gate.reading import read_here; import cutwise.importers\n"
        "read_here(Path(sys.argv[2]), {})\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-I", "-c", code, str(PROJECT), str(path)]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert "cutwise" in loaded
    assert not loaded & {"torch", "sympy", "onnx", "pandas", "pydantic"}


def test_what_no_input_reaches_becomes_no_op_and_its_weights_go_to_the_reader(tmp_path: Path) -> None:
    """As decomposed programs write a linear layer: the weight is transposed first."""
    tensors = {
        "p_w": tensor(3, 4), "p_b": tensor(3), "x": tensor(2, 4), "t": tensor(4, 3), "fc": tensor(2, 3),
        "ones": tensor(2, 3), "y": tensor(2, 3),
    }  # fmt: skip
    nodes = [
        node("permute", "t", self="p_w", dims=[1, 0]),
        node("addmm", "fc", self="p_b", mat1="x", mat2="t"),
        node("ones", "ones", size=[2, 3]),
        node("add", "y", self="fc", other="ones"),
    ]
    graph = graph_of(tmp_path, document(tensors, nodes, parameters={"p_w": "w", "p_b": "b"}))
    assert [op.kind for op in graph.ops] == ["input", "linear", "add"]
    assert [(w.id, w.shape) for w in graph.ops[1].weights] == [("w", (3, 4)), ("b", (3,))]
    assert dict(graph.ops[1].attrs) == {"in_features": 4, "out_features": 3}
    assert graph.ops[2].inputs == ("addmm",) or graph.ops[2].inputs == (graph.ops[1].id,)


def test_an_operator_with_several_results_becomes_one_op_for_each_that_is_needed(tmp_path: Path) -> None:
    tensors = {"x": tensor(2, 6), **{name: tensor(2, 2) for name in "abcy"}}
    split = node("split", ["a", "b", "c"], self="x", split_size=2, dim=1)
    split["outputs"] = [{"as_tensors": [{"name": name} for name in "abc"]}]
    graph = graph_of(tmp_path, document(tensors, [split, node("add", "y", self="a", other="c")]))
    assert [(op.id, op.kind, op.inputs, dict(op.attrs)) for op in graph.ops[1:]] == [
        ("a", "split", ("x",), {"output_index": 0}),
        ("a:2", "split", ("x",), {"output_index": 2}),
        ("y", "add", ("a", "a:2"), {}),
    ]


def test_what_is_written_into_a_tensor_is_what_later_readers_read(tmp_path: Path) -> None:
    """z = zeros; z[:, :2] = x; y = z + z: neither the sum nor its result may lose the input."""
    tensors = {
        "x": tensor(2, 2), "z": tensor(2, 4), "part": tensor(2, 2), "copy_": tensor(2, 2), "y": tensor(2, 4),
    }  # fmt: skip
    nodes = [
        node("zeros", "z", size=[2, 4]),
        node("slice", "part", self="z", dim=1, start=0, end=2),
        node("copy_", "copy_", self="part", src="x"),
        node("add", "y", self="z", other="z"),
    ]
    graph = graph_of(tmp_path, document(tensors, nodes))
    assert [(op.kind, op.output.shape) for op in graph.ops] == [
        ("input", (2, 2)), ("copy", (2, 2)), ("copy", (2, 4)), ("add", (2, 4)),
    ]  # fmt: skip
    assert graph.ops[3].inputs == (graph.ops[2].id,) * 2


def test_a_view_of_what_was_overwritten_is_read_anew(tmp_path: Path) -> None:
    """v = x[:, :1] of x * w; then x is doubled in place: v holds the doubled values."""
    tensors = {"x": tensor(2, 4), "m": tensor(2, 4), "v": tensor(2, 1), "m_": tensor(2, 4), "y": tensor(2, 1)}
    nodes = [
        node("neg", "m", self="x"),
        node("slice", "v", self="m", dim=1, start=0, end=1),
        node("mul_", "m_", self="m", other=2),
        node("relu", "y", self="v"),
    ]
    graph = graph_of(tmp_path, document(tensors, nodes))
    assert [op.kind for op in graph.ops] == ["input", "neg", "mul", "slice", "relu"]
    assert graph.ops[3].inputs == (graph.ops[2].id,)


def test_graphs_inside_a_program_are_inlined(tmp_path: Path) -> None:
    """`with torch.no_grad():` is a call that is given a graph."""
    inner = document({"a": tensor(2, 4), "b": tensor(2, 4)}, [node("cos", "b", self="a")], inputs=["a"],
                     outputs=["b"])["graph_module"]["graph"]  # fmt: skip
    call = node("torch.ops.higher_order.wrap_with_set_grad_enabled", ["made"])
    call["inputs"] = [
        {"name": "", "arg": {"as_bool": False}},
        {"name": "", "arg": {"as_graph": {"name": "inner", "graph": inner}}},
        {"name": "", "arg": {"as_tensor": {"name": "x"}}},
    ]
    tensors = {"x": tensor(2, 4), "made": tensor(2, 4), "y": tensor(2, 4)}
    graph = graph_of(tmp_path, document(tensors, [call, node("neg", "y", self="made")]))
    assert [op.kind for op in graph.ops] == ["input", "cos", "identity", "neg"]
    assert [bool(op.attrs.get("stops_gradient")) for op in graph.ops] == [False, True, False, False]


def test_unknown_operators_are_kept_with_their_weights_and_reported(tmp_path: Path) -> None:
    tensors = {"p_w": tensor(4), "x": tensor(2, 4), "y": tensor(2, 4)}
    nodes = [node("torch.ops.acme.warp.default", "y", self="x", weight="p_w")]
    cost = price(graph_of(tmp_path, document(tensors, nodes, parameters={"p_w": "w"})), Workload())
    assert dict(cost.unpriced) == {"other:acme::warp": 1}
    assert cost.parameters == 4


def test_buffers_are_kept_but_not_trained(tmp_path: Path) -> None:
    tensors = {name: tensor(3) for name in ("p_g", "p_b", "b_m", "b_v")}
    tensors |= {"x": tensor(2, 3, 4, 4), "y": tensor(2, 3, 4, 4)}
    norm = node("batch_norm", "y", "bn", input="x", weight="p_g", bias="p_b", running_mean="b_m",
                running_var="b_v", training=True)  # fmt: skip
    program = document(tensors, [norm], parameters={"p_g": "g", "p_b": "b"}, buffers={"b_m": "m", "b_v": "v"})
    graph = graph_of(tmp_path, program)
    assert [(w.id, w.role) for w in graph.ops[1].weights] == [
        ("g", "parameter"), ("b", "parameter"), ("m", "buffer"), ("v", "buffer"),
    ]  # fmt: skip


@pytest.mark.parametrize(("device", "parameters"), [("cpu", 16), ("meta", 32)])
def test_weights_of_one_payload_are_tied_unless_there_is_none(
    tmp_path: Path, device: str, parameters: int
) -> None:
    entry = {"path_name": "weight_0", "tensor_meta": tensor(4, 4, device=device)}
    table = json.dumps({"config": {"a": entry, "b": entry}}).encode()
    others = {"net/data/weights/model_weights_config.json": table}
    assert graph_of(tmp_path, tied_program(device), others=others).parameters == parameters


def test_our_exporters_notes_name_tied_weights(tmp_path: Path) -> None:
    others = {"net/extra/cutwise.json": b'{"format": "cutwise-export/1", "ties": [["a", "b"]]}'}
    graph = graph_of(tmp_path, tied_program("meta"), others=others)
    assert [op.weights[0].id for op in graph.ops[1:]] == ["a", "a"]


def test_open_dimensions_have_the_examples_sizes_or_those_given(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, open_program())
    assert (graph.batch_size, dict(graph.dims)) == (2, {"x:2": 8})
    assert graph.ops[-1].output.shape == (2, 3, 3)
    graph = graph_of(tmp_path, open_program(), {"x:0": 1, "x:2": 21})
    assert (graph.batch_size, dict(graph.dims)) == (1, {"x:2": 21})
    assert graph.ops[-1].output.shape == (1, 3, 9)
    notes = {"net/extra/cutwise.json": b'{"dims": {"x:2": "sequence", "x:0": "batch"}}'}
    graph = graph_of(tmp_path, open_program(), {"sequence": 12}, others=notes)
    assert dict(graph.dims) == {"sequence": 12}


@pytest.mark.parametrize(
    ("dims", "says"),
    [
        ({"length": 9}, "dims names 'length', which is not open in this file; open are: x:0, x:2"),
        ({"x:2": 65}, "dims gives 'x:2' the size 65; the model takes 4 to 64"),
        ({"x:2": 3}, "dims gives 'x:2' the size 3; the model takes 4 to 64"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(tmp_path: Path, dims: dict[str, int], says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        graph_of(tmp_path, open_program(), dims)
    assert says in str(error.value)
