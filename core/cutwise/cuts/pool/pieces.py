"""Who sends when: in which slots of a piece each sender pays, and what that means inside a slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.pool.closure import Layout, Piece
from cutwise.cuts.pool.contraction import Units
from cutwise.cuts.split_graph import SplitGraph
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, kw_only=True)
class Timeline(Frozen):
    """Slots in which each sender of a piece pays: from `join` until `leave`, with nothing inside a slot.

    Where `waits`, the last readers lie inside slot `leave` - 1: there it depends on the interior.
    `waiting` lists those senders by that slot, slot i from `waiting_start[i]`; `read_start` says
    where the reads of each sender start.
    """

    join: Ints
    leave: Ints
    waits: Mask
    waiting: Ints
    waiting_start: Ints
    read_start: Ints

    def waiting_in(self, slot: int) -> Ints:
        """The senders whose last readers lie inside `slot`."""
        return self.waiting[self.waiting_start[slot] : self.waiting_start[slot + 1]]


def whole_piece(graph: SplitGraph, units: Units) -> Piece:
    """All units but the root, which is on the device before the piece begins."""
    arcs = units.arcs[(units.arcs > 0).all(axis=1)] - 1
    return Piece(
        units=np.arange(1, units.count),
        arcs=arcs[np.argsort(arcs[:, 1], kind="stable")],
        device=units.sums(graph.device_features)[1:],
        peak=units.peaks(graph.peak_features)[1:],
        sender_unit=units.sender_unit - 1,
        beyond=np.zeros(len(units.sender_op), dtype=bool),
        price=graph.crossing_features[units.sender_op],
        flag=np.full(len(units.sender_op), -1),
        read_sender=units.read_sender,
        read_unit=units.read_unit - 1,
        flag_count=0,
    )


def timeline(piece: Piece, layout: Layout) -> Timeline:
    """When each sender of the piece starts and stops to pay."""
    senders, slots = len(piece.sender_unit), len(layout.start)
    last = np.full(senders, -1)
    np.maximum.at(last, piece.read_sender, piece.read_unit)
    inside: Mask = (last >= 0) & ~layout.is_cut[last] & ~piece.beyond
    last[piece.beyond] = len(piece)
    join = np.searchsorted(layout.start, piece.sender_unit, side="right")
    join[piece.sender_unit < 0] = 0
    leave: Ints = np.searchsorted(layout.start, last, side="right")
    waits: Mask = inside & (join < leave)
    waits_in = np.where(waits, leave - 1, slots)
    by_slot = np.argsort(waits_in, kind="stable")
    return Timeline(
        join=join,
        leave=leave,
        waits=waits,
        waiting=by_slot,
        waiting_start=np.searchsorted(waits_in[by_slot], np.arange(slots + 1)),
        read_start=np.searchsorted(piece.read_sender, np.arange(senders + 1)),
    )


def interior_pieces(
    piece: Piece, layout: Layout, times: Timeline, slot: int
) -> tuple[list[Piece], Ints, Floats]:
    """The components of a slot's interior as pieces; flags they add (f,) and the price (f, c) of each.

    A sender outside that only one component reads pays within that component. One that several
    components read raises a flag in each: it pays once, while any of them still waits for it.
    """
    low, high = layout.start.item(slot), layout.stop.item(slot)
    inner = slice(*np.searchsorted(piece.sender_unit, [low, high]))
    outer = times.waiting_in(slot)
    senders = np.concatenate([outer, np.arange(inner.start, inner.stop)])
    sender, unit = _reads_of(piece, times, senders)
    beyond = piece.beyond[senders].copy()
    beyond[sender[unit >= high]] = True
    here = (unit >= low) & (unit < high)
    sender, unit = sender[here], unit[here]
    flag, added, prices = _flags(piece, layout.label, senders, len(outer), sender, unit)
    local = Piece(
        units=piece.units[low:high],
        arcs=_inner_arcs(piece, low, high) - low,
        device=piece.device[low:high],
        peak=piece.peak[low:high],
        sender_unit=np.where(np.arange(len(senders)) < len(outer), -1, piece.sender_unit[senders] - low),
        beyond=beyond,
        price=np.where(flag[:, None] < 0, piece.price[senders], 0.0),
        flag=flag,
        read_sender=sender,
        read_unit=unit - low,
        flag_count=piece.flag_count + len(added),
    )
    label = layout.label[low:high]
    roots: list[int] = np.flatnonzero(label == np.arange(low, high)).tolist()
    if len(roots) == 1:
        return [local], added, prices
    return [_component(local, label == root + low) for root in roots], added, prices


def _inner_arcs(piece: Piece, low: int, high: int) -> Ints:
    first, last = np.searchsorted(piece.arcs[:, 1], [low, high])
    arcs: Ints = piece.arcs[first:last]
    return arcs[arcs[:, 0] >= low]


def _reads_of(piece: Piece, times: Timeline, senders: Ints) -> tuple[Ints, Ints]:
    """Position among `senders` and reading unit of each of their reads."""
    first, last = times.read_start[senders], times.read_start[senders + 1]
    lengths = last - first
    reads = np.repeat(last - np.cumsum(lengths), lengths) + np.arange(np.sum(lengths))
    return np.repeat(np.arange(len(senders)), lengths), piece.read_unit[reads]


def _flags(
    piece: Piece, label: Ints, senders: Ints, outer: int, sender: Ints, unit: Ints
) -> tuple[Ints, Ints, Floats]:
    """Flag of each of `senders`; numbers and prices of the new flags, one for each set of readers."""
    flag = piece.flag[senders].copy()
    readers: dict[int, list[int]] = {}
    places: list[int] = sender.tolist()
    reading: list[int] = unit.tolist()
    for position, reader in zip(places, reading, strict=True):
        if position < outer and flag[position] < 0:
            readers.setdefault(position, []).append(reader)
    numbers: dict[tuple[int, ...], int] = {}
    prices: list[Floats] = []
    for position, found in readers.items():
        if len({int(label[reader]) for reader in found}) < 2:
            continue
        key = tuple(sorted(found))
        if key not in numbers:
            numbers[key] = len(numbers)
            prices.append(np.zeros(piece.price.shape[1]))
        prices[numbers[key]] = prices[numbers[key]] + piece.price[senders[position]]
        flag[position] = piece.flag_count + numbers[key]
    added = piece.flag_count + np.arange(len(numbers))
    return flag, added, np.array(prices).reshape(len(numbers), piece.price.shape[1])


def _component(piece: Piece, inside: Mask) -> Piece:
    """The units `inside` (k,) of a piece, with the senders that they are or that they read."""
    members = np.flatnonzero(inside)
    local = np.cumsum(inside) - 1
    read = inside[piece.read_unit]
    concerned = (piece.sender_unit >= 0) & inside[piece.sender_unit]
    concerned[piece.read_sender[read]] = True
    senders = np.flatnonzero(concerned)
    rank = np.cumsum(concerned) - 1
    unit = piece.sender_unit[senders]
    return Piece(
        units=piece.units[members],
        arcs=local[piece.arcs[inside[piece.arcs[:, 0]]]],
        device=piece.device[members],
        peak=piece.peak[members],
        sender_unit=np.where(unit < 0, -1, local[unit]),
        beyond=piece.beyond[senders],
        price=piece.price[senders],
        flag=piece.flag[senders],
        read_sender=rank[piece.read_sender[read]],
        read_unit=local[piece.read_unit[read]],
        flag_count=piece.flag_count,
    )
