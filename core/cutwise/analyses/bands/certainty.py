"""How far delay and energy of a plan may be off, and how probably its cut is near the best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.bands.band_basis import basis_of
from cutwise.analyses.bands.drawn_factors import DrawnFactors, drawn_factors
from cutwise.analyses.bands.drawn_turns import Masks, block_members, drawn_turns
from cutwise.analyses.bands.plan_bands import Band, plan_bands
from cutwise.analyses.base import MOST_DEVICES, asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.arrays import Floats
from cutwise.fields.field_values import Settled
from cutwise.planning.answer.plan_conditions import conditions_of_plan, turns_of_cuts
from cutwise.planning.one_device.curve_limits import curve_excess
from cutwise.planning.one_device.curve_sides import curve_sides
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan
from cutwise.schemes.base import comes_back
from cutwise.units import percent, quantity

if TYPE_CHECKING:
    import pandas

NEAR_RATIO = 0.05
"""A cut that costs at most so much more than the best one counts as near it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """Bands of a plan's figures over the drawn worlds, what they rest on, and how good its cut is in them.

    In `near_ratio` of the worlds the cut of `device` costs at most 5 % more than the best position, all else
    as planned; None for a scheme whose turn is no cut's. `basis` says at which level each party's time is
    known and what the link delivers of its rate; `beside` why a figure of the plan lies beside its own band,
    empty where none does.
    """

    bands: tuple[Band, ...]
    basis: tuple[tuple[str, str], ...]
    device: str
    near_ratio: float | None
    draws: int
    beside: str = ""

    def to_frame(self) -> pandas.DataFrame:
        """One row a figure."""
        import pandas

        rows = [[band.name, band.unit, band.value, band.low, band.median, band.high] for band in self.bands]
        return pandas.DataFrame(rows, columns=["figure", "unit", "predicted", "P10", "P50", "P90"])

    def plain(self) -> dict[str, Any]:
        """The bands, what they rest on, and how probably the cut is near the best."""
        return {
            "bands": rows_of(self.to_frame()),
            "basis": dict(self.basis),
            "device": self.device,
            "near_best_probability": self.near_ratio,
            "draws": self.draws,
            "beside_band": self.beside,
        }

    def summary(self) -> str:
        """How probably the cut is near the best, why a figure lies beside its band, and what all rests on."""
        rests = "; ".join(f"{party}: {basis}" for party, basis in self.basis)
        beside = f"{self.beside}; " if self.beside else ""
        return f"{self.near_text()}{beside}times rest on {rests}"

    @property
    def lines(self) -> tuple[str, ...]:
        """What is said of a plan beside its figures: its bands, why one does not hold it, and its cut."""
        bands = (f"{one.name} {one.low:.4g} to {one.high:.4g} {one.unit} (P10 to P90)" for one in self.bands)
        told = ("; ".join(bands), self.beside, self.near_text().removesuffix("; "))
        return tuple(line for line in told if line)

    def near_text(self) -> str:
        """How probably the cut is near the best, as the start of a sentence; empty where no cut moves."""
        if self.near_ratio is None:
            return ""
        return f"the cut of {self.device} is {self.nearness}; "

    @property
    def nearness(self) -> str:
        """How near the best the cut is, without whose it is; empty where no cut moves."""
        if self.near_ratio is None:
            return ""
        likely = "over 0.99" if self.near_ratio > 0.99 else f"{self.near_ratio:.2f}"
        return f"within {percent(NEAR_RATIO):.0f} % of the best with probability {likely}"

    def text(self) -> str:
        """The bands and the summary."""
        return f"{table_text(self.to_frame())}\n{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class CertaintyAnalysis(Settled):
    """How far the plan's figures may be off."""

    name: ClassVar[str] = "certainty"
    title: ClassVar[str] = "How certain the figures are"
    asks: ClassVar[str] = (
        "Between which values do delay and energy lie, and how probably is the cut near the best?"
    )
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    device: str = quantity("", title="Device", help="Whose cut is judged; the slowest device if absent")
    draws: int = quantity(
        400, ge=10, le=20_000, title="Draws", scale="log", shown=(100, 4000), help="Worlds that are drawn"
    )
    seed: int = quantity(0, ge=0, le=2**31 - 1, title="Seed", help="Which worlds are drawn")

    def run(self, question: Question) -> Certainty:
        """The bands of the plan that is shown."""
        plan = asked_plan(question)
        problem = problem_of_plan(question, plan)
        return certainty(problem, plan, device_at(plan, self.device), draws=self.draws, seed=self.seed)


def certainty_of(asked: Question, plan: Plan) -> Certainty | None:
    """The bands of a plan about the slowest device's cut; None for more devices than are drawn unasked."""
    if len(plan.decisions) > MOST_DEVICES:
        return None
    return certainty(problem_of_plan(asked, plan), plan, device_at(plan, ""))


def certainty(
    problem: SplitProblem, plan: Plan, device: int, *, draws: int = 400, seed: int = 0
) -> Certainty:
    """The bands of a plan under its own conditions, and how probably one device's cut is near the best.

    Every factor is drawn from the band of its level: the speed of each kind of device, of server and edges,
    how blocks differ on them, rates, and powers. Decisions stay as they are.
    """
    member = block_members(problem.cost.graph)
    drawn = drawn_factors(problem, member.shape[1], draws=draws, seed=seed)
    conditions = conditions_of_plan(problem, plan)
    of_cuts = bool(turns_of_cuts(problem, plan).all())
    found = plan_bands(problem, plan, conditions, drawn, member)
    near = _near_ratio(problem, plan, device, conditions, drawn, member) if of_cuts else None
    return Certainty(
        bands=found.bands,
        basis=basis_of(problem, device),
        device=plan.decisions[device].device,
        near_ratio=near,
        draws=draws,
        beside=found.beside,
    )


def _near_ratio(
    problem: SplitProblem,
    plan: Plan,
    device: int,
    conditions: Conditions,
    drawn: DrawnFactors,
    member: Floats,
) -> float:
    """In which part of the draws the device's cut costs at most 5 % more than its best position that fits."""
    decision = plan.decisions[device]
    back = comes_back(plan.scheme)
    sides = curve_sides(problem, decision, "device", comes_back=back)
    own = conditions.of(device)
    own = own.without_labels() if back else own
    sums = sides.sums(problem)
    masks = Masks(device=sides.held, edge=sides.served & ~sides.held, server=~sides.served)
    masks = masks if sides.has_edge else replace(masks, edge=np.zeros_like(sides.held), server=~sides.held)
    alone = drawn.of_device(device)
    stages = drawn_turns(problem, sums, masks, own, alone, member)
    fits = np.max(
        list(curve_excess(problem, decision, device, sides, stage_times(sums, own)).values()), axis=0
    )
    scores = _scores(problem, stages)
    allowed = np.where((fits <= 0)[:, None] | (np.arange(len(fits)) == sides.chosen)[:, None], scores, np.inf)
    return float(np.mean(scores[sides.chosen] <= allowed.min(axis=0) * (1 + NEAR_RATIO)))


def _scores(problem: SplitProblem, stages: StageTimes) -> Floats:
    """The objective of every position in every draw; of a weighted one, over that draw's own spread."""
    objective = problem.scenario.objective
    delays, energies = (np.asarray(one, dtype=np.float64) for one in (stages.delay_s, stages.energy_j))
    spread = Spread(delay_s=1.0, energy_j=1.0)
    if objective.is_weighted:
        spread = Spread(
            delay_s=float(np.median(np.ptp(delays, axis=0))) or 1.0,
            energy_j=float(np.median(np.ptp(energies, axis=0))) or 1.0,
        )
    return np.asarray(score_of(objective, spread)(stages), dtype=np.float64)
