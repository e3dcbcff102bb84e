"""The split of whole blocks that makes the last of many finish first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen
from cutwise.solvers.shares.minmax_share import LAST_LEVEL, Finish
from cutwise.tolerances import SMALLEST_SHARE

INDIFFERENT = 1e-9


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BlockSplit(Frozen):
    """Blocks of each item, and the last finish they give; no split of whole blocks has an earlier one.

    Blocks that would not help are left over. Where the blocks do not suffice for all, the value is infinite.
    """

    blocks: Ints
    value: float


def minmax_blocks(finish: Finish, count: int, *, blocks: int) -> BlockSplit:
    r"""Whole $n_i$, $\sum n_i \le N$, that minimise $\max_i f_i(n_i / N)$ for falling functions $f_i$.

    `finish` takes shares, as in `minmax_share`. A level T needs $\sum_i \lceil N f_i^{-1}(T) \rceil$ blocks.
    Bisection on T, where a level that fits falls to the finish it really gives, and one that does not
    rises to the next finish at which some item needs a block less: it ends at the optimum itself.

    >>> split = minmax_blocks(lambda x: np.array([1.0, 2.0]) / x, 2, blocks=4)  # 1, 3: 4, 8/3
    >>> split.blocks, split.value
    (array([2, 2]), 4.0)
    """
    floor = _fewest_each(finish, count, blocks)
    most: Ints = np.maximum(blocks - (np.sum(floor) - floor), floor)
    low: float = _finishes(finish, most, blocks).max(initial=-np.inf)
    if np.sum(floor) > blocks or not np.isfinite(low):
        return BlockSplit(blocks=np.minimum(floor, blocks), value=np.inf)
    chosen, least = _even(floor, blocks), floor
    high: float = _finishes(finish, chosen, blocks).max(initial=-np.inf)
    while low < high:
        level = low + 0.5 * (min(high, LAST_LEVEL) - low)
        level = level if level < high else low
        needed = _needed(finish, level, least, most, blocks)
        if np.sum(needed) <= blocks:
            chosen = least = needed
            high = _finishes(finish, chosen, blocks).max(initial=-np.inf)
        else:
            most = needed
            fewer = _finishes(finish, np.maximum(needed - 1, floor), blocks)
            low = fewer[needed > floor].min(initial=np.inf)
    return BlockSplit(blocks=chosen, value=float(high))


def _finishes(finish: Finish, blocks: Ints, total: int) -> Floats:
    return finish(np.maximum(blocks / max(total, 1), SMALLEST_SHARE))


def _fewest_each(finish: Finish, count: int, total: int) -> Ints:
    """0 for an item that one block does not make faster, else 1."""
    without = _finishes(finish, np.zeros(count, dtype=np.int64), total)
    one = _finishes(finish, np.ones(count, dtype=np.int64), total)
    return np.where(without <= one + INDIFFERENT * np.abs(one), 0, 1)


def _even(floor: Ints, total: int) -> Ints:
    """The floor and an equal part of what is left."""
    each, more = divmod(total - int(np.sum(floor)), max(floor.size, 1))
    return floor + each + (np.arange(floor.size) < more)


def _needed(finish: Finish, level: float, least: Ints, most: Ints, total: int) -> Ints:
    """The fewest blocks between `least` and `most` that finish by `level`."""
    low, high = least, most
    while (low < high).any():
        middle = (low + high) // 2
        late = _finishes(finish, middle, total) > level
        low, high = np.where(late, np.minimum(middle + 1, high), low), np.where(late, high, middle)
    return high
