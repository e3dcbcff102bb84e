"""ONNX files as the importer reads them; expected shapes and counts are worked out by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.reading import read_here
from tests.core.importers.onnx_files import integers, model, node, save, weight

ZOO = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def load(*arguments: Any, dims: dict[str, int] | None = None, **options: Any) -> ModelGraph:
        return read_here(save(tmp_path / "net.onnx", *arguments, **options), dims or {})

    return load


@pytest.fixture
def refusal(read: Any) -> Any:
    def refuse(*arguments: Any, **options: Any) -> str:
        with pytest.raises(ModelImportError) as error:
            read(*arguments, **options)
        return str(error.value)

    return refuse


def kinds(graph: ModelGraph) -> list[str]:
    return [op.kind for op in graph.ops]


def test_a_convolution_carries_kernel_stride_and_groups(read: Any) -> None:
    """8 × 8 pixels, kernel 3, stride 2, no padding: (8 − 3) // 2 + 1 = 3."""
    conv = node("Conv", "x w b", "y", name="conv", strides=[2, 2], group=2)
    graph = read([conv], {"x": (1, 4, 8, 8)}, ["y"], [weight("w", 6, 2, 3, 3), weight("b", 6)])
    op = graph.ops[1]
    assert (op.kind, op.inputs, op.output.shape) == ("conv2d", ("x",), (1, 6, 3, 3))
    assert dict(op.attrs) == {"kernel": (3, 3), "stride": (2, 2), "groups": 2}
    assert [(w.id, w.shape, w.role) for w in op.weights] == [
        ("w", (6, 2, 3, 3), "parameter"),
        ("b", (6,), "parameter"),
    ]
    assert graph.parameters == 6 * 2 * 9 + 6


@pytest.mark.parametrize(
    ("op_type", "shape", "kernel", "kind"),
    [
        ("Conv", (1, 2, 9), (3, 2, 3), "conv1d"),
        ("Conv", (1, 2, 9, 9, 9), (3, 2, 3, 3, 3), "conv3d"),
        ("ConvTranspose", (1, 2, 9, 9), (2, 3, 3, 3), "conv_transpose2d"),
    ],
)
def test_convolutions_are_named_by_their_axes(
    read: Any, op_type: str, shape: Any, kernel: Any, kind: str
) -> None:
    graph = read([node(op_type, "x w", "y")], {"x": shape}, ["y"], [weight("w", *kernel)])
    assert graph.ops[1].kind == kind
    assert graph.ops[1].attrs["kernel"] == kernel[2:]


@pytest.mark.parametrize(
    ("op_type", "kind"),
    [("Equal", "equal"), ("Greater", "greater"), ("LessOrEqual", "less_or_equal"), ("Floor", "floor")],
)
def test_comparisons_and_rounding_are_priced(read: Any, op_type: str, kind: str) -> None:
    operands = "x" if op_type == "Floor" else "x limit"
    graph = read([node(op_type, operands, "y")], {"x": (1, 6)}, ["y"], [weight("limit", 1, value=0.5)])
    cost = price(graph, Workload())
    assert (graph.ops[-1].kind, cost.row("y").forward_flops) == (kind, 6)
    assert (dict(cost.unpriced), graph.parameters) == ({}, 0)


def test_batch_norm_keeps_its_running_statistics_as_buffers(read: Any) -> None:
    stored = [weight(name, 4) for name in ("gamma", "beta", "mean", "variance")]
    norm = node("BatchNormalization", "x gamma beta mean variance", "y")
    graph = read([norm], {"x": (1, 4, 5, 5)}, ["y"], stored)
    assert [(w.id, w.role) for w in graph.ops[1].weights] == [
        ("gamma", "parameter"), ("beta", "parameter"), ("mean", "buffer"), ("variance", "buffer"),
    ]  # fmt: skip
    assert graph.parameters == 8


@pytest.mark.parametrize(
    ("made", "stored", "shape"),
    [
        (node("Gemm", "x w b", "y"), (5, 7), (5, 7)),
        (node("Gemm", "x w b", "y", transB=1), (7, 5), (7, 5)),
        (node("MatMul", "x w", "y"), (5, 7), (5, 7)),
    ],
)
def test_products_with_a_weight_are_linear_layers(read: Any, made: Any, stored: Any, shape: Any) -> None:
    graph = read([made], {"x": (3, 5)}, ["y"], [weight("w", *stored), weight("b", 7)])
    op = graph.ops[1]
    assert (op.kind, op.output.shape, op.weights[0].shape) == ("linear", (3, 7), shape)
    assert dict(op.attrs) == {"in_features": 5, "out_features": 7}


def test_a_product_of_two_activations_is_a_matmul(read: Any) -> None:
    graph = read([node("MatMul", "x y", "z")], {"x": (1, 2, 5), "y": (1, 5, 7)}, ["z"])
    assert (graph.ops[2].kind, graph.ops[2].inputs, graph.ops[2].weights) == ("matmul", ("x", "y"), ())


def test_a_bias_addition_joins_the_product_before_it(read: Any) -> None:
    nodes = [
        node("MatMul", "x w", "p", name="fc"),
        node("Add", "b p", "y", name="bias"),
        node("Relu", "y", "z"),
    ]
    graph = read(nodes, {"x": (1, 3, 5)}, ["z"], [weight("w", 5, 7), weight("b", 7)])
    assert kinds(graph) == ["input", "linear", "relu"]
    assert [w.id for w in graph.ops[1].weights] == ["w", "b"]
    assert graph.ops[2].inputs == (graph.ops[1].id,)


def test_a_product_that_others_read_keeps_its_bias_apart(read: Any) -> None:
    nodes = [node("MatMul", "x w", "p"), node("Add", "p b", "y"), node("Relu", "p", "z")]
    graph = read(nodes, {"x": (1, 3, 5)}, ["y", "z"], [weight("w", 5, 7), weight("b", 7)])
    assert kinds(graph) == ["input", "linear", "add", "relu"]


def test_a_lookup_in_a_stored_table_is_an_embedding(read: Any) -> None:
    gather = node("Gather", "table ids", "y")
    graph = read([gather], {"ids": (1, 6)}, ["y"], [weight("table", 50, 8)], integer_inputs=["ids"])
    assert (graph.ops[0].output.dtype, graph.ops[1].kind) == ("int64", "embedding")
    assert graph.ops[1].output.shape == (1, 6, 8)


def test_a_weight_read_twice_keeps_one_id_also_through_a_transpose(read: Any) -> None:
    nodes = [
        node("Gather", "table ids", "e"),
        node("Transpose", "table", "flipped", perm=[1, 0]),
        node("MatMul", "e flipped", "y"),
    ]
    graph = read(nodes, {"ids": (1, 6)}, ["y"], [weight("table", 50, 8)], integer_inputs=["ids"])
    assert kinds(graph) == ["input", "embedding", "linear"]
    assert [op.weights[0].id for op in graph.ops[1:]] == ["table", "table"]
    assert graph.ops[2].weights[0].shape == (50, 8)
    assert graph.parameters == 400


def test_equal_initial_values_merged_by_an_exporter_are_no_tie(read: Any) -> None:
    """Two layers share one stored vector of zeros, once by name and once renamed: three vectors of 4."""
    nodes = [
        node("Identity", "zeros", "second_bias"),
        node("Conv", "x w1 zeros", "a"),
        node("Conv", "a w2 second_bias", "b"),
        node("Conv", "b w3 zeros", "y"),
    ]
    stored = [weight(f"w{n}", 4, 4, 1, 1) for n in (1, 2, 3)] + [weight("zeros", 4, value=0.0)]
    graph = read(nodes, {"x": (1, 4, 5, 5)}, ["y"], stored)
    assert graph.parameters == 3 * (16 + 4)
    assert len({op.weights[1].id for op in graph.ops[1:]}) == 3


def test_a_shared_vector_of_trained_numbers_stays_tied(read: Any) -> None:
    nodes = [node("PRelu", "x slope", "a"), node("PRelu", "a slope", "y")]
    graph = read(nodes, {"x": (1, 4)}, ["y"], [weight("slope", 4)])
    assert {op.weights[0].id for op in graph.ops[1:]} == {"slope"}


def test_a_renamed_vector_of_trained_numbers_stays_tied(read: Any) -> None:
    nodes = [node("Identity", "slope", "same"), node("PRelu", "x slope", "a"), node("PRelu", "a same", "y")]
    assert read(nodes, {"x": (1, 4)}, ["y"], [weight("slope", 4)]).parameters == 4


def test_weights_held_in_constants_and_made_from_shapes_count(read: Any) -> None:
    held = node("Constant", "", "w")
    held.attribute.append(helper.make_attribute("value", weight("", 4, 3, 1, 1)))
    nodes = [held, node("ConstantOfShape", "size", "b"), node("Conv", "x w b", "y")]
    graph = read(nodes, {"x": (1, 3, 5, 5)}, ["y"], [integers("size", 4)])
    assert kinds(graph) == ["input", "conv2d"]
    assert graph.parameters == 12 + 4


def test_weights_in_a_second_file_are_never_looked_for(tmp_path: Path, read: Any) -> None:
    far = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=(4, 3, 1, 1))
    far.data_location = TensorProto.EXTERNAL
    far.external_data.add(key="location", value="../not-there.bin")
    assert read([node("Conv", "x w", "y")], {"x": (1, 3, 5, 5)}, ["y"], [far]).parameters == 12


def test_operands_of_sums_are_parameters_unless_they_are_masks_or_numbers(read: Any) -> None:
    """Positions (1, 6, 8) count; the square mask and the single number do not."""
    nodes = [
        node("Add", "x positions", "a"),
        node("Mul", "a half", "b"),
        node("MatMul", "b t", "s"),
        node("Add", "s mask", "y"),
        node("Transpose", "b", "t", perm=[0, 2, 1]),
    ]
    mask = numpy_helper.from_array(np.triu(np.full((1, 6, 6), -1e4, dtype=np.float32), 1), "mask")
    stored = [weight("positions", 1, 6, 8), mask, weight("half")]
    assert read(nodes, {"x": (1, 6, 8)}, ["y"], stored).parameters == 48


def test_shape_arithmetic_disappears(read: Any) -> None:
    nodes = [
        node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n zeros", "n1"),
        node("Concat", "n1 rest", "size", axis=0), node("Reshape", "x size", "y"), node("Relu", "y", "z"),
    ]  # fmt: skip
    stored = [
        integers("zeros", 0),
        integers("rest", -1),
        helper.make_tensor("zero", TensorProto.INT64, [], [0]),
    ]
    graph = read(nodes, {"x": (2, 3, 4)}, ["z"], stored)
    assert [(op.kind, op.output.shape) for op in graph.ops[1:]] == [("reshape", (2, 12)), ("relu", (2, 12))]


def test_tensors_made_from_weights_alone_are_not_vertices(read: Any) -> None:
    """A class token expanded to the batch and put before 6 tokens: 7 tokens and 8 parameters."""
    nodes = [
        node("Shape", "x", "n", start=0, end=1), node("Concat", "n rest", "size", axis=0),
        node("Expand", "token size", "tokens"), node("Concat", "tokens x", "y", axis=1),
    ]  # fmt: skip
    graph = read(
        nodes, {"x": ("batch", 6, 8)}, ["y"], [weight("token", 1, 1, 8), integers("rest", 1, 8)], opset=17
    )
    assert kinds(graph) == ["input", "concat"]
    assert (graph.ops[1].inputs, graph.ops[1].output.shape, graph.parameters) == (("x",), (1, 7, 8), 8)


def test_a_branch_on_a_known_condition_is_inlined(read: Any) -> None:
    def branch(name: str, op_type: str) -> Any:
        return helper.make_graph([node(op_type, "x", "out")], name, [], [onnx.ValueInfoProto(name="out")])

    condition = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    choice = node("If", "yes", "y", then_branch=branch("a", "Relu"), else_branch=branch("b", "Sigmoid"))
    again = node("If", "yes", "z", then_branch=branch("a", "Tanh"), else_branch=branch("b", "Sigmoid"))
    graph = read([choice, again, node("Add", "y z", "sum")], {"x": (1, 4)}, ["sum"], [condition])
    assert kinds(graph) == ["input", "relu", "tanh", "add"]
    assert graph.ops[3].inputs == tuple(op.id for op in graph.ops[1:3])


def test_functions_are_inlined(read: Any) -> None:
    body = helper.make_function(
        "local",
        "Twice",
        ["a"],
        ["c"],
        [node("Relu", "a", "b"), node("Relu", "b", "c")],
        [helper.make_opsetid("", 17)],
    )
    call = helper.make_node("Twice", ["x"], ["y"], domain="local")
    graph = read([call], {"x": (1, 4)}, ["y"], functions=[body], domains=[helper.make_opsetid("local", 1)])
    assert kinds(graph) == ["input", "relu", "relu"]


def test_each_needed_output_is_a_vertex_and_the_first_carries_the_weights(read: Any) -> None:
    """LSTM of 2 directions, hidden size 3, input 5: W 2·12·5, R 2·12·3, B 2·24."""
    cell = node("LSTM", "x w r b", "y h", name="cell", hidden_size=3, direction="bidirectional")
    stored = [weight("w", 2, 12, 5), weight("r", 2, 12, 3), weight("b", 2, 24)]
    graph = read([cell], {"x": (7, 1, 5)}, ["y", "h"], stored)
    assert [(op.id, op.kind, op.inputs, op.output.shape) for op in graph.ops[1:]] == [
        ("cell", "lstm", ("x",), (7, 2, 1, 3)),
        ("cell:1", "lstm", ("x",), (2, 1, 3)),
    ]
    assert [len(op.weights) for op in graph.ops[1:]] == [3, 0]
    assert dict(graph.ops[1].attrs) == {"hidden_size": 3, "directions": 2, "output_index": 0}
    assert graph.parameters == 120 + 72 + 48


def test_an_output_nobody_needs_is_no_vertex(read: Any) -> None:
    nodes = [node("Dropout", "x", "y mask"), node("Relu", "y", "z"), node("Sigmoid", "y", "dead")]
    assert kinds(read(nodes, {"x": (1, 4)}, ["z"])) == ["input", "dropout", "relu"]


def test_a_fused_attention_tells_its_sizes(read: Any) -> None:
    nodes = [node("Attention", "q k v", "y", is_causal=1)]
    inputs = {"q": (1, 8, 10, 16), "k": (1, 2, 12, 16), "v": (1, 2, 12, 24)}
    graph = read(nodes, inputs, ["y"], opset=23)
    assert (graph.ops[3].kind, graph.ops[3].output.shape) == ("attention", (1, 8, 10, 24))
    assert dict(graph.ops[3].attrs) == {
        "heads": 8, "q_length": 10, "k_length": 12, "head_dim": 16, "value_dim": 24, "kv_heads": 2,
        "causal": True,
    }  # fmt: skip


def test_a_fused_attention_on_packed_heads_tells_the_same_sizes(read: Any) -> None:
    nodes = [node("Attention", "q k v", "y", q_num_heads=8, kv_num_heads=2)]
    inputs = {"q": (1, 10, 128), "k": (1, 12, 32), "v": (1, 12, 48)}
    attrs = dict(read(nodes, inputs, ["y"], opset=23).ops[3].attrs)
    assert (attrs["heads"], attrs["kv_heads"], attrs["head_dim"], attrs["value_dim"]) == (8, 2, 16, 24)
    assert (attrs["q_length"], attrs["k_length"], attrs["causal"]) == (10, 12, False)


def test_clipping_to_six_is_relu6_and_other_clipping_is_clip(read: Any) -> None:
    nodes = [node("Clip", "x zero six", "a"), node("Clip", "a zero", "y")]
    graph = read(nodes, {"x": (1, 4)}, ["y"], [weight("zero", value=0.0), weight("six", value=6.0)])
    assert kinds(graph) == ["input", "relu6", "clip"]


def test_an_operator_without_a_rule_keeps_its_name_and_weights(read: Any) -> None:
    graph = read([node("GridSample", "x w", "y")], {"x": (1, 2, 4, 4)}, ["y"], [weight("w", 1, 3, 3, 2)])
    assert (graph.ops[1].kind, graph.parameters) == ("other:GridSample", 18)


def test_pieces_taken_from_a_split_sequence_are_splits(read: Any) -> None:
    zero, two = (
        helper.make_tensor(name, TensorProto.INT64, [], [n]) for name, n in (("zero", 0), ("two", 2))
    )
    nodes = [
        node("SplitToSequence", "x two", "pieces", axis=1),
        node("SequenceAt", "pieces zero", "a"),
        node("SequenceAt", "pieces two", "b"),
        node("Concat", "a b", "y", axis=1),
    ]
    graph = read(nodes, {"x": (1, 5)}, ["y"], [zero, two])
    assert [(op.kind, op.output.shape) for op in graph.ops[1:]] == [
        ("split", (1, 2)), ("split", (1, 1)), ("concat", (1, 3)),
    ]  # fmt: skip


def test_a_fixed_batch_is_kept_and_said(read: Any) -> None:
    graph = read([node("Relu", "x", "y")], {"x": (16, 3, 4, 4)}, ["y"])
    assert (graph.batch_size, graph.ops[1].output.shape) == (16, (16, 3, 4, 4))


def test_a_first_axis_the_outputs_do_not_share_is_no_batch(read: Any) -> None:
    graph = read([node("Transpose", "x", "y", perm=[1, 0])], {"x": (16, 3)}, ["y"])
    assert graph.batch_size == 1


def test_the_open_batch_dimension_is_the_batch_wherever_it_stands(read: Any) -> None:
    nodes = [node("Transpose", "x", "y", perm=[1, 0])]
    assert read(nodes, {"x": (7, "batch")}, ["y"], dims={"batch": 4}).batch_size == 4
    assert read(nodes, {"x": (7, "batch")}, ["y"]).batch_size == 1


def test_an_input_without_a_shape_is_refused(tmp_path: Path) -> None:
    made = model([node("Relu", "x", "y")], {"x": (1, 3)}, ["y"])
    made.graph.input[0].type.tensor_type.ClearField("shape")
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(ModelImportError, match="input 'x' states no shape; export the model with the sizes"):
        read_here(path, {})


def test_open_dimensions_are_bound_recorded_and_warned_of(read: Any) -> None:
    graph = read([node("Relu", "x", "y")], {"x": ("batch", 3, "height", None)}, ["y"], dims={"height": 32})
    assert graph.ops[1].output.shape == (1, 3, 32, 224)
    assert dict(graph.dims) == {"height": 32, "x:3": 224}
    assert graph.warnings == (
        "dimension 'x:3' of input 'x' is open; 224 is assumed, dims={'x:3': …} gives another size",
    )


def test_an_input_nobody_reads_is_left_out_and_said(read: Any) -> None:
    graph = read([node("Relu", "x", "y")], {"x": (1, 3), "unused": (1, 3)}, ["y"])
    assert kinds(graph) == ["input", "relu"]
    assert graph.warnings == ("input 'unused' is read by no op and is left out",)


def test_folded_batch_norm_is_warned_of_by_the_names_it_leaves(read: Any) -> None:
    def warnings(*names: str) -> tuple[str, ...]:
        stored = [weight(names[0], 4, 3, 1, 1), weight(names[1], 4)]
        return read([node("Conv", f"x {' '.join(names)}", "y")], {"x": (1, 3, 5, 5)}, ["y"], stored).warnings

    assert "batch normalisation looks folded" in warnings("conv1.weight", "conv1.weight_bias")[0]
    assert "batch normalisation looks folded" in warnings("onnx::Conv_193", "onnx::Conv_194")[0]
    assert warnings("conv1.weight", "conv1.bias") == ()


def test_a_tie_lost_by_an_exporter_is_warned_of(read: Any) -> None:
    nodes = [node("Gather", "wte.weight ids", "e"), node("MatMul", "e val_7", "y")]
    stored = [weight("wte.weight", 50, 8), weight("val_7", 8, 50)]
    graph = read(nodes, {"ids": (1, 6)}, ["y"], stored, integer_inputs=["ids"])
    assert "'wte.weight' and 'val_7' may be one tied weight stored twice" in graph.warnings[0]


def test_provenance_names_the_file_its_digest_and_its_maker(tmp_path: Path) -> None:
    path = save(tmp_path / "my net.onnx", [node("Relu", "x", "y")], {"x": (1, 3)}, ["y"], producer_name="me")
    graph = read_here(path, {})
    assert graph.name == "my net"
    assert dict(graph.provenance) == {
        "format": "onnx", "file": "my net.onnx", "opset": "17", "producer": "me", "ir_version": "8",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip


def test_nodes_out_of_order_are_put_in_order(read: Any) -> None:
    nodes = [node("Relu", "a", "y"), node("Sigmoid", "x", "a")]
    assert kinds(read(nodes, {"x": (1, 3)}, ["y"])) == ["input", "sigmoid", "relu"]


def test_one_input_read_twice_keeps_both_places(read: Any) -> None:
    assert read([node("Mul", "x x", "y")], {"x": (1, 3)}, ["y"]).ops[1].inputs == ("x", "x")


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ([node("Add", "x b", "a"), node("Relu", "a", "b")], "op 'a' (Add) lies on or behind a cycle"),
        ([node("Relu", "x", "b"), node("Sigmoid", "x", "b")], "tensor 'b' is made twice"),
        ([node("Add", "x ghost", "b")], "op 'b' (Add) reads 'ghost', which no op makes"),
        ([node("Conv", "x x", "b")], "op 'b' (Conv) does not fit its inputs (x: 1×3"),
        ([node("Add", "x w", "b")], "op 'b' (Add) does not fit its inputs (x: 1×3, w: 5)"),
        ([node("Relu", "w", "b")], "no output depends on an input of the model"),
        ([], "holds no nodes"),
        (
            [helper.make_node("Foo", ["x"], ["b"], domain="mine", name="foo")],
            "op 'foo' (mine::Foo) makes 'b', whose shape",
        ),
    ],
)
def test_a_graph_that_cannot_be_priced_is_refused_by_op(refusal: Any, nodes: Any, says: str) -> None:
    message = refusal(nodes, {"x": (1, 3)}, ["b"], [weight("w", 5)], domains=[helper.make_opsetid("mine", 1)])
    assert message.startswith("net.onnx: ")
    assert says in message


def test_sizes_that_do_not_fit_name_the_open_dimensions(refusal: Any) -> None:
    nodes = [node("Reshape", "x size", "y", name="flat")]
    message = refusal(nodes, {"x": (1, "length")}, ["y"], [integers("size", 3, 7)])
    assert "op 'flat' (Reshape)" in message
    assert "give other sizes with dims={…}, which now are {'length': 128}" in message


def test_old_opsets_are_refused_with_the_way_out(refusal: Any) -> None:
    assert "uses opset 6, 7 and newer are read" in refusal(
        [node("Relu", "x", "y")], {"x": (1, 3)}, ["y"], opset=6
    )


def test_declared_shapes_serve_operators_onnx_does_not_know(tmp_path: Path) -> None:
    made = model(
        [helper.make_node("Foo", ["x"], ["a"], domain="mine"), node("Relu", "a", "y")], {"x": ("n", 3)}, ["y"]
    )
    made.graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n", 9]))
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    assert [(op.kind, op.output.shape) for op in read_here(path, {}).ops[1:]] == [
        ("other:mine::Foo", (1, 9)), ("relu", (1, 9)),
    ]  # fmt: skip


# Published parameters: ResNet-50, VGG-19, SqueezeNet 1.1 and AlexNet as in torchvision (CaffeNet's
# grouping for AlexNet); inception v1 as in Caffe's GoogLeNet without auxiliary heads; Caffe's DenseNet-121
# scales and shifts each of its 41,824 normalised channels once more than the paper's.
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("resnet50", 25_557_032),
        ("vgg19", 143_667_240),
        ("squeezenet", 1_235_496),
        ("bvlc_alexnet", 60_965_224),
        ("inception_v1", 6_998_552),
        ("inception_v2", None),
        ("densenet121", 7_978_856 + 2 * 41_824),
        ("shufflenet", None),
        ("zfnet512", None),
    ],
)
def test_the_light_model_zoo_is_read_with_fixed_shapes(name: str, parameters: int | None) -> None:
    path = ZOO / f"light_{name}.onnx"
    graph = read_here(path, {})
    outputs = [value.name for value in onnx.load(path).graph.output]
    assert len(outputs) == 1
    assert graph.ops[-1].output.elements == 1000 or name == "zfnet512"
    assert all(min(op.output.shape) > 0 for op in graph.ops)
    assert not [op.kind for op in graph.ops if op.kind.startswith("other:")]
    if parameters is not None:
        assert graph.parameters == parameters
