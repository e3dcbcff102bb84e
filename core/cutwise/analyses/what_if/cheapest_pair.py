"""The two quantities that together meet a target at the least cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.analyses.what_if.inputs.quantities import Quantity
from cutwise.analyses.what_if.inputs.sections import turning_factors
from cutwise.arrays import Floats, Ints, Mask

FARTHEST = 1000.0
STEPS = 16
"""Values of the first quantity that are tried at once for every pair."""
ROUNDS = 6
"""Times that the best of them is looked at more closely."""
BEST_PAIRS = 3
"""Pairs that are looked at more closely, of all that were tried."""


def cheapest_pair(asked: AskedRows, found: Sequence[Quantity], alone: Floats) -> tuple[Ints, Floats] | None:
    """The two quantities (2,) and their factors (2,) whose costs add up to least; None where none do.

    For each of many values of one the least change of the other is found, then the best is refined: a
    minimum between two values that were tried may be missed, so that the pair is near the cheapest.
    `alone` is what each would have to become by itself, nan where it cannot.
    """
    helps = _directions(asked, found, alone)
    pairs = [(i, j) for i, j in combinations(range(len(found)), 2) if helps[i] and helps[j]]
    if not pairs or not asked.quick:
        return None
    low = np.zeros(len(pairs))
    high = np.array([_log_end(found[i], helps[i], alone[i]) for i, _ in pairs])
    which = np.array(pairs)
    best: tuple[float, Ints, Floats] | None = None
    for _ in range(ROUNDS):
        logs = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, STEPS + 1)
        first = np.exp(logs)
        second = _seconds(asked, found, which, first, helps)
        costs = np.abs(logs) + np.where(np.isnan(second), np.inf, np.abs(np.log(second)))
        at = costs.argmin(axis=1)
        rows = np.arange(len(which))
        least = costs[rows, at]
        one = int(least.argmin())
        if np.isfinite(least[one]) and (best is None or least[one] < best[0]):
            best = (float(least[one]), which[one], np.array([first[one, at[one]], second[one, at[one]]]))
        keep = np.argsort(least)[:BEST_PAIRS]
        keep = keep[np.isfinite(least[keep])]
        low, high, which = (
            logs[keep, np.maximum(at[keep] - 1, 0)],
            logs[keep, np.minimum(at[keep] + 1, STEPS)],
            which[keep],
        )
        if not len(which):
            break
    return None if best is None else (best[1], best[2])


def _directions(asked: AskedRows, found: Sequence[Quantity], alone: Floats) -> Ints:
    """Whether more (1) or less (-1) of each brings the limits nearer; 0 for neither, and for counts."""
    numbers = np.arange(len(found))
    ends = [(min(FARTHEST, one.most), max(1 / FARTHEST, one.least)) for one in found]
    up, down = (
        asked.changed_by(found, numbers, np.array([end[k] for end in ends])).delay_s for k in range(2)
    )
    by_delay = np.sign(np.where(np.isclose(up, down, rtol=1e-9), 0.0, down - up))
    known = np.where(np.isnan(alone), by_delay, np.sign(np.log(np.where(np.isnan(alone), 1.0, alone))))
    whole = np.array([one.whole for one in found])
    return np.where(whole, 0, known).astype(np.int64)


def _log_end(one: Quantity, direction: int, alone: float) -> float:
    end = min(FARTHEST, one.most) if direction > 0 else max(1 / FARTHEST, one.least)
    return float(np.log(end if np.isnan(alone) else alone))


def _seconds(asked: AskedRows, found: Sequence[Quantity], which: Ints, first: Floats, helps: Ints) -> Floats:
    """The least change of each pair's second quantity for every factor of its first; nan where none does."""
    pairs = np.repeat(which, first.shape[1], axis=0)
    given = first.ravel()
    ends = np.array([np.exp(_log_end(found[j], int(helps[j]), np.nan)) for _, j in pairs])

    def kept(search: Ints, factors: Floats) -> Mask:
        both = np.column_stack([given[search], factors])
        return asked.changed_together(found, pairs[search], both).kept

    none = kept(np.arange(len(given)), np.ones(len(given)))
    found_factors = turning_factors(kept, ends, asked.precision)
    return np.where(none, 1.0, found_factors).reshape(first.shape)
