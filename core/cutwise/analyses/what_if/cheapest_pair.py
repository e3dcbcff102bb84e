"""The two quantities that together meet a target at the least cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.analyses.what_if.inputs.changed_quantities import SPEED, Quantity
from cutwise.analyses.what_if.inputs.helping_ways import end_of, field_of, helping_way, is_capacity
from cutwise.analyses.what_if.inputs.sections import Precision, turning_factors
from cutwise.analyses.what_if.least_factors import FARTHEST
from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen
from cutwise.tolerances import SAME_RATIO


@dataclass(frozen=True, slots=True, kw_only=True)
class PairGrid(Frozen):
    """Costs of the first quantity that are tried for every pair, and of the second, more closely each time.

    Then `last` times the second is worked out exactly, about the best.
    """

    first: int
    seconds: tuple[int, ...]
    last: int


WHOLE = PairGrid(first=32, seconds=(64, 256, 256), last=3)
SMALL = PairGrid(first=16, seconds=(32, 32, 64), last=0)
"""Where rows take long."""
EXACT = Precision(first=64, points=63, nearness=1e-13)
BEST_PAIRS = 3
"""Pairs that are looked at more closely, of all that were tried."""
LEAST_COST = float(np.log(1.01))
"""A quantity that changes by less than one per cent is no part of a pair."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Pairs(Frozen):
    """Pairs (pairs, 2) of quantities, and between which costs (2, pairs) of the first and the second to look.

    Costs are logarithms of factors; `ways` says of every quantity whether they are of more or less.
    """

    which: Ints
    ways: Ints
    first: Floats
    second: Floats


def cheapest_pair(asked: AskedRows, found: Sequence[Quantity], alone: Floats) -> tuple[Ints, Floats] | None:
    """The two quantities (2,) and their factors (2,) whose costs add up to least; None where none do.

    Both change by more than one per cent, and together cost less than any alone. Pairs of costs are tried
    on a grid, which is refined where the least may be: the pair is near the cheapest. `alone` is what each
    would have to become by itself, nan where it cannot.
    """
    ways = _ways(asked, found, alone)
    pairs_of = combinations(range(len(found)), 2)
    which = [(i, j) for i, j in pairs_of if ways[i] and ways[j] and not left_out(asked, found[i], found[j])]
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


def left_out(asked: AskedRows, one: Quantity, other: Quantity) -> bool:
    """True for a pair that would take long: of two speeds, or of others than rates, speeds, memories."""
    both = (one, other)
    return asked.slow and (
        all(field_of(each) == SPEED for each in both) or not all(is_capacity(each) for each in both)
    )


def _refined(asked: AskedRows, found: Sequence[Quantity], pairs: _Pairs) -> tuple[Ints, Floats] | None:
    """The best pair (2,) and its two costs (2,), the grid about the best ones made finer again and again."""
    grid, best = SMALL if asked.slow else WHOLE, None
    for steps in grid.seconds:
        tried = _tried(asked, found, pairs, _between(pairs.first, grid.first), steps)
        if not np.isfinite(tried.costs).any():
            return None
        best = _best(pairs, tried.first, tried.second)
        pairs = _nearer(pairs, tried)
    for _ in range(grid.last):
        first = _between(pairs.first, grid.first)
        second = _seconds(asked, found, pairs, first)
        best = _best(pairs, first, second)
        one, at = divmod(int((first + second).argmin()), first.shape[1])
        ends = first[one, [max(at - 1, 0), min(at + 1, grid.first)]]
        pairs = replace(pairs, which=pairs.which[[one]], first=ends[:, None], second=pairs.second[:, [one]])
    return best


def _best(pairs: _Pairs, first: Floats, second: Floats) -> tuple[Ints, Floats]:
    one, at = divmod(int((first + second).argmin()), first.shape[1])
    return pairs.which[one], np.array([first[one, at], second[one, at]])


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Tried(Frozen):
    """Costs of the first quantity, arrays (pairs, steps), and the least tried of the second that are enough.

    Those just below, `short`, are not; where none is enough the second is infinite.
    """

    first: Floats
    second: Floats
    short: Floats

    @property
    def costs(self) -> Floats:
        """Of both together."""
        return self.first + self.second

    @property
    def bounds(self) -> Floats:
        """What both cost at least between two steps of the first, (pairs, steps - 1)."""
        return self.first[:, :-1] + self.short[:, 1:]


def _nearer(pairs: _Pairs, tried: _Tried) -> _Pairs:
    """The pairs that may be best, and where: steps between which all costs more are looked at no more."""
    least, may = tried.bounds.min(axis=1), tried.bounds <= tried.costs.min()
    keep = [one for one in np.argsort(least) if may[one].any()][:BEST_PAIRS]
    rows = np.array(keep)
    before, after = may[rows].argmax(axis=1), may.shape[1] - may[rows, ::-1].argmax(axis=1)
    highest = tried.second[rows, before]
    return _Pairs(
        which=pairs.which[rows],
        ways=pairs.ways,
        first=np.stack([tried.first[rows, before], tried.first[rows, after]]),
        second=np.stack(
            [tried.short[rows, after], np.where(np.isfinite(highest), highest, pairs.second[1, rows])]
        ),
    )


def _between(ends: Floats, steps: int) -> Floats:
    """Costs (pairs, steps + 1) evenly between two ends (2, pairs)."""
    return ends[0][:, None] + (ends[1] - ends[0])[:, None] * np.linspace(0, 1, steps + 1)


def _tried(asked: AskedRows, found: Sequence[Quantity], pairs: _Pairs, first: Floats, steps: int) -> _Tried:
    second = _between(pairs.second, steps)
    shape = (*first.shape, second.shape[1])
    costs = np.stack(np.broadcast_arrays(first[:, :, None], second[:, None, :]), axis=-1).reshape(-1, 2)
    which = np.repeat(pairs.which, shape[1] * shape[2], axis=0)
    kept = asked.changed_together(found, which, np.exp(pairs.ways[which] * costs)).kept.reshape(shape)
    at, some = kept.argmax(axis=2), kept.any(axis=2)
    rows = np.arange(len(first))[:, None]
    return _Tried(
        first=first,
        second=np.where(some, second[rows, at], np.inf),
        short=np.where(some, second[rows, np.maximum(at - 1, 0)], second[:, -1:]),
    )


def _seconds(asked: AskedRows, found: Sequence[Quantity], pairs: _Pairs, first: Floats) -> Floats:
    """The least cost of the second quantity of each pair for every cost (pairs, steps) of its first."""
    which = np.repeat(pairs.which, first.shape[1], axis=0)
    ways, given = pairs.ways[which], first.ravel()
    most = np.maximum(np.repeat(pairs.second[1], first.shape[1]), LEAST_COST)

    def kept(search: Ints, factors: Floats) -> Mask:
        both = np.column_stack([np.exp(ways[search, 0] * given[search]), factors])
        return asked.changed_together(found, which[search], both).kept

    turned = turning_factors(kept, np.exp(ways[:, 1] * most), EXACT)
    return np.where(np.isnan(turned), np.inf, np.abs(np.log(turned))).reshape(first.shape)


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
