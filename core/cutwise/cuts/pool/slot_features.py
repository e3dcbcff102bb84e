"""Features of the slots of a piece: with nothing of the interior on the device, and at least."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.pool.closure import Layout, Piece
from cutwise.cuts.pool.pieces import Timeline

NEAR = 1e5
"""Times the smallest price, up to which the largest costs it no digits that count."""


def slot_values(piece: Piece, layout: Layout, times: Timeline) -> tuple[Floats, Floats]:
    """Columns (slots, device + crossing + peaks + flags) of each slot whose interior is on the server.

    Second, the same without what senders pay that wait for that interior.
    """
    slots = np.arange(len(layout.start))
    device = _prefixes(np.cumsum(piece.device, axis=0, dtype=np.longdouble), layout.start)
    peak = _prefixes(np.maximum.accumulate(piece.peak, axis=0), layout.start)
    firm_leave = times.leave - times.waits
    firm = _paid(times.join, firm_leave, piece.price, len(slots))
    waiting = _sums(times.leave[times.waits] - 1, piece.price[times.waits], len(slots))
    raised, still_raised = (np.zeros((len(slots), piece.flag_count)) for _ in range(2))
    for sender in np.flatnonzero(piece.flag >= 0).tolist():
        raised[:, piece.flag[sender]] = slots < times.leave[sender]
        still_raised[:, piece.flag[sender]] = slots < firm_leave[sender]
    return np.hstack([device, firm + waiting, peak, raised]), np.hstack([device, firm, peak, still_raised])


def floors(piece: Piece, layout: Layout, times: Timeline, firm: Floats) -> Iterator[tuple[int, Floats]]:
    """Slots that have an interior, each with two rows of columns: no split inside is below both.

    Either every component of the interior has an op on the device, and sends at least its cheapest
    output; or one has none, and all that waits for it is sent. Holds for prices that are not negative.
    """
    slot: Ints = np.cumsum(layout.is_cut, dtype=np.int64)
    inside = ~layout.is_cut
    roots = np.flatnonzero(inside & (layout.label == np.arange(len(piece))))
    lowest = np.minimum(piece.device, 0.0)[inside]
    device = firm[:, : piece.device.shape[1]] + _sums(slot[inside], lowest, len(firm))
    prices = slice(piece.device.shape[1], piece.device.shape[1] + piece.price.shape[1])
    cheapest = _smallest(layout.label[inside], _own_prices(piece)[inside], len(piece))[roots]
    least = _smallest(slot[roots], _waiting_prices(piece, layout, times, slot)[roots], len(firm))
    all_begun, one_empty = firm.copy(), firm.copy()
    for rows, paid in ((all_begun, _sums(slot[roots], cheapest, len(firm))), (one_empty, least)):
        rows[:, : piece.device.shape[1]] = device
        rows[:, prices] += paid
    for number in np.flatnonzero(layout.stop > layout.start).tolist():
        yield number, np.stack([all_begun[number], one_empty[number]])


def _own_prices(piece: Piece) -> Floats:
    sent = piece.sender_unit >= 0
    return _sums(piece.sender_unit[sent], piece.price[sent], len(piece))


def _waiting_prices(piece: Piece, layout: Layout, times: Timeline, slot: Ints) -> Floats:
    """What waits for each component, written at its smallest unit."""
    sender, unit = piece.read_sender, piece.read_unit
    here = times.waits[sender] & (slot[unit] == times.leave[sender] - 1) & ~layout.is_cut[unit]
    pairs = np.unique(sender[here] * len(piece) + layout.label[unit[here]])
    return _sums(pairs % len(piece), piece.price[pairs // len(piece)], len(piece))


def _prefixes(running: npt.NDArray[np.floating], lengths: Ints) -> Floats:
    return np.concatenate([np.zeros_like(running[:1]), running])[lengths].astype(float)


def _paid(join: Ints, leave: Ints, price: Floats, slots: int) -> Floats:
    """Sum of the prices of senders that pay in slots `join` until `leave`.

    Most pay in one slot: those are added as they are. Where prices are far apart nothing is subtracted, so
    that no small one is lost beside a large one.
    """
    once: Mask = leave - join == 1
    longer = leave - join > 1
    paid = _sums(join[once], price[once], slots)
    if not longer.any():
        return paid
    over_slots = _running if _are_near(price[longer]) else _covering
    return paid + over_slots(join[longer], leave[longer], price[longer], slots)


def _are_near(price: Floats) -> bool:
    """True when 64 bits of mantissa lose none of the prices in a running sum that goes up and down."""
    sent = price[price > 0]
    return not sent.size or bool(sent.max() <= NEAR * sent.min())


def _running(join: Ints, leave: Ints, price: Floats, slots: int) -> Floats:
    """Sums over the ranges from `join` to before `leave`, by what each adds and takes away."""
    change = _sums(join, price, slots + 1).astype(np.longdouble) - _sums(leave, price, slots + 1)
    return np.cumsum(change, axis=0)[:slots].astype(float)


def _covering(join: Ints, leave: Ints, price: Floats, slots: int) -> Floats:
    """Sum of the prices whose range from `join` to before `leave` holds a slot, by additions only.

    Ranges are put together from the nodes of a binary tree over the slots, each of which hands down its sum.
    """
    size = 1 << (slots - 1).bit_length()
    tree = np.zeros((2 * size, price.shape[1]))
    low, high = join + size, leave + size
    while (open_ := low < high).any():
        for edge, shift in ((low, 0), (high, -1)):
            odd = open_ & (edge % 2 == 1)
            np.add.at(tree, edge[odd] + shift, price[odd])
        low, high = (low + 1) // 2, high // 2
    for first in (1 << level for level in range(size.bit_length() - 1)):
        tree[2 * first : 4 * first] += np.repeat(tree[first : 2 * first], 2, axis=0)
    return tree[size : size + slots]


def _sums(group: Ints, rows: Floats, groups: int) -> Floats:
    columns = [np.bincount(group, weights=column, minlength=groups) for column in rows.T]
    return np.stack(columns, axis=1) if columns else np.zeros((groups, 0))


def _smallest(group: Ints, rows: Floats, groups: int) -> Floats:
    lowest = np.full((groups, rows.shape[1]), np.inf)
    for column in range(rows.shape[1]):
        np.minimum.at(lowest[:, column], group, rows[:, column])
    return lowest
