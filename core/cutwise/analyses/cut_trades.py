"""What another position of a curve would change: two amounts in the unit of what is minimised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from cutwise.analyses.cut_curve import CutCurve
from cutwise.arrays import Floats, Number, added
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.one_device.objective import counted_energy
from cutwise.plans.stages import STAGES, StageTimes
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Objective
from cutwise.tolerances import SAME_RATIO

Of: TypeAlias = Literal["computing", "sending", "delay", "energy"]
"""What an amount is of: two parts of what is minimised, or, where both are weighed, delay and energy."""
COMPUTED_IN = ("device_forward_s", "edge_compute_s", "waiting_s", "server_compute_s", "device_backward_s")
SENT_IN = ("uplink_s", "backhaul_s", "downlink_s", "model_sync_s")
OWN_PARTS: Mapping[str, tuple[tuple[str, Of], ...]] = {
    "device": (("device_energy_j", "computing"), ("radio_energy_j", "sending")),
    "network": (("network_energy_j", "sending"),),
    "server": (("server_energy_j", "computing"),),
}
TELLING_RATIO = 0.01
"""A rival that changes an amount by less of the whole says nothing."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TradedAmounts(Frozen):
    """One amount at every position (positions,), in `unit` ("s" or "J"), and the whole that it is part of."""

    of: Of
    unit: str
    amounts: Floats
    whole: Floats

    def tells(self, at: int) -> Floats:
        """Which positions differ from `at` by so much of the whole that it is worth a word."""
        return np.asarray(np.abs(self.amounts - self.amounts[at]) > TELLING_RATIO * self.whole[at])


def measures_of(objective: Objective, curve: CutCurve) -> tuple[TradedAmounts, TradedAmounts]:
    """The two amounts that a cut weighs against each other, computing and sending before all.

    Energy spent idle counts with computing; where delay and energy are weighed they are the two amounts.
    """
    count, stages = len(curve.names), curve.stages
    delay, energy = _column(stages.delay_s, count), _column(counted_energy(objective)(stages), count)
    if objective.is_weighted:
        return (
            TradedAmounts(of="delay", unit="s", amounts=delay, whole=delay),
            TradedAmounts(of="energy", unit="J", amounts=energy, whole=energy),
        )
    if objective.is_delay:
        sending = _column(added(getattr(stages, name) for name in SENT_IN), count)
        computing = _column(added(getattr(stages, name) for name in COMPUTED_IN) - stages.overlap_s, count)
        return _parts(computing, sending, delay, "s")
    spent = [part for owner in objective.energy_of for part in OWN_PARTS[owner]]
    computing, sending = (
        _column(added([0.0, *(getattr(stages, name) for name, of in spent if of == wanted)]), count)
        for wanted in ("computing", "sending")
    )
    return _parts(computing, sending, energy, "J")


def _parts(
    computing: Floats, sending: Floats, whole: Floats, unit: str
) -> tuple[TradedAmounts, TradedAmounts]:
    return (
        TradedAmounts(of="computing", unit=unit, amounts=computing, whole=whole),
        TradedAmounts(of="sending", unit=unit, amounts=sending, whole=whole),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade(Frozen):
    """What the cut at position `row` of a curve would change against that at `against`.

    `amounts` are differences of the two positions (row less against) in `units`, of what `of` names,
    `delay_s` and `energy_j` those of the whole turn. `label` is the cut's, `worse_ratio` by how much it is
    worse.
    """

    row: int
    against: int
    label: str
    of: tuple[Of, Of]
    units: tuple[str, str]
    amounts: tuple[float, float]
    delay_s: float
    energy_j: float
    worse_ratio: float

    @property
    def is_equal(self) -> bool:
        """True where the two cuts are equally good."""
        return abs(self.worse_ratio) <= SAME_RATIO


def trade(problem: SplitProblem, curve: CutCurve, row: int, against: int) -> Trade:
    """What the cut at `row` would change against that at `against`."""
    one, other = measures_of(problem.scenario.objective, curve)
    count = len(curve.names)
    delay = _column(curve.stages.delay_s, count)
    energy = _column(counted_energy(problem.scenario.objective)(curve.stages), count)
    return Trade(
        row=row,
        against=against,
        label=cut_of(problem, curve.masks[row]).label,
        of=(one.of, other.of),
        units=(one.unit, other.unit),
        amounts=(_change(one.amounts, row, against), _change(other.amounts, row, against)),
        delay_s=_change(delay, row, against),
        energy_j=_change(energy, row, against),
        worse_ratio=_worse(float(curve.scores[row]), float(curve.scores[against])),
    )


def _change(amounts: Floats, row: int, against: int) -> float:
    return float(amounts[row]) - float(amounts[against])


def _worse(score: float, base: float) -> float:
    return 0.0 if score == base else (score - base) / abs(base) if base else np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown(Frozen):
    """The part of a turn that grew most, by how many seconds or joules."""

    part: str
    unit: str
    change: float


def most_grown(problem: SplitProblem, curve: CutCurve, row: int, against: int) -> Grown | None:
    """The part that grew most from the cut at `against` to that at `row`; None where none did.

    Parts are stages of the turn in seconds, or, where energy alone is minimised, the owners' joules.
    """
    objective, count = problem.scenario.objective, len(curve.names)
    if objective.kind == "energy":
        unit, parts = "J", _owners_j(objective, curve.stages)
    else:
        unit, parts = "s", _doing_s(curve.stages)
    grown = {name: _change(_column(amount, count), row, against) for name, amount in parts.items()}
    part = max(grown, key=lambda name: grown[name])
    return Grown(part=part, unit=unit, change=grown[part]) if grown[part] > 0 else None


def _doing_s(stages: StageTimes) -> dict[str, Number]:
    doing = dict.fromkeys(stage.doing for stage in STAGES)
    return {name: added(stage.taken_s(stages) for stage in STAGES if stage.doing == name) for name in doing}


OWNED = {
    "device_energy_j": "energy of the device",
    "radio_energy_j": "energy of its radio",
    "network_energy_j": "energy of the network",
    "server_energy_j": "energy of the server",
}


def _owners_j(objective: Objective, stages: StageTimes) -> dict[str, Number]:
    return {
        OWNED[name]: getattr(stages, name) for owner in objective.energy_of for name, _ in OWN_PARTS[owner]
    }


def _column(values: Number, count: int) -> Floats:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), count)
