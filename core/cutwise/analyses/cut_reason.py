"""Why a device is cut where it is, as facts: the rule that decides, and rows of the curve that show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from cutwise.analyses.cut_curve import CutCurve, cut_curve
from cutwise.analyses.cut_trades import Grown, Trade, measures_of, most_grown, trade
from cutwise.arrays import Mask
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.planning.one_device.curve_sides import Moved
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.device_limits import ACCURACY
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import weighs_cuts
from cutwise.schemes.base import SCHEMES
from cutwise.tolerances import LIMIT_ROUNDING, SAME_RATIO

Rule: TypeAlias = Literal[
    "no_cut", "pinned", "none_fits", "overlap", "one_piece", "only_one", "breaks", "scheme", "round",
    "all_on_device", "smallest", "between",
]  # fmt: skip
"""What decides a cut; of those that hold the first."""
DEADLINE, PRIVACY = "deadline", "privacy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason(Frozen):
    """Why the cut of one device (or of its edge, by `moved`) is where it is.

    `chosen` is the row of the curve at which the plan cuts, `label` that cut. `best` is the best allowed cut
    where another was given, `before` and `after` are the best rivals on either side, `ruled_out` a better cut
    that breaks the `limits`; all are told against the chosen row. `limits` also name what leaves one cut
    alone. `grown` is the part that grew most from the best cut. `last` says that no turn is longer;
    `same_round` that the best cut would end the round no sooner. `private` says that privacy keeps ops.
    """

    device: str
    moved: Moved
    rule: Rule
    chosen: int
    label: str
    last: bool
    private: bool
    limits: tuple[str, ...] = ()
    best: Trade | None = None
    grown: Grown | None = None
    before: Trade | None = None
    after: Trade | None = None
    ruled_out: Trade | None = None
    same_round: bool = False


def cut_reasons(
    problem: SplitProblem, plan: Plan, device: int, *, pinned: bool = False, curve: CutCurve | None = None
) -> tuple[Reason, ...]:
    """Why the device's cut is where it is, and behind an edge why the edge's is.

    `pinned` says that the reader gave the cut. `curve` is the device's own, where it is known already.
    """
    moving: tuple[Moved, ...] = ("device", "edge") if plan.decisions[device].edge_cut else ("device",)
    try:
        curves = [
            curve
            if curve and moved == "device"
            else cut_curve(problem, plan, device, moved=moved, with_peaks=False)
            for moved in moving
        ]
    except SolverError:
        return (_reason(problem, plan, device, "device", "no_cut"),)
    return tuple(reason_of_curve(problem, plan, device, found, pinned=pinned) for found in curves)


def reason_of_curve(
    problem: SplitProblem, plan: Plan, device: int, curve: CutCurve, *, pinned: bool = False
) -> Reason:
    """The first rule that holds for the cut at the chosen row, with the rows that show it."""
    allowed = _allowed(problem, plan, curve)
    rule = _rule(problem, plan, curve, allowed, pinned)
    found = _reason(problem, plan, device, curve.moved, rule, curve.chosen)
    return _with_rows(found, problem, plan, curve, allowed)


def _reason(
    problem: SplitProblem, plan: Plan, device: int, moved: Moved, rule: Rule, chosen: int = 0
) -> Reason:
    turns = [float(stage.delay_s) for stage in plan.stages]
    decision = plan.decisions[device]
    cut = decision.edge_cut if moved == "edge" and decision.edge_cut else decision.cut
    return Reason(
        device=decision.device,
        moved=moved,
        rule=rule,
        chosen=chosen,
        label=cut.label,
        last=len(turns) > 1 and turns[device] >= max(turns),
        private=bool((problem.private & ~problem.cost.is_input).any()),
    )


def _allowed(problem: SplitProblem, plan: Plan, curve: CutCurve) -> Mask:
    """Which rows keep what must stay, every limit of the device, and a deadline that the plan keeps."""
    kept = curve.fits & ~_gives_away(problem, curve)
    deadline_s = problem.scenario.limits.deadline_s
    if deadline_s is None or plan.delay_s > deadline_s * (1 + LIMIT_ROUNDING):
        return np.asarray(kept)
    return np.asarray(kept & (curve.round_delays_s <= deadline_s * (1 + LIMIT_ROUNDING)))


def _rule(problem: SplitProblem, plan: Plan, curve: CutCurve, allowed: Mask, pinned: bool) -> Rule:
    at, count = curve.chosen, len(curve.names)
    best = _best(curve, allowed)
    worse = bool(curve.scores[at] > curve.scores[best] + SAME_RATIO * abs(curve.scores[best]))
    holds: tuple[tuple[Rule, bool], ...] = (
        ("pinned", pinned),
        ("none_fits", not allowed.any()),
        ("overlap", problem.micro_batches > 1),
        ("one_piece", count == 1 and _is_tied(problem)),
        ("only_one", count == 1),
        ("breaks", not allowed[at]),
        ("only_one", int(allowed.sum()) == 1),
        ("scheme", worse and not chooses_cuts(plan)),
        ("round", worse),
        ("all_on_device", bool(curve.masks[at].all())),
        ("smallest", at == 0),
    )
    return next((rule for rule, found in holds if found), "between")


def _best(curve: CutCurve, allowed: Mask) -> int:
    """The best row of those allowed, of all where none is."""
    return int(np.where(allowed, curve.scores, np.inf).argmin() if allowed.any() else curve.scores.argmin())


def _is_tied(problem: SplitProblem) -> bool:
    """True where more cuts would be there without shared weights."""
    return bool(problem.ties) and len(cut_positions(replace(problem, ties=()))) > 1


def chooses_cuts(plan: Plan) -> bool:
    """True where the scheme of the plan weighs cuts against each other, and fixes none."""
    scheme = SCHEMES[plan.scheme]()
    return weighs_cuts(scheme) or bool(getattr(scheme, "comes_back", False))


def _with_rows(found: Reason, problem: SplitProblem, plan: Plan, curve: CutCurve, allowed: Mask) -> Reason:
    at, best = curve.chosen, _best(curve, allowed)
    if found.rule == "only_one":
        return replace(found, limits=_left_by(problem, curve, allowed))
    if found.rule == "none_fits":
        return replace(found, limits=_broken(problem, curve, at))
    if found.rule in {"pinned", "breaks", "scheme", "round"}:
        return replace(
            found,
            limits=_broken(problem, curve, at) if found.rule == "breaks" else (),
            best=trade(problem, curve, best, at) if best != at else None,
            grown=most_grown(problem, curve, at, best) if problem.micro_batches == 1 else None,
            same_round=bool(curve.round_delays_s[best] >= plan.delay_s * (1 - SAME_RATIO)),
        )
    if found.rule in {"overlap", "one_piece"}:
        return found
    free = int(curve.scores.argmin())
    better = not allowed[free] and curve.scores[free] < curve.scores[at] - SAME_RATIO * abs(curve.scores[at])
    return replace(
        found,
        before=_rival(problem, curve, allowed, np.arange(len(curve.names)) < at),
        after=_rival(problem, curve, allowed, np.arange(len(curve.names)) > at),
        ruled_out=trade(problem, curve, free, at) if better else None,
        limits=_broken(problem, curve, free) if better else (),
    )


def _rival(problem: SplitProblem, curve: CutCurve, allowed: Mask, side: Mask) -> Trade | None:
    """The best allowed cut of one side that changes the first amount; else one that changes the second."""
    finite = np.isfinite(curve.scores)
    for measure in measures_of(problem.scenario.objective, curve):
        rivals = side & allowed & finite & np.asarray(measure.tells(curve.chosen), dtype=bool)
        if rivals.any():
            row = int(np.where(rivals, curve.scores, np.inf).argmin())
            return trade(problem, curve, row, curve.chosen)
    return None


def _broken(problem: SplitProblem, curve: CutCurve, row: int) -> tuple[str, ...]:
    """The limits that the cut at `row` breaks, by name."""
    rules = tuple(rule for rule, over in curve.excess.items() if over[row] > 0)
    rules += (_pinning(problem),) if _gives_away(problem, curve)[row] else ()
    deadline_s = problem.scenario.limits.deadline_s
    late = deadline_s is not None and curve.round_delays_s[row] > deadline_s * (1 + LIMIT_ROUNDING)
    return (*rules, DEADLINE) if late else rules


def _left_by(problem: SplitProblem, curve: CutCurve, allowed: Mask) -> tuple[str, ...]:
    """What leaves one cut alone: limits that every other breaks, the accuracy, or privacy."""
    if len(curve.names) > 1:
        others = [row for row in np.flatnonzero(~allowed)]
        return tuple(dict.fromkeys(rule for row in others for rule in _broken(problem, curve, int(row))))
    return (_pinning(problem),) if problem.pinned.any() else ()


def _gives_away(problem: SplitProblem, curve: CutCurve) -> Mask:
    """Which rows do not keep all that must stay on the device: only a scheme's own cut may be one."""
    return np.asarray((problem.pinned & ~curve.masks).any(axis=1))


def _pinning(problem: SplitProblem) -> str:
    """What keeps ops on the device: the accuracy that compression may cost, or privacy."""
    return ACCURACY if problem.pinned.sum() > problem.private.sum() else PRIVACY
