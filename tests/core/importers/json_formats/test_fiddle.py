from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from cutwise.errors import ModelImportError
from cutwise.importers import load_model

PUBLIC = Path(__file__).parents[4] / "shared" / "data" / "partition_graphs"


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


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public graphs are not part of this repository")
@pytest.mark.parametrize(
    ("name", "vertices"),
    [
        ("LayerGraphs_bert24_inference", 32),
        ("LayerGraphs_resnet50_inference", 177),
        ("OperatorGraphs_bert_l-3_inference", 235),
        ("OperatorGraphs_bert_L-12_training", 783),
    ],
)
def test_public_graphs_keep_all_their_seconds_weights_and_forward_edges(name: str, vertices: int) -> None:
    document = json.loads((PUBLIC / f"{name}.json").read_text())
    graph = load_model(PUBLIC / f"{name}.json")
    forward = {n["id"] for n in document["nodes"] if not n["isBackwardNode"]}
    assert len(graph) == len(forward) == vertices
    assert len(graph.edges) == sum({e["sourceId"], e["destId"]} <= forward for e in document["edges"])
    total: dict[str, float] = defaultdict(float)
    for op in graph.ops:
        for figure, value in op.figures.items():
            total[figure] += value
    for place, key in (("device", "cpuLatency"), ("server", "fpgaLatency")):
        seconds = total[f"{place}_forward_s"] + total[f"{place}_backward_s"]
        assert seconds == pytest.approx(sum(n[key] for n in document["nodes"]) / 1e3)
    assert total["weight_bytes"] == sum(n["size"] for n in document["nodes"] if n["id"] in forward)
