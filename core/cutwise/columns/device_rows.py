"""One device in many rows: the cuts that can be best in some row, and the best of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.columns.formal_numbers import NotLinearError
from cutwise.columns.linear_laws import FormalStages, formal_stages, law_of
from cutwise.columns.picks.row_limits import MemoryLimit, RowLimit, RowScores
from cutwise.columns.picks.row_prices import PricedCuts, plain_numbers, rows_of
from cutwise.columns.row_features import RowGroup, row_groups
from cutwise.columns.swept_paths import Columns, in_rows
from cutwise.columns.work_prices import net_work
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import Candidates, candidates_within
from cutwise.planning.one_device.fitting_cuts import MemoryRules
from cutwise.planning.one_device.objective import Score, delay, device_energy, traffic
from cutwise.planning.one_device.work.compute_features import compute_features
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem, problem_of_rows, server_budgets
from cutwise.scenario.parts import Scenario


class NotInColumnsError(SolverError):
    """Rows that have to be planned one by one; says why."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DeviceRows(Frozen):
    """One device in `count` rows: its problem, what it meets in each, and what the server may be charged.

    `formal` are the evaluator's answers as sums, None where they are none.
    """

    problem: SplitProblem
    first: SplitProblem
    conditions: Conditions
    server_budgets: Floats
    count: int
    active: int
    formal: FormalStages | None

    @classmethod
    def of(
        cls,
        problem: SplitProblem,
        scenario: Scenario,
        columns: Columns,
        *,
        device: int,
        active: int,
        count: int,
    ) -> DeviceRows:
        """A device of a scenario in rows; `problem` is that of any of them."""
        wide = in_rows(scenario, columns, device=device)
        rows = problem_of_rows(problem, wide)
        conditions = plain_numbers(rows.conditions(active=active))
        return cls(
            problem=rows,
            first=problem_of_rows(problem, in_rows(scenario, _first(columns), device=device)),
            conditions=conditions,
            server_budgets=server_budgets(wide),
            count=count,
            active=active,
            formal=_formal(conditions, rows),
        )

    def part(self, rows: Ints) -> DeviceRows:
        """Some of the rows."""
        return replace(self.under(rows_of(self.conditions, rows)), count=len(rows))

    def to_price(self, rows: Ints) -> DeviceRows:
        """Some of the rows, for cuts that are chosen."""
        return replace(self, conditions=rows_of(self.conditions, rows), count=len(rows), formal=None)

    def under(self, conditions: Conditions) -> DeviceRows:
        """The same under other conditions."""
        plain = plain_numbers(conditions)
        return replace(self, conditions=plain, formal=_formal(plain, self.problem))

    def scores(self, score: Score, cuts: Candidates) -> RowScores:
        """A score of these cuts in every row."""
        if self.formal is None:
            return PricedCuts(sums=cuts.sums, conditions=self.conditions, score=score)
        return law_of(self.formal.number(score), cuts.sums)


def _first(columns: Columns) -> Columns:
    return {path: column[:1] for path, column in columns.items()}


def _formal(conditions: Conditions, problem: SplitProblem) -> FormalStages | None:
    try:
        return formal_stages(conditions, problem.cost)
    except NotLinearError:
        return None


def cuts_for(device: DeviceRows, group: RowGroup, rules: MemoryRules) -> Candidates | None:
    """The cuts that can be best in the rows of a group; None where there are too many to keep."""
    try:
        return candidates_within(device.problem, group.features, rules)
    except PoolTooLarge:
        return None


def groups_of_rows(device: DeviceRows, score: Score) -> list[RowGroup]:
    """Groups of rows that have one pool, for what the score and the limits of energy rise in."""
    scores = [score, *([device_energy] if device.problem.scenario.limits.device_energy_j is not None else [])]
    if device.formal is not None:
        scores += [] if device.formal.number(score).terms else [delay]  # what costs nothing is told apart so
        works = [net_work(device.formal.number(one), device.problem.cost) for one in scores]
        return row_groups(device.formal.table, works, device.count)
    passes = device.problem.cost.generation is None
    plain = device.conditions.compute.device_pace.is_flops_alone and (
        device.conditions.compute.server_pace.is_flops_alone
    )
    if passes and device.conditions.compute.columns and not plain:
        raise NotInColumnsError("passes that overlap have a pool of their own in every row")
    first = device.first.conditions(active=device.active)
    return [RowGroup(rows=None, features=compute_features(device.first, first, tuple(scores))[0])]


NO_LIMIT = ((np.inf, 0.0),)
FREE = MemoryRules(devices=NO_LIMIT, servers=NO_LIMIT, clients=1)


def memory_limits(device: DeviceRows, cuts: Candidates) -> tuple[MemoryLimit, MemoryLimit]:
    """The limits of the device's memory, and of the server's."""
    problem = device.problem
    return (
        MemoryLimit(
            side=cuts.memory.device,
            budgets=problem.device_budget_bytes,
            share=np.atleast_1d(np.asarray(problem.device_runtime.largest_share, dtype=np.float64)),
        ),
        MemoryLimit(
            side=cuts.memory.server,
            budgets=device.server_budgets,
            share=np.atleast_1d(np.asarray(problem.server_runtime.largest_share, dtype=np.float64)),
        ),
    )


def rules_of(limits: tuple[MemoryLimit, MemoryLimit]) -> MemoryRules:
    """The tightest and the roomiest memories of all rows."""
    own, server = (
        tuple(sorted({(b.min(), s.max()), (b.max(), s.min())}))
        for b, s in ((one.budgets, one.share) for one in limits)
    )
    return MemoryRules(devices=own, servers=server, clients=1)


def given_limits(device: DeviceRows, cuts: Candidates, rows: Ints | None) -> tuple[RowLimit, ...]:
    """The limits of a device's energy and traffic in its rows, which are `rows` of all where given."""
    limits, found = device.problem.scenario.limits, []
    for cap, score in ((limits.device_energy_j, device_energy), (limits.traffic_bytes, traffic)):
        if cap is not None:
            caps = np.atleast_1d(np.asarray(cap, dtype=np.float64))
            some = caps if rows is None or len(caps) == 1 else caps[rows]
            found.append(RowLimit(caps=some, law=device.scores(score, cuts)))
    return tuple(found)
