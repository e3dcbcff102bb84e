"""Keras models from their JSON alone, held against counts of Keras and PyTorch (see make_files.py)."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.reading import read_here
from cutwise.importers.keras_format.graph import graph_of

MADE = Path(__file__).parents[1] / "made"
COUNTS = json.loads((MADE / "keras.json").read_text())
with gzip.open(MADE / "keras-applications.json.gz", "rt") as file:
    APPLICATIONS = json.load(file)


def held(graph: ModelGraph, *roles: str) -> int:
    return sum(weight.elements for weight in graph.weights.values() if weight.role in roles)


def check(graph: ModelGraph, counts: dict[str, int]) -> None:
    assert held(graph, "parameter") == counts["trainable"]
    assert held(graph, "parameter", "buffer", "frozen") == counts["parameters"]
    cost = price(graph, Workload())
    assert not cost.unpriced
    assert cost.macs == counts["macs"]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_published_models_have_keras_parameters_and_pytorchs_multiply_adds(name: str) -> None:
    check(graph_of(f"{name}.json", APPLICATIONS[name], {}, name=name), COUNTS[name])


@pytest.mark.parametrize("name", ["small-image.keras", "small-image.h5", "small-twins.keras"])
def test_files_of_keras_itself_are_read_whole(name: str) -> None:
    graph = load_model(MADE / name)
    check(graph, COUNTS[name.partition(".")[0]])
    assert graph == load_bytes(name, (MADE / name).read_bytes())


def test_recurrence_and_attention_are_counted_step_by_step() -> None:
    """PyTorch's counter leaves fused attention out, and Keras runs one step more; so by hand: 12 steps both
    ways of 4 x 8 rows over 16 + 8, of 3 x 8 over 16 + 8; queries, keys, values of 16 from 8, scores and
    context, 16 to 8; 10 windows of 3 x 8 for 8; 10 steps of 6 over 8 + 6; 6 to 3."""
    attention = 3 * 12 * 8 * 16 + 2 * 2 * 12 * 12 * 8 + 12 * 16 * 8
    macs = 2 * 12 * 32 * 24 + 12 * 24 * 24 + attention + 10 * 8 * 24 + 10 * 6 * 14 + 6 * 3
    check(load_model(MADE / "small-text.h5"), COUNTS["small-text"] | {"macs": macs})


def test_both_formats_hold_the_same_model() -> None:
    assert load_model(MADE / "small-image.keras") == load_model(MADE / "small-image.h5")


def test_a_layer_called_twice_has_its_weights_once_and_its_work_twice() -> None:
    """Two branches of 10 inputs and 7 outputs through one frozen layer; then 2 x 7 x 4 and 8 x 2."""
    graph = load_model(MADE / "small-twins.keras")
    readers = [op for op in graph.ops if any(w.id == "base/inner/kernel" for w in op.weights)]
    assert [op.id for op in readers] == ["base/inner", "base:1/inner"]
    assert price(graph, Workload()).macs == 2 * 10 * 7 + 2 * 7 * 4 + 8 * 2
    assert "77 parameters in 2 weights are those of layers that are not trainable" in graph.warnings[0]


def sequential(*layers: dict[str, Any], shape: list[int | None] | None = None) -> dict[str, Any]:
    """A Sequential model as Keras 2 writes it; every layer is {"class_name": settings}."""
    listed = [
        {"class_name": kind, "config": dict(config)} for layer in layers for kind, config in layer.items()
    ]
    if shape is not None:
        listed[0]["config"]["batch_input_shape"] = shape
    for number, entry in enumerate(listed):
        entry["config"].setdefault("name", f"layer{number}")
    return {"class_name": "Sequential", "config": {"name": "net", "layers": listed}}


def graph(document: Any, **dims: int) -> ModelGraph:
    return graph_of("m.keras", document, dims, name="m")


CASES: list[tuple[dict[str, Any], list[int | None], tuple[int, ...], int, int]] = [
    # layer, input, output, parameters, multiply-adds: by hand
    ({"Dense": {"units": 5}}, [None, 4], (1, 5), 25, 20),
    ({"Dense": {"units": 5, "use_bias": False}}, [None, 3, 4], (1, 3, 5), 20, 60),
    ({"Conv2D": {"filters": 8, "kernel_size": [3, 3]}}, [None, 10, 12, 3], (1, 8, 10, 8), 224, 17_280),
    ({"Conv2D": {"filters": 8, "kernel_size": 3, "strides": 2, "padding": "same", "groups": 2}},
     [None, 9, 9, 4], (1, 5, 5, 8), 152, 25 * 8 * 18),
    ({"Conv2D": {"filters": 6, "kernel_size": 3, "data_format": "channels_first"}},
     [None, 3, 8, 9], (1, 6, 6, 7), 168, 6 * 6 * 7 * 27),
    ({"Conv2D": {"filters": 2, "kernel_size": 3, "dilation_rate": 2}},
     [None, 9, 9, 1], (1, 5, 5, 2), 20, 450),
    ({"Conv1D": {"filters": 4, "kernel_size": 3, "padding": "causal"}}, [None, 10, 2], (1, 10, 4), 28, 240),
    ({"Conv3D": {"filters": 2, "kernel_size": 2}}, [None, 3, 4, 5, 1], (1, 2, 3, 4, 2), 18, 2 * 24 * 8),
    ({"Conv2DTranspose": {"filters": 3, "kernel_size": 4, "strides": 2}},
     [None, 5, 5, 2], (1, 12, 12, 3), 99, 50 * 48),
    ({"DepthwiseConv2D": {"kernel_size": 3, "depth_multiplier": 2}},
     [None, 6, 6, 4], (1, 4, 4, 8), 80, 16 * 8 * 9),
    ({"SeparableConv1D": {"filters": 5, "kernel_size": 3}}, [None, 8, 4], (1, 6, 5), 37, 6 * 12 + 6 * 20),
    ({"LSTM": {"units": 6}}, [None, 7, 5], (1, 6), 4 * 6 * (5 + 6 + 1), 7 * 24 * 11),
    ({"GRU": {"units": 6, "return_sequences": True}}, [None, 7, 5], (1, 7, 6), 18 * (5 + 6 + 2), 7 * 18 * 11),
    ({"GRU": {"units": 6, "reset_after": False}}, [None, 7, 5], (1, 6), 18 * (5 + 6 + 1), 7 * 18 * 11),
    ({"Embedding": {"input_dim": 20, "output_dim": 4}}, [None, 7], (1, 7, 4), 80, 0),
    ({"MaxPooling2D": {"pool_size": 3, "strides": 2}}, [None, 9, 9, 2], (1, 4, 4, 2), 0, 0),
    ({"GlobalAveragePooling2D": {"keepdims": True}}, [None, 9, 9, 2], (1, 1, 1, 2), 0, 0),
    ({"ZeroPadding2D": {"padding": [[0, 1], [2, 3]]}}, [None, 4, 4, 2], (1, 5, 9, 2), 0, 0),
    ({"Cropping1D": {"cropping": [1, 2]}}, [None, 9, 2], (1, 6, 2), 0, 0),
    ({"UpSampling2D": {"size": [2, 3]}}, [None, 4, 4, 2], (1, 8, 12, 2), 0, 0),
    ({"Reshape": {"target_shape": [-1, 4]}}, [None, 6, 6], (1, 9, 4), 0, 0),
    ({"Permute": {"dims": [2, 1]}}, [None, 6, 5], (1, 5, 6), 0, 0),
    ({"RepeatVector": {"n": 3}}, [None, 5], (1, 3, 5), 0, 0),
    ({"BatchNormalization": {}}, [None, 6, 6, 5], (1, 6, 6, 5), 10, 0),
    ({"LayerNormalization": {"center": False}}, [None, 6, 5], (1, 6, 5), 5, 0),
    ({"TimeDistributed": {"layer": {"class_name": "Dense", "config": {"units": 3, "name": "d"}}}},
     [None, 6, 5], (1, 6, 3), 18, 90),
    ({"Bidirectional": {"layer": {"class_name": "LSTM", "config": {"units": 6, "name": "l"}}}},
     [None, 7, 5], (1, 12), 2 * 4 * 6 * 12, 2 * 7 * 24 * 11),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape", "made", "parameters", "macs"), CASES)
def test_each_layer_has_the_sizes_and_counts_of_its_definition(
    layer: dict[str, Any], shape: list[int | None], made: tuple[int, ...], parameters: int, macs: int
) -> None:
    found = graph(sequential(layer, shape=shape))
    assert found.ops[-1].output.shape == made
    assert found.parameters == parameters
    assert price(found, Workload()).macs == macs


def test_batch_norm_keeps_its_statistics_for_each_channel_wherever_the_channels_are() -> None:
    """Mean and deviation of 5 channels in fp32, once a batch, beside the input: 6 x 7 x 5 numbers."""
    for order, shape in ((-1, [None, 6, 7, 5]), (1, [None, 5, 6, 7])):
        dense = {"Dense": {"units": shape[-1], "use_bias": False}}
        found = graph(sequential(dense, {"BatchNormalization": {"axis": order}}, shape=shape))
        one, two = (price(found, Workload(batch_size=size)).saved_bytes.sum() for size in (1, 2))
        assert 2 * (one - two) == 2 * 4 * 5


def test_open_sizes_are_proposed_and_can_be_given() -> None:
    model = sequential({"Conv2D": {"filters": 2, "kernel_size": 3}}, shape=[None, None, None, 3])
    found = graph(model)
    assert dict(found.dims) == {"input:1": 224, "input:2": 224}
    assert len(found.warnings) == 2
    assert graph(model, **{"input:1": 32, "input:2": 40}).ops[-1].output.shape == (1, 30, 38, 2)
    with pytest.raises(ModelImportError, match="dims names 'colour', which is not open in this file"):
        graph(model, colour=3)


def functional(nodes: dict[str, Any], layers: dict[str, Any]) -> dict[str, Any]:
    """A Functional model as Keras 2 writes it: `nodes` says what each reads, the last is the output."""
    listed = [
        {
            "name": name,
            "class_name": kind,
            "config": {"name": name, **config},
            "inbound_nodes": nodes.get(name, []),
        }
        for name, (kind, config) in layers.items()
    ]
    last = listed[-1]["name"]
    return {"class_name": "Functional", "config": {
        "name": "net", "layers": listed, "input_layers": [["x", 0, 0]], "output_layers": [[last, 0, 0]],
    }}  # fmt: skip


IMAGE = ("InputLayer", {"batch_input_shape": [None, 8, 8, 3], "dtype": "float32"})


def test_keras_2_writes_its_references_as_lists() -> None:
    layers = {
        "x": IMAGE,
        "a": ("Conv2D", {"filters": 3, "kernel_size": [3, 3], "padding": "same"}),
        "b": ("Concatenate", {"axis": -1}),
        "c": ("TFOpLambda", {"function": "math.multiply"}),
        "d": ("GlobalAveragePooling2D", {}),
    }
    nodes = {
        "a": [[["x", 0, 0, {}]]], "b": [[["x", 0, 0, {}], ["a", 0, 0, {}]]],
        "c": [["b", 0, 0, {"y": ["b", 0, 0]}]], "d": [[["c", 0, 0, {}]]],
    }  # fmt: skip
    found = graph(functional(nodes, layers))
    assert [op.kind for op in found.ops] == ["input", "conv2d", "concat", "mul", "global_avg_pool"]
    assert found.ops[3].inputs == ("b", "b")
    assert found.ops[-1].output.shape == (1, 6)


READS_X = {"y": [[["x", 0, 0, {}]]]}


@pytest.mark.parametrize(
    ("layers", "nodes", "says"),
    [
        ({"y": ("Mine", {})}, READS_X, "layer 'y' is a 'Mine', a layer of somebody's own"),
        ({"y": ("Lambda", {"function": ["4wEA"]})}, READS_X, "'y' (Lambda) is code"),
        ({"y": ("ReLU", {})}, {"y": [[["z", 0, 0, {}]]]}, "reads call 0 of 'z', which there is not"),
        ({"y": ("ReLU", {})}, {"y": [[["y", 0, 0, {}]]]}, "layers 'y', 'y' read each other in a circle"),
        ({"y": ("ReLU", {})}, {"y": [[["x", 0, 3, {}]]]}, "reads result 3 of layer 'x', which there is not"),
        ({"y": ("ReLU", {})}, {}, "layer 'y' (ReLU) reads no tensor"),
        ({"y": ("Conv2D", {"filters": 3, "kernel_size": 9})}, READS_X, "window is larger than"),
        ({"y": ("Conv2D", {"filters": -3, "kernel_size": 3})}, READS_X, "filters is -3, not"),
        ({"y": ("Conv2D", {"kernel_size": 3})}, READS_X, "filters is None, not a whole"),
        ({"y": ("Conv2D", {"filters": 2, "kernel_size": [3]})}, READS_X, "kernel_size is [3]"),
        ({"y": ("Dense", {"units": 10**30})}, READS_X, "units is 1000000000000000"),
        ({"y": ("Conv1D", {"filters": 2, "kernel_size": 3})}, READS_X, "which has not 3 axes"),
    ],
)  # fmt: skip
def test_what_makes_no_graph_is_refused_with_one_sentence(layers: Any, nodes: Any, says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        graph(functional(nodes, {"x": IMAGE, **layers}))
    message = str(error.value)
    assert says in message
    assert message.startswith("m.keras: ")


def test_a_lambda_whose_shape_the_file_states_is_unpriced_and_said_so() -> None:
    """Keras 3 writes the shape of every tensor that a layer reads."""
    reads = {"class_name": "__keras_tensor__", "config": {"shape": [None, 5], "keras_history": ["l", 0, 0]}}
    layers = {"x": IMAGE, "l": ("Lambda", {}), "y": ("Dense", {"units": 2})}
    nodes = {"l": [[["x", 0, 0, {}]]], "y": [{"args": [reads], "kwargs": {}}]}
    assert dict(price(graph(functional(nodes, layers)), Workload()).unpriced) == {"other:Lambda": 1}


def test_a_model_that_is_code_and_a_file_without_a_model_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(
        ModelImportError, match="is a 'MyNet', whose graph is code and not in the file; export"
    ):
        graph({"class_name": "MyNet", "config": {"width": 3}})
    weights = tmp_path / "model.h5"
    weights.write_bytes((MADE / "small-text.h5").read_bytes().replace(b"model_config", b"muddl_config"))
    with pytest.raises(ModelImportError, match=r"model\.h5: is an HDF5 file without a Keras model in it"):
        read_here(weights, {})


def test_the_text_of_to_json_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(APPLICATIONS["MobileNet"]))
    assert load_model(path).parameters == COUNTS["MobileNet"]["trainable"]


def test_an_archive_needs_nothing_but_its_configuration(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(APPLICATIONS["VGG16"]))
    assert load_model(path).parameters == COUNTS["VGG16"]["trainable"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"lora_rank": 8}, "has adapters of rank 8, which are not read; save the model before enable_lora"),
        (
            {"dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}}},
            "is quantised; save the model before quantize",
        ),
    ],
)
def test_a_layer_that_was_changed_after_it_was_made_is_not_counted_as_it_was(
    changed: dict[str, Any], says: str
) -> None:
    """Its adapters, or its whole numbers and their scales, are not in the sizes it was made with."""
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 4, **changed}}
    first = {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, 3]}}
    document: Any = {"class_name": "Sequential", "config": {"layers": [first, dense]}}
    with pytest.raises(ModelImportError, match=says):
        graph_of("net.keras", document, {}, name="net")
