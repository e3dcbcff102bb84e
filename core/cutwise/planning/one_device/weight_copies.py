"""Copies of shared weights as vertices ahead of the ops, so that cut algorithms pay for each side's once.

The vertex of a weight precedes all its readers: it is on the device where one of them is, and then its output
crosses where another is on the server. So a copy on the device is a feature of the vertex, and one on the
server is there unless the vertex is on the device and does not cross.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cutwise.arrays import Floats
from cutwise.costs.shared_weights import SharedWeights
from cutwise.cuts.split_graph import SplitGraph

S = TypeVar("S", bound=np.generic)


def with_copies(
    graph: SplitGraph, shared: SharedWeights, *, device_features: Floats, crossing_features: Floats
) -> SplitGraph:
    """The graph with a vertex ahead of the ops for each copied weight; the same where none is copied.

    `device_features` (weights, a) are part of those of the op that is charged for the weight, and leave
    it; `crossing_features` (weights, c) are new ones, 0 for ops.
    """
    count = len(shared)
    if not count:
        return graph
    own = graph.device_features.copy()
    np.subtract.at(own, shared.charged, device_features)
    told = crossing_features[:, crossing_features.any(axis=0)]
    crossing = np.zeros((count + graph.op_count, graph.crossing_features.shape[1] + told.shape[1]))
    crossing[count:, : graph.crossing_features.shape[1]] = graph.crossing_features
    crossing[:count, graph.crossing_features.shape[1] :] = told
    reads = np.argwhere(shared.readers) + np.array([0, count])
    led = np.flatnonzero(shared.led).tolist()
    return SplitGraph(
        op_count=count + graph.op_count,
        edges=np.concatenate([reads, graph.edges + count]),
        device_features=np.concatenate([device_features, own]),
        peak_features=ahead(graph.peak_features, count),
        crossing_features=crossing,
        pinned=ahead(graph.pinned, count),
        ties=(
            *(tuple(op + count for op in tie) for tie in graph.ties),
            *((weight, int(shared.charged[weight]) + count) for weight in led),
        ),
    )


def ahead(values: NDArray[S], count: int) -> NDArray[S]:
    """The values (ops, …) behind `count` rows of nothing."""
    return np.concatenate([np.zeros((count, *values.shape[1:]), dtype=values.dtype), values])
