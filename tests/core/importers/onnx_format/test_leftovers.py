"""Every stored weight is counted, or named and weighed; numbers are worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.graph_wire import from_lines, to_lines
from cutwise.importers.gate.reading import read_here
from cutwise.importers.import_report import ImportReport, import_report
from tests.core.importers.onnx_files import model, node, save, weight


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def load(*arguments: Any, **options: Any) -> ModelGraph:
        return read_here(save(tmp_path / "net.onnx", *arguments, **options), {})

    return load


def report(graph: ModelGraph) -> ImportReport:
    return import_report(price(graph, Workload(batch_size=1)))


def body(*stored: Any) -> Any:
    """A graph that adds the first of its stored tensors to x."""
    made = helper.make_tensor_value_info("inner", TensorProto.FLOAT, [2, 16])
    return helper.make_graph([node("Add", f"x {stored[0].name}", "inner")], "body", [], [made], list(stored))


def test_a_layer_that_reaches_no_output_is_named_with_its_work(read: Any) -> None:
    """16 × 500 weights, for two samples of one row each."""
    nodes = [node("MatMul", "x w", "y"), node("MatMul", "x dead", "z")]
    graph = read(nodes, {"x": (2, 16)}, ["y"], [weight("w", 16, 8), weight("dead", 16, 500)])
    assert dict(graph.uncounted) == {"parameters": 8000, "macs": 8000}
    assert any("8,000 stored parameters ('dead' 16×500)" in warning for warning in graph.warnings)
    assert report(graph).confidence["parameters"] == "8,000 of 8,128 stored in the file are not counted"


def test_weights_in_the_body_of_an_unknown_operator_are_named(tmp_path: Path) -> None:
    """Also those one level deeper, and those in a Constant node."""
    deeper = body(weight("deep", 4, 5))
    constant = helper.make_node("Constant", [], ["c"], value=weight("c", 3, 7))
    inner = body(weight("held", 2, 16))
    inner.node.extend([constant, helper.make_node("Twice", ["x"], ["q"], domain="acme", body=deeper)])
    outer = helper.make_node("Repeat", ["x"], ["y"], domain="acme", body=inner)
    made = model([outer, node("Relu", "y", "z")], {"x": (2, 16)}, ["z"])
    made.graph.value_info.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 16]))
    graph = read_here(_written(tmp_path, made), {})
    assert graph.uncounted["parameters"] == 2 * 16 + 4 * 5 + 3 * 7
    assert "(acme::Repeat)" in " ".join(graph.warnings)


def _written(folder: Path, made: Any) -> Path:
    path = folder / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def test_the_branch_that_is_not_taken_is_named(read: Any) -> None:
    stored = [numpy_helper.from_array(np.array(True), "yes")]
    branches = {"then_branch": body(weight("a", 2, 16)), "else_branch": body(weight("bb", 16))}
    graph = read([node("If", "yes", "y", **branches)], {"x": (2, 16)}, ["y"], stored)
    assert (graph.parameters, dict(graph.uncounted)) == (32, {"parameters": 16})
    assert any("'bb' 16" in warning and "not taken" in warning for warning in graph.warnings)


def test_a_mask_of_zeros_and_one_other_number_is_no_parameter(read: Any) -> None:
    triangle = np.triu(np.full((4, 4), -1e9, dtype=np.float32), 1)
    stored = [numpy_helper.from_array(triangle, "mask"), weight("w", 4, 4)]
    graph = read([node("MatMul", "x w", "h"), node("Add", "h mask", "y")], {"x": (1, 4, 4)}, ["y"], stored)
    assert (graph.parameters, dict(graph.uncounted)) == (16, {})


def test_sizes_limits_and_scales_are_no_parameters(read: Any) -> None:
    stored = [
        numpy_helper.from_array(np.array([1, 1, 2, 4], dtype=np.float32), "scales"),
        numpy_helper.from_array(np.array([0.5, 0.25], dtype=np.float32), "per_channel"),
        numpy_helper.from_array(np.zeros(2, dtype=np.int8), "zero"),
    ]
    nodes = [
        node("QuantizeLinear", "x per_channel zero", "q", axis=1),
        node("DequantizeLinear", "q per_channel zero", "d", axis=1),
        node("Resize", "d - scales", "y"),
    ]
    graph = read(nodes, {"x": (1, 2, 4, 4)}, ["y"], stored)
    assert (graph.parameters, dict(graph.uncounted)) == (0, {})
    assert report(graph).confidence["parameters"] == "exact"


def test_weights_in_sparse_constants_and_functions_are_counted_or_named(read: Any) -> None:
    """A 6 × 4 weight of which two numbers are stored; a function that holds 4 × 3 nobody reads."""
    sparse = helper.make_sparse_tensor(
        weight("v", 2), numpy_helper.from_array(np.array([1, 5], dtype=np.int64), "at"), [6, 4]
    )
    held = helper.make_attribute("sparse_value", sparse)
    assert held.type == AttributeProto.SPARSE_TENSOR
    constant = helper.make_node("Constant", [], ["w"])
    constant.attribute.append(held)
    dead = helper.make_node("Constant", [], ["dead"], value=weight("dead", 4, 3))
    function = helper.make_function(
        "mine",
        "Act",
        ["a"],
        ["b"],
        [node("Relu", "a", "b"), dead, node("MatMul", "b dead", "lost")],
        [helper.make_opsetid("", 17)],
    )
    call = helper.make_node("Act", ["h"], ["y"], domain="mine")
    graph = read(
        [constant, node("MatMul", "x w", "h"), call],
        {"x": (1, 6)},
        ["y"],
        functions=[function],
        domains=[helper.make_opsetid("mine", 1)],
    )
    assert (graph.parameters, dict(graph.uncounted)) == (24, {"parameters": 12, "macs": 12})


def test_what_is_uncounted_leaves_the_guarded_reader(read: Any) -> None:
    graph = read(
        [node("Relu", "x", "y"), node("MatMul", "x w", "z")], {"x": (1, 4)}, ["y"], [weight("w", 4, 4)]
    )
    assert dict(from_lines(to_lines(graph)).uncounted) == {"parameters": 16, "macs": 16}


def test_an_unknown_operator_is_said_to_hold_its_share_of_the_parameters(tmp_path: Path) -> None:
    """A Conv of another domain is not ONNX's: 216 weights of 232, in the file's own words."""
    conv = helper.make_node("Conv", ["x", "w"], ["a"], domain="acme", kernel_shape=[3, 3])
    made = model(
        [conv, node("PRelu", "a slope", "y")],
        {"x": (1, 3, 8, 8)},
        ["y"],
        [weight("w", 8, 3, 3, 3), weight("slope", 16, 1, 1)],
    )
    made.graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, [1, 16, 8, 8]))
    found = report(read_here(_written(tmp_path, made), {}))
    assert dict(found.unpriced) == {"other:acme::Conv": 1}
    assert (found.parameters, found.macs) == (232, 0)
    assert found.confidence["parameters"].startswith("as stored")
    assert found.confidence["flops"].endswith("hold 93.1 % of the parameters")


def test_numbers_in_the_attributes_of_an_operator_are_stored_weights(tmp_path: Path) -> None:
    """A regression of 3 × 2 coefficients; a constant written as a list of two numbers."""
    regression = helper.make_node(
        "LinearRegressor", ["x"], ["r"], domain="ai.onnx.ml", coefficients=[0.5, 1, 2, 3, 4, 5], targets=2
    )
    listed = helper.make_node("Constant", [], ["c"], value_floats=[0.5, 1.0])
    made = model(
        [regression, listed, node("Mul", "r c", "y")],
        {"x": (1, 3)},
        ["y"],
        domains=[helper.make_opsetid("ai.onnx.ml", 1)],
    )
    made.graph.value_info.append(helper.make_tensor_value_info("r", TensorProto.FLOAT, [1, 2]))
    graph = read_here(_written(tmp_path, made), {})
    assert (graph.parameters, dict(graph.uncounted)) == (2, {"parameters": 6})


def test_what_only_a_quantised_operator_reads_is_not_trained(read: Any) -> None:
    """The first product ends in numbers that are rounded; the slopes behind reach the output."""
    stored = [
        weight("w", 4, 4),
        numpy_helper.from_array(np.array(0.5, dtype=np.float32), "s"),
        numpy_helper.from_array(np.array(0, dtype=np.int8), "z"),
        weight("slope", 4),
    ]
    nodes = [
        node("MatMul", "x w", "h"),
        node("QuantizeLinear", "h s z", "q"),
        node("DequantizeLinear", "q s z", "d"),
        node("PRelu", "d slope", "y"),
    ]
    found = report(read(nodes, {"x": (1, 4)}, ["y"], stored))
    assert (found.parameters, found.trainable_parameters) == (20, 4)


def test_a_classical_model_is_read_by_its_own_domain_and_its_numbers_are_named(tmp_path: Path) -> None:
    """A scaler of 3 features and a classifier of 2 classes: 3 + 3 numbers, 6 coefficients, 2 intercepts."""
    scaler = helper.make_node(
        "Scaler", ["x"], ["s"], domain="ai.onnx.ml", offset=[0.5, 1.0, 2.0], scale=[1.0, 2.0, 3.0]
    )
    classifier = helper.make_node(
        "LinearClassifier",
        ["s"],
        ["label", "score"],
        domain="ai.onnx.ml",
        coefficients=[0.5, 1.0, 2.0, 3.0, 4.0, 5.0],
        intercepts=[0.5, 1.0],
        classlabels_ints=[0, 1],
    )
    domains = [helper.make_opsetid("ai.onnx.ml", 1)]
    made = model([scaler, classifier], {"x": (4, 3)}, ["label", "score"], domains=domains)
    graph = read_here(_written(tmp_path, made), {})
    assert [(op.output.shape, op.output.dtype) for op in graph.ops[1:]] == [
        ((4, 3), "fp32"), ((4,), "int64"), ((4, 2), "fp32"),
    ]  # fmt: skip
    assert graph.uncounted["parameters"] == 3 + 3 + 6 + 2
