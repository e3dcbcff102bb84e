"""The objective of a whole round: delays add up in turn, the last counts at once; energies always add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_table import CutTable, listed_table
from cutwise.planning.one_device.objective import Score, Spread, delay, score_of
from cutwise.plans.rounds import Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem


def score_of_round(problem: SplitProblem, conditions: Conditions, round_of: Round) -> Score:
    """The function to minimise for one device of a round."""
    return score_of(problem.scenario.objective, spread_of(problem, conditions, round_of))


def spread_of(problem: SplitProblem, conditions: Conditions, round_of: Round) -> Spread:
    """How far the round's delay and energy range over the cut positions, limits apart (P4's normalisers).

    At the server's highest clock, so that every clock is measured on one scale; and where power modes are
    decided, with nobody held back.
    """
    if not problem.scenario.objective.is_weighted:
        return Spread(delay_s=1.0, energy_j=1.0)
    if problem.scale is not None:
        return spread_of(problem.scale, _unheld(problem.scale, conditions), round_of)
    conditions = conditions.at_highest_clock()
    table = listed_table(problem, conditions, delay, cut_positions(problem))
    delays = round_of.total(table.delays_s)
    energies = table.counted_j.sum(axis=0)
    return Spread(delay_s=float(np.ptp(delays)) or 1.0, energy_j=float(np.ptp(energies)) or 1.0)


def _unheld(scale: SplitProblem, conditions: Conditions) -> Conditions:
    """The conditions with speeds and powers of the parties as the scale has them."""
    compute = replace(
        conditions.compute,
        device_flops_per_s=scale.device_flops_per_s,
        server_flops_per_s=scale.server_flops_per_s,
        device_pace=scale.device_pace,
        server_pace=scale.server_pace,
    )
    power = replace(
        conditions.power,
        device_power_w=scale.power.device_power_w,
        server_power_w=scale.power.server_power_w,
    )
    return replace(conditions, compute=compute, power=power, roofs=scale.roofs)


def round_value(
    problem: SplitProblem, table: CutTable, picks: Ints, round_of: Round, spread: Spread
) -> float:
    """The objective of the round in which device i takes the cut `picks[i]` of the table."""
    rows = np.arange(len(picks))
    delays, energy_j = table.delays_s[rows, picks], float(table.counted_j[rows, picks].sum())
    return objective_value(problem, delay_s=float(round_of.total(delays)), energy_j=energy_j, spread=spread)


def objective_value(problem: SplitProblem, *, delay_s: float, energy_j: float, spread: Spread) -> float:
    """Delay, counted energy, or their weighted sum over the spreads."""
    delay_weight, energy_weight = problem.scenario.objective.weights
    parts = ((delay_weight, delay_s, spread.delay_s), (energy_weight, energy_j, spread.energy_j))
    return sum(weight * amount / span for weight, amount, span in parts if weight)


def scores_of_round(problem: SplitProblem, round_of: Round, scores: Floats) -> float:
    """Scores of all devices (devices,) as the round's: delays as a round adds them, all others summed."""
    return float(round_of.total(scores) if problem.scenario.objective.is_delay else scores.sum())
