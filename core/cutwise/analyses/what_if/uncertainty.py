"""What is not known of the inputs: bands of delay and energy, chances of each cut, the robust cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cutwise.analyses.base import asked_plan, registered
from cutwise.analyses.cut_curve import device_at
from cutwise.analyses.what_if.cut_regrets import (
    MOST_RANGES,
    CutRegrets,
    ScoredWorlds,
    corner_factors,
    is_multilinear,
    regrets_of,
)
from cutwise.analyses.what_if.drawn_worlds import LEVELS, CutChance, DrawnBand, Uncertainty
from cutwise.analyses.what_if.inputs.asked_rows import MOST_S, AskedRows
from cutwise.analyses.what_if.inputs.input_ranges import InputRange, ranges_of
from cutwise.analyses.what_if.inputs.world_scores import world_scores
from cutwise.arrays import Floats
from cutwise.columns.cut_scores import CutScores
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.planning.answer.plan_conditions import device_sides
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.units import quantity

if TYPE_CHECKING:
    pass

DRAWS = 10_000
DRAWS_ONE_BY_ONE, FEWEST_DRAWS = 100, 20
"""Worlds that are planned one by one where many cannot be answered together: at most, and at least."""


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintyAnalysis(Settled):
    """What follows where inputs lie in ranges: bands, chances of each cut, and the cut regretted least.

    `certainty` is about the model's own error instead.
    """

    name: ClassVar[str] = "uncertainty"
    title: ClassVar[str] = "What unsure inputs do"
    asks: ClassVar[str] = (
        "How do delay, energy and the best cut spread where inputs are only known as ranges?"
    )
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = False
    ranges: tuple[str, ...] = quantity(
        (), title="Ranges",
        help="Separated by commas: path=low..high for evenly between, path=20% for a fifth less or more, "
        "path=/2 for lognormal with a tenth below half and a tenth above twice; rates and speeds by a fifth "
        "if absent",
    )  # fmt: skip
    device: str = quantity("", title="Device", help="Whose cuts are judged; the slowest device if absent")
    draws: int = quantity(
        DRAWS, ge=10, le=1_000_000, title="Draws", scale="log", shown=(1000, 100_000), help="Worlds drawn"
    )  # fmt: skip
    seed: int = quantity(0, ge=0, le=2**31 - 1, title="Seed", help="Which worlds are drawn")

    def run(self, question: Question) -> Uncertainty:
        """Worlds as columns: every one planned anew, and the plan as it is in all of them."""
        plan = asked_plan(question)
        device, asked = device_at(plan, self.device), AskedRows.of(question)
        ranges = ranges_of(question.scenario, self.ranges)
        if not ranges:
            raise ScenarioError(["ranges: this scenario has no rate or speed to draw; name a quantity"])
        together = all(asked.takes(one.quantity) for one in ranges)
        draws = self.draws if together else min(self.draws, _one_by_one(asked))
        factors = drawn(ranges, draws, self.seed)
        answers = asked.answers(asked.columns([one.quantity for one in ranges], factors))
        bands = list(_bands(plan, "planned anew", answers.delay_s, answers.energy_j))
        found = _cuts(asked, plan, device, ranges, factors) if together else None
        return Uncertainty(
            ranges=tuple(one.said() for one in ranges),
            bands=tuple([*(found.bands if found else ()), *bands]),
            device=plan.decisions[device].device,
            cuts=found.cuts if found else (),
            unit="J" if question.scenario.objective.is_energy else "s",
            exact=found.exact if found else False,
            why_not=found.why_not if found else ONE_BY_ONE,
            kept_ratio=float(answers.kept.mean()),
            draws=draws,
        )


ONE_BY_ONE = "every world took a plan of its own, so there are few, and cuts are not held against each other"
CORNERS_LEFT = f"more than {MOST_RANGES} ranges have too many corners: no cut is called robust"
NOT_STRAIGHT = (
    "not all laws are straight in a factor or its inverse, so regrets between corners may be larger"
)


def _one_by_one(asked: AskedRows) -> int:
    """Worlds that are planned one by one in `MOST_S`."""
    many = int(MOST_S / asked.row_s) if asked.row_s else DRAWS_ONE_BY_ONE
    return max(FEWEST_DRAWS, min(DRAWS_ONE_BY_ONE, many))


def drawn(ranges: Sequence[InputRange], draws: int, seed: int) -> Floats:
    """Factors (ranges, draws), each range drawn alone."""
    random = np.random.default_rng(seed)
    return np.stack([one.quantity.snapped(one.drawn(random, draws)) for one in ranges])


@dataclass(frozen=True, slots=True, kw_only=True)
class _FoundCuts(Frozen):
    bands: tuple[DrawnBand, ...]
    cuts: tuple[CutChance, ...]
    exact: bool
    why_not: str


def _cuts(
    asked: AskedRows, plan: Plan, device: int, ranges: Sequence[InputRange], factors: Floats
) -> _FoundCuts:
    """The plan's figures with its cuts held, and the device's cuts held against each other."""
    quantities = [one.quantity for one in ranges]
    few = len(ranges) <= MOST_RANGES
    corners = corner_factors(ranges) if few else np.ones((len(ranges), 1))
    both = np.concatenate([factors, corners], axis=1)
    problem = build_problem(asked.question.graph, asked.question.scenario)
    sides = device_sides(problem, plan)
    turns = [world_scores(asked, plan, i, asked.columns(quantities, both)) for i in range(len(sides))]
    at = [_position(one, side) for one, side in zip(turns, sides, strict=True)]
    draws = factors.shape[1]
    own = turns[device]
    worlds = [
        ScoredWorlds(scores=own.objective[:, part], kept=own.excess[:, part] <= 0)
        for part in (slice(None, draws), slice(draws, None))
    ]

    def scores(some: Floats) -> Floats:
        return world_scores(asked, plan, device, asked.columns(quantities, some)).objective

    settled = (worlds[1].kept == worlds[1].kept[:, :1]).all()
    exact = few and bool(settled) and is_multilinear(scores, ranges)
    regrets = regrets_of(*worlds, exact=exact)
    return _FoundCuts(
        bands=tuple(_held(plan, turns, at, draws)),
        cuts=tuple(_chances(own, regrets, at[device], robust=few)),
        exact=exact,
        why_not="" if exact else NOT_STRAIGHT if few else CORNERS_LEFT,
    )


def _position(turn: CutScores, side: Floats) -> int:
    """Which of the cuts is the plan's; -1 where it is none of them."""
    same = (turn.masks == side).all(axis=1)
    return int(same.argmax()) if same.any() else -1


def _held(plan: Plan, turns: Sequence[CutScores], at: Sequence[int], draws: int) -> Iterator[DrawnBand]:
    if min(at) < 0:
        return
    round_of = Round(parallel=False, rule="", phases=plan.phases)
    rows = list(zip(turns, at, strict=True))
    delays = np.stack([turn.delay_s[k, :draws] for turn, k in rows])
    energies = np.stack([turn.energy_j[k, :draws] for turn, k in rows])
    yield from _bands(plan, "as planned", np.asarray(round_of.total(delays)), energies.sum(axis=0))


def _bands(plan: Plan, how: str, delays: Floats, energies: Floats) -> Iterator[DrawnBand]:
    figures = (("delay", "s", plan.delay_s, delays), ("energy", "J", plan.energy_j, energies))
    for name, unit, now, values in figures:
        known = values[np.isfinite(values)]
        levels = np.quantile(known, list(LEVELS.values())) if len(known) else np.full(len(LEVELS), np.nan)
        yield DrawnBand(figure=f"{name} {how}", unit=unit, now=now, levels=tuple(levels.tolist()))


def _chances(own: CutScores, regrets: CutRegrets, planned: int, *, robust: bool) -> list[CutChance]:
    """The cuts by how often they are best, those that never are and are not needed left out."""
    chosen = regrets.robust if robust else -1
    rows = [k for k in range(len(own.labels)) if regrets.best_ratio[k] or k in (planned, chosen)]
    found = [
        CutChance(
            cut=own.labels[k],
            best_ratio=float(regrets.best_ratio[k]),
            near_ratio=float(regrets.near_ratio[k]),
            mean_regret=_finite(regrets.mean[k]),
            worst_regret=_finite(regrets.worst[k]) if robust else None,
            planned=k == planned,
            robust=k == chosen,
        )
        for k in rows
    ]
    return sorted(found, key=lambda one: -one.best_ratio)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
