"""The shipped models against published counts and against counts taken straight from their ONNX files."""

from __future__ import annotations

import math
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import onnx
import pytest

from cutwise import importers, sample_models
from cutwise.errors import ModelImportError, UnknownNameError

FOLDER = Path(sample_models.__file__).parent
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text())["samples"]
SIZES = {"batch": 1, "sequence": 128}


def bound_model(name: str) -> Any:
    model = onnx.load(FOLDER / f"{name}.onnx", load_external_data=False)
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = SIZES[dim.dim_param]
    return onnx.shape_inference.infer_shapes(model, data_prop=True, strict_mode=True)


def shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    graph = model.graph
    values = (*graph.value_info, *graph.input, *graph.output)
    shapes = {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in values}
    return shapes | {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}


def multiply_adds(model: Any) -> int:
    shape = shapes_of(model)
    per_output = {
        "Conv": lambda node: math.prod(shape[node.output[0]]) * math.prod(shape[node.input[1]][1:]),
        "ConvTranspose": lambda node: math.prod(shape[node.input[0]]) * math.prod(shape[node.input[1]][1:]),
        "Gemm": lambda node: math.prod(shape[node.output[0]]) * shape[node.input[0]][-1],
        "MatMul": lambda node: math.prod(shape[node.output[0]]) * shape[node.input[0]][-1],
    }
    return sum(per_output[node.op_type](node) for node in model.graph.node if node.op_type in per_output)


def trained_numbers(model: Any) -> int:
    floats = [t for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT and t.dims]
    return sum(math.prod(t.dims) for t in floats if ".running_" not in t.name)


def vertices_and_edges(model: Any) -> tuple[int, int]:
    """Nodes whose data comes from an input, less the bias additions that belong to a product."""
    reached = {value.name for value in model.graph.input}
    vectors = {tensor.name for tensor in model.graph.initializer if len(tensor.dims) == 1}
    nodes, edges = len(reached), 0
    for node in model.graph.node:
        read = {name for name in node.input if name in reached}
        if not read or node.op_type == "Shape":
            continue
        reached.update(node.output)
        if node.op_type == "Add" and vectors.intersection(node.input):
            continue
        nodes, edges = nodes + 1, edges + len(read)
    return nodes, edges


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_has_the_published_parameters(name: str) -> None:
    graph = importers.load_model(f"sample:{name}")
    assert graph.parameters == EXPECTED[name]["parameters"] == trained_numbers(bound_model(name))


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_has_the_published_multiply_adds(name: str) -> None:
    assert multiply_adds(bound_model(name)) == EXPECTED[name]["macs"]
    assert EXPECTED[name]["macs"] / 1e9 == pytest.approx(EXPECTED[name]["published"], abs=0.005)


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_has_the_vertices_and_edges_of_its_file(name: str) -> None:
    graph = importers.load_model(f"sample:{name}")
    counted = (len(graph), len(graph.edges))
    assert counted == (EXPECTED[name]["ops"], EXPECTED[name]["edges"])
    assert counted == vertices_and_edges(bound_model(name))


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_reads_the_inputs_it_says_and_nothing_unpriced(name: str) -> None:
    graph = importers.load_model(f"sample:{name}")
    inputs = {op.id: list(op.output.shape) for op in graph.ops if op.kind == "input"}
    assert inputs == EXPECTED[name]["inputs"]
    assert not [op.id for op in graph.ops if op.kind.startswith("other:")]


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_shapes_are_those_onnx_infers(name: str) -> None:
    shapes = shapes_of(bound_model(name))
    ops = [op for op in importers.load_model(f"sample:{name}").ops if op.source in shapes]
    assert {op.source: op.output.shape for op in ops} == {op.source: shapes[op.source] for op in ops}


def test_unet_parameters_and_multiply_adds_follow_from_its_levels() -> None:
    """Level l has 256 / 2^l pixels a side and 64 · 2^l channels; a 3×3 convolution costs 9 · in · out."""
    parameters = multiplies = 0
    widths = [64 * 2**level for level in range(5)]
    for level, width in enumerate(widths):
        pixels = (256 // 2**level) ** 2
        into = widths[level - 1] if level else 1
        down = 9 * (into * width + width * width)
        parameters, multiplies = parameters + down + 2 * width, multiplies + down * pixels
        if level < 4:
            up = 9 * (2 * width * width + width * width)
            parameters += up + 2 * width + 4 * 2 * width * width + width
            multiplies += up * pixels + 4 * 2 * width * width * pixels // 4
    head = 64 * 2
    assert EXPECTED["unet"]["parameters"] == parameters + head + 2
    assert EXPECTED["unet"]["macs"] == multiplies + head * 256**2


def test_two_tower_is_resnet18_without_its_head_beside_four_encoder_layers() -> None:
    """Text: 64 tokens of width 256; a layer has 4 · 256² + 2 · 256 · 1024 products and two norms."""
    width, tokens, resnet = 256, 64, EXPECTED["resnet18"]
    products = 4 * width**2 + 2 * width * 4 * width
    biases = 4 * width + 4 * width + width
    joint = (512 + width) * 512 + 512 * 101
    text = 30_522 * width + tokens * width + 4 * (products + biases + 4 * width) + 2 * width
    assert EXPECTED["two_tower"]["parameters"] == (
        resnet["parameters"] - (512 * 1000 + 1000) + text + joint + 512 + 101
    )
    attention = 4 * 2 * tokens**2 * width
    assert EXPECTED["two_tower"]["macs"] == (
        resnet["macs"] - 512 * 1000 + 4 * products * tokens + attention + joint
    )


def test_samples_are_listed_in_the_order_of_the_documentation() -> None:
    order = "resnet18 googlenet densenet121 mobilenet_v2 vgg16 vit_b16 gpt2 unet two_tower"
    assert importers.samples() == tuple(order.split())
    assert set(importers.samples()) == set(EXPECTED)


def test_an_unknown_sample_is_answered_with_a_close_name() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown sample 'resnet81'; did you mean 'resnet18'\?"):
        importers.load_model("sample:resnet81")


def test_gpt2_output_layer_shares_the_weights_of_the_embedding() -> None:
    graph = importers.load_model("sample:gpt2")
    readers = [op.id for op in graph.ops if "embeddings.tokens.weight" in {w.id for w in op.weights}]
    assert readers == ["embeddings/tokens", "lm_head"]


def test_gpt2_reads_another_sequence_length() -> None:
    graph = importers.load_model("sample:gpt2", dims={"sequence": 256})
    assert graph.dims == {"sequence": 256}
    assert graph.ops[-1].output.shape == (1, 256, 50_257)
    assert graph.parameters == EXPECTED["gpt2"]["parameters"]
    assert not graph.warnings


def test_a_sample_reads_another_batch_size() -> None:
    graph = importers.load_model("sample:vit_b16", dims={"batch": 4})
    assert graph.batch_size == 4
    assert {op.output.shape[0] for op in graph.ops} == {4}


def test_a_sample_refuses_dimensions_it_does_not_have() -> None:
    with pytest.raises(ModelImportError, match="dims names 'length', which is not open in this file"):
        importers.load_model("sample:resnet18", dims={"length": 7})


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("resnet18", "layer1/0"),
        ("googlenet", "inception3a"),
        ("densenet121", "features/denseblock1/denselayer1"),
        ("vit_b16", "encoder/layer_3/attention"),
        ("gpt2", "h/11/mlp"),
        ("two_tower", "text_tower/layer_0/attention"),
    ],
)
def test_blocks_are_module_paths(name: str, block: str) -> None:
    assert block in {op.block for op in importers.load_model(f"sample:{name}").ops}


def test_an_uploaded_sample_equals_the_shipped_one() -> None:
    data = (FOLDER / "mobilenet_v2.onnx").read_bytes()
    assert importers.load_bytes("mobilenet_v2.onnx", data) == importers.load_model("sample:mobilenet_v2")


def test_building_the_samples_again_makes_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "cutwise.sample_models.build", tmp_path], check=True, cwd=FOLDER.parent
    )
    for name in EXPECTED:
        made, shipped = (folder / f"{name}.onnx" for folder in (tmp_path, FOLDER))
        assert made.read_bytes() == shipped.read_bytes(), name
        assert len(shipped.read_bytes()) < 1e6


def test_samples_load_without_waiting() -> None:
    """The largest takes under 0.1 s alone; a second leaves room for a machine that is busy."""
    importers.load_model("sample:resnet18")
    for name in EXPECTED:
        start = time.perf_counter()
        importers.load_model(f"sample:{name}")
        assert time.perf_counter() - start < 1, name
