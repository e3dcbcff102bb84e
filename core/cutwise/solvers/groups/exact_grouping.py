"""The grouping of least makespan, with a bound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats, Ints
from cutwise.cuts.cp_sat import steady_solver
from cutwise.solvers.groups.grouping import Grouping, checked_loads, grouping_of, longest_first

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

SCALED_BITS, MOST_ITEMS = 40, 2000
EVEN = 1e-12
"""Relative change of squared sums that is rounding."""


def exact_groups(loads: ArrayLike, groups: int, *, effort: float = 1.0) -> Grouping:
    """The grouping of least makespan: longest first, exchanges, then CP-SAT; no group is empty.

    `effort` limits CP-SAT in its own deterministic seconds, so that the answer is the same on every machine;
    where it ends the search, the best grouping found stands beside the bound proved so far. Loads are rounded
    down to whole multiples of a power of two, 2^-40 of their sum, in the search only. More than 2,000 items
    are grouped longest first, which is then within a thousandth of the bound unless an item stands out.

    >>> best = exact_groups([5.0, 4.0, 3.0, 3.0, 3.0], 2)  # 5 + 4 and 3 + 3 + 3
    >>> best.makespan, best.bound
    (9.0, 9.0)
    """
    from ortools.sat.python import cp_model

    checked = checked_loads(loads, groups)
    incumbent = longest_first(checked, groups)
    if incumbent.makespan <= incumbent.bound or checked.size > MOST_ITEMS:
        return incumbent
    incumbent = _exchanged(checked, incumbent)
    scale: float = 2.0 ** (SCALED_BITS - np.ceil(np.log2(np.sum(checked))))
    whole = np.floor(checked * scale).astype(np.int64)
    model, member = _assignment_model(whole, incumbent, cp_model.CpModel())
    solver = steady_solver()
    solver.parameters.max_deterministic_time = effort
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return incumbent
    owner: Ints = np.array([[solver.value(held) for held in row] for row in member]).argmax(axis=1)
    found = grouping_of(checked, owner, groups)
    bound = max(found.bound, min(solver.best_objective_bound / scale, found.makespan))
    return replace(min(found, incumbent, key=lambda grouping: grouping.makespan), bound=bound)


def _exchanged(loads: Floats, grouping: Grouping) -> Grouping:
    """Exchanges pairs of items, the one that evens two groups most first, as long as that evens them."""
    groups = len(grouping.groups)
    owner = np.empty(loads.size, dtype=np.int64)
    for number, items in enumerate(grouping.groups):
        owner[list(items)] = number
    shift = loads[:, None] - loads
    for _ in range(loads.size):
        sums = np.bincount(owner, loads, groups)
        apart = sums[owner][:, None] - sums[owner]
        # half the change of the sum of squares; an item and itself change nothing
        change = shift * (shift - apart)
        first, second = np.unravel_index(int(change.argmin()), change.shape)
        if change[first, second] >= -EVEN * np.max(sums) ** 2:
            break
        owner[first], owner[second] = owner[second], owner[first]
    return min(grouping_of(loads, owner, groups), grouping, key=lambda found: found.makespan)


def _assignment_model(whole: Ints, incumbent: Grouping, model: CpModel) -> tuple[CpModel, list[list[IntVar]]]:
    """Which group holds each item; the item of rank r goes to one of the first r groups."""
    groups, rank = len(incumbent.groups), np.empty(whole.size, dtype=np.int64)
    rank[np.argsort(-whole, kind="stable")] = np.arange(whole.size)
    member = [[model.new_bool_var("") for _ in range(groups)] for _ in range(whole.size)]
    last = model.new_int_var(0, int(np.sum(whole)), "")
    for item, row in enumerate(member):
        model.add_exactly_one(row)
        for group, held in enumerate(row):
            model.add_hint(held, item in incumbent.groups[group])
            if group > rank[item]:
                model.add(held == 0)
    for group in range(groups):
        model.add_bool_or([row[group] for row in member])
        model.add(sum(int(load) * row[group] for load, row in zip(whole, member, strict=True)) <= last)
    model.minimize(last)
    return model, member
