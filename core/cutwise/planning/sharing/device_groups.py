"""Devices divided into groups or clusters: how many, who goes with whom, and what no division can beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen
from cutwise.planning.answer.best_plan import cut_after, planned
from cutwise.planning.one_device.cut_table import listed_table, table_of
from cutwise.planning.one_device.objective import delay, score_of
from cutwise.planning.sharing.band_split import planned_with_best_shares
from cutwise.planning.whole_round.round_value import objective_value, spread_of
from cutwise.plans.plan import Certificate, Plan, Report, Status, Violation
from cutwise.plans.rounds import IN_TURN, Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem

ALL_COUNTS = 64
"""Up to so many devices every number of parts is tried; beyond, as many numbers, even in their logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutChoice:
    """Which cuts a divided round may take: a given one, one for all, or each device's own; and the proof."""

    cut: str
    common_cut: bool
    certify: bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OwnTurns(Frozen):
    """Every device's turn under given conditions, shape (devices,), before anybody is grouped.

    `delays_s` are those of the cuts that the devices will take, as far as grouping knows; `least` is the
    least score any cut of a device has, infinite where none keeps its limits, and a delay under that
    objective. `order` sorts the devices longest turn first, however they are listed. `complete` says that
    no other cut can be better.
    """

    delays_s: Floats
    least: Floats
    order: Ints
    complete: bool

    @property
    def fastest(self) -> bool:
        """True when no cuts give any device a shorter turn than `delays_s`, under the objective delay."""
        return self.complete and bool(np.array_equal(self.delays_s, self.least))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Arrangement:
    """A division that was made: its round, and what no division into as many parts can beat.

    `only` says that there is no other division into as many parts.
    """

    round_of: Round
    conditions: Conditions
    bound: float
    method: str
    only: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Division:
    """A number of parts that may be tried: `lower_bound` is what no division into as many can beat.

    Under a weighted objective it is an estimate, as the scale itself depends on the division. `active` is
    how many devices are at work at once.
    """

    lower_bound: float
    active: int
    complete: bool
    arranged: Callable[[], Arrangement]
    planned: Callable[[Arrangement, bool], Plan]


def counts_of(given: int, devices: int) -> tuple[int, ...]:
    """The numbers of parts to try: the given one, at most a part a device; with 0 all, if not too many.

    >>> counts_of(40, 30), counts_of(0, 4), len(counts_of(0, 1000)) < 64
    ((30,), (1, 2, 3, 4), True)
    """
    if given:
        return (min(given, devices),)
    if devices <= ALL_COUNTS:
        return tuple(range(1, devices + 1))
    return tuple(np.unique(np.geomspace(1, devices, ALL_COUNTS).round().astype(int)).tolist())


def own_turns(problem: SplitProblem, conditions: Conditions, choice: CutChoice) -> OwnTurns:
    """Every device's turn with the cut it would take if it were alone under `conditions`."""
    score = score_of(problem.scenario.objective, spread_of(problem, problem.conditions(), IN_TURN))
    table = table_of(problem, conditions, score, common=choice.common_cut)
    picks, rows = table.best(), np.arange(problem.device_count)
    if choice.common_cut:
        together = table.scores.sum(axis=0)
        one = together.argmin() if np.isfinite(together).any() else table.excess.max(axis=0).argmin()
        picks = np.full_like(picks, one)
    delays_s = table.delays_s[rows, picks]
    if choice.cut:
        mask = cut_after(problem, choice.cut)[None]
        delays_s = listed_table(problem, conditions, delay, mask).delays_s[:, 0]
    return OwnTurns(
        delays_s=delays_s,
        least=table.scores.min(axis=1),
        order=_longest_first(problem, conditions, delays_s),
        complete=table.complete,
    )


def _longest_first(problem: SplitProblem, conditions: Conditions, delays_s: Floats) -> Ints:
    """Devices by falling delay; those of one delay by everything else that tells them apart."""
    return np.lexsort([*conditions.columns, problem.device_budget_bytes, problem.samples, -delays_s])


def lower_bound_of(problem: SplitProblem, turns: OwnTurns, delay_of: Callable[[Floats], float]) -> float:
    """What a round that lasts `delay_of` its turns, or longer, cannot beat; an estimate if weighted."""
    if problem.scenario.objective.is_delay:
        return delay_of(turns.least) if np.isfinite(turns.least).all() else np.inf
    if problem.scenario.objective.is_energy:
        return float(turns.least.sum())
    spread = spread_of(problem, problem.conditions(), IN_TURN)
    in_turn, divided = (
        objective_value(problem, delay_s=float(delay_s), energy_j=0.0, spread=spread)
        for delay_s in (turns.delays_s.sum(), delay_of(turns.delays_s))
    )
    return float(turns.least.sum()) - in_turn + divided


def undivided(problem: SplitProblem, *, scheme: str, round_of: Round, choice: CutChoice) -> Division:
    """All devices in turn or all at once: nobody to group, and the band's best shares where asked for."""
    active = problem.device_count if round_of.parallel else 1
    best_shares = round_of.parallel and problem.scenario.sharing.bandwidth == "optimised" and active > 1
    conditions, objective = problem.conditions(active=active), problem.scenario.objective
    # nobody is faster with a share of the band than with all of it
    fastest = best_shares and objective.is_delay
    alone = problem.conditions(active=active, share=1.0) if fastest else conditions
    turns = own_turns(problem, alone, choice)
    lower_bound = lower_bound_of(problem, turns, lambda loads: float(round_of.total(loads)))
    certain = not best_shares or objective.is_delay
    made = Arrangement(
        round_of=round_of,
        conditions=conditions,
        bound=lower_bound,
        method="all at once" if round_of.parallel else "all in turn",
        only=True,
    )
    return Division(
        active=active,
        lower_bound=lower_bound if certain or objective.is_weighted else -np.inf,
        complete=turns.complete and certain,
        arranged=lambda: made,
        planned=plan_with(problem, scheme=scheme, choice=choice, best_shares=best_shares),
    )


def plan_with(
    problem: SplitProblem, *, scheme: str, choice: CutChoice, best_shares: bool = False
) -> Callable[[Arrangement, bool], Plan]:
    """The function that plans an arrangement, certified or not."""
    if best_shares:
        return lambda made, certify: planned_with_best_shares(
            problem, scheme=scheme, cut=choice.cut, common_cut=choice.common_cut
        )
    return lambda made, certify: planned(
        problem,
        scheme=scheme,
        round_of=made.round_of,
        conditions=made.conditions,
        cut=choice.cut,
        common_cut=choice.common_cut,
        certify=certify,
    )


def best_division(problem: SplitProblem, divisions: Iterable[Division], choice: CutChoice) -> Plan:
    """The plan of the best division; those whose bound is no better than a plan found are not tried.

    Among weighted objectives, whose scales differ, the first in order of bounds that keeps the limits.
    There, and where not every number of parts was considered, no bound is known. Where nothing can keep the
    limits, fewest devices at once need least.
    """
    ranked = sorted(divisions, key=lambda division: (division.lower_bound, _crowd(division)))
    weighted = problem.scenario.objective.is_weighted
    tried: list[Trial] = []
    best: Trial | None = None
    for division in ranked:
        enough = np.inf if best is None or best.broken else -np.inf if weighted else best.value
        if best and division.lower_bound >= enough:
            break
        tried.append(_tried(division))
        best = min(tried, key=lambda trial: (trial.broken, trial.excess, trial.value))
    assert best is not None
    plan = best.division.planned(best.made, choice.certify)
    if best.made.only and len(ranked) == 1:
        return plan
    known = choice.certify and not weighted and all(division.complete for division in ranked)
    known = known and len(ranked) in (1, problem.device_count)
    bounds = [trial.made.bound for trial in tried] + [one.lower_bound for one in ranked[len(tried) :]]
    return _reported(plan, best.made, min(bounds) if known else None)


def _crowd(division: Division) -> int:
    """How many devices are at once at the server, where that decides between divisions."""
    return division.active if np.isinf(division.lower_bound) else 0


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Trial:
    """A division that was planned: what it reaches, and by how much it breaks the rule it breaks most."""

    division: Division
    made: Arrangement
    value: float
    broken: bool
    excess: float


def _tried(division: Division) -> Trial:
    made = division.arranged()
    plan = division.planned(made, False)
    if made.only and plan.report.bound is not None:
        made = replace(made, bound=plan.report.bound)
    return Trial(
        division=division,
        made=made,
        value=plan.report.value,
        broken=plan.status == "infeasible",
        excess=max((_excess(one) for one in plan.violations), default=0.0),
    )


def _excess(broken: Violation) -> float:
    return broken.needs / broken.has if broken.has else np.inf


def _reported(plan: Plan, made: Arrangement, bound: float | None) -> Plan:
    """The plan whose report says what no division can beat, and that is optimal only if it reaches that."""
    report = plan.report
    method = f"{made.method}; {report.method}"
    if bound is None:
        unproven = replace(report, method=method, bound=None, gap=None, certificate=None)
        return replace(plan, report=unproven, status=_fallen(plan, proven=False))
    proof = report.certificate and Certificate(
        method=f"{report.certificate.method}; {made.method}", value=report.certificate.value, bound=bound
    )
    found = Report.of(method=method, value=report.value, bound=bound, certificate=proof, timing=report.timing)
    return replace(plan, report=found, status=_fallen(plan, proven=found.status == "optimal"))


def _fallen(plan: Plan, *, proven: bool) -> Status:
    return plan.status if plan.status != "optimal" or proven else "feasible"
