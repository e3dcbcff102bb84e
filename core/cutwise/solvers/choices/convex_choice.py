"""One option an item, and the split of a resource with any convex law and of one in reciprocal form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.solvers.choices.reciprocal_choice import ChoiceSplit, minmax_reciprocal_choice
from cutwise.solvers.shares.reciprocal_shares import ResourceSplit
from cutwise.solvers.shares.tangent_shares import minmax_convex_shares, touching_reciprocals
from cutwise.tolerances import LEAST_SEARCHED_SHARE

Laws = Callable[[Floats], Floats]
ROUNDS = 8
SECTION_STEPS = 44
LEVEL_GAP = 1e-9
SECTION = (5**0.5 - 1) / 2
PRICE_STEPS = (0.0, -0.02, 0.02, -0.1, 0.1)
"""Where prices are tried beside the incumbent's, in the logarithm of their ratio."""
SEARCH_ERROR = 1e-7
"""What the bound gives up because the least share is searched and not solved for."""


def minmax_convex_choice(laws: Laws, fixed: Floats, work: Floats) -> ChoiceSplit:
    r"""Options and shares that make $\max_i (c_{il} + f_{il}(x_i) + S_{il}/y_i)$ small, with a bound.

    `laws(x)` gives falling convex $f_{il}(x)$ for shares of shape (items, 1) or (items, options); `fixed` c
    and `work` S have shape (items, options), c infinite where an item lacks an option. Options come from the
    same problem with each law replaced by a reciprocal that touches it at the shares at hand; shares are then
    solved for the laws themselves. For prices $(\lambda, 1 - \lambda)$ no choice finishes by T if
    $\sum_i \min_{l,x} [\lambda x + (1 - \lambda) S_{il} / (T - c_{il} - f_{il}(x))] > 1$, which is the bound.

    >>> best = minmax_convex_choice(lambda x: 1.0 / (x + np.zeros(2)), np.array([[0.0, 9.0]] * 2),
    ...                             np.array([[4.0, 0.0]] * 2))  # both at the server: 1/0.5 + 4/0.5
    >>> best.options.tolist(), round(best.split.value, 6), round(best.bound, 4)
    ([0, 0], 10.0, 10.0)
    """
    shares = np.full((len(fixed), 1), 1.0 / len(fixed))
    best: tuple[ResourceSplit, Ints] | None = None
    for _ in range(ROUNDS):
        options = _touching_choice(laws, fixed, work, shares).options
        if best is not None and np.array_equal(options, best[1]):
            break
        split = _split(laws, fixed, work, options)
        if best is not None and split.value >= best[0].value:
            break
        best = split, options
        shares = np.maximum(split.shares[:, :1], LEAST_SEARCHED_SHARE)
    assert best is not None
    split, options = best
    bound = -np.inf
    for prices in _around(split.prices):
        bound = max(bound, _least_level(laws, fixed, work, prices, split.value))
        if bound >= split.value * (1 - 2 * SEARCH_ERROR):
            break
    return ChoiceSplit(options=options, split=split, bound=bound)


def _touching_choice(laws: Laws, fixed: Floats, work: Floats, shares: Floats) -> ChoiceSplit:
    touching, first_work = touching_reciprocals(laws, shares)
    return minmax_reciprocal_choice(fixed + touching, np.stack((first_work, work), axis=2))


def _split(laws: Laws, fixed: Floats, work: Floats, options: Ints) -> ResourceSplit:
    items = np.arange(options.size)
    chosen = fixed[items, options]
    return minmax_convex_shares(lambda x: chosen + laws(x[:, None])[items, options], work[items, options])


def _around(roots: Floats) -> list[Floats]:
    """Prices that sum to 1: the ones at hand and some beside them."""
    turned = [roots**2 * np.exp([step, -step]) for step in PRICE_STEPS]
    return [prices / prices.sum() for prices in turned]


def _least_level(laws: Laws, fixed: Floats, work: Floats, prices: Floats, reached: float) -> float:
    """The level below which these prices prove that nothing fits, at most the level reached."""
    low, high = float(fixed.min(axis=1).max()), reached
    level = reached * (1 - LEVEL_GAP)
    while high - low > LEVEL_GAP * abs(high):
        fits = _asked(laws, fixed, work, prices, level).min(axis=1).sum() <= 1.0
        low, high = (low, level) if fits else (level, high)
        level = 0.5 * (low + high)
    return low * (1 - SEARCH_ERROR)


def _asked(laws: Laws, fixed: Floats, work: Floats, prices: Floats, level: float) -> Floats:
    """Priced shares each option needs to finish by a level, by a golden section on the first share."""

    def priced(logarithm: Floats) -> Floats:
        share: Floats = np.exp(logarithm)
        slack = level - fixed - laws(share)
        second = np.divide(work, slack, out=np.full(slack.shape, np.inf), where=slack > 0)
        found: Floats = prices[0] * share + prices[1] * second
        return found

    low, high = np.full(fixed.shape, np.log(LEAST_SEARCHED_SHARE)), np.zeros(fixed.shape)
    left: Floats = high - SECTION * (high - low)
    right: Floats = low + SECTION * (high - low)
    at_left, at_right = priced(left), priced(right)
    for _ in range(SECTION_STEPS):
        keep: Mask = at_left < at_right
        low, high = np.where(keep, low, left), np.where(keep, right, high)
        new: Floats = np.where(keep, high - SECTION * (high - low), low + SECTION * (high - low))
        at_new = priced(new)
        left, right = np.where(keep, new, right), np.where(keep, left, new)
        at_left, at_right = np.where(keep, at_new, at_right), np.where(keep, at_left, at_new)
    return np.minimum(at_left, at_right)
