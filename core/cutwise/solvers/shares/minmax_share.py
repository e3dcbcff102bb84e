"""The split of one divisible resource that makes the last of many finish first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen
from cutwise.tolerances import SMALLEST_SHARE

Finish = Callable[[Floats], Floats]
RELATIVE_GAP = 5e-10
JUST_BELOW = 0.8 * RELATIVE_GAP
ROOT_TOLERANCE = 1e-13
HALVING = 4
"""Every so many steps of a root search the bracket is halved, whatever the secant says."""
LEVEL_STEPS = 200
LAST_LEVEL = float(np.finfo(np.float64).max)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ShareSplit(Frozen):
    """Shares that sum to at most 1, the last finish they give, and a bound no shares can beat.

    `bound` is certified: at that level the items together need more than the whole resource. Where no
    shares let every item finish, value and bound are infinite.
    """

    shares: Floats
    value: float
    bound: float


def minmax_share(finish: Finish, count: int, *, start: Floats | None = None) -> ShareSplit:
    r"""Shares $x \ge 0$, $\sum x_i \le 1$ that minimise $\max_i f_i(x_i)$ for falling functions $f_i$.

    `finish(x)` gives all $f_i(x_i)$ at once, shape (count,), infinite where an item cannot finish. For a
    level $T$ the items need $\sum_i f_i^{-1}(T)$; the smallest $T$ that needs no more than 1 is found by
    bisection, so the answer stands between two proofs: `value` is reached, `bound` is not reachable.
    From shares to `start` with that are as good as optimal, a single level proves it.

    >>> split = minmax_share(lambda x: np.array([1.0, 3.0]) / x, 2)
    >>> split.shares.round(6), round(split.value, 6)
    (array([0.25, 0.75]), 4.0)
    """
    low = _last(finish, np.ones(count))
    shares = np.zeros(count) if start is None else np.maximum(start, SMALLEST_SHARE)
    near = start is not None and np.isfinite(_last(finish, shares))
    shares = shares if near else _starting_shares(finish, count)
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
        if near and step == 0:
            level = max(level, high - JUST_BELOW * abs(high))
        needed = _needed(finish, level, least, most)
        excess = float(np.sum(needed)) - 1.0
        if excess <= 0:
            high, shares, least, spare = level, needed, needed, -excess
        else:
            low, most, missing = level, needed, excess
    shares = shares / np.sum(shares)
    value = _last(finish, shares)
    return ShareSplit(shares=shares, value=value, bound=min(low, value))


def is_reachable(finish: Finish, count: int, level: float) -> bool:
    """True when some shares let every item finish by `level`.

    >>> is_reachable(lambda x: np.array([1.0, 3.0]) / x, 2, 3.9)
    False
    """
    if level == np.inf:
        return True
    needed = _needed(finish, level, np.full(count, SMALLEST_SHARE), np.ones(count))
    return bool(np.sum(needed) <= 1.0) and bool((finish(needed) <= level).all())


def _starting_shares(finish: Finish, count: int) -> Floats:
    """Equal shares, or where some item cannot finish with these, what each needs to finish at all."""
    equal = np.full(count, 1.0 / count)
    if np.isfinite(_last(finish, equal)):
        return equal
    needed = _needed(finish, LAST_LEVEL, np.full(count, SMALLEST_SHARE), np.ones(count))
    return needed + (1.0 - np.sum(needed)) / count if np.sum(needed) <= 1.0 else equal


def _last(finish: Finish, shares: Floats) -> float:
    return float(finish(shares).max(initial=-np.inf))


def _needed(finish: Finish, level: float, least: Floats, most: Floats) -> Floats:
    """The smallest shares between `least` and `most` that finish by `level`.

    Finishes are nearly straight lines over 1/x, so secants there find the roots; each end that stays
    counts half in the next secant (the Illinois rule), and now and then the bracket is halved.
    """
    late, early = finish(least) - level, finish(most) - level
    low, high = np.where(early > 0, most, least), np.where(late <= 0, least, most)
    kept: Floats | Mask = np.full(low.size, np.nan)
    step = 0
    while (high > low * (1 + ROOT_TOLERANCE)).any():
        middle = _between(low, high, late, early, halved=step % HALVING == HALVING - 1)
        missed = finish(middle) - level
        short: Mask = missed > 0
        again: Mask = short == kept
        late = np.where(short, missed, np.where(again, 0.5 * late, late))
        early = np.where(short, np.where(again, 0.5 * early, early), missed)
        low, high = np.where(short, middle, low), np.where(short, high, middle)
        kept, step = short, step + 1
    return high


def _between(low: Floats, high: Floats, late: Floats, early: Floats, *, halved: bool) -> Floats:
    """A share inside each bracket: on the secant over 1/x, or in the middle of the logarithms."""
    middle = np.sqrt(low * high)
    if halved:
        return middle
    with np.errstate(invalid="ignore", divide="ignore"):
        guess = 1.0 / (1.0 / high + early / (early - late) * (1.0 / low - 1.0 / high))
    nudge = 0.5 * ROOT_TOLERANCE
    inside = np.maximum(np.minimum(guess, high * (1 - nudge)), low * (1 + nudge))
    return np.where(np.isfinite(late) & np.isfinite(guess), inside, middle)
