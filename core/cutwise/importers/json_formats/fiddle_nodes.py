"""What a msr-fiddle file holds, once nothing is wrong with it: nodes in topological order, and edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, Required, TypedDict

NodeId = int | str


class FiddleNode(TypedDict, total=False):
    """One node, once nothing is wrong with it."""

    id: Required[NodeId]
    cpuLatency: float
    fpgaLatency: float
    size: float
    isBackwardNode: int
    colorClass: NodeId | None
    layerId: object
    name: object


class FiddleEdge(TypedDict):
    """One edge, once nothing is wrong with it."""

    sourceId: NodeId
    destId: NodeId
    size: NotRequired[float]


@dataclass(frozen=True, slots=True)
class Nodes:
    """Nodes by id in topological order, and edges as (source, reader, bytes)."""

    by_id: Mapping[NodeId, FiddleNode]
    edges: tuple[tuple[NodeId, NodeId, float], ...]

    def is_backward(self, name: NodeId) -> bool:
        """True for a node of the backward pass."""
        return bool(self.by_id[name].get("isBackwardNode", False))

    @property
    def forward(self) -> tuple[NodeId, ...]:
        """The nodes of the forward pass, in topological order."""
        return tuple(name for name in self.by_id if not self.is_backward(name))
