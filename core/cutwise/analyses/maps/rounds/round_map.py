"""The map of whole rounds: which cuts of all devices, or which scheme, is best where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.lines.bisection import runs_by_parting
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.analyses.maps.rounds.adaptive_grid import AdaptiveGrid, AskedPoints, adaptive_grid
from cutwise.analyses.maps.rounds.round_points import (
    AnswerRounds,
    Options,
    RoundPoints,
    answered_here,
    points_of,
)
from cutwise.arrays import Floats, Ints
from cutwise.errors import SolverError
from cutwise.plans.plan import Plan
from cutwise.question import Question, shown_plan
from cutwise.tolerances import SAME_RATIO

COARSE, LEVELS, QUICK_LEVELS = 8, 2, 3
"""Cells a side at first, and how often those at borders are parted in four."""
NEAR_BEST = 1.1
FIRST_POINTS = (COARSE + 1) ** 2
"""Points of the first look, at which all schemes are asked."""
MOST_POINTS = (COARSE * 2**LEVELS + 1) ** 2
"""Points that are asked at most where each takes a plan."""
CUTS, SCHEME = "pattern", "scheme"
PlanOf = Callable[[Question], Plan]


def unlisted_plan(question: Question) -> Plan:
    """The plan without the next-best cuts."""
    return shown_plan(question, listed=False)


def round_map(
    places: MapPlaces,
    schemes: Mapping[str, Mapping[str, Any]],
    *,
    by_cuts: bool,
    answer: AnswerRounds = answered_here,
    plan_of: PlanOf = unlisted_plan,
) -> DecisionMap:
    """The map of the patterns of cuts of one scheme, or of schemes with their options.

    Every point that is asked is planned anew, all devices together. Where plans go in columns there are 65
    points a side and borders are parted to their places, else 33 and borders between schemes lie where their
    scores meet, those between patterns in the middle of two points. Raises `SolverError` for schemes under
    another objective than delay, whose rounds are not told one by one.
    """
    if not by_cuts and not places.problem.scenario.objective.is_delay:
        raise SolverError("schemes are mapped by the delay of a round; choose least delay")
    listed: tuple[tuple[str, Options], ...] = tuple(
        (name, tuple(sorted(options.items()))) for name, options in schemes.items()
    )
    if not by_cuts:
        listed = near_best(places, listed, answer)
    points = RoundPoints(places, listed, by_cuts=by_cuts, answer=answer)
    quick, axes = points.quick, places.axes
    levels = QUICK_LEVELS if quick else LEVELS
    across, up = (points_of(axis, COARSE * 2**levels + 1) for axis in axes)

    def ask(rows: Ints, columns: Ints) -> AskedPoints:
        return points.at(across[columns], up[rows])

    def labels_at(values: Floats, rows: Ints) -> Ints:
        return points.at(values, up[rows]).best

    grid = adaptive_grid(ask, coarse=COARSE, levels=levels)
    if quick and by_cuts:
        runs = runs_by_parting(axes[0], across, grid.best, labels_at)
    else:
        runs = _by_scores(axes[0], across, grid)
    found = _map(points, (across, up), grid, runs, _today(points), plan_of)
    return found if by_cuts else replace(found, compared=len(schemes))


def near_best(
    places: MapPlaces, schemes: tuple[tuple[str, Options], ...], answer: AnswerRounds
) -> tuple[tuple[str, Options], ...]:
    """The schemes that are within 10 % of the best at some point of the first look, of equal ones the first.

    The others are left out of the finer looks.
    """
    values = [points_of(axis, COARSE + 1) for axis in places.axes]
    up, across = (one.ravel() for one in np.meshgrid(*values[::-1], indexing="ij"))
    scores = RoundPoints(places, schemes, by_cuts=False, answer=answer).at(across, up).scores
    near = np.isfinite(scores) & (scores <= NEAR_BEST * scores.min(axis=0))
    left: list[int] = []
    for at in np.flatnonzero(near.any(axis=1)).tolist():
        if not any(np.allclose(scores[at], scores[other], rtol=SAME_RATIO, atol=0.0) for other in left):
            left.append(at)
    return tuple(schemes[at] for at in left or [0])


def _by_scores(axis: QuantityAxis, across: Floats, grid: AdaptiveGrid) -> Runs:
    """Changes between neighbours where the scores of both, straight between them, meet."""
    share = np.linspace(0.0, 1.0, len(across))
    found: list[list[tuple[float, int]]] = []
    for row, best in enumerate(grid.best):
        own = [(float(across[0]), int(best[0]))]
        for at in np.flatnonzero(best[1:] != best[:-1]).tolist():
            part = _meeting(grid.scores[:, row, at : at + 2], int(best[at]), int(best[at + 1]))
            place = share[at] + part * (share[at + 1] - share[at])
            own.append((_value(axis, place), int(best[at + 1])))
        found.append(own)
    steps = max(map(len, found))
    start, cut = np.full((steps, len(found)), np.nan), np.full((steps, len(found)), NONE_FITS, dtype=np.int64)
    for row, own in enumerate(found):
        start[: len(own), row], cut[: len(own), row] = zip(*own, strict=True)
    return Runs(start=start, cut=cut)


def _meeting(scores: Floats, one: int, other: int) -> float:
    """How far between two points the logarithms of two scores meet; the middle where one has no score."""
    if NONE_FITS in (one, other) or len(scores) == 1 or not np.isfinite(scores[[one, other]]).all():
        return 0.5
    apart = np.log(scores[one] / scores[other])
    return float(apart[0] / (apart[0] - apart[1])) if apart[0] < apart[1] else 0.5


def _value(axis: QuantityAxis, share: float) -> float:
    if axis.log:
        return float(axis.low * (axis.high / axis.low) ** share)
    return float(axis.low + share * (axis.high - axis.low))


def _today(points: RoundPoints) -> AskedPoints | None:
    here = [axis.here for axis in points.places.axes]
    if None in here:
        return None
    across, up = (np.array([one], dtype=np.float64) for one in here)
    return points.at(across, up)


def _map(
    points: RoundPoints,
    values: tuple[Floats, Floats],
    grid: AdaptiveGrid,
    runs: Runs,
    today: AskedPoints | None,
    plan_of: PlanOf,
) -> DecisionMap:
    places, (across, up) = points.places, values
    best, second, score, second_score = _ranked(grid, points.by_cuts)
    now = NONE_FITS if today is None else int(today.best[0])
    fits = today is not None and now != NONE_FITS
    now_s = float(today.scores[0 if points.by_cuts else now, 0]) if today is not None and fits else np.inf
    met = (grid.best, runs.cut, second, np.array([now]))
    used = [one for one in np.unique(np.concatenate([m.ravel() for m in met])).tolist() if one != NONE_FITS]
    place = np.full(len(points.names) + 1, NONE_FITS)
    place[used] = np.arange(len(used))
    with np.errstate(divide="ignore", invalid="ignore"):
        regrets = np.where(np.isfinite(score), second_score / score - 1, np.inf)
    is_delay = places.problem.scenario.objective.is_delay
    return DecisionMap(
        device="",
        scheme=points.schemes[0][0],
        of=CUTS if points.by_cuts else SCHEME,
        across=places.axes[0],
        up=places.axes[1],
        laws=(None, None),
        along_across=True,
        row_values=up,
        runs=Runs(start=runs.start, cut=place[runs.cut]),
        across_values=across,
        up_values=up,
        labels=tuple(points.names[one] for one in used),
        shares=tuple(_kept(points, one, _point_of(grid, values, one), plan_of) for one in used),
        best=place[best],
        second=place[second],
        delays_s=score if is_delay else np.full_like(score, np.nan),
        scores=score,
        regrets=regrets,
        today=int(place[now]),
        today_delay_s=now_s if is_delay else np.nan,
        today_moves=(),
        compared=len(points.names),
        exact=False,
        complete=True,
        alone=True,
        objective=places.problem.scenario.objective.kind,
        beside=dict(places.beside),
    )


def _ranked(grid: AdaptiveGrid, by_cuts: bool) -> tuple[Ints, Ints, Floats, Floats]:
    """Best and second best with their scores; of patterns of cuts no second best is known."""
    if by_cuts:
        score = np.where(grid.best == NONE_FITS, np.inf, grid.scores[0])
        return grid.best, np.full_like(grid.best, NONE_FITS), score, np.full_like(score, np.inf)
    scores = grid.scores.copy()
    at = np.maximum(grid.best, 0)[None]
    score = np.where(grid.best == NONE_FITS, np.inf, np.take_along_axis(scores, at, axis=0)[0])
    np.put_along_axis(scores, at, np.inf, axis=0)
    second = scores.argmin(axis=0)
    least = np.take_along_axis(scores, second[None], axis=0)[0]
    known = np.isfinite(least) & (grid.best != NONE_FITS)
    return grid.best, np.where(known, second, NONE_FITS), score, np.where(known, least, np.inf)


def _point_of(grid: AdaptiveGrid, values: tuple[Floats, Floats], one: int) -> list[float] | None:
    """A point that was asked and where this one is best; None where it is only beside others."""
    rows, columns = np.nonzero((grid.best == one) & grid.asked)
    return [float(values[0][columns[0]]), float(values[1][rows[0]])] if len(rows) else None


def _kept(points: RoundPoints, one: int, point: list[float] | None, plan_of: PlanOf) -> float:
    """The part of all devices' work that stays there, as planned at a point, else at the present one."""
    places, (scheme, options) = points.places, points.schemes[0 if points.by_cuts else one]
    asked = places.asked(point) if point else places.question
    plan = plan_of(replace(asked, scheme=scheme, options=dict(options)))
    cost, samples = places.problem.cost, places.problem.samples
    flops = cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
    by_op = dict(zip((op.id for op in cost.graph.ops), flops.tolist(), strict=True))
    kept = [sum(by_op.get(op, 0.0) for op in decision.cut.device_ops) for decision in plan.decisions]
    return float(np.dot(kept, samples) / (flops.sum() * samples.sum()))
