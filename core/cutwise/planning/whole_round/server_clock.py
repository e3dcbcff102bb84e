"""The server's clock for every device: the worth of a second and of a joule decides it, whatever the cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_table import listed_table
from cutwise.planning.one_device.objective import delay
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.rounds import IN_TURN
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.frequency import best_frequency_hz

COLUMN = (slice(None), None)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Prices(Frozen):
    """What one more second and one more joule add to the objective; numbers, or arrays (devices,)."""

    second: Any
    joule: Any

    def dearer(self, seconds: float) -> Prices:
        """The prices with time worth `seconds` more."""
        return replace(self, second=self.second + seconds)


def prices_of(problem: SplitProblem, conditions: Conditions) -> Prices:
    """The prices of the scenario's objective, normalised as for every scheme."""
    objective = problem.scenario.objective
    if objective.kind != "weighted":
        return Prices(second=float(objective.kind == "delay"), joule=float(objective.kind == "energy"))
    spread = spread_of(problem, conditions, IN_TURN)
    return Prices(
        second=objective.delay_weight / spread.delay_s, joule=objective.energy_weight / spread.energy_j
    )


def own_prices(problem: SplitProblem, conditions: Conditions, least_ratio: Floats) -> Prices:
    """P4's prices: normalised for each device alone, over its cut positions at the lowest and highest clock.

    Delay falls and energy rises with the clock, so their extremes are there. What does not range costs
    nothing.
    """
    objective = problem.scenario.objective
    if objective.kind != "weighted":
        return prices_of(problem, conditions)
    positions = cut_positions(problem)
    corners = [
        listed_table(problem, replace(conditions, server_frequency_ratio=ratio), delay, positions)
        for ratio in (least_ratio, np.ones(problem.device_count))
    ]
    delays, energies = (
        np.ptp(np.hstack([getattr(table, name) for table in corners]), axis=1)
        for name in ("delays_s", "counted_j")
    )
    return Prices(
        second=_over(objective.delay_weight, delays), joule=_over(objective.energy_weight, energies)
    )


def least_ratios(problem: SplitProblem, least_ratio: float) -> Floats:
    """The lowest clock of each device's turn over the highest: given, or as fast as the device (P4)."""
    own = problem.device_flops_per_s / problem.server_flops_per_s
    return np.minimum(np.full(problem.device_count, least_ratio) if least_ratio else own, 1.0)


def best_ratios(problem: SplitProblem, conditions: Conditions, prices: Prices, least: Floats) -> Floats:
    r"""The best clock of every device's turn over the highest, shape (devices,).

    At a clock $\phi$ server work takes $X/\phi$ seconds and $P \phi^2 X$ joules above idle (P4), and all
    that idles meanwhile $P_0 X/\phi$: $X$ is a common factor, so the best $\phi$ is the same for every cut.
    Owners whose energy does not count have no power here.
    """
    counted = problem.scenario.objective.energy_of
    server_idle_w = conditions.server_idle_power_w * conditions.server_share * conditions.server_idle_ratio
    static_w = conditions.device_idle_power_w * ("device" in counted) + server_idle_w * ("server" in counted)
    return np.asarray(
        best_frequency_hz(
            time_weight=prices.second,
            energy_weight=prices.joule,
            coefficient=conditions.server_power_w * ("server" in counted),
            static_power_w=static_w,
            least_hz=least,
            most_hz=np.ones(problem.device_count),
        ),
        dtype=np.float64,
    )


def _over(weight: float, spans: Floats) -> Floats:
    return np.divide(weight, spans, out=np.zeros_like(spans), where=spans > 0)
