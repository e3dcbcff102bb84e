"""Which nodes of a msr-fiddle graph are weights, and which follow from weights alone.

Operator graphs list each weight as a node of its own and leave out what the model is given: in all eight
published ones every source that takes no time and hands on all of its size is a parameter (named
`…dense.weight`, `…LayerNorm.bias`, `gpu_0/conv1_w_0`), of the colour class of whatever reads it. Layer graphs
list the model's inputs instead, as sources that take neither time nor memory.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from cutwise.importers.json_formats.fiddle_nodes import NodeId, Nodes

INPUT_NAME = re.compile(
    r"((model|net|raw|input|encoder|decoder|attention|token_type|position|pixel)_)?"
    r"(input|image|img|data|token|pixel|feature|id|mask|value|audio|waveform|placeholder|sample|x)s?"
    r"[_:.]?\d*",
    re.IGNORECASE,
)


def weights_of(nodes: Nodes) -> frozenset[NodeId]:
    """Sources of the forward pass that hold memory, take no time and hand on all that they hold.

    One that is named as inputs are ("image", "input_ids") is none.
    """
    read = {reader for _, reader, _ in nodes.edges}
    handed: dict[NodeId, set[float]] = defaultdict(set)
    for source, _, size in nodes.edges:
        handed[source].add(size)
    return frozenset(
        name
        for name in nodes.forward
        if name not in read
        and _holds_bytes(nodes, name)
        and not _takes_time(nodes, name)
        and handed[name]
        and handed[name] <= {0.0, float(nodes.by_id[name].get("size", 0))}
        and not _is_named_input(nodes, name)
    )


def held_by(nodes: Nodes, weights: frozenset[NodeId], homes: Mapping[NodeId, NodeId]) -> dict[NodeId, NodeId]:
    """The node that each weight is charged to: its first reader, of the forward pass where there is one."""
    place = {name: number for number, name in enumerate(nodes.by_id)}
    readers: dict[NodeId, list[NodeId]] = defaultdict(list)
    for source, reader, _ in nodes.edges:
        if source in weights:
            readers[source].append(reader)
    return {
        weight: homes[min(names, key=lambda name: (nodes.is_backward(name), place[name]))]
        for weight, names in readers.items()
    }


def fixed_by(nodes: Nodes, weights: frozenset[NodeId]) -> frozenset[NodeId]:
    """Forward nodes that compute from weights alone, whatever the model is given: a turned matrix.

    In a file that does not list the model's inputs a node that reads only weights may be given one beside
    them (a look-up, the first convolution): there only those that hand on as many bytes as they read.
    """
    read: dict[NodeId, dict[NodeId, float]] = defaultdict(dict)
    handed: dict[NodeId, float] = defaultdict(float)
    for source, reader, size in nodes.edges:
        read[reader][source] = size
        handed[source] = max(handed[source], size)
    sources = [name for name in nodes.forward if not read[name] and name not in weights]
    lists_inputs = any(_is_listed_input(nodes, name) for name in sources)
    fixed: set[NodeId] = set()
    for name in nodes.forward:
        known = bool(read[name]) and read[name].keys() <= weights | fixed
        if known and (lists_inputs or handed[name] == sum(read[name].values())):
            fixed.add(name)
    return frozenset(fixed)


def _is_listed_input(nodes: Nodes, source: NodeId) -> bool:
    plain = not _takes_time(nodes, source) and not _holds_bytes(nodes, source)
    return plain or _is_named_input(nodes, source)


def _is_named_input(nodes: Nodes, name: NodeId) -> bool:
    label = str(nodes.by_id[name].get("name", "")).replace("/", ".").rpartition(".")[2]
    return bool(INPUT_NAME.fullmatch(label))


def _holds_bytes(nodes: Nodes, name: NodeId) -> bool:
    return nodes.by_id[name].get("size", 0) > 0


def _takes_time(nodes: Nodes, name: NodeId) -> bool:
    return any(nodes.by_id[name].get(f"{place}Latency", 0) for place in ("cpu", "fpga"))
