"""One option for each group, least cost within one budget: cuts for a fleet under a common deadline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.tolerances import SUM_ROUNDING

MOST_STATES = 1 << 17


@dataclass(frozen=True, eq=False, kw_only=True)
class KnapsackChoice(Frozen):
    """The option of each group (N,), their summed cost and weight; nothing is cheaper than `bound`.

    Infeasible: no options, cost and weight infinite. "feasible" only where the search was cut short.
    """

    status: Literal["optimal", "feasible", "infeasible"]
    options: Ints
    cost: float
    weight: float
    bound: float


def choose_one_per_group(costs: npt.ArrayLike, weights: npt.ArrayLike, cap: float) -> KnapsackChoice:
    """The options that cost least together and weigh at most `cap` together, exactly.

    `costs` and `weights` (N, K) may be infinite where a group has no such option. The multiple-choice
    knapsack is solved group by group over the states that no other undercuts in cost and weight, less
    those that the Lagrangian bound shows to lead nowhere.

    >>> choice = choose_one_per_group([[1.0, 5.0], [2.0, 4.0]], [[9.0, 3.0], [9.0, 8.0]], 13.0)
    >>> choice.options.tolist(), choice.cost, choice.weight
    ([1, 0], 7.0, 12.0)
    """
    cost, weight = _checked(costs, weights)
    if not len(cost):
        return KnapsackChoice(
            status="optimal", options=np.zeros(0, dtype=np.int64), cost=0.0, weight=0.0, bound=0.0
        )
    cheapest, lightest = _least(cost, weight), _least(weight, cost)
    nothing = np.zeros(0, dtype=np.int64)
    if not (_sum(weight, lightest) <= cap and math.isfinite(_sum(cost, lightest))):
        return KnapsackChoice(
            status="infeasible", options=nothing, cost=math.inf, weight=math.inf, bound=math.inf
        )
    if _sum(weight, cheapest) <= cap:
        return _answer(cost, weight, cheapest, _sum(cost, cheapest))
    price, known = _lagrangian(cost, weight, cap, cheapest, lightest)
    options, certain = _search(cost, weight, cap, price, known)
    bound: float = _sum(cost, options) if certain else (cost + price * weight).min(axis=1).sum() - price * cap
    return _answer(cost, weight, options, float(bound))


def _checked(costs: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Floats, Floats]:
    cost, weight = np.asarray(costs, dtype=float), np.asarray(weights, dtype=float)
    if cost.ndim != 2 or cost.shape != weight.shape:
        raise SolverError(f"costs {cost.shape} and weights {weight.shape} must both be (groups, options)")
    if not (cost > -np.inf).all() or not (weight > -np.inf).all():
        raise SolverError("costs and weights must be finite, or +inf where an option does not exist")
    missing = np.isinf(cost) | np.isinf(weight)
    return np.where(missing, np.inf, cost), np.where(missing, np.inf, weight)


def _least(first: Floats, second: Floats) -> Ints:
    """The option of each group that is least in `first`, of equal ones in `second`."""
    lowest: Floats = first.min(axis=1, keepdims=True)
    among: Floats = np.where(first == lowest, second, np.inf)
    return among.argmin(axis=1)


def _sum(table: Floats, options: Ints) -> float:
    return math.fsum(table[np.arange(len(options)), options].tolist())


def _answer(cost: Floats, weight: Floats, options: Ints, bound: float) -> KnapsackChoice:
    total = _sum(cost, options)
    return KnapsackChoice(
        status="optimal" if total <= bound else "feasible",
        options=options,
        cost=total,
        weight=_sum(weight, options),
        bound=bound,
    )


def _lagrangian(cost: Floats, weight: Floats, cap: float, heavy: Ints, light: Ints) -> tuple[float, Ints]:
    """The price of weight that proves the best bound, and options within `cap` that are near the best.

    The line through a choice that is too heavy and one that is not gives a price; the best choice for that
    price replaces one of the two, until there is none below the line.
    """
    price = 0.0
    for _ in range(cost.size + 1):
        price = (_sum(cost, light) - _sum(cost, heavy)) / (_sum(weight, heavy) - _sum(weight, light))
        priced = cost + price * weight
        options = _least(priced, weight)
        line = _sum(priced, heavy)
        if _sum(priced, options) >= line - SUM_ROUNDING * abs(line):
            break
        if _sum(weight, options) <= cap:
            light = options
        else:
            heavy = options
    return price, _mixed(weight, cap, light, heavy)


def _mixed(weight: Floats, cap: float, light: Ints, heavy: Ints) -> Ints:
    """The light options, with as many of the heavy and cheaper ones as fit."""
    options = light.copy()
    room = cap - _sum(weight, light)
    differing: list[int] = np.flatnonzero(light != heavy).tolist()
    for group in differing:
        extra: float = weight[group, heavy[group]] - weight[group, light[group]]
        if extra <= room:
            options[group] = heavy[group]
            room -= extra
    return options if _sum(weight, options) <= cap else light


def _search(cost: Floats, weight: Floats, cap: float, price: float, known: Ints) -> tuple[Ints, bool]:
    """The best options within `cap`, and whether that is certain; at least as good as the `known` ones."""
    limit = enough = _sum(cost, known)
    slack = SUM_ROUNDING * (abs(limit) + price * abs(cap) + abs(cap))
    least_weight = _after(weight.min(axis=1))
    least_priced = _after((cost + price * weight).min(axis=1))
    groups = np.arange(len(cost))
    rest_cost, rest_weight = _after(cost[groups, known]), _after(weight[groups, known])
    costs, weights = np.zeros(1), np.zeros(1)
    steps: list[tuple[Ints, Ints]] = []
    for group in range(len(cost)):
        new_cost: Floats = (costs[:, None] + cost[group]).ravel()
        new_weight: Floats = (weights[:, None] + weight[group]).ravel()
        bound: Floats = new_cost + price * (new_weight - cap) + least_priced[group]
        completed: Floats = new_cost[new_weight + rest_weight[group] <= cap - slack] + rest_cost[group]
        limit = min(limit, float(completed.min(initial=np.inf)))
        fits: Mask = new_weight + least_weight[group] <= cap + slack
        alive: Ints = np.flatnonzero(fits & (bound <= limit + slack))
        alive = alive[np.lexsort([new_cost[alive], new_weight[alive]])]
        lowest: Floats = np.minimum.accumulate(np.concatenate([[np.inf], new_cost[alive]]))[:-1]
        alive = alive[new_cost[alive] < lowest]
        if len(alive) > MOST_STATES:
            return known, False
        costs, weights = new_cost[alive], new_weight[alive]
        steps.append((alive // cost.shape[1], alive % cost.shape[1]))
    states: list[int] = np.argsort(costs, kind="stable").tolist()
    for state in states:
        options = _traced(steps, state)
        if _sum(cost, options) >= enough:
            break
        if _sum(weight, options) <= cap:
            return options, True
    return known, True


def _after(numbers: Floats) -> Floats:
    """For each position the sum of the numbers after it."""
    return np.concatenate([np.cumsum(numbers[::-1])[::-1][1:], [0.0]])


def _traced(steps: list[tuple[Ints, Ints]], state: int) -> Ints:
    options = np.zeros(len(steps), dtype=np.int64)
    for group in range(len(steps) - 1, -1, -1):
        parents, chosen = steps[group]
        options[group], state = chosen[state], int(parents[state])
    return options
