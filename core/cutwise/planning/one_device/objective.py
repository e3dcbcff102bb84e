"""What a plan minimises, as a function of stage times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cutwise.plans.stages import StageTimes
from cutwise.scenario.parts import Objective

Score = Callable[[StageTimes], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far delay and energy range over a scenario; 1 where they do not range at all."""

    delay_s: float
    energy_j: float


def delay(stages: StageTimes) -> Any:
    """Seconds of a device's turn."""
    return stages.delay_s


def device_energy(stages: StageTimes) -> Any:
    """Joules the device spends, computing and on the radio."""
    return stages.device_energy_j + stages.radio_energy_j


def traffic(stages: StageTimes) -> Any:
    """Bytes the device sends and receives."""
    return stages.traffic_bytes


def counted_energy(objective: Objective) -> Score:
    """The function that adds up the energies of the owners the objective counts."""
    parts: dict[str, Score] = {
        "device": device_energy,
        "network": lambda stages: stages.network_energy_j,
        "server": lambda stages: stages.server_energy_j,
    }
    counted = [parts[owner] for owner in objective.energy_of]
    return lambda stages: sum((part(stages) for part in counted), start=0.0 * stages.delay_s)


def score_of(objective: Objective, spread: Spread) -> Score:
    r"""The function to minimise for one device.

    `weighted` is $w_D D / (D_{max} - D_{min}) + w_E E / (E_{max} - E_{min})$ (P4, without the constants
    that P4 subtracts, which change no choice).
    """
    energy = counted_energy(objective)
    if objective.kind == "delay":
        return delay
    if objective.kind == "energy":
        return energy
    delay_weight = objective.delay_weight / spread.delay_s
    energy_weight = objective.energy_weight / spread.energy_j
    return lambda stages: delay_weight * stages.delay_s + energy_weight * energy(stages)
