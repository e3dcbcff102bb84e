"""The server's clock for every device: the worth of a second and of a joule decides it, whatever the cut."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_table import listed_table
from cutwise.planning.one_device.objective import Prices, delay
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.rounds import IN_TURN
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.frequency import best_frequency_hz

COLUMN = (slice(None), None)


def prices_of(problem: SplitProblem, conditions: Conditions) -> Prices:
    """The prices of the scenario's objective, normalised as for every scheme."""
    return Prices.of(problem.scenario.objective, spread_of(problem, conditions, IN_TURN))


def own_prices(problem: SplitProblem, conditions: Conditions, least_ratio: Floats) -> Prices:
    """P4's prices: normalised for each device alone, over its cut positions at the lowest and highest clock.

    Delay falls and energy rises with the clock, so their extremes are there. What does not range costs
    nothing.
    """
    objective = problem.scenario.objective
    if not objective.is_weighted:
        return prices_of(problem, conditions)
    positions = cut_positions(problem)
    corners = [
        listed_table(problem, conditions.at_clock(ratio), delay, positions)
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
    power = conditions.power
    server_idle_w = power.server_idle_power_w * conditions.compute.server_share * power.server_idle_ratio
    static_w = power.device_idle_power_w * ("device" in counted) + server_idle_w * ("server" in counted)
    return np.asarray(
        best_frequency_hz(
            time_weight=prices.second,
            energy_weight=prices.joule,
            coefficient=power.server_power_w * ("server" in counted),
            static_power_w=static_w,
            least_hz=least,
            most_hz=np.ones(problem.device_count),
        ),
        dtype=np.float64,
    )


def _over(weight: float, spans: Floats) -> Floats:
    return np.divide(weight, spans, out=np.zeros_like(spans), where=spans > 0)
