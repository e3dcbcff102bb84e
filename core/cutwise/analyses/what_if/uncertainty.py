"""What is not known of the inputs: bands of delay and energy, chances of each cut, the robust cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.analyses.what_if.cut_regrets import NEAR_RATIO
from cutwise.analyses.what_if.inputs.asked_rows import MOST_S, AskedRows
from cutwise.analyses.what_if.inputs.input_ranges import InputRange, ranges_of
from cutwise.analyses.what_if.judged_cuts import JudgedCuts, judged_cuts
from cutwise.arrays import Floats
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.question import Question
from cutwise.units import percent, quantity

if TYPE_CHECKING:
    import pandas

DRAWS = 10_000
DRAWS_ONE_BY_ONE, FEWEST_DRAWS = 100, 20
"""Worlds that are planned one by one where many cannot be answered together: at most, and at least."""
LEVELS = {"P5": 0.05, "P10": 0.1, "P50": 0.5, "P90": 0.9, "P95": 0.95}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBand(Frozen):
    """What a figure stays below in a twentieth, a tenth, half, nine tenths and nineteen of twenty worlds."""

    figure: str
    unit: str
    now: float
    levels: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutChance(Frozen):
    """How often a cut is best, and within 5 % of the best, and how much it costs more than the best.

    `mean_regret` is over the drawn worlds, `worst_regret` the largest at the corners of the ranges; None for
    a cut that breaks a limit somewhere that another keeps.
    """

    cut: str
    best_ratio: float
    near_ratio: float
    mean_regret: float | None
    worst_regret: float | None
    planned: bool
    robust: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty(Frozen):
    """Bands over the drawn worlds, and the cuts of `device` in them, the most probable first.

    Where `exact`, no world within the ranges has a regret beyond those of the corners; `why_not` says what
    speaks against it. `kept_ratio` is the part of the worlds in which some plan keeps every limit.
    """

    ranges: tuple[str, ...]
    bands: tuple[DrawnBand, ...]
    device: str
    cuts: tuple[CutChance, ...]
    unit: str
    exact: bool
    why_not: str
    kept_ratio: float
    draws: int

    def to_frame(self) -> pandas.DataFrame:
        """One row a band."""
        import pandas

        rows = [[one.figure, one.unit, one.now, *one.levels] for one in self.bands]
        return pandas.DataFrame(rows, columns=["figure", "unit", "as given", *LEVELS])

    def cuts_frame(self) -> pandas.DataFrame:
        """One row a cut."""
        import pandas

        names = list(CutChance.__dataclass_fields__)
        return pandas.DataFrame([[getattr(one, n) for n in names] for one in self.cuts], columns=names)

    def plain(self) -> dict[str, Any]:
        """Ranges, bands and cuts."""
        return {
            "ranges": list(self.ranges),
            "bands": rows_of(self.to_frame()),
            "device": self.device,
            "cuts": list(self.cuts),
            "regret_unit": self.unit,
            "exact": self.exact,
            "why_not": self.why_not,
            "kept_ratio": self.kept_ratio,
            "draws": self.draws,
        }

    def summary(self) -> str:
        """How wide the delay is, how sure the cut is, and which is robust."""
        first = self.bands[0]
        low, high = first.levels[1], first.levels[3]
        told = [f"{first.figure} {low:.4g} to {high:.4g} {first.unit} (P10 to P90 of {self.draws:,} worlds)"]
        if self.kept_ratio < 1:
            told.append(f"some plan keeps the limits in {percent(self.kept_ratio):.3g} % of them")
        told += self._cuts_told()
        told.append(f"drawn: {', '.join(self.ranges)}")
        return "; ".join(told)

    def _cuts_told(self) -> Iterator[str]:
        planned = next((one for one in self.cuts if one.planned), None)
        robust = next((one for one in self.cuts if one.robust), None)
        if planned:
            near = f"within {percent(NEAR_RATIO):.0f} % of the best in {percent(planned.near_ratio):.3g} %"
            yield f"the cut of {self.device}, {planned.cut}, is {near} of them"
        if robust and robust.worst_regret is not None:
            sure = "at most" if self.exact else "at the corners, which is no bound,"
            same = "that cut" if robust.planned else robust.cut
            regret = f"{robust.worst_regret:.4g} {self.unit}"
            yield f"least regretted at worst: {same}, {sure} {regret} over the best"
        if self.why_not:
            yield self.why_not

    def text(self) -> str:
        """Both tables and the summary."""
        cuts = f"\n{table_text(self.cuts_frame(), na_rep='breaks a limit')}" if self.cuts else ""
        return f"{table_text(self.to_frame())}{cuts}\n{self.summary()}"


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
