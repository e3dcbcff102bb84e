"""Why a plan is as it is: what takes most of the time, and what would move a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.answer.plan_conditions import decided_conditions
from cutwise.planning.one_device.cut_table import table_of
from cutwise.planning.whole_round.round_value import score_of_round
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.plans.stages import STAGES
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominant:
    """The part of a round that takes longest, its share, and the device that it was read from.

    `device` is empty where parts of all devices add up.
    """

    part: str
    ratio: float
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Another uplink rate of the device, at which its best cut changes, and the cut it changes to."""

    uplink_bps: float
    faster: bool
    cut: str


def dominant(plan: Plan) -> Dominant:
    """What takes longest: over all devices in turn, or at the last device where all work at once."""
    at_once = plan.active > 1
    slowest = max(range(len(plan.stages)), key=lambda i: plan.stages[i].delay_s)
    counted = [plan.stages[slowest]] if at_once else list(plan.stages)
    seconds = dict.fromkeys((stage.doing for stage in STAGES), 0.0)
    for turn in counted:
        for stage in STAGES:
            seconds[stage.doing] += float(stage.taken_s(turn))
    part = max(seconds, key=lambda name: seconds[name])
    total = sum(seconds.values())
    return Dominant(
        part=part,
        ratio=seconds[part] / total if total else 0.0,
        device=plan.decisions[slowest].device if at_once else "",
    )


def moves(problem: SplitProblem, plan: Plan, device: int) -> tuple[Move, ...]:
    """The nearest slower and faster uplink rates at which the device's best cut changes.

    The score of a cut is affine in the seconds that a bit takes up, so the best cut over all rates is
    the lower envelope of lines; its corners next to today's rate are the answer, exact for all rates. Where
    micro-batches overlap, delays are no lines, and nothing is said.
    """
    if problem.micro_batches > 1:
        return ()
    everyone = decided_conditions(problem, plan)
    score = score_of_round(problem, everyone, AT_ONCE if plan.active > 1 else IN_TURN)
    table = table_of(problem, everyone, score)
    group = table.groups[table.group_of[device]]
    fits = np.flatnonzero(table.excess[device, : len(group.masks)] <= 0)
    if not len(fits):
        return ()
    conditions = everyone.of(device)
    still, one = (
        np.asarray(
            score(
                stage_times(
                    group.sums,
                    conditions.at_rates(uplink_bps=rate, downlink_bps=conditions.link.downlink_bps),
                )
            )
        )[fits]
        for rate in (np.inf, 1.0)
    )
    here = 1.0 / float(conditions.link.uplink_bps)
    found = []
    for faster in (False, True):
        corner = _next_corner(still, one - still, here, toward_zero=faster)
        if corner is not None:
            cut = cut_of(problem, group.masks[fits[corner[1]]]).label
            found.append(Move(uplink_bps=1.0 / corner[0], faster=faster, cut=cut))
    return tuple(found)


def _next_corner(start: Floats, slope: Floats, here: float, *, toward_zero: bool) -> tuple[float, int] | None:
    """Where another line becomes the lowest, going from `here` down to 0 or up, and which one."""
    best = int(np.argmin(start + here * slope))
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = (start - start[best]) / (slope[best] - slope)
    ahead = (
        (slope > slope[best]) & (crossing < here) & (crossing > 0)
        if toward_zero
        else ((slope < slope[best]) & (crossing > here))
    )
    if not ahead.any():
        return None
    candidates = np.flatnonzero(ahead)
    nearest = candidates[(crossing[candidates].argmax() if toward_zero else crossing[candidates].argmin())]
    return float(crossing[nearest]), int(nearest)
