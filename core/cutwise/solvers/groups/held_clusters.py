"""Clusters that take turns, each of which holds something: who goes with whom and which option each takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cutwise.arrays import Ints
from cutwise.solvers.groups.clustering import alike_clusters, sizes_of
from cutwise.solvers.groups.clusters_start import dealt, earliest_options
from cutwise.solvers.groups.part_options import (
    OptionTable,
    PartChoice,
    Terms,
    clustered_end,
    held_by_cluster,
    no_choice,
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
"""Items times options times clusters up to which CP-SAT searches."""
Tables = tuple[OptionTable, OptionTable]


def clusters_within(
    tables: Tables,
    terms: Terms,
    clusters: int,
    *,
    starts: Sequence[Ints] = (),
    effort: float = 1.0,
) -> PartChoice:
    r"""Clusters and options of the least `price` times the end and costs, each within the cap.

    $\min\; p \sum_k \max_{i \in C_k} t_{i k_i} + \sum_i c_{i k_i}$ with $\sum_{i \in C_k} a_{i k_i}$ and what
    a cluster shares within $C$, and an end that is not too late. Sizes differ by one at most; `tables` are
    the options in a larger and in a smaller cluster. CP-SAT from the best of `starts`, owners among which the
    larger clusters come first, for `effort` of its deterministic seconds, unless there are over 8,000 items
    times options times clusters.

    >>> table = OptionTable(times=np.array([[1.0, 9.0]] * 4), costs=np.zeros((4, 2)),
    ...                     amounts=np.array([[5.0, 1.0]] * 4), needs=np.zeros((4, 2, 0), dtype=bool))
    >>> terms = Terms(shared=np.zeros(0), price=1.0, latest=math.inf, cap=6.0)
    >>> found = clusters_within((table, table), terms, 2)  # one of each pair must do with the small one
    >>> found.value, found.bound
    (18.0, 18.0)
    """
    sizes = sizes_of(len(tables[0].times), clusters)
    terms = terms.capped(*tables)
    large, small = _useful(tables[0], terms, sizes[0]), _useful(tables[1], terms, sizes[-1])
    useful = large, small
    if not (large.available.any(axis=1) | small.available.any(axis=1)).all():
        return no_choice(math.inf)
    floor = terms.price * _least_end(useful, clusters) if terms.price else 0.0
    floor += math.fsum(least_costs(useful))
    parts = _of_parts(useful, sizes)
    owners = [*starts, dealt(useful, terms, sizes)]
    pairs = [(owner, earliest_options(parts, terms, owner)) for owner in owners]
    judged = [_judged(useful, terms, sizes, owner, picks) for owner, picks in pairs if picks is not None]
    best = min(judged, key=lambda one: one.value, default=no_choice(-math.inf))
    if best.found and best.value - floor <= SUM_ROUNDING * abs(best.value):
        return best.bounded(best.value)
    return _searched(useful, terms, sizes, best, floor, effort)


def _useful(table: OptionTable, terms: Terms, size: int) -> OptionTable:
    """The options that fit beside the least amounts of as many others as share a cluster of this size."""
    amounts = np.where(table.available, table.amounts, np.inf)
    least = amounts.min(axis=1)
    ranked = np.sort(least[np.isfinite(least)])
    # of the least amounts of others an item's own may be one
    others = math.fsum(ranked[: size - 1]) + np.zeros(len(least))
    own_among = least <= (ranked[size - 2] if size > 1 and len(ranked) >= size else -np.inf)
    if own_among.any():
        others[own_among] += ranked[size - 1] - least[own_among]
    needed = table.needs @ terms.shared
    fits = amounts + needed + others[:, None] <= terms.cap * (1 + SUM_ROUNDING)
    kept = table.only(table.available & fits & (table.times <= terms.latest))
    return kept.only(worthwhile(kept, terms))


def _least_end(tables: Tables, clusters: int) -> float:
    """An end that no clusters are before, each item as fast as it can be in a cluster of either size."""
    large, small = (table.times.min(axis=1) for table in tables)
    low = np.minimum(large, small)
    most = np.where(np.isfinite(large), np.maximum(large, low), low)
    return alike_clusters(most, low, clusters).bound


def _judged(tables: Tables, terms: Terms, sizes: tuple[int, ...], owner: Ints, options: Ints) -> PartChoice:
    """The choice with its value; none where it breaks a cap or ends too late."""
    nothing, times, costs = no_choice(-math.inf), np.empty(len(owner)), np.empty(len(owner))
    for part, table in enumerate(_of_parts(tables, sizes)):
        members = np.flatnonzero(owner == part)
        times[members] = table.times[members, options[members]]
        costs[members] = table.costs[members, options[members]]
        if held_by_cluster(table, terms, members, options[members]) > terms.cap:
            return nothing
    end = clustered_end(times, owner, len(sizes))
    if not np.isfinite(times).all() or end > terms.latest:
        return nothing
    value = (terms.price * end if terms.price else 0.0) + math.fsum(costs)
    return PartChoice(owner=owner, options=options, value=value, bound=-math.inf)


def _of_parts(tables: Tables, sizes: tuple[int, ...]) -> list[OptionTable]:
    """The table of every cluster, larger ones first."""
    return [tables[0] if size == sizes[0] else tables[1] for size in sizes]


def _searched(
    tables: Tables, terms: Terms, sizes: tuple[int, ...], best: PartChoice, floor: float, effort: float
) -> PartChoice:
    """The best choice by CP-SAT, or the best known where the search would be too large."""
    bound, error = floor, 0.0
    for rounded in (np.floor, np.ceil):
        large, small = promising(tables, terms, best, 0.0)
        kept = large, small
        if sum(table.available.sum() for table in _of_parts(kept, sizes)) > MOST_TAKES:
            break
        wide = sizes.count(sizes[0])
        first = [part if part < wide else part - wide for part in range(len(sizes))]
        program = program_of(_of_parts(kept, sizes), terms, best, rounded, first=first)
        cost = _model(program, sizes)
        chosen, proven = program.solved(cost, (best.owner, best.options) if best.found else None, effort)
        if rounded is np.floor:
            bound, error = max(bound, proven), 2 * len(kept[0].times) * program.unit
        if chosen is None:
            break
        found, known = _judged(tables, terms, sizes, *chosen), best.found
        best = min(best, found, key=lambda one: one.value)
        if found.found and not known:
            return _searched(tables, terms, sizes, best, bound, effort)
        if found.found:
            break
    return best.bounded(min(bound, best.value), error=error)


def _model(program: PartProgram, sizes: tuple[int, ...]) -> Any:
    """Clusters told apart, each with its end and what it holds; what is minimised."""
    model, ends = program.model, []
    for part, (table, size) in enumerate(zip(program.tables, sizes, strict=True)):
        rows = program.rows(part)
        model.add(sum(take for row in rows for take in row.values()) == size)
        held = weighted_sum(rows, program.whole_amounts(table.amounts))
        model.add(held + sum(program.shared_held([part])) <= 1 << BITS)
        ends.append(model.new_int_var(0, int(MOST), ""))
        times = program.whole_times(table.times)
        for item, row in enumerate(rows):
            if row:
                model.add(weighted_sum([row], times[[item]]) <= ends[-1])
    program.end_within(ends)
    return (sum(ends) if program.terms.price else 0) + program.excess_costs()
