"""One server-side model for all devices at once (SplitFed V2): the server takes mini-batches in turn."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.cut_sums import cut_sums
from cutwise.planning.answer.assemble import plan_of
from cutwise.planning.answer.best_plan import cut_after
from cutwise.planning.answer.server_waiting import check_length, waits_s
from cutwise.planning.one_device.cut_table import CutTable
from cutwise.planning.one_device.objective import Spread, counted_energy
from cutwise.planning.whole_round.best_round import best_round
from cutwise.planning.whole_round.round_value import objective_value, round_value, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Certificate, Plan, Report
from cutwise.plans.rounds import QUEUED
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem

METHOD = "common cuts in order of their rounds without waiting, each played"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Played:
    """A common cut, the plan it makes once the queue was played, and the objective of that."""

    plan: Plan
    value: float

    @property
    def broken(self) -> bool:
        """True where the plan breaks a rule."""
        return self.plan.status == "infeasible"


def planned_with_queue(problem: SplitProblem, *, scheme: str, cut: str, certify: bool) -> Plan:
    """The plan of the best common cut when the server serves whoever comes first, at full speed.

    A round without waiting is a bound on the one with it, so cuts are played in that order until no other
    can be better. Among the cuts that can be optimal without waiting the answer is the best; it is
    `optimal` where the wait costs nothing. Raises `SolverError` for a round of too many iterations.
    """
    started = time.perf_counter()
    check_length(problem)
    game = _Game(problem=problem, scheme=scheme, conditions=queue_conditions(problem))
    best = best_round(problem, game.conditions, QUEUED, common_cut=True, certify=certify)
    found = game.played(cut_after(problem, cut)) if cut else _first(game, best.table)
    bound = best.certificate.bound if best.certificate else None
    report = Report.of(
        method="given cut, played" if cut else METHOD,
        value=found.value,
        bound=bound,
        certificate=None,
        timing={"decide_s": time.perf_counter() - started},
    )
    if bound is not None and not cut:
        proof = Certificate(method="the round without waiting", value=found.value, bound=bound)
        report = replace(report, certificate=proof)
    proven = report.status == "optimal"
    return replace(
        found.plan,
        report=report,
        status="optimal" if proven and not found.broken else found.plan.status,
    )


def queue_conditions(problem: SplitProblem) -> Conditions:
    """Everybody has the whole server when served, a part of the band, and nobody waits yet."""
    count = problem.device_count
    shared = problem.conditions(active=count, server_share=1.0)
    return shared.idling(1.0 / count)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Game:
    """What is the same for every cut that is played."""

    problem: SplitProblem
    scheme: str
    conditions: Conditions

    @property
    def spread(self) -> Spread:
        return spread_of(self.problem, self.conditions, QUEUED)

    def played(self, mask: Mask) -> Played:
        """The plan of one cut for all, waiting included."""
        masks = np.tile(mask, (self.problem.device_count, 1))
        alone = self.plan(masks, self.conditions)
        waiting = self.conditions.waiting(waits_s(self.problem, alone))
        plan = self.plan(masks, waiting)
        stages = stage_times(cut_sums(self.problem.cost, masks), waiting)
        energy_j = float(np.sum(counted_energy(self.problem.scenario.objective)(stages)))
        value = objective_value(self.problem, delay_s=plan.delay_s, energy_j=energy_j, spread=self.spread)
        return Played(plan=plan, value=value)

    def plan(self, masks: Mask, conditions: Conditions) -> Plan:
        """The plan without its report."""
        return plan_of(
            self.problem,
            scheme=self.scheme,
            masks=masks,
            conditions=conditions,
            round_of=QUEUED,
            report=Report.of(method=METHOD, value=0.0, bound=None, certificate=None),
        )


def _first(game: _Game, table: CutTable) -> Played:
    """The cut whose played round is best, of those in the table."""
    count, spread = game.problem.device_count, game.spread
    cuts = range(table.raw_scores.shape[1])
    alone = [round_value(game.problem, table, np.full(count, k), QUEUED, spread) for k in cuts]
    order = np.argsort(alone, kind="stable").tolist()
    found = game.played(table.groups[0].masks[order[0]])
    for k in order[1:]:
        if not found.broken and alone[k] >= found.value:
            break
        other = game.played(table.groups[0].masks[k])
        found = min(found, other, key=lambda played: (played.broken, played.value))
    return found
