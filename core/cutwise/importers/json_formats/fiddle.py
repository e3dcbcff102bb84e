"""Reads the msr-fiddle partitioning JSON: a graph whose nodes carry measured times.

`cpuLatency` and `fpgaLatency` (milliseconds) become device and server forward seconds, the largest
edge `size` of a node its output bytes, its own `size` its weight bytes. Backward nodes are folded
into the forward node of their `colorClass` that takes longest; what crosses between them becomes
gradient bytes. Weights listed as nodes become weight bytes of the op that reads them and are never sent.
All other nodes that read nothing are given the model's input and stay on the device.
Format: Tarnawski et al., Efficient Algorithms for Device Placement of DNN Graph Operators, NeurIPS 2020.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeGuard, cast

from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.cutwise_graph import UNSTATED
from cutwise.importers.json_formats.document import (
    FIGURE,
    is_figure,
    json_type,
    read_object,
    refuse,
    refuse_dims,
    shown,
)
from cutwise.importers.json_formats.fiddle_homes import homes_of
from cutwise.importers.json_formats.fiddle_nodes import FiddleEdge, FiddleNode, NodeId, Nodes
from cutwise.importers.json_formats.fiddle_weights import fixed_by, held_by, weights_of
from cutwise.plain import Json
from cutwise.read_limits import IN_PROCESS_BYTES

FORMAT = "msr-fiddle"
KEYS_OF_ITS_OWN = (b'"fpgaLatency"', b'"maxSizePerFPGA"', b'"destId"')
MILLISECONDS_PER_SECOND = 1e3
NODE_FIGURES = ("cpuLatency", "fpgaLatency", "size")


def is_fiddle_json(head: bytes, path: Path) -> bool:
    """True for a JSON object whose beginning shows the format's own keys."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"{") and any(key in text for key in KEYS_OF_ITS_OWN)


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph in the msr-fiddle file at `path`, which has no open dimensions.

    Raises one `ModelImportError` that names every mistake (up to ten).
    """
    document = read_object(path)
    refuse_dims(path, dims)
    refuse(path, _list_mistakes(document))
    refuse(path, _node_mistakes(document), _edge_mistakes(document))
    entries, links = cast("list[FiddleNode]", document["nodes"]), cast("list[FiddleEdge]", document["edges"])
    nodes = _in_topological_order(entries, links)
    refuse(path, _order_mistakes(entries, nodes))
    homes, displaced = homes_of(nodes)
    weights = weights_of(nodes)
    held, fixed = held_by(nodes, weights, homes), fixed_by(nodes, weights)
    homes = {name: held.get(home, home) for name, home in homes.items()}
    return ModelGraph(
        name=path.stem,
        ops=tuple(_ops(nodes, homes, held, fixed)),
        provenance={"format": FORMAT, "file": path.name},
        warnings=tuple((*_warnings(nodes, displaced), *_weight_warnings(nodes, weights, fixed))),
    )


def _list_mistakes(document: Mapping[str, Json]) -> Iterator[str]:
    for key in ("nodes", "edges"):
        entries = document.get(key)
        if not isinstance(entries, list):
            yield f'the list "{key}" is missing; a partitioning graph has "nodes" and "edges"'
        elif strange := [entry for entry in entries if not isinstance(entry, dict)]:
            yield f'"{key}" holds a JSON {json_type(strange[0])}; give objects'
    if document.get("nodes") == []:
        yield '"nodes" is empty; list at least one node'


def _node_mistakes(document: Mapping[str, Json]) -> Iterator[str]:
    seen: set[NodeId] = set()
    for number, node in enumerate(_objects(document["nodes"]), start=1):
        name = node.get("id")
        if not _is_id(name):
            yield f'node number {number}: "id" is {shown(name)}; give a number or a text'
        elif name in seen:
            yield f"node {name!r}: the id is used twice; ids must be unique"
        else:
            seen.add(name)
            yield from _field_mistakes(name, node)


def _field_mistakes(name: NodeId, node: Mapping[str, Json]) -> Iterator[str]:
    for figure in NODE_FIGURES:
        if not is_figure(node.get(figure, 0)):
            yield f"node {name!r}: {figure} is {shown(node[figure])}; give {FIGURE}"
    if node.get("isBackwardNode", 0) not in (0, 1):
        yield f"node {name!r}: isBackwardNode is {shown(node['isBackwardNode'])}; give true or false"
    if node.get("colorClass") is not None and not _is_id(node["colorClass"]):
        yield f"node {name!r}: colorClass is {shown(node['colorClass'])}; give a number or a text"


def _edge_mistakes(document: Mapping[str, Json]) -> Iterator[str]:
    known = {name for node in _objects(document["nodes"]) if _is_id(name := node.get("id"))}
    for number, edge in enumerate(_objects(document["edges"]), start=1):
        for end in ("sourceId", "destId"):
            if not _is_id(name := edge.get(end)) or name not in known:
                yield f"edge number {number}: {end} is {shown(edge.get(end))}, which is no node's id"
        if not is_figure(edge.get("size", 0)):
            yield f"edge number {number}: size is {shown(edge['size'])}; give {FIGURE}"


def _objects(entries: Json) -> list[dict[str, Json]]:
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _is_id(value: Json) -> TypeGuard[NodeId]:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _in_topological_order(entries: list[FiddleNode], links: list[FiddleEdge]) -> Nodes:
    """The nodes off and before any cycle, in file order where the edges leave a choice."""
    position = {entry["id"]: number for number, entry in enumerate(entries)}
    edges = tuple((link["sourceId"], link["destId"], float(link.get("size", 0))) for link in links)
    after, waiting = defaultdict(list), dict.fromkeys(position, 0)
    for source, reader, _ in edges:
        after[source].append(reader)
        waiting[reader] += 1
    ready = [number for name, number in position.items() if not waiting[name]]
    order: list[NodeId] = []
    while ready:
        order.append(entries[heapq.heappop(ready)]["id"])
        for reader in after[order[-1]]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, position[reader])
    return Nodes({name: entries[position[name]] for name in order}, edges)


def _order_mistakes(entries: list[FiddleNode], nodes: Nodes) -> Iterator[str]:
    stuck = [entry["id"] for entry in entries if entry["id"] not in nodes.by_id]
    if stuck:
        yield f"node {stuck[0]!r} lies on or behind a cycle of edges; a model graph has none"
    elif not nodes.forward:
        yield "all nodes are backward nodes; list the forward pass too"


def _ops(
    nodes: Nodes,
    homes: Mapping[NodeId, NodeId],
    held: Mapping[NodeId, NodeId],
    fixed: frozenset[NodeId],
) -> Iterator[Op]:
    labels = _labels(nodes)
    inputs: dict[NodeId, dict[str, None]] = defaultdict(dict)
    sent: dict[NodeId, float] = defaultdict(float)
    returned: dict[NodeId, float] = defaultdict(float)
    for source, reader, size in nodes.edges:
        sent[source] = max(sent[source], size)
        if not nodes.is_backward(reader) and source not in held:
            inputs[reader][labels[source]] = None
        elif nodes.is_backward(source) and homes[source] != homes[reader]:
            returned[homes[reader]] = max(returned[homes[reader]], size)
    folded: dict[NodeId, list[FiddleNode]] = defaultdict(list)
    for name, home in homes.items():
        if nodes.is_backward(name):
            folded[home].append(nodes.by_id[name])
    weight_bytes = _weight_bytes(nodes, held)
    for name in (name for name in nodes.forward if name not in held):
        node = nodes.by_id[name]
        gradient = {"gradient_bytes": returned[name]} if folded[name] else {}
        stated = {"weight_bytes": weight_bytes[name], "output_bytes": sent[name]}
        yield Op(
            id=labels[name],
            kind="custom" if inputs[name] or name in fixed else "input",
            inputs=tuple(inputs[name]),
            output=UNSTATED,
            block=f"layer_{node['layerId']}" if "layerId" in node else "",
            figures=stated | _seconds(node, folded[name]) | gradient,
            source=str(node.get("name", name)),
        )


def _weight_bytes(nodes: Nodes, held: Mapping[NodeId, NodeId]) -> dict[NodeId, float]:
    """What a node takes in memory itself, and the weights that are charged to it."""
    own = {name: float(nodes.by_id[name].get("size", 0)) for name in nodes.forward}
    for weight, holder in held.items():
        own[holder] += own[weight]
    return own


def _seconds(node: FiddleNode, backward: Iterable[FiddleNode]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for place, latency_ms in (("device", _device_ms), ("server", _server_ms)):
        figures[f"{place}_forward_s"] = latency_ms(node) / MILLISECONDS_PER_SECOND
        if backward:
            figures[f"{place}_backward_s"] = sum(map(latency_ms, backward)) / MILLISECONDS_PER_SECOND
    return figures


def _device_ms(node: FiddleNode) -> float:
    return node.get("cpuLatency", 0)


def _server_ms(node: FiddleNode) -> float:
    return node.get("fpgaLatency", 0)


def _labels(nodes: Nodes) -> dict[NodeId, str]:
    names = {name: str(node.get("name") or name) for name, node in nodes.by_id.items()}
    if len(set(names.values())) == len(names):
        return names
    return {name: f"{label}#{name}" for name, label in names.items()}


def _warnings(nodes: Nodes, displaced: int) -> Iterator[str]:
    yield "times are taken as seconds per sample; the file does not say for how many samples they are"
    yield "edge cost is ignored: transfer times follow from the size and the scenario's rate"
    backward = len(nodes.by_id) - len(nodes.forward)
    if backward:
        yield f"{backward} backward nodes are folded into forward nodes; their sizes in memory are left out"
    if displaced:
        yield f"{displaced} backward nodes share no colorClass with a forward node and join the nearest one"
    unsupported = sum(not node.get("supportedOnFpga", True) for node in nodes.by_id.values())
    if unsupported:
        yield f"{unsupported} nodes are marked as unsupported on the accelerator; the mark is ignored"


def _weight_warnings(nodes: Nodes, weights: frozenset[NodeId], fixed: frozenset[NodeId]) -> Iterator[str]:
    reading: dict[NodeId, set[NodeId]] = defaultdict(set)
    for source, reader, _ in nodes.edges:
        reading[reader].add(source)
    given = [
        str(nodes.by_id[name].get("name", name))
        for name in nodes.forward
        if reading[name] and reading[name] <= weights and name not in fixed
    ]
    if weights:
        yield f"{len(weights)} nodes that hold memory and hand it on are taken as weights of their readers"
    if given:
        yield (
            f"the file does not list the model's inputs: {', '.join(given[:3])}"
            f"{' and others' * (len(given) > 3)}, with weights alone before them, are taken to read them and "
            "stay on the device"
        )


IMPORTER = Importer(
    name=FORMAT,
    about="msr-fiddle JSON",
    suffixes=(".json",),
    sniff=is_fiddle_json,
    read=read,
    in_process_bytes=IN_PROCESS_BYTES,
)
