"""Which forward node each backward node of a msr-fiddle graph is folded into."""

from __future__ import annotations

from collections import defaultdict

from cutwise.importers.json_formats.fiddle_nodes import NodeId, Nodes


def homes_of(nodes: Nodes) -> tuple[dict[NodeId, NodeId], int]:
    """The forward node each node is charged to, and how many backward nodes have none of their class."""
    by_class = _longest_of_class(nodes)
    homes = {name: name for name in nodes.forward}
    for name, node in nodes.by_id.items():
        color = node.get("colorClass")
        if nodes.is_backward(name) and color is not None and color in by_class:
            homes[name] = by_class[color]
    displaced = [name for name in nodes.by_id if name not in homes]
    before, after = defaultdict(list), defaultdict(list)
    for source, reader, _ in nodes.edges:
        before[reader].append(source)
        after[source].append(reader)
    place = {name: number for number, name in enumerate(nodes.by_id)}
    for neighbours, names in ((before, displaced), (after, displaced[::-1])):
        for name in names:
            housed = [other for other in neighbours[name] if other in homes]
            if name not in homes and housed:
                homes[name] = max((homes[other] for other in housed), key=place.__getitem__)
    return homes | {name: nodes.forward[-1] for name in displaced if name not in homes}, len(displaced)


def _longest_of_class(nodes: Nodes) -> dict[NodeId, NodeId]:
    longest: dict[NodeId, NodeId] = {}
    for name in nodes.forward:
        color = nodes.by_id[name].get("colorClass")
        rival = longest.get(color) if color is not None else None
        if color is not None and (rival is None or _latency(nodes, name) > _latency(nodes, rival)):
            longest[color] = name
    return longest


def _latency(nodes: Nodes, name: NodeId) -> float:
    return float(nodes.by_id[name].get("cpuLatency", 0))
