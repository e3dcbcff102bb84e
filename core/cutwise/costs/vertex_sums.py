"""What single ops, tensors and copies of weights add to a cut: what sums over a cut are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.cut_sums import WORK_COLUMNS, CutSums, columns_of, side_of
from cutwise.costs.generation.steps import Steps
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.shared_weights import HELD_COLUMNS

COPIED = slice(WORK_COLUMNS, WORK_COLUMNS + len(HELD_COLUMNS))
"""The columns of a side that copies of weights are part of."""


def side_sums(
    cost: GraphCost, *, compute_only: bool = False, copies: bool = False
) -> tuple[CutSums, CutSums]:
    """What each op adds on the device and on the server, shape (ops,), with nothing crossing.

    `compute_only` leaves out the bytes. With `copies` the first entries are the copied weights, and the ops
    come without theirs: one is held where it is (the copy that stays at the server while the weight is on
    the device is paid like a tensor that crosses, see `tensor_sums`).
    """
    rows = [_rows(cost, server=server, copies=copies) for server in (False, True)]
    quiet, nothing = _nothing(len(rows[0])), np.zeros(len(rows[0]))
    if compute_only:
        for columns in rows:
            columns[:, WORK_COLUMNS:] = 0.0
    steps = _steps_of(cost, len(nothing))
    here, there = (side_of(columns, nothing, steps) for columns in rows)
    return replace(quiet, device=here), replace(quiet, server=there)


def op_sums(cost: GraphCost) -> tuple[CutSums, CutSums, CutSums]:
    """What each copied weight, then each op, adds on the device, on an edge and on the server.

    Shape (copies + ops,), nothing crossing.
    """
    rows = [_rows(cost, server=server, copies=True) for server in (False, True)]
    quiet, nothing = no_sums(len(rows[0])), np.zeros(len(rows[0]))
    steps = _steps_of(cost, len(nothing))
    here, there = (side_of(columns, nothing, steps) for columns in rows)
    return replace(quiet, device=here), replace(quiet, edge=there), replace(quiet, server=there)


def tensor_sums(cost: GraphCost, *, copies: bool = False) -> CutSums:
    """What each op's output adds when it crosses, shape (ops,), with nothing on either side.

    With `copies` the first entries are the copied weights: one crosses where both sides read it, and then
    the server holds it too, and its gradient goes up and comes back.
    """
    found = _nothing(len(cost.graph))
    found = replace(found, output_bytes=cost.output_bytes, gradient_bytes=cost.gradient_bytes)
    if not copies or not len(cost.shared):
        return found
    held = np.zeros((len(cost.shared) + len(cost.graph), columns_of(cost, server=True).shape[1]))
    held[: len(cost.shared), COPIED] = cost.shared.held_bytes
    ahead = np.zeros(len(cost.shared))
    return replace(
        _nothing(len(held)),
        server=side_of(held, np.zeros(len(held))),
        output_bytes=np.concatenate([ahead, cost.output_bytes]),
        gradient_bytes=np.concatenate([ahead, cost.gradient_bytes]),
        kept_equal_bytes=np.concatenate([cost.shared.kept_equal_bytes, np.zeros(len(cost.graph))]),
    )


def no_sums(count: int) -> CutSums:
    """Sums of nothing on three tiers, shape (count,)."""
    nothing, none = _nothing(count), np.zeros(count)
    return replace(
        nothing,
        edge=nothing.device,
        relayed_output_bytes=none,
        relayed_gradient_bytes=none,
        has_relay=none,
    )


def _nothing(count: int) -> CutSums:
    """Sums of nothing on two sides, shape (count,)."""
    none, empty = np.zeros(count), side_of(np.zeros((count, COPIED.stop + 1)), np.zeros(count))
    return CutSums(device=empty, server=empty, output_bytes=none, gradient_bytes=none, has_server=none)


def _steps_of(cost: GraphCost, count: int) -> Steps | None:
    """What every vertex adds to the steps of generating text: copied weights ahead of the ops add none."""
    if cost.generation is None:
        return None
    ahead = np.zeros(count - len(cost.graph))
    return cost.generation.steps.each(lambda column: np.concatenate([ahead, column]))


def _rows(cost: GraphCost, *, server: bool, copies: bool) -> Floats:
    """The columns of every op, or of every copied weight and then of every op without what is copied."""
    columns, shared = columns_of(cost, server=server), cost.shared
    if not copies or not len(shared):
        return columns
    np.subtract.at(columns[:, COPIED], shared.charged, shared.held_bytes)
    ahead = np.zeros((len(shared), columns.shape[1]))
    ahead[:, COPIED] = shared.held_bytes
    return np.concatenate([ahead, columns])
