"""What one device takes in every row with a cut that is given."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Mask
from cutwise.columns.device_answers import DeviceAnswer, FilledAnswer
from cutwise.columns.device_rows import DeviceRows, given_limits, memory_limits
from cutwise.columns.picks.picking import RowPicks, parts
from cutwise.columns.picks.row_limits import Limit, excess_in
from cutwise.planning.one_device.candidates import listed


def with_given_cut(device: DeviceRows, mask: Mask) -> DeviceAnswer:
    """What the device takes in every row with the ops of `mask` (ops,) on it, `short` beyond its limits."""
    cuts, short = listed(device.problem, mask[None]), np.zeros(device.count, dtype=bool)
    memory = (one for one in memory_limits(device, cuts) if not one.spared)
    limits: tuple[Limit, ...] = (*memory, *given_limits(device, cuts, None))
    for rows in parts(device.count, 1) if limits else ():
        short[rows] = excess_in(limits, rows, 1)[0] > 0
    found = FilledAnswer(device.count, len(mask))
    found.fill(device, cuts, RowPicks(cuts=np.zeros(device.count, dtype=np.int64), short=short), slice(None))
    return found.done()
