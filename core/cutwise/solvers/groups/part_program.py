"""Which part and which option each item takes, as an integer program for CP-SAT."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.cuts.cp_sat import steady_solver
from cutwise.frozen import Frozen
from cutwise.solvers.groups.part_options import OptionTable, PartChoice, Terms
from cutwise.tolerances import SUM_ROUNDING

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

BITS = 40
"""Bits of the whole numbers that the largest useful end, cost and amount become."""
MOST = float(1 << (BITS + 10))
"""A whole number that is more than any end, cost or amount that counts."""
Rounding = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False, kw_only=True)
class PartProgram(Frozen):
    """A program in which every item takes one option in one part; part p has the options of `tables[p]`.

    `takes[item][part]` maps an option to whether the item has it there. A value is `floor` + `unit` times
    the whole objective.
    """

    tables: tuple[OptionTable, ...]
    terms: Terms
    unit: float
    floor: float
    rounded: Rounding
    model: cp_model.CpModel
    takes: tuple[tuple[Mapping[int, Any], ...], ...]

    def rows(self, part: int) -> list[Mapping[int, Any]]:
        """Of every item the options in one part."""
        return [row[part] for row in self.takes]

    def whole_times(self, times: Floats) -> Ints:
        """Times as whole numbers, of which the price is one unit of value."""
        span = self.unit / self.terms.price if self.terms.price else self.terms.latest / 2**BITS
        return _whole(times, span, self.rounded)

    def whole_amounts(self, amounts: Floats) -> Ints:
        """Amounts as whole numbers, of which the cap is 2^40."""
        return _whole(amounts, self.terms.cap / 2**BITS, self.rounded)

    def excess_costs(self) -> Any:
        """What all options cost beyond the least of each item, in whole units."""
        least = least_costs(self.tables)
        whole = [_whole(table.costs - least[:, None], self.unit, self.rounded) for table in self.tables]
        return sum(
            weighted_sum(self.rows(part), one)
            for part, one in enumerate(whole)
            if one[self.tables[part].available].any()
        )

    def shared_held(self, parts: Sequence[int]) -> list[Any]:
        """The whole shared amounts that some item of `parts` needs."""
        held = []
        for number, amount in enumerate(self.whole_amounts(self.terms.shared).tolist()):
            needed = self.model.new_bool_var("")
            for item, row in enumerate(self.takes):
                users = [
                    take
                    for part in parts
                    for option, take in row[part].items()
                    if self.tables[part].needs[item, option, number]
                ]
                if users:
                    self.model.add(sum(users) <= needed)
            held.append(needed * amount)
        return held

    def end_within(self, ends: Sequence[Any]) -> None:
        """All ends together are within the latest."""
        if np.isfinite(self.terms.latest):
            latest = int(self.whole_times(np.array([self.terms.latest]))[0])
            self.model.add(sum(ends) <= latest)

    def solved(self, cost: Any, hint: tuple[Ints, Ints] | None, effort: float) -> tuple[Any, float]:
        """The part and option of each item, None if none was found, and the bound, infinite if there is none.

        Where the search ended without an answer the bound is the least value.
        """
        from ortools.sat.python import cp_model

        if hint is not None:
            for item, row in enumerate(self.takes):
                for part, options in enumerate(row):
                    for option, take in options.items():
                        self.model.add_hint(take, bool(hint[0][item] == part and hint[1][item] == option))
        self.model.minimize(cost)
        solver = steady_solver()
        solver.parameters.max_deterministic_time = effort
        solver.parameters.random_seed = 0
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            return None, np.inf
        bound = self.floor
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            bound += max(0.0, solver.best_objective_bound) * self.unit
            return self._chosen(solver), bound
        return None, bound

    def _chosen(self, solver: cp_model.CpSolver) -> tuple[Ints, Ints]:
        chosen = [
            next((p, k) for p, part in enumerate(row) for k, take in part.items() if solver.value(take))
            for row in self.takes
        ]
        owner, options = np.array(chosen, dtype=np.int64).T
        return owner, options


def program_of(
    tables: Sequence[OptionTable], terms: Terms, best: PartChoice, rounded: Rounding, *, first: Sequence[int]
) -> PartProgram:
    """The program whose units are fine beside the best known value, or beside the largest there is.

    Parts that may change places are told apart by their foremost item, longest turns foremost: part p is the
    `first[p]`-th of its kind, and no earlier item than that is in it.
    """
    from ortools.sat.python import cp_model

    least, model = math.fsum(least_costs(tables)), cp_model.CpModel()
    if best.found:
        span = best.value - least
    else:
        ends = [np.where(table.available, table.times, 0.0).max(axis=1).sum() for table in tables]
        costs = [np.where(table.available, table.costs, 0.0).max(axis=1).sum() for table in tables]
        span = max(costs) + (terms.price * min(terms.latest, max(ends)) if terms.price else 0.0)
    return PartProgram(
        tables=tuple(tables),
        terms=terms,
        unit=max(span, 0.0) / 2**BITS or 1.0,
        floor=least,
        rounded=rounded,
        model=model,
        takes=tuple(_takes(model, tables, first)),
    )


def _takes(
    model: cp_model.CpModel, tables: Sequence[OptionTable], first: Sequence[int]
) -> Iterator[tuple[Mapping[int, Any], ...]]:
    least = np.min([table.times.min(axis=1) for table in tables], axis=0)
    rank = np.empty(len(least), dtype=np.int64)
    rank[np.argsort(-least, kind="stable")] = np.arange(len(least))
    for item in range(len(least)):
        row = tuple(
            {int(k): model.new_bool_var("") for k in np.flatnonzero(table.available[item])}
            if rank[item] >= earliest
            else {}
            for table, earliest in zip(tables, first, strict=True)
        )
        model.add_exactly_one(take for part in row for take in part.values())
        yield row


def promising(
    tables: Sequence[OptionTable], terms: Terms, best: PartChoice, end: float
) -> tuple[OptionTable, ...]:
    """The options with which an item, all others at their least, is not worse than the best known value.

    No choice ends before `end`.
    """
    if not best.found:
        return tuple(tables)
    least = least_costs(tables)
    others = math.fsum(least) - least
    slack = SUM_ROUNDING * abs(best.value)
    return tuple(
        table.only(
            table.available
            & (
                terms.price * np.maximum(np.where(table.available, table.times, 0.0), end)
                + table.costs
                + others[:, None]
                <= best.value + slack
            )
        )
        for table in tables
    )


def least_costs(tables: Sequence[OptionTable]) -> Floats:
    """The least cost (items,) of each item in any part."""
    return np.min([np.where(t.available, t.costs, np.inf).min(axis=1) for t in tables], axis=0)


def weighted_sum(rows: Sequence[Mapping[int, Any]], whole: Ints) -> Any:
    """The sum over the options of each row, weighted by its row of `whole`."""
    from ortools.sat.python import cp_model

    pairs = [(take, int(whole[i, k])) for i, row in enumerate(rows) for k, take in row.items() if whole[i, k]]
    return cp_model.LinearExpr.weighted_sum([take for take, _ in pairs], [one for _, one in pairs])


def _whole(numbers: Floats, unit: float, rounded: Rounding) -> Ints:
    units = np.where(np.isfinite(numbers), numbers, 0.0) / (unit or 1.0)
    return rounded(np.clip(units, 0.0, MOST)).astype(np.int64)
