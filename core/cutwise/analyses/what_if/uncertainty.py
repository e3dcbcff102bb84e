"""What is not known of the inputs: bands of delay and energy, chances of each cut, the robust cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cutwise.analyses.base import asked_plan, registered
from cutwise.analyses.cut_curve import device_at
from cutwise.analyses.what_if.drawn_worlds import LEVELS, CutChance, DrawnBand, Uncertainty
from cutwise.analyses.what_if.inputs.asked_rows import MOST_S, AskedRows
from cutwise.analyses.what_if.inputs.input_ranges import InputRange, ranges_of
from cutwise.analyses.what_if.judged_cuts import JudgedCuts, judged_cuts
from cutwise.arrays import Floats
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.question import Question
from cutwise.units import quantity

if TYPE_CHECKING:
    pass

DRAWS = 10_000
DRAWS_OF_MANY = 2_000
"""As many unless others are asked for, where many devices share a band best."""
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
    in_report: ClassVar[bool] = True
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
        draws = self._draws(asked, together=together)
        factors = drawn(ranges, draws, self.seed)
        answers = asked.answers(asked.columns([one.quantity for one in ranges], factors))
        bands = list(_bands(plan, "planned anew", answers.delay_s, answers.energy_j))
        found = judged_cuts(asked, plan, device, ranges, factors) if together else None
        held = found.held if found else None
        return Uncertainty(
            ranges=tuple(one.said() for one in ranges),
            bands=tuple([*(_bands_held(plan, held) if held is not None else ()), *bands]),
            device=plan.decisions[device].device,
            cuts=tuple(_chances(found)) if found else (),
            unit="J" if question.scenario.objective.is_energy else "s",
            exact=found.regrets.exact if found else False,
            why_not=found.why_not if found else ONE_BY_ONE,
            kept_ratio=float(answers.kept.mean()),
            draws=draws,
        )

    def _draws(self, asked: AskedRows, *, together: bool) -> int:
        """As many as are asked for, as far as rows do not take long."""
        if not together:
            return min(self.draws, _one_by_one(asked))
        return DRAWS_OF_MANY if asked.slow and self.draws == DRAWS else self.draws


ONE_BY_ONE = "every world took a plan of its own, so there are few, and cuts are not held against each other"


def _one_by_one(asked: AskedRows) -> int:
    """Worlds that are planned one by one in `MOST_S`."""
    many = int(MOST_S / asked.row_s) if asked.row_s else DRAWS_ONE_BY_ONE
    return max(FEWEST_DRAWS, min(DRAWS_ONE_BY_ONE, many))


def drawn(ranges: Sequence[InputRange], draws: int, seed: int) -> Floats:
    """Factors (ranges, draws), each range drawn alone."""
    random = np.random.default_rng(seed)
    return np.stack([one.quantity.snapped(one.drawn(random, draws)) for one in ranges])


def _bands_held(plan: Plan, held: Floats) -> Iterator[DrawnBand]:
    round_of = Round(parallel=False, rule="", phases=plan.phases)
    yield from _bands(plan, "as planned", np.asarray(round_of.total(held[0])), held[1].sum(axis=0))


def _bands(plan: Plan, how: str, delays: Floats, energies: Floats) -> Iterator[DrawnBand]:
    figures = (("delay", "s", plan.delay_s, delays), ("energy", "J", plan.energy_j, energies))
    for name, unit, now, values in figures:
        known = values[np.isfinite(values)]
        levels = np.quantile(known, list(LEVELS.values())) if len(known) else np.full(len(LEVELS), np.nan)
        yield DrawnBand(figure=f"{name} {how}", unit=unit, now=now, levels=tuple(levels.tolist()))


def _chances(judged: JudgedCuts) -> list[CutChance]:
    """The cuts by how often they are best, those that never are and are not needed left out."""
    own, regrets, planned = judged.own, judged.regrets, judged.planned
    chosen = regrets.robust if judged.few else -1
    rows = [k for k in range(len(own.labels)) if regrets.best_ratio[k] or k in (planned, chosen)]
    found = [
        CutChance(
            cut=own.labels[k],
            best_ratio=float(regrets.best_ratio[k]),
            near_ratio=float(regrets.near_ratio[k]),
            mean_regret=_finite(regrets.mean[k]),
            worst_regret=_finite(regrets.worst[k]) if judged.few else None,
            planned=k == planned,
            robust=k == chosen,
        )
        for k in rows
    ]
    return sorted(found, key=lambda one: -one.best_ratio)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
