"""The cuts of one device held against each other in many worlds, and all devices with their cuts held."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.analyses.what_if.cut_regrets import (
    MOST_RANGES,
    CutRegrets,
    ScoredWorlds,
    corner_factors,
    is_multilinear,
    regrets_of,
)
from cutwise.analyses.what_if.inputs.asked_rows import MOST_S, AskedRows
from cutwise.analyses.what_if.inputs.input_ranges import InputRange
from cutwise.analyses.what_if.inputs.world_scores import sides_change, world_scores
from cutwise.arrays import Floats, Mask
from cutwise.columns.cut_scores import CutScores
from cutwise.frozen import Frozen
from cutwise.planning.answer.plan_conditions import device_sides
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem

FIRST_TURNS = 2
"""Turns from which it is told how long all take."""
CORNERS_LEFT = f"more than {MOST_RANGES} ranges have too many corners: no cut is called robust"
TOO_MANY = "figures with all cuts as planned are left out, as so many devices would take long"
OTHER_CUTS = (
    "device work is dearer than the server's in some worlds and cheaper in others: a cut that is never best, "
    "which is not looked at, may be regretted less"
)
NOT_STRAIGHT = (
    "not all laws are straight in a factor or its inverse, so regrets between corners may be larger"
)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class JudgedCuts(Frozen):
    """The scores of a device's cuts in all worlds and at the corners, their regrets, which one is `planned`.

    `held` are delay and energy of every device that keeps its cut, (2, devices, draws), where they are known.
    Where `few` ranges all corners were looked at; `why_not` says what speaks against `exact` regrets.
    """

    own: CutScores
    regrets: CutRegrets
    planned: int
    held: Floats | None
    few: bool
    why_not: str


def judged_cuts(
    asked: AskedRows, plan: Plan, device: int, ranges: Sequence[InputRange], factors: Floats
) -> JudgedCuts:
    """The device's cuts held against each other, and the plan's figures with all cuts held."""
    quantities = [one.quantity for one in ranges]
    few = len(ranges) <= MOST_RANGES
    corners = corner_factors(ranges) if few else np.ones((len(ranges), 1))
    both = np.concatenate([factors, corners], axis=1)
    problem = build_problem(asked.question.graph, asked.question.scenario)
    sides = device_sides(problem, plan)
    draws = factors.shape[1]
    own = world_scores(asked, plan, device, asked.columns(quantities, both))
    worlds = [
        ScoredWorlds(scores=own.objective[:, part], kept=own.excess[:, part] <= 0)
        for part in (slice(None, draws), slice(draws, None))
    ]

    def scores(some: Floats) -> Floats:
        return world_scores(asked, plan, device, asked.columns(quantities, some)).objective

    settled = (worlds[1].kept == worlds[1].kept[:, :1]).all()
    changes = sides_change(asked, plan, device, asked.columns(quantities, both))
    exact = few and not changes and bool(settled) and is_multilinear(scores, ranges)
    regrets = regrets_of(*worlds, exact=exact)
    drawn_columns = asked.columns(quantities, factors)

    def turn(number: int) -> CutScores:
        return own if number == device else world_scores(asked, plan, number, drawn_columns)

    held = None if asked.slow else _held(turn, sides, draws)
    reasons = [
        "" if exact else OTHER_CUTS if changes else NOT_STRAIGHT if few else CORNERS_LEFT,
        TOO_MANY if held is None else "",
    ]
    return JudgedCuts(
        own=own,
        regrets=regrets,
        planned=_position(own, sides[device]),
        held=held if held is not None and held.size else None,
        few=few,
        why_not="; ".join(filter(None, reasons)),
    )


def _position(turn: CutScores, side: Mask) -> int:
    """Which of the cuts is the plan's; -1 where it is none of them."""
    same = (turn.masks == side).all(axis=1)
    return int(same.argmax()) if same.any() else -1


def _held(turn: Callable[[int], CutScores], sides: Mask, draws: int) -> Floats | None:
    """Delay and energy of every device that keeps its cut, shape (2, devices, draws).

    Empty where one has none of the cuts that are priced; None where it takes longer than `MOST_S`.
    """
    held, began_s = np.empty((2, len(sides), draws)), time.perf_counter()
    for number, side in enumerate(sides):
        found = turn(number)
        at = _position(found, side)
        if at < 0:
            return np.empty(0)
        held[:, number] = found.delay_s[at, :draws], found.energy_j[at, :draws]
        whole_s = (time.perf_counter() - began_s) * len(sides) / (number + 1)
        if number >= FIRST_TURNS and whole_s > MOST_S:
            return None
    return held
