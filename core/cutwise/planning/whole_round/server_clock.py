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

COLUMN = (slice(None), None)


def prices_of(problem: SplitProblem, conditions: Conditions) -> Prices:
    """The prices of the scenario's objective, normalised as for every scheme."""
    return Prices.of(problem.scenario.objective, spread_of(problem, conditions, IN_TURN))


def own_prices(problem: SplitProblem, conditions: Conditions, least_ratio: Floats) -> Prices:
    """P4's prices: normalised for each device alone, over its cut positions and clocks.

    Delay falls with the clock, energy does down to the most frugal clock and rises beyond, so that their
    extremes are there, at the lowest and at the highest. What does not range costs nothing.
    """
    objective = problem.scenario.objective
    if not objective.is_weighted:
        return prices_of(problem, conditions)
    positions, law = cut_positions(problem), problem.scenario.energy.clock
    frugal = best_ratios(problem, conditions, Prices(second=0.0, joule=1.0), least_ratio)
    corners = [
        listed_table(problem, conditions.at_clock(ratio, law), delay, positions)
        for ratio in (least_ratio, frugal, np.ones(problem.device_count))
    ]
    delays, energies = (
        np.ptp(np.hstack([getattr(table, name) for table in corners]), axis=1)
        for name in ("delays_s", "counted_j")
    )
    return Prices(
        second=_over(objective.delay_weight, delays), joule=_over(objective.energy_weight, energies)
    )


def least_ratios(problem: SplitProblem, least_ratio: float) -> Floats:
    """The lowest clock of each device's turn over the highest: given, or as fast as the device (P4).

    Never below what the law of the clock allows.
    """
    own = problem.device_flops_per_s / problem.server_flops_per_s
    asked = np.full(problem.device_count, least_ratio) if least_ratio else own
    return np.asarray(problem.scenario.energy.clock.least_ratio(asked))


def best_ratios(problem: SplitProblem, conditions: Conditions, prices: Prices, least: Floats) -> Floats:
    r"""The best clock of every device's turn over the highest, shape (devices,).

    At a clock $\phi$ server work takes $X\,T(\phi)$ seconds, each of which costs its price and all that idles
    or is connected meanwhile, beside the server's $P(\phi)$: $X$ is a common factor, so the best $\phi$ is
    the same for every cut, whatever the law. Owners whose energy does not count have no power here.
    """
    counted, power = problem.scenario.objective.energy_of, conditions.power
    server_idle_w = power.server_idle_power_w * conditions.compute.server_share * power.server_idle_ratio
    device_w = power.device_idle_power_w + power.radio_connected_w
    waiting_w = device_w * ("device" in counted) + server_idle_w * ("server" in counted)
    found = problem.scenario.energy.clock.best_ratio(
        rest=prices.second + prices.joule * waiting_w,
        joule=prices.joule * ("server" in counted),
        power_w=power.server_power_w,
        idle_power_w=power.server_idle_power_w,
        least_ratio=least,
    )
    return np.broadcast_to(found, problem.device_count)


def _over(weight: float, spans: Floats) -> Floats:
    return np.divide(weight, spans, out=np.zeros_like(spans), where=spans > 0)
