"""The split of one divisible resource that makes the last of many finish first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Finish = Callable[[Floats], Floats]
RELATIVE_GAP = 5e-10
SMALLEST_SHARE = 1e-12
ROOT_TOLERANCE = 1e-13
LEVEL_STEPS = 200
LAST_LEVEL = float(np.finfo(np.float64).max)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ShareSplit:
    """Shares that sum to at most 1, the last finish they give, and a bound no shares can beat.

    `bound` is certified: at that level the items together need more than the whole resource. Where no
    shares let every item finish, value and bound are infinite.
    """

    shares: Floats
    value: float
    bound: float


def minmax_share(finish: Finish, count: int) -> ShareSplit:
    r"""Shares $x \ge 0$, $\sum x_i \le 1$ that minimise $\max_i f_i(x_i)$ for falling functions $f_i$.

    `finish(x)` gives all $f_i(x_i)$ at once, shape (count,), infinite where an item cannot finish. For a
    level $T$ the items need $\sum_i f_i^{-1}(T)$; the smallest $T$ that needs no more than 1 is found by
    bisection, so the answer stands between two proofs: `value` is reached, `bound` is not reachable.

    >>> split = minmax_share(lambda x: np.array([1.0, 3.0]) / x, 2)
    >>> split.shares.round(6), round(split.value, 6)
    (array([0.25, 0.75]), 4.0)
    """
    low = _last(finish, np.ones(count))
    shares = _starting_shares(finish, count)
    high = _last(finish, shares)
    if not np.isfinite(high):
        return ShareSplit(shares=shares, value=np.inf, bound=np.inf)
    least, most = np.full(count, SMALLEST_SHARE), np.ones(count)
    spare, missing = 0.0, 0.0
    for step in range(LEVEL_STEPS):
        if high - low <= RELATIVE_GAP * abs(high):
            break
        secant = step % 2 and spare > 0 and missing > 0
        level = low + (high - low) * (missing / (missing + spare) if secant else 0.5)
        needed = _needed(finish, level, least, most)
        excess = float(needed.sum()) - 1.0
        if excess <= 0:
            high, shares, least, spare = level, needed, needed, -excess
        else:
            low, most, missing = level, needed, excess
    shares = shares / shares.sum()
    value = _last(finish, shares)
    return ShareSplit(shares=shares, value=value, bound=min(low, value))


def is_reachable(finish: Finish, count: int, level: float) -> bool:
    """True when some shares let every item finish by `level`.

    >>> is_reachable(lambda x: np.array([1.0, 3.0]) / x, 2, 3.9)
    False
    """
    needed = _needed(finish, level, np.full(count, SMALLEST_SHARE), np.ones(count))
    return bool(needed.sum() <= 1.0) and bool((finish(needed) <= level).all())


def _starting_shares(finish: Finish, count: int) -> Floats:
    """Equal shares, or where some item cannot finish with these, what each needs to finish at all."""
    equal = np.full(count, 1.0 / count)
    if np.isfinite(_last(finish, equal)) or not np.isfinite(_last(finish, np.ones(count))):
        return equal
    needed = _needed(finish, LAST_LEVEL, np.full(count, SMALLEST_SHARE), np.ones(count))
    return needed + (1.0 - needed.sum()) / count if needed.sum() <= 1.0 else equal


def _last(finish: Finish, shares: Floats) -> float:
    return float(finish(shares).max(initial=-np.inf))


def _needed(finish: Finish, level: float, least: Floats, most: Floats) -> Floats:
    """The smallest shares between `least` and `most` that finish by `level`, bisected on their logarithms."""
    low, high = np.log(least), np.log(most)
    while (high - low).max(initial=0.0) > ROOT_TOLERANCE:
        middle = 0.5 * (low + high)
        late = finish(np.exp(middle)) > level
        low, high = np.where(late, middle, low), np.where(late, high, middle)
    return np.exp(high)
