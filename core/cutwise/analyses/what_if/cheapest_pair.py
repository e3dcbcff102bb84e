"""The two quantities that together meet a target at the least cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.analyses.what_if.inputs.changed_quantities import Quantity
from cutwise.analyses.what_if.inputs.helping_ways import end_of, helping_way
from cutwise.analyses.what_if.inputs.sections import FINE, turning_factors
from cutwise.analyses.what_if.least_factors import FARTHEST
from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen
from cutwise.tolerances import SAME_RATIO

FIRST_STEPS, SECOND_STEPS = 32, 64
"""Costs of the first quantity, and of the second, that are tried at once for every pair."""
ROUNDS = 6
"""Times that the best of them is looked at more closely."""
NEAR = 2
"""Steps to either side that are looked at more closely."""
BEST_PAIRS = 3
"""Pairs that are looked at more closely, of all that were tried."""
LEAST_COST = float(np.log(1.01))
"""A quantity that changes by less than one per cent is no part of a pair."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Pairs(Frozen):
    """Pairs (pairs, 2) of quantities, and between which costs of the first and the second they are looked for.

    Costs are logarithms of factors; `ways` says of every quantity whether they are of more or less.
    """

    which: Ints
    ways: Ints
    first: Floats
    second: Floats


def cheapest_pair(asked: AskedRows, found: Sequence[Quantity], alone: Floats) -> tuple[Ints, Floats] | None:
    """The two quantities (2,) and their factors (2,) whose costs add up to least; None where none do.

    Both change by more than one per cent, and together cost less than any alone. Pairs of costs are tried
    on a grid, which is then refined: a minimum between two that were tried may be missed, so that the pair is
    near the cheapest. `alone` is what each would have to become by itself, nan where it cannot.
    """
    ways = _ways(asked, found, alone)
    which = [(i, j) for i, j in combinations(range(len(found)), 2) if ways[i] and ways[j]]
    if not which or not asked.quick:
        return None
    costs = np.abs(np.log(alone[~np.isnan(alone)]))
    single = float(costs.min(initial=np.inf))
    most = np.array([min(single, _most(one, int(way))) for one, way in zip(found, ways, strict=True)])
    pairs = np.array(which)
    ends = np.stack([np.zeros(pairs.shape), most[pairs]])
    best = _refined(asked, found, _Pairs(which=pairs, ways=ways, first=ends[:, :, 0], second=ends[:, :, 1]))
    if best is None or min(best[1]) <= LEAST_COST or best[1].sum() >= single * (1 - SAME_RATIO):
        return None
    return best[0], np.exp(ways[best[0]] * best[1])


def _refined(asked: AskedRows, found: Sequence[Quantity], pairs: _Pairs) -> tuple[Ints, Floats] | None:
    """The best pair (2,) and its two costs (2,), the grid about the best ones made finer again and again."""
    for turn in range(ROUNDS):
        first = _between(pairs.first, FIRST_STEPS)
        second, low = _least_seconds(asked, found, pairs, first)
        costs = first + second
        at, rows = costs.argmin(axis=1), np.arange(len(costs))
        least = costs[rows, at]
        if not np.isfinite(least).any():
            return None
        if turn == ROUNDS - 1:
            break
        keep = np.argsort(least)[:BEST_PAIRS]
        keep = keep[np.isfinite(least[keep])]
        before, after = np.maximum(at[keep] - NEAR, 0), np.minimum(at[keep] + NEAR, FIRST_STEPS)
        highest = np.where(np.isfinite(second[keep, before]), second[keep, before], pairs.second[1, keep])
        pairs = _Pairs(
            which=pairs.which[keep],
            ways=pairs.ways,
            first=np.stack([first[keep, before], first[keep, after]]),
            second=np.stack([low[keep, after], highest]),
        )
    one = int(least.argmin())
    cost = first[one, at[one]]
    return pairs.which[one], np.array([cost, _exact(asked, found, pairs, one, float(cost))])


def _between(ends: Floats, steps: int) -> Floats:
    """Costs (pairs, steps + 1) evenly between two ends (2, pairs)."""
    return ends[0][:, None] + (ends[1] - ends[0])[:, None] * np.linspace(0, 1, steps + 1)


def _least_seconds(
    asked: AskedRows, found: Sequence[Quantity], pairs: _Pairs, first: Floats
) -> tuple[Floats, Floats]:
    """The least cost of the second tried with which each of the first is enough, and the one tried before."""
    second = _between(pairs.second, SECOND_STEPS)
    shape = (*first.shape, second.shape[1])
    costs = np.stack(np.broadcast_arrays(first[:, :, None], second[:, None, :]), axis=-1).reshape(-1, 2)
    which = np.repeat(pairs.which, shape[1] * shape[2], axis=0)
    kept = asked.changed_together(found, which, np.exp(pairs.ways[which] * costs)).kept.reshape(shape)
    at, some = kept.argmax(axis=2), kept.any(axis=2)
    rows = np.arange(len(first))[:, None]
    low = np.where(some, second[rows, np.maximum(at - 1, 0)], second[:, -1:])
    return np.where(some, second[rows, at], np.inf), low


def _exact(asked: AskedRows, found: Sequence[Quantity], pairs: _Pairs, one: int, cost: float) -> float:
    """The least cost of the second quantity of a pair, whose first costs so much."""
    (i, j), ways = pairs.which[one], pairs.ways[pairs.which[one]]
    end = np.exp(ways[1] * np.array([pairs.second[1, one]]))

    def kept(search: Ints, factors: Floats) -> Mask:
        both = np.column_stack([np.full(len(search), np.exp(ways[0] * cost)), factors])
        return asked.changed_together(found, np.tile([i, j], (len(search), 1)), both).kept

    turned = turning_factors(kept, end, FINE) if end[0] != 1 else end
    return abs(float(np.log(turned[0])))


def _most(one: Quantity, way: int) -> float:
    return abs(float(np.log(end_of(one, way, FARTHEST)))) if way else 0.0


def _ways(asked: AskedRows, found: Sequence[Quantity], alone: Floats) -> Ints:
    """Whether more (1) or less (-1) of each helps; 0 for neither, for counts and for what does nothing."""
    known = np.where(np.isnan(alone), 0, np.sign(np.log(np.where(np.isnan(alone), 1.0, alone))))
    ways = np.array([helping_way(one) or int(way) for one, way in zip(found, known, strict=True)])
    ways = np.where([one.whole or not asked.takes(one) for one in found], 0, ways)
    ends = np.array(
        [end_of(one, int(way), FARTHEST) if way else 1.0 for one, way in zip(found, ways, strict=True)]
    )
    there, now = asked.changed_by(found, np.arange(len(found)), ends), asked.present
    moves = ~np.isclose(there.delay_s, now.delay_s[0], rtol=1e-9) | there.kept
    if asked.question.scenario.limits.device_energy_j is not None:
        moves |= ~np.isclose(there.energy_j, now.energy_j[0], rtol=1e-9)
    return np.where(moves, ways, 0)
