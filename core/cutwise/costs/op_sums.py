"""What one op and one tensor add to the sums of a cut: what solvers take for weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutwise.costs.cut_sums import WORK_COLUMNS, CutSums, columns_of, empty_side, side_of, steps_of
from cutwise.costs.graph_cost import GraphCost


def move_sums(cost: GraphCost, *, compute_only: bool = False) -> CutSums:
    """What each op changes when it moves from the server to the device, shape (ops,), nothing crossing.

    `compute_only` leaves out the bytes it takes along.
    """
    nothing = np.zeros(len(cost.graph))
    device, server = columns_of(cost, server=False), -columns_of(cost, server=True)
    if compute_only:
        device[:, WORK_COLUMNS:] = server[:, WORK_COLUMNS:] = 0.0
    return CutSums(
        device=side_of(device, nothing, steps_of(cost)),
        server=side_of(server, nothing, steps_of(cost, -1.0)),
        output_bytes=nothing,
        gradient_bytes=nothing,
        has_server=nothing,
    )


def no_sums(count: int) -> CutSums:
    """Sums of nothing on three tiers, shape (count,)."""
    nothing = np.zeros(count)
    empty = empty_side(count)
    return CutSums(
        device=empty,
        server=empty,
        output_bytes=nothing,
        gradient_bytes=nothing,
        has_server=nothing,
        edge=empty,
        relayed_output_bytes=nothing,
        relayed_gradient_bytes=nothing,
        has_relay=nothing,
    )


def op_sums(cost: GraphCost) -> tuple[CutSums, CutSums, CutSums]:
    """What each op adds on the device, on an edge and on the server, shape (ops,), nothing crossing."""
    quiet, nothing = no_sums(len(cost.graph)), np.zeros(len(cost.graph))
    steps = steps_of(cost)
    here, there = (side_of(columns_of(cost, server=server), nothing, steps) for server in (False, True))
    return replace(quiet, device=here), replace(quiet, edge=there), replace(quiet, server=there)


def tensor_sums(cost: GraphCost) -> CutSums:
    """What each op's output adds when it crosses, shape (ops,), with nothing on either side."""
    nothing = np.zeros(len(cost.graph))
    empty = empty_side(len(cost.graph))
    return CutSums(
        device=empty,
        server=empty,
        output_bytes=cost.output_bytes,
        gradient_bytes=cost.gradient_bytes,
        has_server=nothing,
    )
