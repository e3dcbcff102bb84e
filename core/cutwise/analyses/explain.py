"""Why a plan is as it is: what takes most of the time, and what would move a cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.one_device.cut_table import table_of
from cutwise.planning.whole_round.round_value import score_of_round
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.plans.stages import STAGES
from cutwise.plans.words import said
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of, unpinned
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What takes longest in a round, and the next uplink rates at which the best cut of one device changes.

    `device` is that device, `cut` its best cut at today's rate. `training` is False in inference.
    """

    dominant: Dominant
    device: str
    cut: str
    moves: tuple[Move, ...]
    training: bool = True

    def to_frame(self) -> pandas.DataFrame:
        """One row a rate at which the cut changes."""
        import pandas

        columns = ("uplink_bps", "faster", "cut")
        return pandas.DataFrame(
            [[getattr(move, name) for name in columns] for move in self.moves], columns=list(columns)
        )

    def plain(self) -> dict[str, Any]:
        """What takes longest, whose cut is meant, and one row a move."""
        most = {"part": self.dominant.part, "ratio": self.dominant.ratio, "device": self.dominant.device}
        return {
            "dominant": most,
            "device": self.device,
            "cut": self.cut,
            "moves": rows_of(self.to_frame()),
        }

    def summary(self) -> str:
        """What takes longest, and whose cut moves."""
        where = f" at {self.dominant.device}" if self.dominant.device else ""
        most = f"{self.dominant.part} takes {100 * self.dominant.ratio:.0f} % of the round{where}"
        moved = "at the rates named" if self.moves else "at no other uplink rate that is known"
        most = said(most, training=self.training)
        return f"{most}; the best cut of {self.device}, {self.cut}, moves {moved}"

    def text(self) -> str:
        """The table, if there is any move, and its summary."""
        table = f"{table_text(self.to_frame())}\n" if self.moves else ""
        return f"{table}{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainAnalysis:
    """Why the scheme's plan is as it is."""

    name: ClassVar[str] = "explain"
    title: ClassVar[str] = "Why the plan is as it is"
    asks: ClassVar[str] = "What takes longest in a round, and which uplink rate would move the cut?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    device: str = quantity("", title="Device", help="Whose cut is meant; the slowest device if absent")

    def run(self, question: Question) -> Explanation:
        """What takes longest in the plan that is shown, and what moves the best cut of one device."""
        problem, plan = problem_of(question), asked_plan(question)
        best = asked_plan(unpinned(question)) if question.cut else plan
        device = device_at(best, self.device)
        return Explanation(
            dominant=dominant(plan),
            device=best.decisions[device].device,
            cut=best_cut(problem, best, device),
            moves=moves(problem, best, device),
            training=plan.inference is None,
        )


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
        part=said(part, training=plan.inference is None),
        ratio=seconds[part] / total if total else 0.0,
        device=plan.decisions[slowest].device if at_once else "",
    )


def best_cut(problem: SplitProblem, plan: Plan, device: int) -> str:
    """The device's best cut by itself under the conditions of the plan; the plan's own where none fits."""
    lines = _lines(problem, plan, device) if problem.micro_batches == 1 else None
    if lines is None:
        return plan.decisions[device].cut.label
    return lines.label(int(np.argmin(lines.start + lines.here * lines.slope)))


def moves(problem: SplitProblem, plan: Plan, device: int) -> tuple[Move, ...]:
    """The nearest slower and faster uplink rates at which the device's best cut changes.

    The score of a cut is affine in the seconds that a bit takes up, so the best cut over all rates is
    the lower envelope of lines; its corners next to today's rate are the answer, exact for all rates. Where
    micro-batches overlap, delays are no lines, and nothing is said.
    """
    lines = _lines(problem, plan, device) if problem.micro_batches == 1 else None
    if lines is None:
        return ()
    found = []
    for faster in (False, True):
        corner = _next_corner(lines.start, lines.slope, lines.here, toward_zero=faster)
        if corner is not None:
            found.append(Move(uplink_bps=1.0 / corner[0], faster=faster, cut=lines.label(corner[1])))
    return tuple(found)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Lines(Frozen):
    """Scores of one device's cuts that fit, as lines over the seconds a bit takes up; `here` is today's."""

    problem: SplitProblem
    masks: Mask
    start: Floats
    slope: Floats
    here: float

    def label(self, line: int) -> str:
        return cut_of(self.problem, self.masks[line]).label


def _lines(problem: SplitProblem, plan: Plan, device: int) -> _Lines | None:
    """The lines of a device; None where no cut keeps its limits."""
    everyone = conditions_of_plan(problem, plan)
    score = score_of_round(problem, everyone, AT_ONCE if plan.active > 1 else IN_TURN)
    table = table_of(problem, everyone, score)
    group = table.groups[table.group_of[device]]
    fits = np.flatnonzero(table.excess[device, : len(group.masks)] <= 0)
    if not len(fits):
        return None
    own = everyone.of(device)
    start, one = (
        np.asarray(score(stage_times(group.sums, _at_uplink(own, rate))), dtype=np.float64)[fits]
        for rate in (np.inf, 1.0)
    )
    here = 1.0 / float(own.link.uplink_bps)
    return _Lines(problem=problem, masks=group.masks[fits], start=start, slope=one - start, here=here)


def _at_uplink(conditions: Conditions, uplink_bps: float) -> Conditions:
    return conditions.at_rates(uplink_bps=uplink_bps, downlink_bps=conditions.link.downlink_bps)


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
