"""Einsum, loops, branches, sequences and sizes that data decide; expected counts are worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers.gate.reading import read_here
from tests.core.importers.onnx_files import integers, node, save, weight
from tests.shared_files import SHARED, needs

MODELS = SHARED / "cases" / "models"


def cost_of(path: Path, **dims: int) -> GraphCost:
    return price(read_here(path, dims), Workload())


@pytest.fixture
def priced(tmp_path: Path) -> Any:
    def load(*arguments: Any, dims: Mapping[str, int] | None = None, **options: Any) -> GraphCost:
        return cost_of(save(tmp_path / "net.onnx", *arguments, **options), **(dims or {}))

    return load


def value(name: str, kind: int = TensorProto.FLOAT, shape: Sequence[int] = ()) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def number(name: str, content: int, kind: int = TensorProto.INT64) -> Any:
    return helper.make_tensor(name, kind, [], [content])


def body(
    nodes: Sequence[Any], carried: Sequence[tuple[str, str]], handed: Sequence[str] = (), *stored: Any
) -> Any:
    """A loop body: `carried` are pairs of what comes in and what goes out."""
    inputs = [value("turn", TensorProto.INT64), value("go", TensorProto.BOOL)]
    inputs += [onnx.ValueInfoProto(name=name) for name, _ in carried]
    outputs = ["again", *(name for _, name in carried), *handed]
    names = [onnx.ValueInfoProto(name=name) for name in outputs]
    if not any("again" in made.output for made in nodes):
        nodes = [node("Identity", "go", "again"), *nodes]
    return helper.make_graph(nodes, "body", inputs, names, list(stored))


@needs(MODELS)
@pytest.mark.parametrize(
    ("file", "parameters", "macs"),
    [
        ("if_runtime", 768, 768),
        ("loop_fixed5", 256, 1_280),
        ("scan_7", 256, 1_792),
        ("einsum_attn", 0, 8_192),
        ("nms_detector_head", 56, 5_600),
        ("d_nonzero", 0, 0),
        ("seq_concat", 0, 0),
        ("seq_construct_at", 0, 0),
    ],
)
def test_small_files_cost_what_is_known_of_them(file: str, parameters: int, macs: int) -> None:
    cost = cost_of(MODELS / f"{file}.onnx")
    assert (cost.parameters, cost.macs, dict(cost.unpriced)) == (parameters, macs, {})


@needs(MODELS)
def test_a_detector_keeps_at_most_ten_boxes_of_each_of_three_classes() -> None:
    graph = read_here(MODELS / "nms_detector_head.onnx", {})
    assert graph.ops[-1].output.shape == (30, 1)
    assert "upper bound 30×3 is priced" in " ".join(graph.warnings)


@needs(MODELS)
def test_a_branch_that_is_left_out_is_weighed() -> None:
    said = " ".join(read_here(MODELS / "if_runtime.onnx", {}).warnings)
    assert "the else_branch is priced (768 multiply-adds, 768 parameters of its own)" in said
    assert "the then_branch is left out (128 multiply-adds, 128 parameters)" in said


def test_a_branch_that_does_not_fit_is_not_the_one_taken(priced: Any) -> None:
    """x of 4 fits the weight 4 x 5, not 6 x 5."""

    def branch(name: str, rows: int) -> Any:
        made = [node("MatMul", f"x {name}", f"{name}_out")]
        return helper.make_graph(
            made, name, [], [onnx.ValueInfoProto(name=f"{name}_out")], [weight(name, rows, 5)]
        )

    choice = node("If", "c", "y", then_branch=branch("a", 6), else_branch=branch("b", 4))
    cost = priced([node("Cast", "n", "c", to=TensorProto.BOOL), choice], {"x": (1, 4), "n": (1,)}, ["y"])
    assert (cost.parameters, cost.macs) == (20, 20)
    assert "the other does not fit these sizes" in " ".join(cost.graph.warnings)


@pytest.mark.parametrize(
    ("equation", "shapes", "stored", "macs"),
    [
        ("bhid,bhjd->bhij", [(1, 4, 8, 16), (1, 4, 6, 16)], None, 4 * 8 * 6 * 16),
        ("...ij,jk->...ik", [(1, 2, 5, 4)], (4, 7), 2 * 5 * 4 * 7),
        ("ij,kj->ki", [(5, 4)], (7, 4), 5 * 4 * 7),
        ("i,j", [(5,), (7,)], None, 35),
        ("bij->bji", [(1, 5, 7)], None, 0),
        ("abc, cd, bd -> ad", [(2, 3, 4)], (4, 5), 2 * 3 * 4 * 5 + 2 * 3 * 5),
    ],
)
def test_any_einsum_is_priced_by_its_equation(
    priced: Any, equation: str, shapes: Any, stored: Any, macs: int
) -> None:
    inputs = {f"x{place}": shape for place, shape in enumerate(shapes)}
    weights = [] if stored is None else [weight("w", *stored)]
    operands = " ".join([*inputs, *(["w"] if weights else [])])
    if equation.count(",") == 2:
        weights.append(weight("v", 3, 5))
        operands += " v"
    cost = priced([node("Einsum", operands, "y", equation=equation)], inputs, ["y"], weights)
    assert (cost.macs * cost.graph.batch_size, dict(cost.unpriced)) == (macs, {})
    assert cost.parameters == sum(int(np.prod(tensor.dims)) for tensor in weights)


def test_an_einsum_sees_a_transposed_weight_as_the_equation_does(priced: Any) -> None:
    nodes = [node("Transpose", "w", "t", perm=[1, 0]), node("Einsum", "x t", "y", equation="ij,jk->ik")]
    cost = priced(nodes, {"x": (1, 4)}, ["y"], [weight("w", 7, 4)])
    assert (cost.macs, cost.parameters) == (28, 28)


def test_the_turn_of_a_loop_decides_what_is_looked_up_and_results_are_stacked(priced: Any) -> None:
    nodes = [
        node("Gather", "x turn", "e", axis=0),
        node("MatMul", "e w", "p"),
        node("Add", "p h", "next"),
        node("Identity", "next", "out"),
    ]
    made = body(nodes, [("h", "next")], ["out"], weight("w", 4, 4))
    cost = priced(
        [node("Loop", "n go h0", "h ys", body=made)],
        {"x": (3, 1, 4), "h0": (1, 4)},
        ["h", "ys"],
        [number("n", 3), number("go", 1, TensorProto.BOOL)],
    )
    assert (cost.macs, cost.parameters) == (3 * 16, 16)
    assert {op.source: op.output.shape for op in cost.graph.ops}["ys"] == (3, 1, 4)


def test_a_loop_ends_where_its_condition_folds_to_false(priced: Any) -> None:
    """Turns 0, 1, 2, 3: the one that finds turn < 3 false is the last."""
    nodes = [node("Less", "turn three", "again"), node("MatMul", "h w", "next")]
    made = body(nodes, [("h", "next")], (), weight("w", 4, 4), number("three", 3))
    cost = priced(
        [node("Loop", "- go x", "y", body=made)], {"x": (1, 4)}, ["y"], [number("go", 1, TensorProto.BOOL)]
    )
    assert (cost.macs, cost.parameters, cost.graph.warnings) == (4 * 16, 16, ())


def test_what_a_loop_carries_may_grow(priced: Any) -> None:
    """A cache of 1, 2, 3 rows: products with 2, 3 and 4 rows of 4 numbers."""
    nodes = [
        node("Concat", "h x", "next", axis=0),
        node("Transpose", "next", "t", perm=[1, 0]),
        node("MatMul", "x t", "s"),
        node("ReduceSum", "s", "out", keepdims=0),
    ]
    made = body(nodes, [("h", "next")], ["out"])
    cost = priced([node("Loop", "n - x", "y s", body=made)], {"x": (1, 4)}, ["y", "s"], [number("n", 3)])
    assert cost.macs == 4 * (2 + 3 + 4)


def test_turns_that_an_input_says_are_assumed_and_can_be_given(priced: Any) -> None:
    made = body([node("MatMul", "h w", "next")], [("h", "next")], (), weight("w", 4, 4))
    arguments = ([node("Loop", "n - x", "y", name="decode", body=made)], {"x": (1, 4), "n": ()}, ["y"])
    assumed = priced(*arguments, integer_inputs=["n"])
    assert (assumed.macs, dict(assumed.graph.dims)) == (16 * 16, {"decode:trips": 16})
    assert "16 turns are assumed, dims={'decode:trips': …} gives another number" in " ".join(
        assumed.graph.warnings
    )
    assert priced(*arguments, integer_inputs=["n"], dims={"decode:trips": 3}).macs == 3 * 16


def test_a_loop_that_data_may_end_is_priced_whole_and_said(priced: Any) -> None:
    nodes = [
        node("MatMul", "h w", "next"),
        node("ReduceMax", "next", "m", keepdims=0),
        node("Less", "m one", "again"),
    ]
    made = body(nodes, [("h", "next")], (), weight("w", 4, 4), weight("one", value=1.0))
    cost = priced(
        [node("Loop", "n go x", "y", body=made)],
        {"x": (1, 4)},
        ["y"],
        [number("n", 5), number("go", 1, TensorProto.BOOL)],
    )
    assert cost.macs == 5 * 16
    assert "may end before its turn 5" in " ".join(cost.graph.warnings)


def test_a_long_loop_is_walked_once_and_its_turns_are_counted(priced: Any) -> None:
    made = body(
        [node("MatMul", "h w", "next"), node("Identity", "next", "out")],
        [("h", "next")],
        ["out"],
        weight("w", 4, 4),
    )
    cost = priced(
        [node("Loop", "n - x", "y ys", body=made)], {"x": (1, 4)}, ["y", "ys"], [number("n", 10_000)]
    )
    assert (cost.macs, cost.parameters, len(cost.graph) < 8) == (160_000, 16, True)
    shapes = {op.source: op.output.shape for op in cost.graph.ops}
    assert (shapes["y"], shapes["ys"]) == ((1, 4), (10_000, 1, 4))
    assert cost.row("y").output_bytes == 16


def test_loops_in_loops_multiply(priced: Any) -> None:
    inner = body([node("MatMul", "g w", "g2")], [("g", "g2")], (), weight("w", 4, 4))
    outer = body([node("Loop", "m - h", "next", body=inner)], [("h", "next")])
    stored = [number("n", 7), number("m", 5)]
    assert priced([node("Loop", "n - x", "y", body=outer)], {"x": (1, 4)}, ["y"], stored).macs == 35 * 16
    many = [number("n", 700), number("m", 50)]
    long = priced([node("Loop", "n - x", "y", body=outer)], {"x": (1, 4)}, ["y"], many)
    assert (long.macs, long.parameters) == (35_000 * 16, 16)


def scan(**more: Any) -> Any:
    inside = [
        node("Concat", "s e", "c", axis=0),
        node("MatMul", "c w", "p"),
        node("Relu", "p", "s2"),
        node("Identity", "p", "o"),
    ]
    made = helper.make_graph(
        inside, "step", [value("s", shape=[2]), value("e", shape=[3])],
        [value("s2", shape=[2]), value("o", shape=[2])], [weight("w", 5, 2)],
    )  # fmt: skip
    return node("Scan", "s0 xs", "last ys", body=made, num_scan_inputs=1, **more)


def test_a_scan_runs_along_any_axis_and_stacks_along_any(priced: Any) -> None:
    made = scan(scan_input_axes=[1], scan_output_axes=[1], scan_input_directions=[1])
    cost = priced([made], {"s0": (2,), "xs": (3, 6)}, ["last", "ys"])
    assert (cost.macs, cost.parameters, cost.graph.ops[-1].output.shape) == (6 * 10, 10, (2, 6))


def test_a_long_scan_is_counted(priced: Any) -> None:
    cost = priced([scan()], {"s0": (2,), "xs": (5_000, 3)}, ["last", "ys"])
    assert (cost.macs, len(cost.graph) < 12) == (50_000, True)
    assert {op.source: op.output.shape for op in cost.graph.ops}["ys"] == (5_000, 2)


def test_a_scan_over_stored_layers_counts_their_weights_once(priced: Any) -> None:
    inside = [node("MatMul", "s w", "s2")]
    made = helper.make_graph(
        inside, "layer", [value("s", shape=[1, 4]), value("w", shape=[4, 4])], [value("s2", shape=[1, 4])]
    )
    cost = priced(
        [node("Scan", "x ws", "y", body=made, num_scan_inputs=1)],
        {"x": (1, 4)},
        ["y"],
        [weight("ws", 6, 4, 4)],
    )
    assert (cost.macs, cost.parameters) == (6 * 16, 6 * 16)


def test_sequences_are_built_changed_and_read(priced: Any) -> None:
    """[x] → [w·x, x] → without the last: w·x alone, and its length is 1."""
    nodes = [
        node("MatMul", "x w", "p"), node("SequenceConstruct", "x", "a"),
        node("SequenceInsert", "a p zero", "b"),
        node("SequenceErase", "b", "c"), node("SequenceLength", "c", "n"),
        node("ConcatFromSequence", "b", "all", axis=1),
        node("ConcatFromSequence", "b", "stacked", axis=0, new_axis=1), node("SequenceAt", "c minus", "y"),
        node("Reshape", "y size", "z"), node("Concat", "n1 four", "size", axis=0),
        node("Unsqueeze", "n zeros", "n1"),
    ]  # fmt: skip
    stored = [
        weight("w", 4, 4),
        number("zero", 0),
        number("minus", -1),
        integers("four", 4),
        integers("zeros", 0),
    ]
    cost = priced(nodes, {"x": (1, 4)}, ["all", "stacked", "z"], stored)
    shapes = {op.source: op.output.shape for op in cost.graph.ops}
    assert (shapes["all"], shapes["stacked"], cost.macs) == ((1, 8), (2, 1, 4), 16)


def test_a_sequence_may_be_gathered_in_a_loop(priced: Any) -> None:
    made = body(
        [node("MatMul", "x w", "p"), node("SequenceInsert", "s p", "s2")],
        [("s", "s2")],
        (),
        weight("w", 4, 4),
    )
    nodes = [
        node("SequenceEmpty", "", "s0"),
        node("Loop", "n - s0", "seq", body=made),
        node("ConcatFromSequence", "seq", "y", axis=0),
    ]
    cost = priced(nodes, {"x": (1, 4)}, ["y"], [number("n", 3)])
    assert (cost.macs, cost.graph.ops[-1].output.shape) == (48, (3, 4))


def test_the_tensors_of_a_sequence_are_outputs(priced: Any) -> None:
    cost = priced(
        [
            node("SplitToSequence", "x two", "pieces", axis=1),
        ],
        {"x": (1, 5)},
        ["pieces"],
        [number("two", 2)],
    )
    assert [op.output.shape for op in cost.graph.ops[1:]] == [(1, 2), (1, 2), (1, 1)]


@pytest.mark.parametrize(
    ("made", "inputs", "shape"),
    [
        (node("NonZero", "x", "y"), {"x": (3, 4)}, (2, 12)),
        (node("Compress", "x c", "y", axis=1), {"x": (3, 4), "c": (4,)}, (3, 4)),
        (node("Compress", "x c", "y"), {"x": (3, 4), "c": (5,)}, (5,)),
        (node("Unique", "x", "y"), {"x": (3, 4)}, (12,)),
        (node("Unique", "x", "y", axis=0), {"x": (3, 4)}, (3, 4)),
        (node("TopK", "x k", "y i", axis=0), {"x": (3, 4), "k": (1,)}, (3, 4)),
        (node("NonMaxSuppression", "b s k", "y"), {"b": (2, 9, 4), "s": (2, 3, 9), "k": (1,)}, (54, 3)),
    ],
)
def test_sizes_that_data_decide_are_bounded_and_said(priced: Any, made: Any, inputs: Any, shape: Any) -> None:
    nodes = [node("Cast", "c0", "c", to=TensorProto.BOOL)] if "c" in inputs else []
    named = {f"{name}0" if name == "c" else name: size for name, size in inputs.items()}
    cost = priced([*nodes, made], named, ["y"], integer_inputs=["k"])
    assert next(op for op in cost.graph.ops if op.kind not in ("input", "cast")).output.shape == shape
    assert "upper bound" in " ".join(cost.graph.warnings)
    assert not cost.unpriced


def test_a_known_mask_is_no_bound(priced: Any) -> None:
    keep = numpy_helper.from_array(np.array([True, False, True]), "keep")
    cost = priced([node("Compress", "x keep", "y", axis=1)], {"x": (1, 3)}, ["y"], [keep])
    assert cost.graph.ops[-1].output.shape == (1, 2)


def test_a_loop_that_grows_without_end_is_refused(priced: Any) -> None:
    made = body([node("Concat", "h x", "next", axis=0)], [("h", "next")])
    with pytest.raises(ModelImportError, match=r"runs 100000 turns and what it carries grows"):
        priced([node("Loop", "n - x", "y", body=made)], {"x": (1, 4)}, ["y"], [number("n", 100_000)])


def test_what_works_out_the_condition_of_a_branch_is_priced_too(priced: Any) -> None:
    """4·1 for the score, then 4·5 where the score says so."""
    then = helper.make_graph([node("MatMul", "x w", "a")], "then", [], [onnx.ValueInfoProto(name="a")])
    other = helper.make_graph([node("MatMul", "x v", "b")], "else", [], [onnx.ValueInfoProto(name="b")])
    nodes = [
        node("MatMul", "x u", "score"),
        node("GreaterOrEqual", "score half", "c"),
        node("If", "c", "y", then_branch=then, else_branch=other),
    ]
    stored = [weight("u", 4, 1), weight("half", value=0.5), weight("w", 4, 5), weight("v", 4, 2)]
    cost = priced(nodes, {"x": (1, 4)}, ["y"], stored, opset=13)
    assert (cost.macs, cost.graph.ops[-1].output.shape) == (4 + 20, (1, 5))


def test_the_first_turn_multiplies_the_zeros_it_starts_with(priced: Any) -> None:
    made = body(
        [node("MatMul", "h w", "p"), node("Add", "p x", "next")], [("h", "next")], (), weight("w", 4, 4)
    )
    stored = [number("n", 3), weight("zeros", 1, 4, value=0.0)]
    cost = priced([node("Loop", "n - zeros", "y", body=made)], {"x": (1, 4)}, ["y"], stored)
    assert (cost.macs, cost.parameters) == (48, 16)


def test_a_long_loop_that_its_condition_ends_is_counted(priced: Any) -> None:
    nodes = [node("Add", "i one", "j"), node("Less", "j most", "again"), node("MatMul", "h w", "next")]
    made = body(
        nodes, [("i", "j"), ("h", "next")], (), weight("w", 4, 4), number("one", 1), number("most", 900)
    )
    stored = [number("zero", 0), number("go", 1, TensorProto.BOOL)]
    cost = priced([node("Loop", "- go zero x", "last y", body=made)], {"x": (1, 4)}, ["y"], stored)
    assert (cost.macs, len(cost.graph) < 8, cost.graph.warnings) == (900 * 16, True, ())


def test_a_matrix_that_numbers_are_scattered_into_has_so_many_parameters(priced: Any) -> None:
    nodes = [
        node("ConstantOfShape", "size", "zeros"),
        node("ScatterElements", "zeros places numbers", "w"),
        node("Reshape", "w matrix", "m"),
        node("MatMul", "x m", "y"),
    ]
    stored = [
        integers("size", 12),
        integers("places", 1, 5, 7),
        weight("numbers", 3),
        integers("matrix", 4, 3),
    ]
    cost = priced(nodes, {"x": (1, 4)}, ["y"], stored)
    assert (cost.macs, cost.parameters) == (12, 3)


def test_a_recurrence_whose_weights_are_stored_in_parts_multiplies_all(priced: Any) -> None:
    """Two directions of 16·(5 + 4) a step, joined in the graph."""
    nodes = [
        node("Concat", "w1 w2", "w", axis=0),
        node("Concat", "r1 r2", "r", axis=0),
        node("LSTM", "x w r", "y", hidden_size=4, direction="bidirectional"),
    ]
    stored = [weight(f"w{n}", 1, 16, 5) for n in (1, 2)] + [weight(f"r{n}", 1, 16, 4) for n in (1, 2)]
    cost = priced(nodes, {"x": (7, 1, 5)}, ["y"], stored)
    assert (cost.macs, cost.parameters) == (7 * 2 * 16 * 9, 2 * 16 * 9)
