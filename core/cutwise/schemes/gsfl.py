"""Group-based split federated learning (P5): groups at once, the devices of a group in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from cutwise.arrays import Floats
from cutwise.fields.field_values import Settled
from cutwise.frozen import FrozenDict
from cutwise.planning.sharing.device_groups import (
    Arrangement,
    CutChoice,
    Division,
    best_division,
    counts_of,
    lower_bound_of,
    own_turns,
    plan_with,
    undivided,
)
from cutwise.planning.sharing.within_memory import GroupsWithinMemory
from cutwise.plans.learning import SPLIT, Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN, Round, grouped_round
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.shared_options import certify_option, common_cut_option, cut_option
from cutwise.solvers.groups.balanced_grouping import balanced_groups
from cutwise.solvers.groups.exact_grouping import exact_groups
from cutwise.solvers.groups.grouping import Grouping, longest_first, random_groups, round_robin
from cutwise.units import quantity

GroupingRule = Literal["lpt", "round_robin", "random", "exact", "balanced"]
GROUPINGS: Mapping[str, Callable[[SplitProblem, Floats, Floats, int], Grouping]] = FrozenDict(
    {
        "lpt": lambda problem, loads, samples, groups: longest_first(loads, groups),
        "round_robin": lambda problem, loads, samples, groups: round_robin(loads, groups),
        "random": lambda problem, loads, samples, groups: random_groups(
            loads, groups, seed=problem.scenario.seed
        ),
        "exact": lambda problem, loads, samples, groups: exact_groups(loads, groups),
        "balanced": lambda problem, loads, samples, groups: balanced_groups(
            loads, groups, histograms=samples[:, None]
        ),
    }
)
"""Groups of devices that are listed by falling turns, whichever way the scenario lists them."""
FIXED_RULES = ("round_robin", "random", "balanced")
"""Rules whose groups are kept where the server can hold them at all, whatever other groups would reach."""
EFFORT, LEAST_EFFORT = 0.5, 0.05
"""Deterministic seconds of CP-SAT for all numbers of groups, and at least for each."""
RULE = (
    "One round serves every device once: groups at the same time, the devices of a group one after another."
)


@SCHEMES.named("gsfl")
@dataclass(frozen=True, slots=True, kw_only=True)
class Gsfl(Settled):
    """Group-based split federated learning: groups at once, the devices of a group in turn."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = AT_ONCE
    separable: ClassVar[bool] = False
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    divided_into: ClassVar[str] = "groups"
    ends: ClassVar[tuple[str, str]] = ("split_learning", "split_federated")
    groups: int = quantity(
        0, ge=0, le=100_000, title="Groups", shown=(0, 30), symbol="M",
        help="Groups that are active at once, at most one a device; 0: the best number",
    )  # fmt: skip
    grouping: GroupingRule = quantity(
        "lpt", title="Grouping", help="Who shares a group; lpt: the longest turn first, to the least loaded"
    )
    cut: str = cut_option()
    common_cut: bool = common_cut_option()
    certify: bool = certify_option()

    def solve(self, problem: SplitProblem) -> Plan:
        r"""The plan with the given or the best number $M$ of groups.

        $T = \max_m \sum_{n \in G_m} [\tau_n(M) + \mu_n(M)]$ (P5; science notes 4.2): the turn $\tau + \mu$ of
        a device is that of its best cut where $M$ share the band and the server. One group is
        `split_learning`, a group a device `split_federated`, proofs and best shares of the band included;
        with any other number the groups hold equal shares where the best are asked for. Where the server
        cannot hold everybody's best cut in the groups of the rule, or they end after a deadline, members and
        cuts are chosen together: the best of all, or beside a bound; a rule that follows no turns keeps its
        groups where any cuts fit them.
        """
        choice = CutChoice(cut=self.cut, common_cut=self.common_cut, certify=self.certify)
        counts = counts_of(self.groups, problem.device_count)
        effort = EFFORT / len(counts) + LEAST_EFFORT
        divisions = [_division(problem, count, self.grouping, choice, effort) for count in counts]
        return best_division(problem, divisions, choice)


def _division(problem: SplitProblem, count: int, grouping: str, choice: CutChoice, effort: float) -> Division:
    """The prospect of `count` groups."""
    if count in (1, problem.device_count):
        round_of = IN_TURN if count == 1 else AT_ONCE
        return undivided(problem, scheme="gsfl", round_of=round_of, choice=choice)
    conditions = problem.conditions(active=count)
    turns = own_turns(problem, conditions, choice)
    lower_bound = lower_bound_of(problem, turns, lambda loads: round_robin(loads, count).bound)
    within = GroupsWithinMemory.of(problem, conditions, choice, count)
    if problem.scenario.objective.is_delay:
        lower_bound = max(lower_bound, within.lower_bound)

    def arranged() -> Arrangement:
        order = turns.order
        found = GROUPINGS[grouping](problem, turns.delays_s[order], problem.samples[order], count)
        groups = [sorted(order[list(group)].tolist()) for group in found.groups]
        proven = problem.scenario.objective.is_delay and turns.fastest
        made = Arrangement(
            round_of=grouped_round(groups, rule=RULE),
            conditions=conditions,
            bound=max(lower_bound, found.bound) if proven else lower_bound,
            method=f"{count} groups ({grouping})",
        )
        return within.instead_of(made, follows_rule=grouping in FIXED_RULES, effort=effort)

    return Division(
        active=count,
        lower_bound=lower_bound,
        complete=turns.complete,
        arranged=arranged,
        planned=plan_with(problem, scheme="gsfl", choice=choice),
    )
