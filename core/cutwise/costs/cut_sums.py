"""What each side of a cut adds up to: the sums over a GraphCost that every evaluation starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from cutwise.arrays import Floats, Mask, Number
from cutwise.costs.generation.columns import GenerationCosts
from cutwise.costs.generation.steps import Steps
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.shared_weights import HELD_COLUMNS
from cutwise.frozen import Frozen

Change: TypeAlias = Callable[[Floats], Floats]


SUMMED = (
    "forward_flops", "backward_flops", "forward_fixed_s", "forward_sample_s", "backward_fixed_s",
    "backward_sample_s", "moved_bytes", "read_bytes", "launches", "backward_moved_bytes",
    "backward_read_bytes", "backward_launches", "weight_bytes", "trainable_bytes", "buffer_bytes",
    "weight_gradient_bytes", "optimizer_bytes", "exchanged_bytes", "saved_bytes",
)  # fmt: skip
"""Fields of `Side` that add up over its ops, in the order of `columns_of`."""

WORK_COLUMNS = 12
"""The first columns of an op are work, the others bytes."""
LARGEST = "transient_bytes"
"""The field that is the largest of a side."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Side(Frozen):
    """Sums over the ops of one side, arrays of shape (cuts,).

    FLOPs, `*_sample_s`, `*moved_bytes` and `saved_bytes` are per sample; `*_fixed_s` are measured seconds an
    iteration, `*read_bytes` and `*launches` are once a mini-batch too; the other bytes are once per copy of
    the model. `transient_bytes` is the largest of the side, per sample.
    `generation` takes the place of the FLOPs where text is generated.
    """

    forward_flops: Floats
    backward_flops: Floats
    forward_fixed_s: Floats
    forward_sample_s: Floats
    backward_fixed_s: Floats
    backward_sample_s: Floats
    weight_bytes: Floats
    trainable_bytes: Floats
    buffer_bytes: Floats
    weight_gradient_bytes: Floats
    optimizer_bytes: Floats
    exchanged_bytes: Floats
    saved_bytes: Floats
    transient_bytes: Floats
    moved_bytes: Floats
    read_bytes: Floats
    launches: Floats
    backward_moved_bytes: Floats
    backward_read_bytes: Floats
    backward_launches: Floats
    generation: Steps | None = None

    def each(self, change: Change) -> Side:
        """The same side with `change` applied to every array."""
        changed: dict[str, Floats] = {name: change(getattr(self, name)) for name in (*SUMMED, LARGEST)}
        generation = None if self.generation is None else self.generation.each(change)
        return Side(**changed, generation=generation)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutSums(Frozen):
    """Sums of K cuts: every side, and what crosses up and down per sample.

    `has_server` is 1 where any op runs beyond the device, else 0; `alone` is 1 where it is known that none
    does. With an `edge` between device and server,
    the `relayed` bytes cross from the edge to the server and back, and `has_relay` is 1 where any op runs
    beyond the edge. A cut that comes back to the device sends `more` messages than one each way.
    `kept_equal_bytes` go up and come back in every iteration for weights that both sides train a copy of,
    the `relayed` ones over the backhaul too.
    """

    device: Side
    server: Side
    output_bytes: Floats
    gradient_bytes: Floats
    has_server: Floats
    alone: Number = 0.0
    edge: Side | None = None
    relayed_output_bytes: Number = 0.0
    relayed_gradient_bytes: Number = 0.0
    has_relay: Number = 0.0
    more_uplink_messages: Number = 0.0
    more_downlink_messages: Number = 0.0
    kept_equal_bytes: Number = 0.0
    relayed_kept_equal_bytes: Number = 0.0
    more_relayed_messages: Number = 0.0

    def reshaped(self, change: Change) -> CutSums:
        """The same sums with `change` applied to every array (to add an axis, or to pick entries)."""
        return CutSums(
            device=self.device.each(change),
            server=self.server.each(change),
            output_bytes=change(self.output_bytes),
            gradient_bytes=change(self.gradient_bytes),
            has_server=change(self.has_server),
            alone=_maybe(change, self.alone),
            edge=None if self.edge is None else self.edge.each(change),
            relayed_output_bytes=_maybe(change, self.relayed_output_bytes),
            relayed_gradient_bytes=_maybe(change, self.relayed_gradient_bytes),
            has_relay=_maybe(change, self.has_relay),
            more_uplink_messages=_maybe(change, self.more_uplink_messages),
            more_downlink_messages=_maybe(change, self.more_downlink_messages),
            kept_equal_bytes=_maybe(change, self.kept_equal_bytes),
            relayed_kept_equal_bytes=_maybe(change, self.relayed_kept_equal_bytes),
            more_relayed_messages=_maybe(change, self.more_relayed_messages),
        )


def cut_sums(cost: GraphCost, masks: Mask) -> CutSums:
    """Sums of the cuts whose device sides are the rows of `masks`, shape (cuts, ops).

    A tensor crosses when its op is on the device and a reader is on the server, and counts once however
    many readers there are.
    """
    masks = np.atleast_2d(masks)
    crossing, has_server = _ones(crossing_ops(cost, masks)), _ones(~masks).max(axis=1, initial=0.0)
    sums = CutSums(
        device=_sums(cost, masks, server=False),
        server=_sums(cost, ~masks, server=True),
        output_bytes=crossing @ cost.output_bytes,
        gradient_bytes=crossing @ cost.gradient_bytes,
        has_server=has_server,
        alone=1.0 - has_server,
        kept_equal_bytes=_kept_equal(cost, masks),
    )
    return sums if cost.generation is None else _for_every_token(sums, cost.generation, crossing)


def _for_every_token(sums: CutSums, costs: GenerationCosts, crossing: Floats) -> CutSums:
    """With messages beside one each way: a token goes up and its word comes back where the model is cut.

    A server that runs the whole model knows the words it made, and streams them.
    """
    anew = (crossing @ costs.sent_anew > 0).astype(np.float64)
    new = costs.generation.new_tokens
    return replace(sums, more_uplink_messages=new * anew, more_downlink_messages=max(new - 1, 0) * anew)


def _for_every_word(sums: CutSums, costs: GenerationCosts, cost: GraphCost, rising: Floats) -> CutSums:
    """With the words that a device makes and sends up again, a message each way for every new token."""
    new = costs.generation.new_tokens
    return replace(
        sums,
        output_bytes=sums.output_bytes + new * rising @ (costs.token_bytes * cost.is_input),
        more_uplink_messages=new * sums.has_server,
        more_downlink_messages=max(new - 1, 0) * sums.has_server,
    )


def _maybe(change: Change, value: Number) -> Number:
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
        edge=_edge_sums(cost, masks, edge_masks),
        more_relayed_messages=far.more_uplink_messages + far.more_downlink_messages,
        relayed_output_bytes=far.output_bytes,
        relayed_gradient_bytes=far.gradient_bytes,
        has_relay=far.has_server,
        relayed_kept_equal_bytes=far.kept_equal_bytes,
    )


def _edge_sums(cost: GraphCost, masks: Mask, edge_masks: Mask) -> Side:
    """Sums of what runs on the edge; of copies that are kept equal the nearest to the device is exchanged."""
    edge = _sums(cost, edge_masks & ~masks, server=True)
    if not len(cost.shared):
        return edge
    nearer = _sums(cost, masks, server=False).exchanged_bytes
    return replace(edge, exchanged_bytes=_sums(cost, edge_masks, server=False).exchanged_bytes - nearer)


def looped_sums(cost: GraphCost, bottoms: Mask, tops: Mask) -> CutSums:
    """Sums of label-private cuts: `bottoms` and `tops` (cuts, ops) on the device, the server between them.

    Outputs of the bottom and gradients at the top's inputs go up; gradients of the bottom and outputs for
    the top come down, each as a message of its own. What the top reads of the bottom stays on the device.
    """
    bottoms, tops = np.atleast_2d(bottoms), np.atleast_2d(tops)
    rising = _ones(_read_by(cost, bottoms, ~(bottoms | tops)))
    falling = _ones(_read_by(cost, ~(bottoms | tops), tops))
    up_bytes, back_up_bytes = rising @ cost.output_bytes, falling @ cost.gradient_bytes
    down_bytes, back_down_bytes = falling @ cost.output_bytes, rising @ cost.gradient_bytes
    has_server = _ones(~(bottoms | tops)).max(axis=1, initial=0.0)
    looped = CutSums(
        device=_sums(cost, bottoms | tops, server=False),
        server=_sums(cost, ~(bottoms | tops), server=True),
        output_bytes=up_bytes + back_up_bytes,
        gradient_bytes=down_bytes + back_down_bytes,
        has_server=has_server,
        alone=1.0 - has_server,
        more_uplink_messages=_ones((up_bytes > 0) & (back_up_bytes > 0)),
        more_downlink_messages=_ones((down_bytes > 0) & (back_down_bytes > 0)),
        kept_equal_bytes=_kept_equal(cost, bottoms | tops),
    )
    return looped if cost.generation is None else _for_every_word(looped, cost.generation, cost, rising)


def _ones(mask: Mask) -> Floats:
    """1 where the mask is true, else 0."""
    return mask.astype(np.float64)


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


def columns_of(cost: GraphCost, *, server: bool) -> Floats:
    """What is summed over the ops of a side, in the order of `SUMMED`, shape (ops, columns)."""
    forward, backward = (2, 3) if server else (0, 1)
    return np.column_stack(
        [
            cost.forward_flops,
            cost.backward_input_flops + cost.backward_weight_flops,
            cost.measured_s[:, forward, 0],
            cost.measured_s[:, forward, 1],
            cost.measured_s[:, backward, 0],
            cost.measured_s[:, backward, 1],
            cost.moved_bytes,
            cost.read_bytes,
            cost.launches,
            cost.backward_moved_bytes,
            cost.backward_read_bytes,
            cost.backward_launches,
            cost.weight_bytes,
            cost.trainable_bytes,
            cost.buffer_bytes,
            cost.weight_gradient_bytes,
            cost.optimizer_bytes,
            cost.exchanged_bytes,
            cost.saved_bytes,
        ]
    )


def side_of(columns: Floats, transient_bytes: Floats, generation: Steps | None = None) -> Side:
    """A side of these columns, shape (cuts, columns), and largest tensors (cuts,)."""
    summed: dict[str, Floats] = dict(zip(SUMMED, columns.T, strict=True))
    return Side(**summed, transient_bytes=transient_bytes, generation=generation)


def _sums(cost: GraphCost, masks: Mask, *, server: bool) -> Side:
    """Sums of the ops in `masks`, with the copies of weights that ops elsewhere are charged for."""
    largest, inside = np.where(masks, cost.transient_bytes, 0.0).max(axis=1, initial=0.0), _ones(masks)
    sums = inside @ columns_of(cost, server=server)
    if len(cost.shared):
        sums[:, WORK_COLUMNS : WORK_COLUMNS + len(HELD_COLUMNS)] += (
            _ones(cost.shared.beside(masks)) @ cost.shared.held_bytes
        )
    side = side_of(sums, largest)
    if cost.generation is None:
        return side
    steps = cost.generation.steps
    return replace(side, generation=steps.with_matrix(inside @ steps.matrix))


def _kept_equal(cost: GraphCost, masks: Mask) -> Number:
    """Bytes of the gradients of weights that both sides of `masks` train a copy of, shape (cuts,)."""
    shared = cost.shared
    if not shared.kept_equal_bytes.any():
        return 0.0
    return _ones(shared.read_on(masks) & shared.read_on(~masks)) @ shared.kept_equal_bytes
