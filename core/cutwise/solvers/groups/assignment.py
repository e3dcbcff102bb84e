"""Jobs to machines that differ: the least largest sum, fast or exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats, Ints
from cutwise.cuts.cp_sat import steady_solver
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.tolerances import SUM_ROUNDING, rounded_bound

SCALED_BITS = 44


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Assignment(Frozen):
    """The machine of every job, the largest sum of a machine, and a bound no assignment can beat."""

    owner: Ints
    makespan: float
    bound: float


def longest_first_assignment(loads: ArrayLike) -> Assignment:
    """Jobs by falling least load, each to the machine that ends it first; `loads` is (jobs, machines).

    >>> found = longest_first_assignment([[4.0, 8.0], [3.0, 3.0], [2.0, 9.0]])
    >>> found.owner.tolist(), found.makespan
    ([0, 1, 0], 6.0)
    """
    table = _checked(loads)
    owner, ends = np.zeros(len(table), dtype=np.int64), np.zeros(table.shape[1])
    job: np.intp
    for job in np.argsort(-table.min(axis=1), kind="stable"):
        machine = int(np.argmin(ends + table[job]))
        owner[job] = machine
        ends[machine] += table[job, machine]
    return Assignment(owner=owner, makespan=float(np.max(ends)), bound=_least(table))


def cheapest_assignment(costs: ArrayLike, loads: ArrayLike) -> Ints:
    """Every job on the machine where it costs least; of machines that cost the same the first to end.

    `costs` and `loads` are (jobs, machines); an infinite cost keeps a job away.

    >>> cheapest_assignment([[1.0, 2.0], [3.0, 3.0], [3.0, 3.0]], [[5.0, 1.0], [1.0] * 2, [1.0] * 2]).tolist()
    [0, 1, 1]
    """
    table, least = np.asarray(costs, dtype=np.float64), np.min(costs, axis=1, keepdims=True)
    times = _checked(loads)
    cheapest = table <= least + SUM_ROUNDING * np.abs(least)
    away = 1.0 + float(np.sum(times))
    return longest_first_assignment(np.where(cheapest, times, times + away)).owner


def exact_assignment(loads: ArrayLike, *, effort: float = 1.0) -> Assignment:
    """The assignment of least makespan by CP-SAT, from the longest-first one.

    `effort` limits the search in CP-SAT's deterministic seconds; where it ends, the best found stands
    beside the bound proved so far. Loads are rounded down to 2^-44 of their sum in the search only.

    >>> exact_assignment([[4.0, 8.0], [3.0, 3.0], [3.0, 9.0], [2.0, 2.5]]).makespan
    7.0
    """
    from ortools.sat.python import cp_model

    table = _checked(loads)
    first = longest_first_assignment(table)
    if first.makespan <= first.bound:
        return first
    scale: float = 2.0 ** (SCALED_BITS - np.ceil(np.log2(table.min(axis=1).sum())))
    capped: Floats = np.minimum(table, 2 * first.makespan)
    whole = np.floor(capped * scale).astype(np.int64)
    model = cp_model.CpModel()
    takes = [[model.new_bool_var("") for _ in row] for row in whole]
    end = model.new_int_var(0, int(whole.max(axis=1).sum()), "")
    for row in takes:
        model.add_exactly_one(row)
    for machine in range(table.shape[1]):
        model.add(sum(int(w[machine]) * t[machine] for w, t in zip(whole, takes, strict=True)) <= end)
    for job, row in enumerate(takes):
        for machine, take in enumerate(row):
            model.add_hint(take, bool(first.owner[job] == machine))
    model.minimize(end)
    solver = steady_solver()
    solver.parameters.max_deterministic_time = effort
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return first
    owner: Ints = np.array([[solver.value(take) for take in row] for row in takes]).argmax(axis=1)
    makespan = min(_makespan(table, owner), first.makespan)
    best = owner if makespan < first.makespan else first.owner
    bound = max(first.bound, min(solver.best_objective_bound / scale, makespan))
    return Assignment(owner=best, makespan=makespan, bound=rounded_bound(bound, makespan))


def _makespan(loads: Floats, owner: Ints) -> float:
    taken = loads[np.arange(len(loads)), owner]
    return float(np.bincount(owner, taken, loads.shape[1]).max())


def _least(loads: Floats) -> float:
    """No end is before the longest job's best, nor before the mean of all jobs' best."""
    best: Floats = loads.min(axis=1)
    return float(max(np.max(best), np.sum(best) / loads.shape[1]))


def _checked(loads: ArrayLike) -> Floats:
    table = np.asarray(loads, dtype=np.float64)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all() or (table < 0).any():
        raise SolverError(f"loads has shape {table.shape}; give every job a finite time on every machine")
    return table
