"""Groups whose members are chosen together with their cuts, where the server cannot hold them otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import server_may_overflow
from cutwise.planning.one_device.cut_table import CutTable, table_of
from cutwise.planning.one_device.objective import Prices, Spread, score_of
from cutwise.planning.sharing.device_groups import Arrangement, CutChoice
from cutwise.planning.whole_round.grouped_choice import shared_weights
from cutwise.planning.whole_round.joint_choice import chosen, deadline_of, holds_all
from cutwise.planning.whole_round.round_value import round_value, spread_of
from cutwise.plans.rounds import IN_TURN, Round, grouped_round
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.groups.held_groups import groups_within, least_group_end, least_held
from cutwise.solvers.groups.part_options import OptionTable, Terms
from cutwise.tolerances import LIMIT_ROUNDING


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Parts(Frozen):
    """A round whose parts were chosen with the cuts, the value reached, and what no parts are below.

    Where nothing was found the value is infinite; where the bound is too, nothing keeps the limits.
    """

    round_of: Round
    conditions: Conditions
    value: float
    bound: float

    @property
    def proven(self) -> bool:
        """True where no parts are better."""
        return self.value <= self.bound


def options_of(problem: SplitProblem, tables: Sequence[CutTable]) -> tuple[list[OptionTable], Floats]:
    """The cuts that keep a device's own limits as options, a table each, and frozen bytes held once."""
    present, shared = shared_weights(problem, tables)
    found = []
    for table, needs in zip(tables, present, strict=True):
        allowed, needed = table.excess <= 0, np.stack(needs)
        own_bytes = np.where(allowed, table.server_bytes, 0.0) - needed @ shared
        found.append(
            OptionTable(
                times=np.where(allowed, table.delays_s, np.inf),
                costs=np.where(allowed, table.counted_j, 0.0),
                amounts=np.maximum(np.where(allowed, own_bytes, 0.0), 0.0),
                needs=needed,
            )
        )
    return found, shared


def terms_of(problem: SplitProblem, shared: Floats, spread: Spread) -> tuple[Terms, float]:
    """What groups are judged by under the scenario's objective and limits, and the price of a joule."""
    objective = problem.scenario.objective
    prices = Prices.of(objective, spread)
    terms = Terms(
        shared=shared,
        price=float(prices.second),
        latest=np.inf if objective.is_delay else deadline_of(problem),
        cap=problem.server_budget_bytes * (1 + LIMIT_ROUNDING),
    )
    return terms, float(prices.joule)


def keeps(problem: SplitProblem, table: CutTable, cuts: Ints, round_of: Round) -> bool:
    """True where a round with these cuts keeps all devices' limits, the server's memory and the deadline."""
    rows = np.arange(len(cuts))
    within = bool((table.excess[rows, cuts] <= 0).all())
    in_time = bool(round_of.total(table.delays_s[rows, cuts]) <= deadline_of(problem))
    return within and in_time and holds_all(problem, table, cuts, round_of)


def coupled_table(
    problem: SplitProblem, conditions: Conditions, choice: CutChoice, clients: int
) -> CutTable | None:
    """Every device's cuts where the server, with `clients` at once, or a deadline couples who takes which.

    None where neither does, or where the cuts are given.
    """
    coupled = server_may_overflow(problem, clients=clients) or np.isfinite(deadline_of(problem))
    if not coupled or choice.cut or choice.common_cut:
        return None
    return cuts_of(problem, conditions, clients)


def cuts_of(problem: SplitProblem, conditions: Conditions, clients: int) -> CutTable:
    """Every device's cuts where the server has `clients` at once."""
    score = score_of(problem.scenario.objective, spread_of(problem, problem.conditions(), IN_TURN))
    return table_of(problem, conditions, score, clients=clients)


def instead_of(
    problem: SplitProblem,
    table: CutTable,
    made: Arrangement,
    parts_of: Callable[[Spread], Parts],
    *,
    follows_rule: bool,
) -> Arrangement:
    """The arrangement itself where everybody's own best cuts fit it, else the best parts that fit.

    With `follows_rule` also where any cuts fit it.
    """
    if keeps(problem, table, table.best(), made.round_of):
        return made
    spread = spread_of(problem, made.conditions, made.round_of)
    if follows_rule and _value(problem, table, made, spread) < np.inf:
        return made
    parts = parts_of(spread)
    bound = made.bound if problem.scenario.objective.is_weighted else max(made.bound, parts.bound)
    if not parts.proven and _better(_value(problem, table, made, spread), parts.value):
        return replace(made, bound=bound)
    return replace(
        made,
        round_of=parts.round_of,
        conditions=parts.conditions,
        bound=bound,
        method=f"{made.method}, chosen together with the cuts",
    )


def _better(value: float, other: float) -> bool:
    return value < np.inf and value <= other


def _value(problem: SplitProblem, table: CutTable, made: Arrangement, spread: Spread) -> float:
    """What the best cuts for a given arrangement reach, infinite where none keep the limits."""
    cuts = chosen(problem, table, made.round_of, spread).cuts
    if not keeps(problem, table, cuts, made.round_of):
        return np.inf
    return round_value(problem, table, cuts, made.round_of, spread)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class GroupsWithinMemory(Frozen):
    """As many groups as asked for, chosen with their cuts where the server or a deadline couples them."""

    problem: SplitProblem
    conditions: Conditions
    groups: int
    table: CutTable | None

    @classmethod
    def of(
        cls, problem: SplitProblem, conditions: Conditions, choice: CutChoice, groups: int
    ) -> GroupsWithinMemory:
        """The question for `groups` groups under `conditions`."""
        table = coupled_table(problem, conditions, choice, groups)
        return cls(problem=problem, conditions=conditions, groups=groups, table=table)

    @property
    def lower_bound(self) -> float:
        """Seconds that no groups within the server's memory are below; infinite where it holds none."""
        if self.table is None:
            return 0.0
        (options,), shared = options_of(self.problem, [self.table])
        terms, _ = terms_of(self.problem, shared, Spread(delay_s=1.0, energy_j=1.0))
        return least_group_end(options, terms, self.groups)

    def instead_of(self, made: Arrangement, *, follows_rule: bool, effort: float) -> Arrangement:
        """The arrangement itself where everybody's own best cuts fit it, else the best groups that fit.

        With `follows_rule` also where any cuts fit it.
        """
        table = self.table
        if table is None:
            return made
        return instead_of(
            self.problem,
            table,
            made,
            lambda spread: self._parts(table, made, spread, effort),
            follows_rule=follows_rule,
        )

    def _parts(self, table: CutTable, made: Arrangement, spread: Spread, effort: float) -> Parts:
        """The best groups with the best cuts within the server's memory and the deadline.

        Where energy alone counts, the groups among those of its best cuts that end first. Where nothing
        fits, those that hold least.
        """
        (options,), shared = options_of(self.problem, [table])
        terms, joule = terms_of(self.problem, shared, spread)
        found = groups_within(options.priced(joule), terms, self.groups, effort=effort)
        owner = found.owner if found.found else least_held(options, terms, self.groups)
        if found.found and not terms.price and np.isinf(terms.latest):
            taken = np.arange(options.times.shape[1]) == found.options[:, None]
            fixed = options.only(taken).priced(0.0)
            timed = groups_within(fixed, replace(terms, price=1.0), self.groups, effort=effort)
            owner = timed.owner if timed.found else owner
        groups = [np.flatnonzero(owner == part).tolist() for part in range(self.groups)]
        return Parts(
            round_of=grouped_round(groups, rule=made.round_of.rule),
            conditions=made.conditions,
            value=found.value,
            bound=found.bound,
        )
