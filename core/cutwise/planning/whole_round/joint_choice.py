"""The cuts of a round, each device's own best unless something couples them.

What couples: one cut for all; a deadline under another objective than delay; the last device's delay in
a weighted sum; a server that holds a model for every device at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.cuts.knapsack import KnapsackChoice, choose_one_per_group
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import server_may_overflow
from cutwise.planning.one_device.cut_table import CutTable
from cutwise.planning.one_device.device_limits import held_at_once
from cutwise.planning.one_device.objective import Spread
from cutwise.planning.whole_round.earliest_groups import earliest_groups, least_by, shared_at_server
from cutwise.planning.whole_round.grouped_choice import GroupedChoice, grouped_choice
from cutwise.planning.whole_round.round_value import objective_value, round_value
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Scenario
from cutwise.tolerances import LIMIT_ROUNDING


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Picks(Frozen):
    """The cut of every device, and what no cuts of the table can beat: infinite where none keep the limits.

    `alone` says that each device has its own best, so that the proof may go device by device.
    """

    cuts: Ints
    bound: float
    alone: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BudgetedCuts(Frozen):
    """What each device may take, arrays of shape (devices, cuts), infinite where it may not.

    The `own_bytes` of all together must stay within `budget_bytes`, their delays within `deadline_s`.
    """

    delays_s: Floats
    energies_j: Floats
    own_bytes: Floats
    budget_bytes: float
    deadline_s: float

    @property
    def levels(self) -> Floats:
        """Every end that a round in time can have, ascending."""
        levels = np.unique(self.delays_s[np.isfinite(self.delays_s)])
        in_time = (levels >= self.delays_s.min(axis=1).max()) & (levels <= self.deadline_s)
        return levels[in_time]


def chosen(
    problem: SplitProblem, table: CutTable, round_of: Round, spread: Spread, *, common_cut: bool = False
) -> Picks:
    """The best cuts of the table for the round."""
    if common_cut:
        return _one_for_all(problem, table, round_of, spread)
    if not is_coupled(problem.scenario, round_of):
        cuts, within = table.best(), bool((table.excess.min(axis=1) <= 0).all())
        if not round_of.parallel or not within or holds_all(problem, table, cuts, round_of):
            value = round_value(problem, table, cuts, round_of, spread)
            return Picks(cuts=cuts, bound=value if within else np.inf, alone=True)
    if round_of.grouped or (round_of.parallel and problem.scenario.objective.is_delay):
        return _grouped(problem, table, round_of, spread)
    return (_at_once if round_of.parallel else _in_turn)(problem, table, round_of, spread)


def is_coupled(scenario: Scenario, round_of: Round) -> bool:
    """True when the objective or a deadline makes the devices' cuts depend on each other."""
    objective, limits = scenario.objective, scenario.limits
    if round_of.parallel and objective.is_weighted:
        return True
    return limits.deadline_s is not None and not objective.is_delay


def _one_for_all(problem: SplitProblem, table: CutTable, round_of: Round, spread: Spread) -> Picks:
    """The one cut for all: the best of those that keep every device's limits, if any does."""
    devices, cuts = table.raw_scores.shape
    every = [np.full(devices, k) for k in range(cuts)]
    values = np.array([round_value(problem, table, picks, round_of, spread) for picks in every])
    delays = round_of.total(table.delays_s)
    worst = table.excess.max(axis=0)
    allowed = (worst <= 0) & (delays <= deadline_of(problem))
    if round_of.parallel and server_may_overflow(problem, clients=round_of.active(devices)):
        allowed &= np.array([holds_all(problem, table, picks, round_of) for picks in every])
    found = bool(allowed.any())
    if not found:
        allowed = worst <= max(0.0, float(worst.min()))
    best = int(np.where(allowed, values, np.inf).argmin())
    return Picks(cuts=every[best], bound=float(values[best]) if found else np.inf)


def _in_turn(problem: SplitProblem, table: CutTable, round_of: Round, spread: Spread) -> Picks:
    """The least sum of scores whose delays add up to the deadline."""
    delays = np.where(table.excess > 0, np.inf, table.delays_s)
    choice = _one_each(table.scores, delays, deadline_of(problem))
    if choice.status == "infeasible":
        return Picks(cuts=table.best(delays), bound=np.inf)
    value = round_value(problem, table, choice.options, round_of, spread)
    return Picks(cuts=choice.options, bound=value if choice.status == "optimal" else choice.bound)


def _at_once(problem: SplitProblem, table: CutTable, round_of: Round, spread: Spread) -> Picks:
    """The cheapest cuts of devices that work at the same time and may share the server's memory."""
    bound, best, found = np.inf, np.inf, None
    for budgeted in _budgeted(problem, table):
        cuts, least = _cheapest(problem, budgeted, spread)
        bound = min(bound, least)
        if cuts is not None and holds_all(problem, table, cuts, round_of):
            value = round_value(problem, table, cuts, round_of, spread)
            if value < best:
                best, found = value, cuts
    if found is not None:
        return Picks(cuts=found, bound=bound)
    late = np.where(table.excess > 0, np.inf, table.delays_s).min(axis=1).max() > deadline_of(problem)
    nearest = table.delays_s if late else table.server_bytes
    return Picks(cuts=table.best(np.where(table.excess > 0, np.inf, nearest)), bound=np.inf)


def _grouped(problem: SplitProblem, table: CutTable, round_of: Round, spread: Spread) -> Picks:
    """The best cuts of groups that are active at once."""
    memory = server_may_overflow(problem, clients=round_of.active(problem.device_count))
    if problem.scenario.objective.is_delay:
        choice = earliest_groups(problem, table, round_of, memory=memory)
        if memory and _open(table, round_of, choice):
            choice = _closer(
                choice, grouped_choice(problem, table, round_of, spread, memory=True), table, round_of
            )
    else:
        choice = grouped_choice(problem, table, round_of, spread, memory=memory)
    if choice.cuts is not None:
        value = round_value(problem, table, choice.cuts, round_of, spread)
        near = abs(value - choice.bound) <= LIMIT_ROUNDING * abs(value)
        return Picks(cuts=choice.cuts, bound=value if near else min(value, choice.bound))
    late = np.where(table.excess > 0, np.inf, table.delays_s)
    if round_of.total(late.min(axis=1)) <= deadline_of(problem):
        late = np.where(table.excess > 0, np.inf, table.server_bytes)
    return Picks(cuts=table.best(late), bound=choice.bound)


def _open(table: CutTable, round_of: Round, choice: GroupedChoice) -> bool:
    """True where cuts that end sooner may fit after all, as frozen weights at the server do not nest."""
    end_s = _end_s(table, round_of, choice)
    return end_s > choice.bound + LIMIT_ROUNDING * abs(choice.bound)


def _closer(choice: GroupedChoice, other: GroupedChoice, table: CutTable, round_of: Round) -> GroupedChoice:
    """The cuts of the two choices that end first, and the larger bound."""
    first = min((other, choice), key=lambda one: _end_s(table, round_of, one))
    return GroupedChoice(cuts=first.cuts, bound=max(choice.bound, other.bound))


def _end_s(table: CutTable, round_of: Round, choice: GroupedChoice) -> float:
    if choice.cuts is None:
        return np.inf
    return float(round_of.total(table.delays_s[np.arange(len(choice.cuts)), choice.cuts]))


def _budgeted(problem: SplitProblem, table: CutTable) -> Iterator[BudgetedCuts]:
    """All cuts; where the server's memory may bind, those with at most so many weights held once."""
    allowed, cap = table.excess <= 0, problem.server_budget_bytes * (1 + LIMIT_ROUNDING)
    overflow = server_may_overflow(problem, clients=problem.device_count)
    shared = shared_at_server(problem, table) if overflow else np.zeros_like(table.delays_s)
    own = np.where(allowed, table.server_bytes, 0.0) - shared if overflow else shared
    for amount in np.unique(shared[allowed]):
        taken = allowed & (shared <= amount)
        yield BudgetedCuts(
            delays_s=np.where(taken, table.delays_s, np.inf),
            energies_j=np.where(taken, table.counted_j, np.inf),
            own_bytes=np.where(taken, own, np.inf),
            budget_bytes=float(cap - amount) if overflow else np.inf,
            deadline_s=deadline_of(problem),
        )


def _cheapest(problem: SplitProblem, budgeted: BudgetedCuts, spread: Spread) -> tuple[Ints | None, float]:
    """The least objective over the ends that a round may have, and a bound on it.

    For each end every device takes the least energy that ends by then, within the budget of bytes; ends
    are tried in order of their bounds without a budget, until none can be better.
    """
    levels = budgeted.levels
    if problem.scenario.objective.is_energy:
        levels = levels[-1:]
    energies = least_by(budgeted.delays_s, budgeted.energies_j, levels)
    lower_bounds = np.array(
        [
            objective_value(problem, delay_s=end, energy_j=energy, spread=spread)
            for end, energy in zip(levels, energies, strict=True)
        ]
    )
    found, best, bound = None, np.inf, np.inf
    for i in np.argsort(lower_bounds, kind="stable"):
        if lower_bounds[i] >= best:
            break
        in_time = np.where(budgeted.delays_s <= levels[i], budgeted.energies_j, np.inf)
        choice = _one_each(in_time, budgeted.own_bytes, budgeted.budget_bytes)
        if choice.status != "infeasible":
            value, least = (
                objective_value(problem, delay_s=float(levels[i]), energy_j=energy, spread=spread)
                for energy in (choice.cost, choice.bound)
            )
            bound = min(bound, least)
            if value < best:
                found, best = choice.options, value
    return found, bound


def _one_each(costs: Floats, weights: Floats, cap: float) -> KnapsackChoice:
    """One option for each row, of those that no other undercuts in both cost and weight."""
    order = np.lexsort([costs, weights])
    ranked = np.take_along_axis(costs, order, axis=1)
    before = np.minimum.accumulate(ranked, axis=1)
    best = np.ones_like(ranked, dtype=bool)
    best[:, 1:] = ranked[:, 1:] < before[:, :-1]
    width = int(best.sum(axis=1).max())
    front = np.argsort(~best, axis=1, kind="stable")[:, :width]
    kept = np.take_along_axis(best, front, axis=1)
    options = np.take_along_axis(order, front, axis=1)
    choice = choose_one_per_group(
        np.where(kept, np.take_along_axis(costs, options, axis=1), np.inf),
        np.where(kept, np.take_along_axis(weights, options, axis=1), np.inf),
        cap,
    )
    if choice.status == "infeasible":
        return choice
    return replace(choice, options=options[np.arange(len(options)), choice.options])


def holds_all(problem: SplitProblem, table: CutTable, cuts: Ints, round_of: Round) -> bool:
    """True when the server holds the picked cuts of all devices that are active at once."""
    if not server_may_overflow(problem, clients=round_of.active(problem.device_count)):
        return True
    client_bytes = table.server_bytes[np.arange(len(cuts)), cuts]
    held = held_at_once(problem, table.masks(cuts), client_bytes, round_of)
    return held <= problem.server_budget_bytes * (1 + LIMIT_ROUNDING)


def deadline_of(problem: SplitProblem) -> float:
    """Seconds within which a round must end, infinite without a deadline."""
    given = problem.scenario.limits.deadline_s
    return np.inf if given is None else given * (1 + LIMIT_ROUNDING)
