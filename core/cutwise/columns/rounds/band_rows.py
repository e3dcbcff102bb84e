"""The split of the band that ends a parallel round first, with every device's cut, in many rows at once.

A device's end is concave in one over its share where rates are: the least of many lines, or of curves that
lines touch from above. The end at which the shares of these lines just fill the band is too late or right;
the lines that touch there end earlier, until nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.columns.device_answers import DeviceAnswer, FilledAnswer
from cutwise.columns.device_rows import NotInColumnsError
from cutwise.columns.picks.picking import RowPicks
from cutwise.columns.rounds.band_cuts import BandDevice
from cutwise.columns.rounds.band_ends import DeviceEnds
from cutwise.columns.rounds.band_levels import levels_of
from cutwise.frozen import Frozen
from cutwise.tolerances import SMALLEST_SHARE, SUM_ROUNDING

STEPS = 40
FULL = 1e-10
"""How far from 1 shares may add up to: those of devices that need nothing are not quite 0."""
CELLS_AT_ONCE = 1 << 22
"""Triples of device, cut and row that are looked at together."""
MOST_ROWS, FEWEST_ROWS = 1 << 14, 1 << 8


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BandSplit(Frozen):
    """Shares and cuts of devices in rows, (devices, rows), and in which rows no others are as good."""

    shares: Floats
    cuts: Ints
    found: Mask


def band_answers(sharing: Sequence[BandDevice], times: Floats) -> list[DeviceAnswer]:
    """What every device takes at its best share; `times` (devices,) says how many are alike."""
    count = sharing[0].rows.count
    if count == 1:
        raise NotInColumnsError("a single row has no columns")
    shares, cuts = np.empty((len(sharing), count)), np.zeros((len(sharing), count), dtype=np.int64)
    found = np.zeros(count, dtype=bool)
    for rows in _stretches(sharing, count):
        split = best_split([DeviceEnds.of(one, rows) for one in sharing], times, rows.stop - rows.start)
        shares[:, rows], cuts[:, rows], found[rows] = split.shares, split.cuts, split.found
    return [
        _answer(device, own_shares, own_cuts, ~found)
        for device, own_shares, own_cuts in zip(sharing, shares, cuts, strict=True)
    ]


def _stretches(devices: Sequence[BandDevice], count: int) -> Iterator[slice]:
    wide = any(part.limits for one in devices for part in one.parts)
    cells = len(devices) * (max(one.most_cuts for one in devices) if wide else 1)
    step = min(MOST_ROWS, max(FEWEST_ROWS, CELLS_AT_ONCE // cells))
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))


def best_split(devices: Sequence[DeviceEnds], times: Floats, count: int) -> BandSplit:
    """The split of the band between devices in a stretch of so many rows."""
    column = times[:, None]
    inverse, cuts = (
        np.full((len(devices), count), times.sum()),
        np.zeros((len(devices), count), dtype=np.int64),
    )
    level, found, rows = np.full(count, np.nan), np.zeros(count, dtype=bool), np.arange(count)
    for _ in range(STEPS):
        lines = [device.lines(own[rows], rows) for device, own in zip(devices, inverse, strict=True)]
        end_s, rise_s = (np.stack(values) for values in ([o.end_s for o in lines], [o.rise_s for o in lines]))
        cuts[:, rows] = [one.cuts for one in lines]
        at, held = level[rows], column / inverse[:, rows]
        done = _ends_at(at, end_s, rise_s, held) & (np.abs(held.sum(axis=0) - 1.0) <= FULL)
        found[rows[done & ~_waits(at, end_s, rise_s)]] = True
        rows, end_s, rise_s = rows[~done], end_s[:, ~done], rise_s[:, ~done]
        if not len(rows):
            break
        level[rows], inverse[:, rows] = _next(end_s, rise_s, inverse[:, rows], column)
    shares = 1.0 / inverse
    return BandSplit(shares=shares / (column * shares).sum(axis=0), cuts=cuts, found=found)


def _ends_at(level: Floats, end_s: Floats, rise_s: Floats, held: Floats) -> Mask:
    """The rows in which every device ends when the round does, or sooner without any share."""
    near = np.abs(end_s - level) <= SUM_ROUNDING * level
    return np.asarray((near | ((rise_s <= 0) & (end_s <= level) & (held <= FULL))).all(axis=0))


def _waits(level: Floats, end_s: Floats, rise_s: Floats) -> Mask:
    """The rows in which a device ends last whatever its share, so that many splits of the band are best."""
    return np.asarray(((rise_s <= 0) & (end_s >= level * (1 - SUM_ROUNDING))).any(axis=0))


def _next(end_s: Floats, rise_s: Floats, inverse: Floats, times: Floats) -> tuple[Floats, Floats]:
    """The end at which lines fill the band, and one over the shares that they need for it.

    What is left of the band, where a device ends so late whatever its share, goes to such devices.
    """
    still = end_s - rise_s * inverse
    level = levels_of(still, rise_s, times)
    gap = level - still
    shares = np.divide(rise_s, gap, out=np.zeros_like(gap), where=rise_s > 0)
    last = (rise_s <= 0) & (end_s >= level)
    spare = np.maximum(1.0 - (times * shares).sum(axis=0), 0.0)
    waiting = (times * last).sum(axis=0)
    shares = np.where(last, np.divide(spare, waiting, out=np.zeros_like(spare), where=waiting > 0), shares)
    return level, 1.0 / np.maximum(shares, SMALLEST_SHARE)


def _answer(device: BandDevice, shares: Floats, cuts: Ints, left: Mask) -> DeviceAnswer:
    """What the device takes with its shares and cuts."""
    uplink_bps, downlink_bps = (
        np.asarray(rate, dtype=np.float64) for rate in device.rows.problem.rates_bps(shares)
    )
    conditions = device.rows.conditions.at_share(shares, uplink_bps=uplink_bps, downlink_bps=downlink_bps)
    found = FilledAnswer(device.rows.count, len(device.rows.problem.cost))
    first_cut = 0
    for part in device.parts:
        rows = np.arange(device.rows.count) if part.rows is None else part.rows
        own = device.rows.under(conditions).part(rows)
        picks = RowPicks(cuts=cuts[rows] - first_cut, short=device.short[rows])
        found.fill(own, part.cuts, picks, rows)
        first_cut += len(part.base)
    found.left |= left | device.left
    found.crowded |= device.crowded
    return found.done()
