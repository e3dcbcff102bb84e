"""The model of six ops in which the reader looks for the cheapest cut; the library gives every number."""

from __future__ import annotations

from itertools import product
from math import inf

import numpy as np

from cutwise.cuts.max_flow import MinimumCut, minimum_cut, split_cost
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError
from cutwise_dashboard.views.learn.augmenting_paths import FlowStep, Pipe, flow_steps

OPS = ("camera", "conv 1", "conv 2", "add", "pool", "head")
EDGES = ((0, 1), (1, 2), (1, 3), (2, 3), (3, 4), (4, 5))
DEVICE_MS = (0.0, 4.0, 9.0, 1.0, 1.0, 8.0)
SERVER_MS = (0.0, 1.0, 2.0, 1.0, 1.0, 1.0)
SEND_MS = (12.0, 8.0, 8.0, 5.0, 3.0, 0.0)
LANES = (0, 0, 1, 0, 0, 0)
"""0 on the line that the ops are drawn along, 1 beside it."""
READ_TWICE = 1

SOURCE, SINK, TENSOR = len(OPS), len(OPS) + 1, len(OPS) + 2
NODES = (*OPS, "start", "end", f"the tensor of {OPS[READ_TWICE]}")

Side = tuple[bool, ...]


def six_op_graph() -> SplitGraph:
    """The ops as the cut algorithms see them, the camera on the device."""
    nothing = np.zeros((len(OPS), 1))
    return SplitGraph(
        op_count=len(OPS),
        edges=np.array(EDGES),
        device_features=nothing,
        crossing_features=nothing,
        pinned=np.arange(len(OPS)) == 0,
    )


def sides() -> list[Side]:
    """Every way to put the ops on device and server, the camera on the device, be it allowed or not."""
    return [(True, *rest) for rest in product((False, True), repeat=len(OPS) - 1)]


def backward(side: Side) -> list[tuple[int, int]]:
    """The edges that would go from the server back to the device."""
    return [(a, b) for a, b in EDGES if side[b] and not side[a]]


def cost_ms(side: Side) -> float:
    """What a cut costs: what both sides compute, and each tensor that crosses, once."""
    return split_cost(
        six_op_graph(),
        side,
        device_weight=np.array(DEVICE_MS),
        crossing_weight=np.array(SEND_MS),
        server_weight=np.array(SERVER_MS),
    )


def parts_ms(side: Side) -> tuple[float, float, float]:
    """What the device computes, what is sent, what the server computes."""
    nothing = np.zeros(len(OPS))
    rows = ((DEVICE_MS, nothing, nothing), (nothing, SEND_MS, nothing), (nothing, nothing, SERVER_MS))
    device, sent, server = (
        split_cost(
            six_op_graph(),
            side,
            device_weight=np.array(here),
            crossing_weight=np.array(across),
            server_weight=np.array(there),
        )
        for here, across, there in rows
    )
    return device, sent, server


def sent_to_each_ms(side: Side) -> float:
    """What sending would cost if a tensor were sent to each of its readers: the mistake of many."""
    return sum(SEND_MS[a] for a, b in EDGES if side[a] and not side[b])


def cheapest() -> MinimumCut:
    """The library's minimum cut."""
    return minimum_cut(
        six_op_graph(),
        device_weight=np.array(DEVICE_MS),
        crossing_weight=np.array(SEND_MS),
        server_weight=np.array(SERVER_MS),
    )


def pipes() -> list[Pipe]:
    """The network of P1: an arc is cut where its tail stays on the device and its head does not."""
    found = [_pipe(SOURCE, op, SERVER_MS[op] if op else inf, "server") for op in range(len(OPS))]
    found += [_pipe(op, SINK, DEVICE_MS[op], "device") for op in range(len(OPS))]
    for op in range(len(OPS)):
        readers = [b for a, b in EDGES if a == op]
        if len(readers) > 1:
            found.append(_pipe(op, TENSOR, SEND_MS[op], "send"))
            found += [_pipe(TENSOR, reader, inf, "read") for reader in readers]
        else:
            found += [_pipe(op, reader, SEND_MS[op], "send") for reader in readers]
    found += [_pipe(b, a, inf, "back") for a, b in EDGES]
    return [pipe for pipe in found if pipe.room > 0]


def _pipe(tail: int, head: int, room: float, kind: str) -> Pipe:
    return Pipe(tail=tail, head=head, room=room, kind=kind)


def steps_to_the_cut() -> list[FlowStep]:
    """The steps of max-flow; raises `SolverError` should they end at another cut than the library's."""
    steps, best = flow_steps(pipes(), source=SOURCE, sink=SINK), cheapest()
    reached = [op in steps[-1].reached for op in range(len(OPS))]
    if steps[-1].total != best.value or reached != best.mask.tolist():
        raise SolverError("the steps of this story end at another cut than the library's minimum cut")
    return steps
