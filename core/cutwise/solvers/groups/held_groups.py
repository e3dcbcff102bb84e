"""Groups that work at once and hold something together: who goes with whom and which option each takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.solvers.groups.groups_end import least_end, quick_choices, rooms
from cutwise.solvers.groups.part_options import (
    OptionTable,
    PartChoice,
    Terms,
    grouped_end,
    held_by_groups,
    no_choice,
    picked,
    worthwhile,
)
from cutwise.solvers.groups.part_program import (
    BITS,
    MOST,
    PartProgram,
    least_costs,
    program_of,
    promising,
    weighted_sum,
)
from cutwise.tolerances import SUM_ROUNDING

MOST_TAKES = 8_000
"""Items times options times groups up to which CP-SAT searches."""
NOTHING = no_choice(-math.inf)


def groups_within(table: OptionTable, terms: Terms, groups: int, *, effort: float = 1.0) -> PartChoice:
    r"""Groups and options of the least `price` times the end and costs, within the cap; no group is empty.

    $\min\; p \max_m \sum_{i \in G_m} t_{i k_i} + \sum_i c_{i k_i}$ with
    $\sum_m \max_{i \in G_m} a_{i k_i} + \sum_{s\ needed} h_s \le C$ and an end that is not too late.
    Quick choices first; then CP-SAT, from the best of them, for `effort` of its deterministic seconds.
    Of more than 8,000 items times options times groups the best quick choice stands beside its bound.

    >>> table = OptionTable(times=np.array([[1.0, 9.0]] * 3), costs=np.zeros((3, 2)),
    ...                     amounts=np.array([[5.0, 1.0]] * 3), needs=np.zeros((3, 2, 0), dtype=bool))
    >>> terms = Terms(shared=np.zeros(0), price=1.0, latest=math.inf, cap=6.0)
    >>> found = groups_within(table, terms, 2)  # all three in turn with the large option would be one group
    >>> found.value, found.bound, sorted(found.options.tolist())
    (9.0, 9.0, [0, 0, 1])
    """
    useful = table.only(table.available & (table.amounts <= terms.cap) & (table.times <= terms.latest))
    if not useful.available.any(axis=1).all():
        return no_choice(math.inf)
    useful, terms = useful.only(worthwhile(useful, terms)), terms.capped(useful)
    best, end = _quick(useful, terms, groups)
    if math.isinf(end) or end > terms.latest:
        return no_choice(math.inf)
    floor = (terms.price * end if terms.price else 0.0) + math.fsum(least_costs([useful]))
    if best.found and best.value - floor <= SUM_ROUNDING * abs(best.value):
        return best.bounded(best.value)
    return _searched(useful, terms, groups, best, end, floor, effort)


def _quick(table: OptionTable, terms: Terms, groups: int) -> tuple[PartChoice, float]:
    """The best quick choice, and an end that none is before, infinite where none is within the cap."""
    best, end = NOTHING, math.inf
    for room in rooms(table, terms, groups):
        least = least_end(room)
        end = min(end, least)
        if terms.price * least < best.value:
            for owner, options in quick_choices(room, best.value / terms.price if terms.price else math.inf):
                best = min(best, _judged(table, terms, owner, options), key=lambda one: one.value)
    return best, end


def _judged(table: OptionTable, terms: Terms, owner: Ints, options: Ints) -> PartChoice:
    """The choice with its value; none where it breaks the cap or ends too late."""
    end = grouped_end(picked(table.times, options), owner, int(owner.max()) + 1)
    if held_by_groups(table, terms, owner, options) > terms.cap or end > terms.latest:
        return NOTHING
    value = (terms.price * end if terms.price else 0.0) + math.fsum(picked(table.costs, options))
    return PartChoice(owner=owner, options=options, value=value, bound=-math.inf)


def _searched(
    table: OptionTable,
    terms: Terms,
    groups: int,
    best: PartChoice,
    end: float,
    floor: float,
    effort: float,
) -> PartChoice:
    """The best choice by CP-SAT, or the best known where the search would be too large."""
    bound, timed, error = floor, bool(terms.price) or math.isfinite(terms.latest), 0.0
    for rounded in (np.floor, np.ceil):
        (kept,) = promising([table], terms, best, end)
        parts = groups if timed else 2
        if kept.available.sum() * parts > MOST_TAKES:
            break
        first = range(groups) if timed else (0, 0)
        program = program_of([kept] * parts, terms, best, rounded, first=first)
        cost = (_timed if timed else _untimed)(program, kept, groups)
        hint = (best.owner, best.options) if best.found and timed else None
        chosen, proven = program.solved(cost, hint, effort)
        if rounded is np.floor:
            bound, error = max(bound, proven), 2 * len(table.times) * program.unit
        if chosen is None:
            break
        owner, options = chosen if timed else (_apart(chosen[0]), chosen[1])
        found, known = _judged(table, terms, owner, options), best.found
        best = min(best, found, key=lambda one: one.value)
        if found.found and not known:
            return _searched(table, terms, groups, best, end, bound, effort)
        if found.found:
            break
    return best.bounded(min(bound, best.value), error=error)


def _timed(program: PartProgram, table: OptionTable, groups: int) -> Any:
    """Groups told apart, each with its end and what it holds; what is minimised."""
    model, parts = program.model, range(groups)
    times, amounts = program.whole_times(table.times), program.whole_amounts(table.amounts)
    end = model.new_int_var(0, int(MOST), "")
    for part in parts:
        rows = program.rows(part)
        model.add_bool_or(take for row in rows for take in row.values())
        model.add(weighted_sum(rows, times) <= end)
    _hold(program, table, amounts, groups)
    for filled in (np.full(table.times.shape, 1.0 / groups), _filled(table, program.terms, groups)):
        # bounds that the search does not find by itself
        whole = np.floor(times * filled * (1 - SUM_ROUNDING)).astype(np.int64)
        model.add(sum(weighted_sum(program.rows(part), whole) for part in parts) <= end)
    program.end_within([end])
    return (end if program.terms.price else 0) + program.excess_costs()


def _untimed(program: PartProgram, table: OptionTable, groups: int) -> Any:
    """Where no end matters all share one group but for `groups` - 1 items alone: nothing holds less."""
    alone = [take for row in program.takes for take in row[1].values()]
    program.model.add(sum(alone) == groups - 1)
    amounts = program.whole_amounts(table.amounts)
    fullest = program.model.new_int_var(0, 1 << BITS, "")
    for item, row in enumerate(program.takes):
        program.model.add(weighted_sum([row[0]], amounts[[item]]) <= fullest)
    held = weighted_sum(program.rows(1), amounts)
    shared = program.shared_held([0, 1])
    program.model.add(fullest + held + sum(shared) <= 1 << BITS)
    return program.excess_costs()


def _hold(program: PartProgram, table: OptionTable, amounts: Ints, groups: int) -> None:
    """The largest item of each group and what is shared are within the cap together."""
    held = program.shared_held(range(groups))
    for part in range(groups):
        held.append(program.model.new_int_var(0, 1 << BITS, ""))
        for item, row in enumerate(program.takes):
            if row[part]:
                program.model.add(weighted_sum([row[part]], amounts[[item]]) <= held[-1])
    program.model.add(sum(held) <= 1 << BITS)


def _filled(table: OptionTable, terms: Terms, groups: int) -> Floats:
    """The part (items, options) of what groups may hold that an option takes (see `least_end`)."""
    low = float(np.where(table.available, table.amounts, np.inf).min())
    spare = terms.cap - groups * low
    above = np.maximum(table.amounts - low, 0.0)
    return np.minimum(above / spare, 1.0) if spare > 0 else np.zeros_like(above)


def _apart(alone: Ints) -> Ints:
    """The groups of items of which those in part 1 have one each."""
    owner = np.zeros_like(alone)
    owner[alone == 1] = np.arange(1, alone.sum() + 1)
    return owner


def least_held(table: OptionTable, terms: Terms, groups: int) -> Ints:
    """The groups that hold least together: the items of least amounts alone, all others in one."""
    amounts = np.where(table.available, table.amounts + table.needs @ terms.shared, np.inf).min(axis=1)
    owner = np.zeros(len(amounts), dtype=np.int64)
    owner[np.argsort(amounts, kind="stable")[: groups - 1]] = np.arange(1, groups)
    return owner


def least_group_end(table: OptionTable, terms: Terms, groups: int) -> float:
    """An end that no groups within the cap are before; infinite where none are within it."""
    return min((least_end(room) for room in rooms(table, terms, groups)), default=math.inf)
