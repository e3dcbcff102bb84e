"""What each side of a cut adds up to: the sums over a GraphCost that every evaluation starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.graph_cost import GraphCost
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Side(Frozen):
    """Sums over the ops of one side, arrays of shape (cuts,).

    FLOPs, `*_sample_s` and `saved_bytes` are per sample; `*_fixed_s` are measured seconds an iteration;
    the other bytes are once per copy of the model. `transient_bytes` is the largest of the side, per sample.
    """

    forward_flops: Any
    backward_flops: Any
    forward_fixed_s: Any
    forward_sample_s: Any
    backward_fixed_s: Any
    backward_sample_s: Any
    weight_bytes: Any
    trainable_bytes: Any
    buffer_bytes: Any
    weight_gradient_bytes: Any
    optimizer_bytes: Any
    exchanged_bytes: Any
    saved_bytes: Any
    transient_bytes: Any


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutSums(Frozen):
    """Sums of K cuts: every side, and what crosses up and down per sample.

    `has_server` says whether any op runs beyond the device at all. With an `edge` between device and
    server, the `relayed` bytes cross from the edge to the server and back, and `has_relay` says whether
    any op runs beyond the edge. A cut that comes back to the device sends `more` messages than one each way.
    """

    device: Side
    server: Side
    output_bytes: Any
    gradient_bytes: Any
    has_server: Any
    edge: Side | None = None
    relayed_output_bytes: Any = 0.0
    relayed_gradient_bytes: Any = 0.0
    has_relay: Any = False
    more_uplink_messages: Any = 0.0
    more_downlink_messages: Any = 0.0

    def reshaped(self, change: Callable[[Any], Any]) -> CutSums:
        """The same sums with `change` applied to every array (to add an axis, or to pick entries)."""
        return CutSums(
            device=_side(change, self.device),
            server=_side(change, self.server),
            output_bytes=change(self.output_bytes),
            gradient_bytes=change(self.gradient_bytes),
            has_server=change(self.has_server),
            edge=self.edge and _side(change, self.edge),
            relayed_output_bytes=change(self.relayed_output_bytes) if self.edge else 0.0,
            relayed_gradient_bytes=change(self.relayed_gradient_bytes) if self.edge else 0.0,
            has_relay=change(self.has_relay) if self.edge else False,
            more_uplink_messages=_maybe(change, self.more_uplink_messages),
            more_downlink_messages=_maybe(change, self.more_downlink_messages),
        )


def cut_sums(cost: GraphCost, masks: Mask) -> CutSums:
    """Sums of the cuts whose device sides are the rows of `masks`, shape (cuts, ops).

    A tensor crosses when its op is on the device and a reader is on the server, and counts once however
    many readers there are.
    """
    masks = np.atleast_2d(masks)
    crossing = crossing_ops(cost, masks).astype(np.float64)
    return CutSums(
        device=_sums(_columns(cost, server=False), cost.transient_bytes, masks),
        server=_sums(_columns(cost, server=True), cost.transient_bytes, ~masks),
        output_bytes=crossing @ cost.output_bytes,
        gradient_bytes=crossing @ cost.gradient_bytes,
        has_server=~masks.all(axis=1),
    )


def _maybe(change: Callable[[Any], Any], value: Any) -> Any:
    return change(value) if isinstance(value, np.ndarray) else value


def nested_sums(cost: GraphCost, masks: Mask, edge_masks: Mask) -> CutSums:
    """Sums of nested cuts: `masks` on the device, `edge_masks` on the device or the edge, shapes (cuts, ops).

    A tensor that is read beyond the edge crosses both links, each once.
    """
    masks, edge_masks = np.atleast_2d(masks), np.atleast_2d(edge_masks)
    near, far = cut_sums(cost, masks), cut_sums(cost, edge_masks)
    return replace(
        near,
        server=far.server,
        edge=_sums(_columns(cost, server=True), cost.transient_bytes, edge_masks & ~masks),
        relayed_output_bytes=far.output_bytes,
        relayed_gradient_bytes=far.gradient_bytes,
        has_relay=far.has_server,
    )


def looped_sums(cost: GraphCost, bottoms: Mask, tops: Mask) -> CutSums:
    """Sums of label-private cuts: `bottoms` and `tops` (cuts, ops) on the device, the server between them.

    Outputs of the bottom and gradients at the top's inputs go up; gradients of the bottom and outputs for
    the top come down, each as a message of its own. What the top reads of the bottom stays on the device.
    """
    bottoms, tops = np.atleast_2d(bottoms), np.atleast_2d(tops)
    rising = _read_by(cost, bottoms, ~(bottoms | tops)).astype(np.float64)
    falling = _read_by(cost, ~(bottoms | tops), tops).astype(np.float64)
    up_bytes, back_up_bytes = rising @ cost.output_bytes, falling @ cost.gradient_bytes
    down_bytes, back_down_bytes = falling @ cost.output_bytes, rising @ cost.gradient_bytes
    return CutSums(
        device=_sums(_columns(cost, server=False), cost.transient_bytes, bottoms | tops),
        server=_sums(_columns(cost, server=True), cost.transient_bytes, ~(bottoms | tops)),
        output_bytes=up_bytes + back_up_bytes,
        gradient_bytes=down_bytes + back_down_bytes,
        has_server=(~(bottoms | tops)).any(axis=1),
        more_uplink_messages=1.0 * (up_bytes > 0) * (back_up_bytes > 0),
        more_downlink_messages=1.0 * (down_bytes > 0) * (back_down_bytes > 0),
    )


def crossing_ops(cost: GraphCost, masks: Mask) -> Mask:
    """Which ops' outputs cross, shape (cuts, ops): on the device with a reader on the server."""
    masks = np.atleast_2d(masks)
    return _read_by(cost, masks, ~masks)


def _read_by(cost: GraphCost, makers: Mask, readers: Mask) -> Mask:
    """Which ops of `makers` have a reader among `readers`, all of shape (cuts, ops)."""
    read = np.zeros(makers.shape, dtype=bool)
    if len(cost.graph.edge_array):
        producer, reader = cost.graph.edge_array.T
        order = np.argsort(producer, kind="stable")
        starts = np.flatnonzero(np.diff(producer[order], prepend=-1))
        read[:, producer[order][starts]] = np.logical_or.reduceat(readers[:, reader[order]], starts, axis=1)
    return read & makers


def move_sums(cost: GraphCost, *, compute_only: bool = False) -> CutSums:
    """What each op changes when it moves from the server to the device, shape (ops,), nothing crossing.

    `compute_only` leaves out the bytes it takes along.
    """
    nothing = np.zeros(len(cost.graph))
    device, server = _columns(cost, server=False), -_columns(cost, server=True)
    if compute_only:
        device, server = (np.where(_IS_WORK, columns, 0.0) for columns in (device, server))
    return CutSums(
        device=Side(**dict(zip(_SUMMED, device.T, strict=True)), transient_bytes=nothing),
        server=Side(**dict(zip(_SUMMED, server.T, strict=True)), transient_bytes=nothing),
        output_bytes=nothing,
        gradient_bytes=nothing,
        has_server=nothing.astype(bool),
    )


def no_sums(count: int) -> CutSums:
    """Sums of nothing on three tiers, shape (count,)."""
    nothing = np.zeros(count)
    empty = Side(**dict.fromkeys((f.name for f in fields(Side)), nothing))
    return CutSums(
        device=empty,
        server=empty,
        output_bytes=nothing,
        gradient_bytes=nothing,
        has_server=nothing.astype(bool),
        edge=empty,
        relayed_output_bytes=nothing,
        relayed_gradient_bytes=nothing,
        has_relay=nothing.astype(bool),
    )


def op_sums(cost: GraphCost) -> tuple[CutSums, CutSums, CutSums]:
    """What each op adds on the device, on an edge and on the server, shape (ops,), nothing crossing."""
    quiet = no_sums(len(cost.graph))
    here, there = (
        Side(
            **dict(zip(_SUMMED, _columns(cost, server=server).T, strict=True)),
            transient_bytes=np.zeros(len(cost.graph)),
        )
        for server in (False, True)
    )
    return replace(quiet, device=here), replace(quiet, edge=there), replace(quiet, server=there)


def tensor_sums(cost: GraphCost) -> CutSums:
    """What each op's output adds when it crosses, shape (ops,), with nothing on either side."""
    nothing = np.zeros(len(cost.graph))
    empty = Side(**dict.fromkeys((f.name for f in fields(Side)), nothing))
    return CutSums(
        device=empty,
        server=empty,
        output_bytes=cost.output_bytes,
        gradient_bytes=cost.gradient_bytes,
        has_server=nothing.astype(bool),
    )


_SUMMED = tuple(f.name for f in fields(Side) if f.name != "transient_bytes")
_IS_WORK = np.array([name.endswith(("_flops", "_s")) for name in _SUMMED])


def _columns(cost: GraphCost, *, server: bool) -> Floats:
    """Per-op columns in the order of `_SUMMED`, shape (ops, columns)."""
    forward, backward = (2, 3) if server else (0, 1)
    columns = {
        "forward_flops": cost.forward_flops,
        "backward_flops": cost.backward_input_flops + cost.backward_weight_flops,
        "forward_fixed_s": cost.measured_s[:, forward, 0],
        "forward_sample_s": cost.measured_s[:, forward, 1],
        "backward_fixed_s": cost.measured_s[:, backward, 0],
        "backward_sample_s": cost.measured_s[:, backward, 1],
    }
    return np.column_stack([columns[name] if name in columns else getattr(cost, name) for name in _SUMMED])


def _sums(columns: Floats, transient_bytes: Floats, masks: Mask) -> Side:
    sums = masks.astype(np.float64) @ columns
    largest = np.where(masks, transient_bytes, 0.0).max(axis=1, initial=0.0)
    return Side(**dict(zip(_SUMMED, sums.T, strict=True)), transient_bytes=largest)


def _side(change: Callable[[Any], Any], side: Side) -> Side:
    return Side(**{f.name: change(getattr(side, f.name)) for f in fields(Side)})
