"""How far delay and energy of a plan may be off, and how probably its cut is near the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.bands.drawn_factors import DrawnFactors, drawn_factors
from cutwise.analyses.bands.drawn_turns import Masks, block_members, drawn_turns
from cutwise.analyses.base import MOST_DEVICES, asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.arrays import Floats, Number
from cutwise.fields.field_values import Settled
from cutwise.hardware.profiles import Profile
from cutwise.planning.answer.plan_conditions import (
    conditions_of_plan,
    device_sides,
    sums_of_plan,
    turns_of_cuts,
)
from cutwise.planning.one_device.curve_limits import curve_excess
from cutwise.planning.one_device.curve_sides import curve_sides
from cutwise.planning.one_device.cut_positions import ops_mask
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan
from cutwise.scenario.parties import Party
from cutwise.scenario.time_levels import TIME_LEVELS, band_of, class_of, level_of
from cutwise.schemes.base import comes_back
from cutwise.units import percent, quantity

if TYPE_CHECKING:
    import pandas

NEAR_RATIO = 0.05
"""A cut that costs at most so much more than the best one counts as near it."""
TENTHS = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A figure with what a tenth, a half and nine tenths of the drawn worlds stay below."""

    name: str
    unit: str
    value: float
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """Bands of a plan's figures over the drawn worlds, what they rest on, and how good its cut is in them.

    In `near_ratio` of the worlds the cut of `device` costs at most 5 % more than the best position, all else
    as planned; None for a scheme whose turn is no cut's. `basis` says at which level each party's time is
    known.
    """

    bands: tuple[Band, ...]
    basis: tuple[tuple[str, str], ...]
    device: str
    near_ratio: float | None
    draws: int

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
        }

    def summary(self) -> str:
        """How probably the cut is near the best, and what the times rest on."""
        rests = "; ".join(f"{party}: {basis}" for party, basis in self.basis)
        return f"{self.near_text()}times rest on {rests}"

    @property
    def lines(self) -> tuple[str, ...]:
        """What is said of a plan beside its figures: its bands, its cut, and what the times rest on."""
        bands = (f"{one.name} {one.low:.4g} to {one.high:.4g} {one.unit} (P10 to P90)" for one in self.bands)
        return ("; ".join(bands), *([self.near_text().removesuffix("; ")] if self.near_text() else []))

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
    turns = _turns(problem, plan, conditions, drawn, member) if of_cuts else _scaled_turns(plan, drawn)
    near = _near_ratio(problem, plan, device, conditions, drawn, member) if of_cuts else None
    return Certainty(
        bands=tuple(_bands(plan, turns)),
        basis=basis_of(problem, device),
        device=plan.decisions[device].device,
        near_ratio=near,
        draws=draws,
    )


def _turns(
    problem: SplitProblem, plan: Plan, conditions: Conditions, drawn: DrawnFactors, member: Floats
) -> tuple[Floats, Floats]:
    """Delay and energy of every device's turn in every draw, shape (devices, draws)."""
    stages = drawn_turns(
        problem, sums_of_plan(problem, plan), _masks(problem, plan), conditions, drawn, member
    )
    return _wide(stages.delay_s, drawn), _wide(stages.energy_j, drawn)


def _scaled_turns(plan: Plan, drawn: DrawnFactors) -> tuple[Floats, Floats]:
    """Turns whose parts are each off by one factor: where what is computed is no cut's."""
    parts = np.array(
        [
            [one.device_forward_s + one.device_backward_s, one.server_compute_s, one.uplink_s, one.downlink_s]
            for one in plan.stages
        ]
    )
    rest = np.array([one.delay_s for one in plan.stages]) - parts.sum(axis=1)
    sent_s, received_s = parts[:, 2:3] + rest[:, None], parts[:, 3:]
    computing_s = parts[:, :1] * drawn.device_time_ratio + parts[:, 1:2] * drawn.server_time_ratio
    delays = computing_s + sent_s / drawn.uplink_rate_ratio + received_s / drawn.downlink_rate_ratio
    energies = np.array([[one.energy_j] for one in plan.stages])
    energy = energies * drawn.server_power_ratio * drawn.server_time_ratio
    return delays, energy


def _masks(problem: SplitProblem, plan: Plan) -> Masks:
    bottoms = device_sides(problem, plan)
    tops = np.stack([ops_mask(problem, one.returned_ops) for one in plan.decisions])
    inner = np.stack(
        [ops_mask(problem, one.edge_cut.device_ops if one.edge_cut else ()) for one in plan.decisions]
    )
    device = bottoms | tops
    return Masks(device=device, edge=inner & ~device, server=~(device | inner))


def _wide(values: Number, drawn: DrawnFactors) -> Floats:
    return np.broadcast_to(values, drawn.device_time_ratio.shape)


def _bands(plan: Plan, turns: tuple[Floats, Floats]) -> Iterator[Band]:
    delays, energies = turns
    round_of = Round(parallel=False, rule="", phases=plan.phases)
    yield _band("delay", "s", plan.delay_s, np.asarray(round_of.total(delays)))
    yield _band("energy", "J", plan.energy_j, energies.sum(axis=0))


def _band(name: str, unit: str, value: float, drawn: Floats) -> Band:
    low, median, high = np.quantile(drawn, TENTHS).tolist()
    return Band(name=name, unit=unit, value=value, low=low, median=median, high=high)


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
    alone = replace(drawn, device_time_ratio=drawn.device_time_ratio[[device]])
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


def basis_of(problem: SplitProblem, device: int) -> tuple[tuple[str, str], ...]:
    """At which level the time of the device looked at, and of the server, is known."""
    scenario = problem.scenario
    one, server = scenario.devices[device], scenario.server
    rows = (
        (scenario.device_names[device], one, one.catalogue_row()),
        (server.name, server, server.catalogue_row()),
    )
    measured = problem.cost.measured_s.any()
    return tuple((name, "measured op by op" if measured else basis_text(p, known)) for name, p, known in rows)


def basis_text(party: Party, profile: Profile) -> str:
    """What a party's compute time rests on.

    >>> from cutwise.hardware.profiles import hardware
    >>> from cutwise.scenario.parties import Server
    >>> basis_text(Server(profile="v100"), hardware()["v100"])
    'data sheet by class of hardware (Server GPU; measured seconds 0.82 to 1.5 of predicted)'
    """
    level, band = level_of(party), band_of(party, profile)
    told = f"measured seconds {band.low_ratio:.2g} to {band.high_ratio:.2g} of predicted"
    if level == "datasheet":
        known = class_of(party, profile)
        told = f"{known.title}; {told}{'' if known.tested else ', not tested'}"
    return f"{TIME_LEVELS[level].title} ({told})"
