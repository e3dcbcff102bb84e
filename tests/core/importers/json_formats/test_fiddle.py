from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import networkx
import pytest

import cutwise
from cutwise.errors import ModelImportError
from cutwise.importers import load_model
from cutwise.scenario.scenario_file import FORMAT, scenario_from_dict
from tests.shared_files import CASES, DATA, needs

PUBLIC = DATA / "partition_graphs"
INFERENCE = {
    "workload": {"mode": "inference", "batch_size": 1},
    "privacy": {"keep_on_device": "raw_allowed"},
    "devices": [{"samples": 1, "flops_per_s": 1e12}],
    "server": {"flops_per_s": 1e13},
}


def node(name: int, cpu: float, *, color: int | None = None, backward: bool = False, size: float = 0) -> Any:
    fields = {"id": name, "name": f"n{name}", "cpuLatency": cpu, "fpgaLatency": cpu / 10, "size": size}
    return fields | {"colorClass": color, "isBackwardNode": backward, "supportedOnFpga": 1}


def edge(source: int, reader: int, size: float) -> Any:
    return {"sourceId": source, "destId": reader, "cost": 99.0, "size": size}


# Forward 1 → 2 → 3, backward 13 → 12 → 11 listed anyhow; node 20 is a loss without a class.
TRAINING = {
    "maxFPGAs": 1,
    "nodes": [
        node(13, 6.0, color=3, backward=True),
        node(1, 1.0, color=1, size=8),
        node(2, 2.0, color=2, size=16),
        node(3, 3.0, color=3),
        node(11, 2.0, color=1, backward=True),
        node(12, 4.0, color=2, backward=True),
        node(20, 0.5, backward=True),
    ],
    "edges": [
        edge(1, 2, 100), edge(2, 3, 200), edge(1, 3, 150), edge(3, 20, 10), edge(20, 13, 10),
        edge(13, 12, 210), edge(12, 11, 110), edge(1, 11, 100),
    ],
}  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def load(document: Any) -> Any:
        path = tmp_path / "graph.json"
        path.write_text(json.dumps(document))
        return load_model(path)

    return load


def test_latencies_become_seconds_and_sources_stay_on_the_device(read: Any) -> None:
    graph = read({"nodes": [node(1, 4.0, size=8), node(2, 10.0)], "edges": [edge(1, 2, 7)]})
    assert [(op.id, op.kind, op.inputs) for op in graph.ops] == [
        ("n1", "input", ()),
        ("n2", "custom", ("n1",)),
    ]
    assert dict(graph.ops[0].figures) == {
        "weight_bytes": 8.0, "device_forward_s": 0.004, "server_forward_s": 0.0004, "output_bytes": 7.0,
    }  # fmt: skip


def test_the_largest_edge_of_a_node_is_what_it_sends(read: Any) -> None:
    graph = read(TRAINING)
    assert {op.id: op.figures["output_bytes"] for op in graph.ops} == {"n1": 150, "n2": 200, "n3": 10}


def test_backward_nodes_are_folded_into_the_forward_node_of_their_class(read: Any) -> None:
    """n3 takes 13 (6 ms) and, through n3 → 20, the loss of no class (0.5 ms)."""
    graph = read(TRAINING)
    backward_s = {op.id: op.figures["device_backward_s"] for op in graph.ops}
    assert backward_s == pytest.approx({"n1": 0.002, "n2": 0.004, "n3": 0.0065})


def test_what_crosses_between_backward_nodes_is_the_gradient(read: Any) -> None:
    gradients = {op.id: op.figures["gradient_bytes"] for op in read(TRAINING).ops}
    assert gradients == {"n1": 110, "n2": 210, "n3": 0}


def test_what_is_left_out_is_said(read: Any) -> None:
    warnings = " ".join(read(TRAINING).warnings)
    assert "edge cost is ignored" in warnings
    assert "4 backward nodes are folded into forward nodes" in warnings
    assert "1 backward nodes share no colorClass" in warnings


def test_a_class_of_several_forward_nodes_charges_the_slowest(read: Any) -> None:
    nodes = [
        node(1, 0.0, color=5),
        node(2, 9.0, color=5),
        node(3, 1.0, color=5),
        node(4, 7.0, color=5, backward=True),
    ]
    graph = read({"nodes": nodes, "edges": [edge(1, 2, 1), edge(2, 3, 1), edge(3, 4, 1)]})
    assert [op.id for op in graph.ops if "device_backward_s" in op.figures] == ["n2"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nodes": []}, '"nodes" is empty'),
        ({"edges": None}, 'the list "edges" is missing'),
        ({"nodes": [3]}, '"nodes" holds a JSON number; give objects'),
        ({"edges": [edge(1, 99, 1)]}, "edge number 1: destId is 99, which is no node's id"),
        ({"edges": [edge(1, 2, -1)]}, "edge number 1: size is -1; give 0 or a number from 1e-18 to 1e+18"),
        ({"edges": [edge(1, 2, 1), edge(2, 1, 1)]}, "node 1 lies on or behind a cycle of edges"),
        ({"nodes": [node(1, -4)], "edges": []}, "node 1: cpuLatency is -4; give 0 or a number from 1e-18"),
        ({"nodes": [node(1, 1), node(1, 1)], "edges": []}, "node 1: the id is used twice"),
        ({"nodes": [node(1, 1, backward=True)], "edges": []}, "all nodes are backward nodes"),
        ({"nodes": [node(1, 1) | {"colorClass": [1]}], "edges": []}, "node 1: colorClass is [1]"),
        ({"nodes": [node(1, 1) | {"isBackwardNode": "no"}], "edges": []}, "node 1: isBackwardNode is 'no'"),
        ({"nodes": [node(1, 1) | {"id": True}], "edges": []}, 'node number 1: "id" is True'),
    ],
)
def test_a_mistake_is_refused_with_its_place(read: Any, change: Any, says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        read(TRAINING | {"maxSizePerFPGA": 1} | change)
    assert says in str(error.value)


def source(name: int, label: str, *, size: float = 0, cpu: float = 0.0) -> Any:
    return node(name, cpu, size=size) | {"name": label}


# A convolution of 1 s on the device and 10 ms on the server, its matrix of 100 MB, an image of 0.6 MB.
IMAGE, MATRIX, CONV = source(0, "image"), source(1, "conv_w", size=1e8), node(2, 1000.0) | {"fpgaLatency": 10}
CONVOLUTION = {"nodes": [IMAGE, MATRIX, CONV], "edges": [edge(0, 2, 600_000), edge(1, 2, 1e8)]}


def test_a_weight_listed_as_a_node_is_held_by_what_reads_it_and_never_sent(read: Any) -> None:
    graph = read(CONVOLUTION)
    assert [(op.id, op.kind, op.inputs) for op in graph.ops] == [
        ("image", "input", ()),
        ("n2", "custom", ("image",)),
    ]
    assert graph.ops[1].figures["weight_bytes"] == 1e8
    assert any("1 nodes that hold memory" in warning for warning in graph.warnings)


@pytest.mark.parametrize(
    ("first", "op_ids"),
    [
        (source(1, "conv_w", size=1e8, cpu=0.5), ["image", "conv_w", "n2"]),  # it takes time
        (source(1, "input_ids", size=1e8), ["image", "input_ids", "n2"]),  # it is named as inputs are
        (source(1, "pixel_values:0", size=1e8), ["image", "pixel_values:0", "n2"]),
        (source(1, "conv_w", size=2e8), ["image", "conv_w", "n2"]),  # it hands on less than it holds
        (source(1, "gpu_0/conv1_w_0", size=1e8), ["image", "n2"]),
        (source(1, "encoder.layer.0.dense.bias", size=1e8), ["image", "n2"]),
    ],
)
def test_what_takes_time_or_is_named_as_an_input_is_no_weight(
    read: Any, first: Any, op_ids: list[str]
) -> None:
    assert [op.id for op in read(CONVOLUTION | {"nodes": [IMAGE, first, CONV]}).ops] == op_ids


def test_a_weight_that_two_ops_read_is_held_once_and_sent_to_neither(read: Any) -> None:
    nodes = [IMAGE, MATRIX, CONV, node(3, 5.0, size=7)]
    graph = read({"nodes": nodes, "edges": [*CONVOLUTION["edges"], edge(1, 3, 1e8), edge(2, 3, 50)]})
    assert {op.id: op.figures["weight_bytes"] for op in graph.ops} == {"image": 0, "n2": 1e8, "n3": 7}
    assert graph.ops[2].inputs == ("n2",)


def test_a_turned_weight_is_no_input_and_stays_with_its_reader(read: Any) -> None:
    """n5 turns the matrix; beside an input that is listed, whatever reads weights alone needs none."""
    nodes = [IMAGE, MATRIX, node(5, 2.0), CONV]
    graph = read({"nodes": nodes, "edges": [edge(1, 5, 1e8), edge(5, 2, 5e7), edge(0, 2, 600_000)]})
    assert [(op.id, op.kind) for op in graph.ops] == [("image", "input"), ("n5", "custom"), ("n2", "custom")]


def test_where_no_input_is_listed_what_reads_weights_alone_stays_on_the_device(read: Any) -> None:
    """A first convolution makes other bytes than its matrix has; a turned matrix as many."""
    nodes = [MATRIX, CONV, source(3, "head_w", size=400), node(4, 1.0), node(5, 1.0)]
    edges = [edge(1, 2, 1e8), edge(2, 5, 1000), edge(3, 4, 400), edge(4, 5, 400)]
    graph = read({"nodes": nodes, "edges": edges})
    assert {op.id: op.kind for op in graph.ops} == {"n2": "input", "n4": "custom", "n5": "custom"}
    assert any("does not list the model's inputs: n2, with weights" in warning for warning in graph.warnings)


def test_a_weight_of_the_backward_pass_alone_and_its_class_have_a_home(read: Any) -> None:
    nodes = [
        source(0, "image"), node(1, 2.0, color=1), source(2, "w", size=40) | {"colorClass": 2},
        node(11, 3.0, color=1, backward=True), node(12, 5.0, color=2, backward=True),
    ]  # fmt: skip
    edges = [edge(0, 1, 10), edge(1, 11, 10), edge(2, 11, 40), edge(2, 12, 40), edge(11, 12, 9)]
    graph = read({"nodes": nodes, "edges": edges})
    assert [op.id for op in graph.ops] == ["image", "n1"]
    assert graph.ops[1].figures["weight_bytes"] == 40
    assert graph.ops[1].figures["device_backward_s"] == pytest.approx(0.008)


@needs(CASES / "fiddle_weight_node.json")
def test_the_case_with_a_weight_node_runs_on_the_server() -> None:
    """0.6 MB at 100 Mbit/s are 48 ms, the convolution takes 10 ms there; nothing comes back."""
    graph = load_model(CASES / "fiddle_weight_node.json")
    plan = cutwise.plan(graph, cutwise.load_scenario(CASES / "fiddle.toml"))
    assert plan.delay_s == pytest.approx(0.058)
    assert len(plan.decisions[0].cut.device_ops) == 1


def listed_weights(document: Any) -> set[Any]:
    """Ids of forward sources that take no time and hand on all they hold, if it is anything."""
    read = {e["destId"] for e in document["edges"]}
    return {
        n["id"]
        for n in document["nodes"]
        if n["id"] not in read and n["size"] and not n["cpuLatency"] and not n["isBackwardNode"]
    }


@needs(PUBLIC)
@pytest.mark.parametrize(
    ("name", "vertices"),
    [
        ("LayerGraphs_bert24_inference", 32),
        ("LayerGraphs_resnet50_inference", 177),
        ("OperatorGraphs_bert_l-3_inference", 235 - 62),
        ("OperatorGraphs_bert_L-12_training", 783 - 206),
    ],
)
def test_public_graphs_keep_all_their_seconds_weights_and_forward_edges(name: str, vertices: int) -> None:
    document = json.loads((PUBLIC / f"{name}.json").read_text())
    graph = load_model(PUBLIC / f"{name}.json")
    forward = {n["id"] for n in document["nodes"] if not n["isBackwardNode"]}
    weights = listed_weights(document)
    assert len(graph) == len(forward - weights) == vertices
    assert len(graph.edges) == sum(
        {e["sourceId"], e["destId"]} <= forward - weights for e in document["edges"]
    )
    total: dict[str, float] = defaultdict(float)
    for op in graph.ops:
        for figure, value in op.figures.items():
            total[figure] += value
    for place, key in (("device", "cpuLatency"), ("server", "fpgaLatency")):
        seconds = total[f"{place}_forward_s"] + total[f"{place}_backward_s"]
        assert seconds == pytest.approx(sum(n[key] for n in document["nodes"]) / 1e3)
    assert total["weight_bytes"] == sum(n["size"] for n in document["nodes"] if n["id"] in forward)


@needs(PUBLIC)
@pytest.mark.parametrize("rate_bps", [1e9, 1e10, 1e11])
def test_the_best_cut_of_an_operator_graph_is_a_least_cut_of_the_file(rate_bps: float) -> None:
    """networkx on whole picoseconds: device seconds are cut for ops at the device, server's for the others.

    What reads ids that the file does not list stays on the device; the turned table is read by no input.
    """
    path = PUBLIC / "OperatorGraphs_bert_l-3_inference.json"
    document, flow = json.loads(path.read_text()), networkx.DiGraph()
    weights, sent = listed_weights(document), defaultdict(float)
    for link in document["edges"]:
        sent[link["sourceId"]] = max(sent[link["sourceId"]], link["size"])
    for entry in (entry for entry in document["nodes"] if entry["id"] not in weights):
        name = entry["id"]
        flow.add_edge(name, "server", capacity=round(entry["cpuLatency"] * 1e9))
        reads_ids = entry["name"] in {"Gather1", "Gather3", "Shape1", "Unsqueeze1"}
        stays = {} if reads_ids else {"capacity": round(entry["fpgaLatency"] * 1e9)}
        flow.add_edge("device", name, **stays)
        flow.add_edge(name, ("sent", name), capacity=round(8e12 * sent[name] / rate_bps))
    for link in (link for link in document["edges"] if link["sourceId"] not in weights):
        flow.add_edge(("sent", link["sourceId"]), link["destId"])
        flow.add_edge(link["destId"], link["sourceId"])
    least, _ = networkx.minimum_cut(flow, "device", "server")
    cell = {"kind": "fixed_rate", "uplink_bps": rate_bps, "downlink_bps": rate_bps}
    plan = cutwise.plan(
        load_model(path), scenario_from_dict({"format": FORMAT, **INFERENCE, "channel": cell})
    )
    assert plan.delay_s == pytest.approx(least / 1e12, rel=1e-6)
