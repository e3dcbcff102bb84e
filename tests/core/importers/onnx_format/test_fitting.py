"""Which sizes an ONNX file is read at, and which axis is its batch: by names, weights and what ops do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.reading import read_here
from tests.core.importers.onnx_files import integers, node, save, weight
from tests.shared_files import SHARED, needs

MODELS = SHARED / "cases" / "models"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def load(*arguments: Any, dims: dict[str, int] | None = None, **options: Any) -> ModelGraph:
        return read_here(save(tmp_path / "net.onnx", *arguments, **options), dims or {})

    return load


def shared(name: str, **dims: int) -> ModelGraph:
    return read_here(MODELS / f"{name}.onnx", dims)


def shapes(graph: ModelGraph) -> dict[str, tuple[int, ...]]:
    return {op.source: op.output.shape for op in graph.ops if op.kind == "input"}


@needs(MODELS)
@pytest.mark.parametrize(
    ("name", "expected", "saved_bytes"),
    [
        ("conv_open_channels", (1, 1, 224, 224), 200_704),
        ("conv1d_open_80_mels", (1, 80, 128), 40_960),
        ("nhwc_m1m2", (1, 224, 224, 3), 602_112),
    ],
)
def test_channels_come_from_the_weights(name: str, expected: tuple[int, ...], saved_bytes: int) -> None:
    graph = shared(name)
    assert list(shapes(graph).values()) == [expected]
    assert graph.ops[0].output.size_bytes == saved_bytes
    assert not any("'c'" in warning or "'x:1'" in warning for warning in graph.warnings)


@needs(MODELS)
def test_a_recording_is_long_enough_for_its_window() -> None:
    graph = shared("audio_default_too_short")
    assert shapes(graph)["wav"][1] >= 400
    assert (graph.parameters, price(graph, Workload()).macs > 0) == (3_200, True)


@needs(MODELS)
def test_a_recording_that_is_too_short_is_refused_with_the_length_that_would_do() -> None:
    with pytest.raises(ModelImportError, match=r"slides a window of 400 .* dims=\{'samples': 400\} would do"):
        shared("audio_default_too_short", samples=128)


@needs(MODELS)
def test_a_sum_of_named_sizes_is_worked_out() -> None:
    mask = "attention_mask"
    assert shapes(shared("decoder_with_past"))[mask] == (1, 256)
    graph = shared("decoder_with_past", sequence_length=1, past_sequence_length=30)
    assert shapes(graph)[mask] == (1, 31)
    assert set(graph.dims) == {"sequence_length", "past_sequence_length"}


@needs(MODELS)
def test_a_peephole_counts() -> None:
    """LSTM of 8 to 16: 64·8 + 64·16 + 128 + 48; five steps of 64·(8 + 16) multiply-adds for one sample."""
    graph = shared("lstm_peephole")
    assert (graph.parameters, price(graph, Workload()).macs, graph.batch_size) == (1_712, 5 * 1_536, 1)


@needs(MODELS)
def test_a_square_table_of_many_numbers_is_learned() -> None:
    assert shared("square_position_table").parameters == 5_120


def test_a_total_length_is_the_past_with_what_is_new(read: Any) -> None:
    inputs = {
        "past": (1, "past_sequence_length", 4),
        "x": (1, "sequence_length", 4),
        "mask": (1, "total_sequence_length", 1),
    }
    graph = read([node("Concat", "past x", "a", axis=1), node("Add", "a mask", "y")], inputs, ["y"])
    assert shapes(graph)["mask"] == (1, 256, 1)


def test_rows_of_a_table_of_positions_are_the_length(read: Any) -> None:
    graph = read(
        [node("Add", "x positions", "y")],
        {"x": ("batch", "n_places", 8)},
        ["y"],
        [weight("positions", 1, 50, 8)],
    )
    assert (shapes(graph)["x"], graph.warnings) == ((1, 50, 8), ())


def test_channels_are_followed_through_casts_and_turns(read: Any) -> None:
    nodes = [
        node("Mul", "x scale", "a"),
        node("Transpose", "a", "b", perm=[0, 3, 1, 2]),
        node("Conv", "b w", "y"),
    ]
    graph = read(nodes, {"x": (None, None, None, None)}, ["y"], [weight("scale"), weight("w", 4, 6, 3, 3)])
    assert shapes(graph)["x"] == (1, 224, 224, 6)


def test_groups_multiply_the_channels_of_a_weight(read: Any) -> None:
    graph = read(
        [node("Conv", "x w", "y", group=5)], {"x": (1, None, 8, 8)}, ["y"], [weight("w", 5, 2, 3, 3)]
    )
    assert shapes(graph)["x"] == (1, 10, 8, 8)


def lstm(hidden: int, width: int) -> list[Any]:
    return [weight("w", 1, 4 * hidden, width), weight("r", 1, 4 * hidden, hidden)]


@pytest.mark.parametrize(("shape", "batch"), [((7, 3, 5), 3), ((7, 1, 5), 1), ((1, 6, 5), 6)])
def test_the_batch_of_a_recurrence_is_its_second_axis(read: Any, shape: Any, batch: int) -> None:
    graph = read([node("LSTM", "x w r", "y", hidden_size=4)], {"x": shape}, ["y"], lstm(4, 5))
    assert graph.batch_size == batch
    assert price(graph, Workload()).macs == shape[0] * 16 * (5 + 4)


def test_the_batch_of_a_turned_recurrence_is_its_first_axis(read: Any) -> None:
    nodes = [
        node("Transpose", "x", "t", perm=[1, 0, 2]), node("LSTM", "t w r", "s", hidden_size=4),
        node("Squeeze", "s one", "q"), node("Transpose", "q", "y", perm=[1, 0, 2]),
    ]  # fmt: skip
    graph = read(nodes, {"x": (3, 7, 5)}, ["y"], [*lstm(4, 5), integers("one", 1)])
    assert graph.batch_size == 3


def test_open_axes_of_a_recurrence_are_told_apart_by_what_it_does(read: Any) -> None:
    """Nothing names them: time is assumed and said, the batch is 1 without a word."""
    graph = read([node("LSTM", "x w r", "y", hidden_size=4)], {"x": (None, None, 5)}, ["y"], lstm(4, 5))
    assert (shapes(graph)["x"], graph.batch_size) == ((128, 1, 5), 1)
    assert [warning.split()[1] for warning in graph.warnings] == ["'x:0'"]


def attention(axis_first: bool) -> list[Any]:
    """Each place looks at all others along the first axis, or along the second."""
    order = [1, 0, 2] if axis_first else [0, 1, 2]
    return [
        node("Transpose", "x", "a", perm=order), node("Transpose", "a", "k", perm=[0, 2, 1]),
        node("MatMul", "a k", "s"), node("Softmax", "s", "p", axis=-1), node("MatMul", "p a", "o"),
        node("Transpose", "o", "y", perm=order),
    ]  # fmt: skip


@pytest.mark.parametrize(("axis_first", "batch"), [(True, 2), (False, 50)])
def test_attention_shows_which_axis_is_the_sequence(read: Any, axis_first: bool, batch: int) -> None:
    graph = read(attention(axis_first), {"x": (50, 2, 8)}, ["y"])
    assert graph.batch_size == batch


def test_points_that_are_pooled_are_no_batch(read: Any) -> None:
    """1,024 points of one cloud: 1,024·3·64 multiply-adds, and 64·10 of the head."""
    nodes = [
        node("MatMul", "x w", "a"), node("Relu", "a", "b"),
        node("ReduceMax", "b", "c", axes=[0], keepdims=1), node("MatMul", "c v", "y"),
    ]  # fmt: skip
    stored = [weight("w", 3, 64), weight("v", 64, 10)]
    graph = read(nodes, {"x": (1024, 3)}, ["y"], stored)
    assert (graph.batch_size, price(graph, Workload()).macs) == (1, 196_608 + 640)
    opened = read(nodes, {"x": ("points", 3)}, ["y"], stored)
    assert shapes(opened)["x"] == (128, 3)
    assert "'points' of input 'x' is open; 128 is assumed" in opened.warnings[0]
    assert shapes(read(nodes, {"x": ("points", 3)}, ["y"], stored, dims={"points": 1024}))["x"] == (1024, 3)


@pytest.mark.parametrize("rows", [3, 4, "bank_rows"])
def test_rows_of_a_bank_are_no_batch(read: Any, rows: Any) -> None:
    """Four queries of 8 against each row of the bank."""
    nodes = [node("Transpose", "bank", "t", perm=[1, 0]), node("MatMul", "x t", "y")]
    graph = read(nodes, {"x": (4, 8), "bank": (rows, 8)}, ["y"])
    assert graph.batch_size == 4
    if rows == "bank_rows":
        assert (shapes(graph)["bank"], dict(graph.dims)) == ((128, 8), {"bank_rows": 128})


def test_one_letter_is_no_proof_of_a_batch(read: Any) -> None:
    nodes = [node("ReduceMean", "x", "p", axes=[0], keepdims=1), node("MatMul", "p w", "y")]
    graph = read(nodes, {"x": ("N", 16)}, ["y"], [weight("w", 16, 4)])
    assert (shapes(graph)["x"], graph.batch_size) == ((128, 16), 1)


def test_the_side_of_a_picture_that_is_laid_flat_is_found(read: Any) -> None:
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f w", "y", transB=1)]
    graph = read(nodes, {"x": (None, 1, None, None)}, ["y"], [weight("w", 10, 784)])
    assert shapes(graph)["x"] == (1, 1, 28, 28)


def test_nodes_of_a_graph_are_no_batch(read: Any) -> None:
    graph = read(
        [node("MatMul", "adjacency x", "h"), node("MatMul", "h w", "y")],
        {"x": (6, 5), "adjacency": (6, 6)},
        ["y"],
        [weight("w", 5, 3)],
    )
    assert graph.batch_size == 1


def test_a_batch_that_is_joined_with_the_sequence_stays_the_batch(read: Any) -> None:
    nodes = [node("Reshape", "x flat", "a"), node("MatMul", "a w", "b"), node("Reshape", "b back", "y")]
    stored = [integers("flat", -1, 8), weight("w", 8, 6), integers("back", 4, 5, 6)]
    assert read(nodes, {"x": (4, 5, 8)}, ["y"], stored).batch_size == 4


def test_stored_numbers_for_each_place_show_that_there_is_no_batch(read: Any) -> None:
    graph = read([node("Add", "x positions", "y")], {"x": (50, 2, 8)}, ["y"], [weight("positions", 50, 1, 8)])
    assert graph.batch_size == 2


def test_where_an_op_is_not_known_the_first_axis_that_all_share_is_the_batch(read: Any) -> None:
    graph = read([node("Det", "x", "y")], {"x": (4, 3, 5, 5)}, ["y"])
    assert graph.batch_size == 4


def test_other_sides_are_tried_where_the_usual_one_does_not_fit(read: Any) -> None:
    """The kernel is as high as a line of 48 after two halvings: no other usual side leaves one row."""
    nodes = [
        node("MaxPool", "x", "a", kernel_shape=[4, 4], strides=[4, 4]), node("Conv", "a w", "b"),
        node("Squeeze", "b two", "y"),
    ]  # fmt: skip
    graph = read(nodes, {"x": (1, 3, None, 320)}, ["y"], [weight("w", 4, 3, 12, 1), integers("two", 2)])
    assert (shapes(graph)["x"], dict(graph.dims)) == ((1, 3, 48, 320), {"x:2": 48})
    assert "48 is assumed" in graph.warnings[0]


def test_a_window_that_nothing_open_can_fit_is_refused(read: Any) -> None:
    with pytest.raises(
        ModelImportError, match=r"slides a window of 9 along axis 2 of 'x', which has only 5 places"
    ):
        read([node("Conv", "x w", "y")], {"x": (1, 3, 5, 5)}, ["y"], [weight("w", 4, 3, 9, 1)])


def test_an_output_without_a_number_is_refused(read: Any) -> None:
    stored = [integers("start", 9), integers("end", 12), integers("axis", 1)]
    with pytest.raises(ModelImportError, match=r"output 'y' is empty \(1×0\) at these sizes"):
        read([node("Slice", "x start end axis", "y")], {"x": (1, 5)}, ["y"], stored)


def whole_numbers(name: str, *shape: int) -> Any:
    return numpy_helper.from_array(np.ones(shape, dtype=np.int8), name)


# h = x (64, 32) times 32 x 16; softmax(h h') h sums over all 64 rows: one sample of 32,768 + 2 x 65,536.
SCORED = [
    node("Transpose", "h", "t", perm=[1, 0]),
    node("MatMul", "h t", "s"),
    node("Softmax", "s", "p", axis=-1),
    node("MatMul", "p h", "y"),
]
PRODUCTS = {
    "whole numbers": (
        [
            node("DynamicQuantizeLinear", "x", "q scale zero"),
            node("MatMulInteger", "q w zero", "i"),
            node("Cast", "i", "f", to=TensorProto.FLOAT),
            node("Mul", "f scale", "h"),
        ],
        [whole_numbers("w", 32, 16)],
    ),
    "one fused node": (
        [node("DynamicQuantizeMatMul", "x w s8", "h", domain="com.microsoft")],
        [whole_numbers("w", 32, 16), weight("s8", 1)],
    ),
    "packed in four bits": (
        [node("MatMulNBits", "x w s8", "h", domain="com.microsoft", K=32, N=16, bits=4, block_size=32)],
        [numpy_helper.from_array(np.ones((16, 1, 16), dtype=np.uint8), "w"), weight("s8", 16)],
    ),
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_quantised_product_moves_no_rows_into_a_batch(read: Any, product: str) -> None:
    nodes, stored = PRODUCTS[product]
    graph = read([*nodes, *SCORED], {"x": (64, 32)}, ["y"], stored)
    assert graph.batch_size == 1
    assert price(graph, Workload(mode="inference")).macs == 32_768 + 2 * 65_536
    rows = read(nodes, {"x": (64, 32)}, ["h"], stored)
    assert rows.batch_size == 64
    assert price(rows, Workload(mode="inference")).macs == 32 * 16


def test_a_batch_that_nothing_shows_is_said_as_a_doubt(read: Any) -> None:
    nodes = [node("Gemm", "x w", "h", transB=1), node("Odd", "h", "y", domain="acme")]
    typed = helper.make_tensor_value_info("y", TensorProto.FLOAT, [64, 16])
    graph = read(nodes, {"x": (64, 32)}, [typed], [weight("w", 16, 32)])
    assert any("the first axis is taken for 64 samples, for what 'acme::Odd'" in w for w in graph.warnings)


def test_weights_of_an_operator_of_another_domain_decide_no_size(read: Any) -> None:
    """acme's Gemm may read anything; ONNX's own beside it has 3 features."""
    nodes = [node("Gemm", "x w", "a", domain="acme"), node("Gemm", "x v", "b")]
    typed = helper.make_tensor_value_info("a", TensorProto.FLOAT, [1, 9])
    graph = read(nodes, {"x": ("n", "c")}, [typed, "b"], [weight("w", 7, 9), weight("v", 3, 4)])
    assert graph.ops[0].output.shape == (1, 3)


def test_a_packed_weight_that_holds_other_sizes_than_it_says_is_no_product(read: Any) -> None:
    """4 rows of one block of 32 in four bits are 128 numbers, not the 32 times a million that N says."""
    packed = numpy_helper.from_array(np.ones((4, 1, 16), dtype=np.uint8), "w")
    lying = node("MatMulNBits", "x w s8", "h", domain="com.microsoft", K=32, N=10**6, bits=4, block_size=32)
    graph = read([lying], {"x": (1, 32)}, ["h"], [packed, weight("s8", 4)])
    assert graph.parameters < 10**6
    assert price(graph, Workload(mode="inference")).unpriced


def test_pieces_of_one_stored_vector_are_its_numbers_once(read: Any) -> None:
    """A bias of zeros, 24 long, read in three pieces of 8 by three products of 5 x 8 each."""
    nodes = [node("Split", "b", "p q r", axis=0)]
    for name, piece in zip("uvw", "pqr", strict=True):
        nodes += [node("MatMul", f"x {name}", f"m{name}"), node("Add", f"m{name} {piece}", f"y{name}")]
    stored = [weight("b", 24, value=0.0), *(weight(name, 5, 8) for name in "uvw")]
    graph = read(nodes, {"x": (1, 5)}, ["yu", "yv", "yw"], stored)
    assert sum(w.elements for w in graph.weights.values()) <= 24 + 3 * 40
