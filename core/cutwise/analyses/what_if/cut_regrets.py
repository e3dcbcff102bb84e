"""Which cut is best how often, how much each would be regretted, and which is regretted least at worst."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from cutwise.analyses.what_if.inputs.input_ranges import InputRange
from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen
from cutwise.tolerances import SAME_RATIO

NEAR_RATIO = 0.05
MOST_RANGES = 14
"""Ranges whose corners are all looked at: 16,384 of them."""
LAW_ROUNDING = 1e-9
PLACES = np.array([0.0, 0.2764, 0.5, 0.7887, 1.0])
"""Where in a range it is seen whether a law is straight; uneven, as steps may lie evenly."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ScoredWorlds(Frozen):
    """What each cut scores in each world, arrays (cuts, worlds), and whether it keeps every limit there."""

    scores: Floats
    kept: Mask

    @property
    def best(self) -> Floats:
        """The least score of each world among cuts that keep its limits, infinite where none does."""
        return np.where(self.kept, self.scores, np.inf).min(axis=0)

    @property
    def regrets(self) -> Floats:
        """How much more each cut scores than the best; infinite where it alone breaks a limit."""
        best = self.best
        some = np.isfinite(best)
        gap = self.scores[:, some] - best[some]
        return np.where(self.kept[:, some], np.maximum(gap, 0.0), np.inf)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutRegrets(Frozen):
    """Of every cut (cuts,): how often it is best and near it, its mean regret, and the worst at a corner.

    `exact` says that no world within the ranges has a larger regret than the corners.
    """

    best_ratio: Floats
    near_ratio: Floats
    mean: Floats
    worst: Floats
    exact: bool

    @property
    def robust(self) -> int:
        """The cut whose worst regret is least; of equals the one with the least mean."""
        order = np.lexsort([self.mean, self.worst])
        return int(order[0])


def regrets_of(drawn: ScoredWorlds, corners: ScoredWorlds, *, exact: bool) -> CutRegrets:
    """The regrets of all cuts over drawn worlds, and at worst over the corners of their ranges."""
    regrets, best = drawn.regrets, drawn.best
    best = best[np.isfinite(best)]
    near = regrets <= NEAR_RATIO * np.abs(best) * (1 + SAME_RATIO)
    first = regrets <= SAME_RATIO * np.abs(best)
    winner = first.argmax(axis=0)
    count = max(len(best), 1)
    return CutRegrets(
        best_ratio=np.bincount(winner[first.any(axis=0)], minlength=len(regrets)) / count,
        near_ratio=near.sum(axis=1) / count,
        mean=regrets.mean(axis=1) if len(best) else np.zeros(len(regrets)),
        worst=corners.regrets.max(axis=1, initial=0.0),
        exact=exact,
    )


def corner_factors(ranges: Sequence[InputRange]) -> Floats:
    """Every corner of the ranges: factors (ranges, corners).

    >>> from cutwise.analyses.what_if.inputs.input_ranges import ranges_of
    >>> from cutwise.scenario.parts import Scenario
    >>> corner_factors(ranges_of(Scenario(), ["server.speed=50%", "channel.uplink_bps=10%"])).T.tolist()
    [[0.5, 0.9], [0.5, 1.1], [1.5, 0.9], [1.5, 1.1]]
    """
    return np.array(list(product(*(one.corners for one in ranges)))).T.reshape(len(ranges), -1)


def is_multilinear(scores: Callable[[Floats], Floats], ranges: Sequence[InputRange]) -> bool:
    """True where scores (cuts, worlds) are straight in each factor or its inverse, whatever the others are.

    Then all differences of scores are largest at corners. Each range is looked at in `PLACES` and, for all
    others, at three places; a law that bends in between only is not seen.
    """
    lows, highs = (np.array([one.corners[k] for one in ranges]) for k in range(2))
    others = [lows, highs, (lows + highs) / 2]
    tried = [_line(base, i, lows[i], highs[i]) for i in range(len(ranges)) for base in others]
    if not tried:
        return True
    values = scores(np.concatenate(tried, axis=1)).T.reshape(len(ranges), len(others), len(PLACES), -1)
    return all(_straight(values[i], lows[i] + (highs[i] - lows[i]) * PLACES) for i in range(len(ranges)))


def _line(base: Floats, number: int, low: float, high: float) -> Floats:
    """Worlds (ranges, places) that differ in one factor."""
    worlds = np.repeat(base[:, None], len(PLACES), axis=1)
    worlds[number] = low + (high - low) * PLACES
    return worlds


def _straight(values: Floats, points: Floats) -> bool:
    """Whether values (others, places, cuts) lie on a line over the points, or over their inverses, alike."""
    scale = LAW_ROUNDING * np.abs(values).max(initial=0.0)
    for at in (points, 1 / points):
        share = ((at - at[0]) / (at[-1] - at[0]))[None, :, None]
        line = values[:, :1] + share * (values[:, -1:] - values[:, :1])
        if (np.abs(line - values) <= scale).all():
            return True
    return False
