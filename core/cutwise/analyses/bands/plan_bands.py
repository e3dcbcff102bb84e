"""Delay and energy of a plan in drawn worlds: a band each, and why a plan's own figure may lie beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.analyses.bands.drawn_factors import DRAWS, SEED, DrawnFactors, drawn_factors
from cutwise.analyses.bands.drawn_turns import Masks, block_members, drawn_turns
from cutwise.arrays import Floats, Number
from cutwise.planning.answer.plan_conditions import (
    conditions_of_plan,
    device_sides,
    sums_of_plan,
    turns_of_cuts,
)
from cutwise.planning.one_device.cut_positions import ops_mask
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem

TENTHS = (0.1, 0.5, 0.9)
SEVERAL = "of several devices at once the slowest counts, and which one it is differs from world to world"
SLOWER = "seconds are measured above the predicted ones more often than below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A figure with what a tenth, a half and nine tenths of the drawn worlds stay below."""

    name: str
    unit: str
    value: float
    low: float
    median: float
    high: float

    @property
    def holds_plan(self) -> bool:
        """True where the plan's own figure lies in the band."""
        return self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBands:
    """The bands of a plan's figures, and one clause on those that lie beside their band, empty for none."""

    bands: tuple[Band, ...]
    beside: str


def plan_bands(
    problem: SplitProblem, plan: Plan, conditions: Conditions, drawn: DrawnFactors, member: Floats
) -> PlanBands:
    """Bands of delay and energy over the drawn worlds, the plan's decisions as they are.

    Where a figure of the plan lies beside its band the same worlds are priced again with the link at its
    nominal rate, so that the clause names the link only where the link does it.
    """
    bands = _bands(problem, plan, conditions, drawn, member)
    if all(one.holds_plan for one in bands):
        return PlanBands(bands=bands, beside="")
    nominal = _bands(problem, plan, conditions, drawn.at_nominal_rate(), member)
    load_band = problem.scenario.channel.load_band
    return PlanBands(bands=bands, beside=beside_text(bands, nominal, load_band, several=_at_once(plan)))


def bands_of(problem: SplitProblem, plan: Plan, *, draws: int = DRAWS, seed: int = SEED) -> PlanBands:
    """The same for so many worlds, under the plan's own conditions."""
    member = block_members(problem.cost.graph)
    drawn = drawn_factors(problem, member.shape[1], draws=draws, seed=seed)
    return plan_bands(problem, plan, conditions_of_plan(problem, plan), drawn, member)


def beside_text(
    bands: Sequence[Band], nominal: Sequence[Band], load_band: tuple[float, float], *, several: bool
) -> str:
    """Which figures of a plan lie beside their bands, and why; empty for none.

    `nominal` are the bands of the same worlds with the link at its nominal rate, `several` says that several
    devices work at once.

    >>> outside = Band(name="delay", unit="s", value=9.0, low=10.0, median=20.0, high=40.0)
    >>> inside = Band(name="delay", unit="s", value=9.0, low=7.0, median=9.0, high=11.0)
    >>> beside_text([outside], [inside], (0.13, 0.82), several=False)
    'delay of the plan lies below its band: the plan takes the link at its nominal rate, of which 0.13 to \
0.82 is delivered in use, so that most worlds are slower'
    """
    outside = [one for one in bands if not one.holds_plan]
    if not outside:
        return ""
    names, one = " and ".join(band.name for band in outside), len(outside) == 1
    place = "below" if outside[0].value < outside[0].low else "above"
    where = f"{names} of the plan {'lies' if one else 'lie'} {place} {'its band' if one else 'their bands'}"
    still = [band.name for band in nominal if not band.holds_plan]
    link = len(still) < len(outside)
    why = [_link(load_band)] if link else []
    why += [f"{'also at that rate ' if link else ''}{SEVERAL if several else SLOWER}"] if still else []
    return f"{where}: {'; '.join(why)}"


def _link(load_band: tuple[float, float]) -> str:
    low, high = load_band
    return (
        f"the plan takes the link at its nominal rate, of which {low:.2g} to {high:.2g} is delivered in use, "
        "so that most worlds are slower"
    )


def _at_once(plan: Plan) -> bool:
    return any(len(groups) > 1 for groups in plan.phases)


def _bands(
    problem: SplitProblem, plan: Plan, conditions: Conditions, drawn: DrawnFactors, member: Floats
) -> tuple[Band, ...]:
    of_cuts = bool(turns_of_cuts(problem, plan).all())
    turns = _turns(problem, plan, conditions, drawn, member) if of_cuts else _scaled_turns(plan, drawn)
    delays, energies = turns
    round_of = Round(parallel=False, rule="", phases=plan.phases)
    return (
        _band("delay", "s", plan.delay_s, np.asarray(round_of.total(delays))),
        _band("energy", "J", plan.energy_j, energies.sum(axis=0)),
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
            [one.device_forward_s, one.device_backward_s, one.server_compute_s, one.uplink_s, one.downlink_s]
            for one in plan.stages
        ]
    )
    rest = np.array([one.delay_s for one in plan.stages]) - parts.sum(axis=1)
    forward_s, backward_s, server_s, sent_s, received_s = (parts[:, [at]] for at in range(5))
    sent_s = sent_s + rest[:, None]
    device_s = (forward_s + backward_s * drawn.device_backward_ratio) * drawn.device_time_ratio
    computing_s = device_s + server_s * drawn.server_time_ratio
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


def _band(name: str, unit: str, value: float, drawn: Floats) -> Band:
    low, median, high = np.quantile(drawn, TENTHS).tolist()
    return Band(name=name, unit=unit, value=value, low=low, median=median, high=high)
