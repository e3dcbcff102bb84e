"""Items into groups by their loads: by turns, at random, or longest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats, Ints
from cutwise.errors import SolverError


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Groups of item numbers, the largest sum of loads in a group, and a bound no grouping can beat."""

    groups: tuple[tuple[int, ...], ...]
    makespan: float
    bound: float


def round_robin(loads: ArrayLike, groups: int) -> Grouping:
    """Item i goes to group i modulo the number of groups: sizes differ by one at most.

    >>> round_robin([3.0, 1.0, 2.0], 2).groups, round_robin([3.0, 1.0, 2.0], 2).makespan
    (((0, 2), (1,)), 5.0)
    """
    checked = checked_loads(loads, groups)
    return grouping_of(checked, np.arange(checked.size) % groups, groups)


def random_groups(loads: ArrayLike, groups: int, *, seed: int) -> Grouping:
    """Equal sizes, members drawn by the seed."""
    checked = checked_loads(loads, groups)
    order = np.random.default_rng(seed).permutation(checked.size)
    owner = np.empty(checked.size, dtype=np.int64)
    owner[order] = np.arange(checked.size) % groups
    return grouping_of(checked, owner, groups)


def longest_first(loads: ArrayLike, groups: int) -> Grouping:
    r"""Items in falling order, each to the least loaded group: makespan at most $4/3 - 1/(3M)$ of the best.

    Graham 1969 (LPT). Ties go to the group with fewer members, then to the first.

    >>> longest_first([5.0, 4.0, 3.0, 3.0, 3.0], 2).groups  # 5 | 4; 3 to 4; 3 to 5; 3 to 7: 8 | 10
    ((0, 3), (1, 2, 4))
    """
    checked = checked_loads(loads, groups)
    owner, sums, sizes = np.empty(checked.size, dtype=np.int64), np.zeros(groups), np.zeros(groups)
    item: np.intp
    for item in np.argsort(-checked, kind="stable"):
        group: np.intp = np.lexsort((sizes, sums))[0]
        owner[item] = group
        sums[group] += checked[item]
        sizes[group] += 1
    return grouping_of(checked, owner, groups)


def checked_loads(loads: ArrayLike, groups: int) -> Floats:
    """The loads as an array; a `SolverError` where they cannot fill the groups."""
    table = np.asarray(loads, dtype=np.float64)
    if not 1 <= groups <= table.size:
        raise SolverError(f"{table.size} items cannot fill {groups} groups; choose 1 to {table.size} groups")
    if not (np.isfinite(table).all() and (table >= 0).all()):
        raise SolverError(f"loads must be finite and not negative; the least is {np.min(table)}")
    return table


def grouping_of(loads: Floats, owner: Ints, groups: int) -> Grouping:
    """The grouping in which `owner` holds each item's group, with the bounds that need no search."""
    members = tuple(tuple(np.flatnonzero(owner == group).tolist()) for group in range(groups))
    makespan = float(max(np.sum(loads[list(group)]) for group in members))
    # of the groups + 1 largest items two share a group
    ordered = np.sort(loads)[::-1]
    pair = float(np.sum(ordered[groups - 1 : groups + 1])) if loads.size > groups else 0.0
    bound = max(float(np.sum(loads)) / groups, float(ordered[0]), pair)
    return Grouping(groups=members, makespan=makespan, bound=min(bound, makespan))
