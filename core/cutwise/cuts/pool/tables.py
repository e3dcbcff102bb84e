"""The splits of a piece that are worth keeping, put together from those of its components.

A table's columns are the summed device features, the crossing features, the peaks, then one flag for
each sender outside that several components wait for. The first two kinds add up over components; of
peaks and flags the largest counts. A row may be dropped when another is nowhere larger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.pool.closure import Layout, Piece, PoolTooLarge, ideals, lay_out
from cutwise.cuts.pool.pareto import covered, front
from cutwise.cuts.pool.pieces import Timeline, interior_pieces, timeline
from cutwise.cuts.pool.slot_features import floors, slot_values
from cutwise.frozen import Frozen

SMALL_PIECE = 24
FEW_IDEALS = 64
ROWS_TOGETHER = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Where to give up: splits kept, and closed sets of one component.

    `signed` says that some crossing feature is negative, so that to pay may be the better choice.
    """

    splits: int
    ideals: int
    signed: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Table(Frozen):
    """Splits of a piece: `values` (K, columns) and `masks` (K, k) over its units."""

    values: Floats
    masks: Mask


def table_of(piece: Piece, caps: Caps) -> Table:
    """Every split of the piece that can be optimal; raises `PoolTooLarge` beyond the caps."""
    sets = ideals(piece, FEW_IDEALS) if len(piece) <= SMALL_PIECE else None
    if sets is None:
        layout = lay_out(piece)
        if not layout.irreducible:
            return _assembled(piece, layout, caps)
        sets = ideals(piece, caps.ideals)
        if sets is None:
            raise PoolTooLarge(
                f"a part of {len(piece)} ops without cut points has over {caps.ideals:,} closed sets; "
                "use max-flow or CP-SAT, or raise max_ideals"
            )
    values = _priced(piece, sets)
    keep = _kept(values, piece.flag_count, caps)
    return Table(values=values[keep], masks=sets[keep])


def _priced(piece: Piece, masks: Mask) -> Floats:
    """The columns of the given closed sets, straight from their definition."""
    on_device = np.ones((len(masks), len(piece.sender_unit)), dtype=bool)
    inside = piece.sender_unit >= 0
    on_device[:, inside] = masks[:, piece.sender_unit[inside]]
    pays = np.zeros_like(on_device)
    first = np.flatnonzero(np.diff(piece.read_sender, prepend=-1))
    if len(first):
        read = np.logical_and.reduceat(masks[:, piece.read_unit], first, axis=1)
        pays[:, piece.read_sender[first]] = ~read
    pays = on_device & (pays | piece.beyond)
    flags = np.zeros((len(masks), piece.flag_count))
    for sender in np.flatnonzero(piece.flag >= 0).tolist():
        flags[:, piece.flag[sender]] = pays[:, sender]
    peaks = [np.where(masks, peak, 0.0).max(axis=1, initial=0.0)[:, None] for peak in piece.peak.T]
    return np.hstack([masks.astype(float) @ piece.device, pays.astype(float) @ piece.price, *peaks, flags])


def _columns(values: Floats, flag_count: int, caps: Caps) -> Floats:
    """What a row must not be worse in to replace another."""
    flags = values[:, values.shape[1] - flag_count :]
    return np.hstack([values, -flags]) if caps.signed else values


def _kept(values: Floats, flag_count: int, caps: Caps) -> Ints:
    keep = front(_columns(values, flag_count, caps), limit=caps.splits)
    if keep is None:
        raise _too_many(caps)
    return keep


def _merged(old: Floats, new: Floats, flag_count: int, caps: Caps) -> tuple[Ints, Ints]:
    """Rows of each of two fronts that are on the front of both together."""
    first, second = (_columns(rows, flag_count, caps) for rows in (old, new))
    fresh = np.flatnonzero(~covered(second, first))
    stays = np.flatnonzero(~covered(first, second[fresh]))
    if len(stays) + len(fresh) > caps.splits:
        raise _too_many(caps)
    return stays, fresh


def _too_many(caps: Caps) -> PoolTooLarge:
    return PoolTooLarge(
        f"over {caps.splits:,} splits can each be optimal for some weights of the features; "
        "use max-flow or CP-SAT, or raise max_size"
    )


def _assembled(piece: Piece, layout: Layout, caps: Caps) -> Table:
    """The table of a piece with cut points or several components: its slots, bare and with interiors."""
    times = timeline(piece, layout)
    values, firm = slot_values(piece, layout, times)
    slot = _kept(values, piece.flag_count, caps)
    values, inner = values[slot], [np.zeros(0, dtype=bool)] * len(slot)
    for number, bounds in floors(piece, layout, times, firm):
        if not caps.signed and covered(bounds, values).all():
            continue
        table = _interior(piece, layout, times, number, firm[number], caps)
        old, new = _merged(values, table.values, piece.flag_count, caps)
        values = np.concatenate([values[old], table.values[new]])
        slot = np.concatenate([slot[old], np.full(len(new), number)])
        inner = [*(inner[i] for i in map(int, old)), *table.masks[new]]
    masks = np.arange(len(piece)) < layout.start[slot][:, None]
    for row, inside in enumerate(inner):
        low = layout.start[slot[row]]
        masks[row, low : low + len(inside)] = inside
    return Table(values=values, masks=masks)


def _interior(piece: Piece, layout: Layout, times: Timeline, slot: int, firm: Floats, caps: Caps) -> Table:
    """The splits inside one slot: its components combined, then what they waited for together settled."""
    parts, added, prices = interior_pieces(piece, layout, times, slot)
    low, high = layout.start.item(slot), layout.stop.item(slot)
    summed: int = piece.device.shape[1] + piece.price.shape[1]
    values = np.concatenate([firm, np.zeros(len(added))])[None]
    masks = np.zeros((len(values), high - low), dtype=bool)
    for part in parts:
        table = table_of(part, caps)
        values, left, right = _combined(values, table.values, summed, part.flag_count, caps)
        masks = masks[left]
        masks[:, np.searchsorted(piece.units[low:high], part.units)] = table.masks[right]
    values[:, piece.device.shape[1] : summed] += values[:, values.shape[1] - len(added) :] @ prices
    return Table(values=values[:, : values.shape[1] - len(added)], masks=masks)


def _combined(
    left: Floats, right: Floats, summed: int, flag_count: int, caps: Caps
) -> tuple[Floats, Ints, Ints]:
    """Values of every pair of rows that may be kept, and the rows that they come from."""
    if len(left) * len(right) > ROWS_TOGETHER:
        raise PoolTooLarge(
            f"branches with {len(left):,} and {len(right):,} splits each worth keeping; "
            "use max-flow or CP-SAT"
        )
    pairs = np.concatenate(
        [
            left[:, None, :summed] + right[None, :, :summed],
            np.maximum(left[:, None, summed:], right[None, :, summed:]),
        ],
        axis=2,
    ).reshape(len(left) * len(right), left.shape[1])
    keep = _kept(pairs, flag_count, caps)
    return pairs[keep], keep // len(right), keep % len(right)
