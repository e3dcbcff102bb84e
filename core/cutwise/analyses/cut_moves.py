"""At which uplink rates the cut of one device of a plan changes: read off lines, or planned anew.

All uplink rates change by one factor. Where a device's cut depends on its own rate alone, the answer is
exact for all rates. Elsewhere the scheme plans anew at one rate after another, and where the cut has
changed between two of them the place is bisected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.answer.plan_conditions import conditions_of_plan, device_sides
from cutwise.planning.one_device.candidates import Candidates, listed, server_may_overflow
from cutwise.planning.one_device.cut_table import common_table, groups_of
from cutwise.planning.one_device.objective import device_energy
from cutwise.planning.whole_round.joint_choice import is_coupled
from cutwise.planning.whole_round.round_value import score_of_round
from cutwise.plans.plan import DeviceDecision, Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of, shown_options, shown_scheme
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise.tolerances import LIMIT_ROUNDING, SAME_RATIO

FACTORS = (1.02, 1.05, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.4, 3.0, 3.6, 4.5, 6.0, 8.0, 10.0, 14.0, 20.0, 30.0,
           50.0, 100.0, 300.0, 1e3, 1e4)  # fmt: skip
"""Rates over today's, or under it, at which a scheme plans anew."""
BISECTED = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An uplink rate of the device at which its cut in the plan changes, and the cut it changes to.

    All uplink rates change by the same factor.
    """

    uplink_bps: float
    faster: bool
    cut: str


def stands_alone(question: Question, plan: Plan) -> bool:
    """True where the cut of a device depends on its own rate alone, whatever the others do."""
    problem, options = problem_of(question), shown_options(question)
    sharing, at_once = problem.scenario.sharing, plan.active > 1
    couples = (
        not SCHEMES[shown_scheme(question)].separable,
        options.get("common_cut", False) or options.get("version", "v1") != "v1",
        problem.scenario.objective.is_weighted,
        is_coupled(problem.scenario, AT_ONCE if at_once else IN_TURN),
        at_once and (sharing.bandwidth == "optimised" or sharing.server == "queue"),
        at_once and server_may_overflow(problem, clients=plan.active),
        problem.micro_batches > 1,
    )
    return not any(couples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves(Frozen):
    """The nearest slower and faster uplink rates at which a cut of the plan changes.

    `exact` for all rates; else the scheme planned anew at some, and a change there and back between two of
    them is not seen.
    """

    found: tuple[Move, ...]
    exact: bool


def moves(question: Question, plan: Plan, device: int, *, anew: bool = True) -> Moves:
    """What moves the device's cut in the plan that the question is answered by; nothing is known without
    planning `anew` where devices are coupled.
    """
    problem = problem_of(question)
    lines = _lines(problem, plan, device) if stands_alone(question, plan) else None
    found = None if lines is None else tuple(lines.moves())
    if found is not None and None not in found:
        return Moves(found=tuple(filter(None, found)), exact=True)
    return Moves(found=tuple(_planned_anew(question, plan, device)) if anew else (), exact=False)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Lines(Frozen):
    """Scores of a device's cuts as lines over the seconds a bit takes up: `here` today, `own` in the plan.

    Each cut keeps its limits up to `latest` seconds a bit.
    """

    problem: SplitProblem
    masks: Mask
    start: Floats
    slope: Floats
    latest: Floats
    here: float
    own: int

    def moves(self) -> Iterator[Move | None]:
        """The nearest change to slower and to faster rates: by a better cut, or as the own no longer fits.

        None where no other fits there, and the scheme has to say what comes nearest.
        """
        start, slope = self.start - self.start[self.own], self.slope - self.slope[self.own]
        with np.errstate(divide="ignore", invalid="ignore"):
            meet = np.where(slope == 0, np.where(start < 0, np.inf, -np.inf), -start / slope)
        slower = np.where(slope < 0, np.maximum(meet, self.here), np.inf)
        slower = np.where(slower < self.latest, slower, np.inf)
        slower[self.own] = self.latest[self.own]
        falling = (slope < 0) & (meet < self.latest)
        faster = np.where(falling, self.latest, np.where(slope < 0, 0.0, np.minimum(meet, self.latest)))
        faster = np.where((faster > 0) & (faster <= self.here), faster, 0.0)
        faster[self.own] = 0.0
        if slower.min() < np.inf:
            yield self._to(float(slower.min()), faster=False)
        if faster.max() > 0:
            yield self._to(float(faster.max()), faster=True)

    def _to(self, seconds: float, *, faster: bool) -> Move | None:
        """The move at so many seconds a bit: to the best other cut just beyond, if one fits."""
        beyond = seconds * (1 - SAME_RATIO if faster else 1 + SAME_RATIO)
        scores = np.where(beyond <= self.latest, self.start + beyond * self.slope, np.inf)
        scores[self.own] = np.inf
        best = int(scores.argmin())
        if not np.isfinite(scores[best]):
            return None
        return Move(uplink_bps=1.0 / seconds, faster=faster, cut=cut_of(self.problem, self.masks[best]).label)


def _lines(problem: SplitProblem, plan: Plan, device: int) -> _Lines | None:
    """The lines of a device; None where its cut breaks a limit, or unknown cuts may be best."""
    conditions = conditions_of_plan(problem, plan)
    score = score_of_round(problem, conditions, AT_ONCE if plan.active > 1 else IN_TURN)
    groups, group_of = groups_of(problem, conditions, score)
    own = device_sides(problem, plan)[device]
    others = groups[group_of[device]].masks
    masks = np.vstack([own, others[(others != own).any(axis=1)]])
    cuts = listed(problem, masks)
    endless, one = (
        common_table(problem, _at_uplink(conditions, rate), score, cuts) for rate in (np.inf, 1.0)
    )
    here, latest = 1.0 / float(conditions.of(device).link.uplink_bps), _latest(problem, conditions, cuts)
    latest = np.where(endless.excess[device] > 0, 0.0, latest[device])
    if not all(group.complete for group in groups) or here > latest[0]:
        return None
    start = endless.raw_scores[device]
    return _Lines(
        problem=problem,
        masks=masks,
        start=start,
        slope=one.raw_scores[device] - start,
        latest=latest,
        here=here,
        own=0,
    )


def _latest(problem: SplitProblem, conditions: Conditions, cuts: Candidates) -> Floats:
    """Up to how many seconds a bit each device's cuts (devices, cuts) keep its limit on energy."""
    most_j = problem.scenario.limits.device_energy_j
    if most_j is None:
        return np.full((problem.device_count, len(cuts.masks)), np.inf)
    least, one = (
        common_table(problem, _at_uplink(conditions, rate), device_energy, cuts).raw_scores
        for rate in (np.inf, 1.0)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        spent = (most_j * (1 + LIMIT_ROUNDING) - least) / (one - least)
    return np.where(one > least, spent, np.inf)


def _at_uplink(conditions: Conditions, uplink_bps: float) -> Conditions:
    everyone = np.full_like(np.asarray(conditions.link.uplink_bps, dtype=np.float64), uplink_bps)
    return conditions.at_rates(uplink_bps=everyone, downlink_bps=conditions.link.downlink_bps)


def _planned_anew(question: Question, plan: Plan, device: int) -> Iterator[Move]:
    """The nearest changes that the scheme itself makes, at the rates looked at."""
    decided = _decisions(question, device)
    today = plan.decisions[device]
    for faster in (False, True):
        near = 1.0
        for factor in FACTORS:
            far = factor if faster else 1.0 / factor
            if _parts(decided(far)) != _parts(today):
                ratio, found = _bisected(decided, today, near, far)
                yield Move(uplink_bps=ratio * today.uplink_bps, faster=faster, cut=_label(found))
                break
            near = far


def _decisions(question: Question, device: int) -> Callable[[float], DeviceDecision]:
    """What is decided for a device when every uplink rate is so many times the scenario's."""
    problem, options = problem_of(question), shown_options(question)
    scheme = SCHEMES[shown_scheme(question)]
    if any(option.name == "certify" for option in fields(scheme)):
        options["certify"] = False
    asked = scheme_with(shown_scheme(question), options)
    return lambda ratio: asked.solve(replace(problem, uplink_ratio=ratio)).decisions[device]


def _bisected(
    decided: Callable[[float], DeviceDecision], today: DeviceDecision, near: float, far: float
) -> tuple[float, DeviceDecision]:
    """Where between two ratios the cut changes from today's, and what it changes to."""
    found = decided(far)
    while abs(far / near - 1) > BISECTED:
        middle = float(np.sqrt(near * far))
        other = decided(middle)
        if _parts(other) == _parts(today):
            near = middle
        else:
            far, found = middle, other
    return far, found


def _parts(decision: DeviceDecision) -> tuple[tuple[str, ...], ...]:
    """What runs on the device, on its edge, and on the device again."""
    edge = decision.edge_cut.device_ops if decision.edge_cut else ()
    return decision.cut.device_ops, edge, decision.returned_ops


def _label(decision: DeviceDecision) -> str:
    """The cut in words, with that of the edge."""
    behind = f", the edge {decision.edge_cut.label}" if decision.edge_cut else ""
    back = f", {len(decision.returned_ops)} ops back on the device" if decision.returned_ops else ""
    return f"{decision.cut.label}{behind}{back}"
