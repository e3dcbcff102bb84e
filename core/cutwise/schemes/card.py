"""P4: the cut and the server's clock together, delay against energy, devices served one after another.

"Energy-Efficient Split Learning for Fine-Tuning Large Language Models in Edge Networks", arXiv 2412.00090.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from cutwise.arrays import Floats
from cutwise.fields.field_values import Settled
from cutwise.planning.answer.best_plan import fixed_plan, planned
from cutwise.planning.one_device.cut_table import table_of
from cutwise.planning.one_device.objective import Prices, delay
from cutwise.planning.whole_round.best_round import best_round
from cutwise.planning.whole_round.round_value import score_of_round
from cutwise.planning.whole_round.server_clock import best_ratios, least_ratios, own_prices, prices_of
from cutwise.plans.learning import SPLIT, Learning
from cutwise.plans.plan import Plan, relative_gap
from cutwise.plans.rounds import IN_TURN, Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.shared_options import certify_option, cut_option
from cutwise.units import quantity

Frequency = Literal["best", "highest", "lowest"]
STEPS = 40
"""Prices of time that are tried when a limit breaks at the best clocks."""
FINER = 10
"""Prices from the last that breaks a limit to the first that breaks none."""
LITTLE_DEARER = 1e-6
"""The least of them over that at which the highest clock is the best."""


@SCHEMES.named("card")
@dataclass(frozen=True, slots=True, kw_only=True)
class Card(Settled):
    """CARD (P4): devices in turn, each with its best cut and the server's best clock for it."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = IN_TURN
    separable: ClassVar[bool] = False
    turns_alone: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    frequency: Frequency = quantity(
        "best",
        title="Server clock",
        help="best: that of the law of the clock; or always the highest or the lowest",
    )
    least_frequency_ratio: float = quantity(
        0.0, unit="ratio", ge=0, le=1, title="Lowest clock", shown=(0.0, 1.0),
        help="Lowest clock of the server over its highest, where the law allows it; 0: as fast as the device",
    )  # fmt: skip
    normalisers: Literal["scenario", "device"] = quantity(
        "scenario", title="Normalised over",
        help="scenario: one scale for all devices; device: each turn over its own extremes, as P4",
    )  # fmt: skip
    cut: str = cut_option()
    certify: bool = certify_option()

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with devices served in turn, each under its own clock of the server.

        The best clock is the same for every cut, whatever the law of the clock, so the best cut at that
        clock is the best of both (science notes 3.2). Where a limit breaks at these clocks,
        seconds are given a higher price until it holds, which is no proof; the gap says how far.
        """
        full = problem.conditions()
        least = least_ratios(problem, self.least_frequency_ratio)
        if self.frequency != "best":
            ratio = least if self.frequency == "lowest" else np.ones(problem.device_count)
            return self._at(problem, full, ratio, f"{self.frequency} clock")
        prices = prices_of(problem, full)
        if self.normalisers == "device" and problem.scenario.objective.is_weighted:
            return _by_device(problem, own_prices(problem, full, least), least)
        plan = self._at(problem, full, best_ratios(problem, full, prices, least), "best clock")
        if plan.status != "infeasible":
            return plan
        return self._within_limits(problem, prices, least) or plan

    def _at(self, problem: SplitProblem, full: Conditions, ratio: Floats, clock: str) -> Plan:
        """The best cuts at given clocks."""
        conditions = full.at_clock(ratio, problem.scenario.energy.clock)
        plan = planned(
            problem,
            scheme="card",
            round_of=IN_TURN,
            conditions=conditions,
            cut=self.cut,
            certify=self.certify and self.frequency == "best",
        )
        return replace(plan, report=replace(plan.report, method=f"{clock}; {plan.report.method}"))

    def _within_limits(self, problem: SplitProblem, prices: Prices, least: Floats) -> Plan | None:
        """The best plan that keeps the limits while time is given ever higher prices; None if none does."""
        started = time.perf_counter()
        full, quick = problem.conditions(), replace(self, certify=False)

        def priced(price: float) -> tuple[Plan, float]:
            ratio = best_ratios(problem, full, prices.dearer(price), least)
            plan = quick._at(problem, full, ratio, "best clock with time dearer")
            return plan, _lower_bound(problem, full, ratio, price)

        ladder = _dearer_seconds(problem, full, prices).tolist()
        tried = [priced(price) for price in ladder]
        first = next((i for i, (plan, _) in enumerate(tried) if plan.status != "infeasible"), None)
        if first is None:
            return None
        between = np.geomspace(ladder[max(first - 1, 0)], ladder[first], FINER)[1:-1]
        tried += [priced(price) for price in between.tolist()]
        kept = (plan for plan, _ in tried if plan.status != "infeasible")
        found, bound = min(kept, key=lambda plan: plan.report.value), max(bound for _, bound in tried)
        lowest = bound if np.isfinite(bound) and not self.cut else None
        gap = None if lowest is None else relative_gap(found.report.value, lowest)
        timing = {"decide_s": time.perf_counter() - started}
        report = replace(found.report, bound=lowest, gap=gap, certificate=None, timing=timing)
        return replace(found, report=report, status="feasible")


def _by_device(problem: SplitProblem, prices: Prices, least: Floats) -> Plan:
    """P4 to the letter: every turn has its own scale. The bound is that of the scenario's one scale."""
    full = problem.conditions()
    conditions = full.at_clock(best_ratios(problem, full, prices, least), problem.scenario.energy.clock)
    best = best_round(problem, conditions, IN_TURN, certify=False)
    table = best.table
    values = np.reshape(prices.second, (-1, 1)) * np.where(np.isfinite(table.delays_s), table.delays_s, 0.0)
    values = values + np.reshape(prices.joule, (-1, 1)) * np.where(
        np.isfinite(table.counted_j), table.counted_j, 0.0
    )
    picks = table.best(np.where(table.excess > 0, np.inf, values))
    plan = fixed_plan(
        problem,
        scheme="card",
        round_of=IN_TURN,
        conditions=conditions,
        masks=table.masks(picks),
        method="best clock and cut, normalised for each device",
        best=best,
    )
    return replace(plan, report=replace(plan.report, bound=None, gap=None))


def _dearer_seconds(problem: SplitProblem, conditions: Conditions, prices: Prices) -> Floats:
    """Prices of a second to add: from where the first clock moves to where all are at their highest."""
    power = conditions.power
    power_w, idle_w = (float(np.max(watts)) for watts in (power.server_power_w, power.server_idle_power_w))
    dearest_w = max(problem.scenario.energy.clock.dearest_w(power_w=power_w, idle_power_w=idle_w), 1e-9)
    unit = float(np.max(prices.joule)) * dearest_w or float(np.max(prices.second)) or 1.0
    return unit * np.geomspace(LITTLE_DEARER, 10.0, STEPS)


def _lower_bound(problem: SplitProblem, full: Conditions, ratio: Floats, price: float) -> float:
    """What no plan within the deadline can beat: the best with time dearer, less the price of the deadline.

    0 prices bound nothing else than a deadline, so other limits are kept by each device's own cuts.
    """
    deadline_s = problem.scenario.limits.deadline_s
    if deadline_s is None:
        return -np.inf
    conditions = full.at_clock(ratio, problem.scenario.energy.clock)
    score = score_of_round(problem, conditions, IN_TURN)
    table = table_of(problem, conditions, lambda stages: score(stages) + price * delay(stages))
    if not table.complete:
        return -np.inf
    return float(table.raw_scores.min(axis=1).sum() - price * deadline_s)
