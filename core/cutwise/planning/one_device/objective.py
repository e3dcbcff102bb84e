"""What a plan minimises, as a function of stage times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from cutwise.arrays import Number, added
from cutwise.frozen import Frozen
from cutwise.plans.stages import StageTimes
from cutwise.scenario.parts import Objective

Score: TypeAlias = Callable[[StageTimes], Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far delay and energy range over a scenario; 1 where they do not range at all."""

    delay_s: float
    energy_j: float


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Prices(Frozen):
    """What one more second and one more joule add to the objective; numbers, or arrays (devices,)."""

    second: Number
    joule: Number

    @classmethod
    def of(cls, objective: Objective, spread: Spread) -> Prices:
        """The prices of an objective whose delay and energy range so far."""
        delay_weight, energy_weight = objective.weights
        return cls(second=delay_weight / spread.delay_s, joule=energy_weight / spread.energy_j)

    def dearer(self, seconds: float) -> Prices:
        """The prices with time worth `seconds` more."""
        return replace(self, second=self.second + seconds)

    def value(self, *, delay_s: Number, energy_j: Number) -> Number:
        """What so much delay and energy cost; what has no price is left out, be it infinite."""
        priced = ((self.second, delay_s), (self.joule, energy_j))
        return added(_times(price, amount) for price, amount in priced if np.any(price))


def _times(price: Number, amount: Number) -> Number:
    return amount if isinstance(price, float) and price == 1.0 else price * amount


def delay(stages: StageTimes) -> Number:
    """Seconds of a device's turn."""
    return stages.delay_s


def device_energy(stages: StageTimes) -> Number:
    """Joules the device spends, computing and on the radio."""
    return stages.device_energy_j + stages.radio_energy_j


def traffic(stages: StageTimes) -> Number:
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
    return lambda stages: added([0.0 * stages.delay_s, *(part(stages) for part in counted)])


def score_of(objective: Objective, spread: Spread) -> Score:
    r"""The function to minimise for one device.

    `weighted` is $w_D D / (D_{max} - D_{min}) + w_E E / (E_{max} - E_{min})$ (P4, without the constants
    that P4 subtracts, which change no choice).
    """
    prices, energy = Prices.of(objective, spread), counted_energy(objective)
    if not prices.joule:
        return lambda stages: prices.value(delay_s=stages.delay_s, energy_j=0.0)
    return lambda stages: prices.value(delay_s=stages.delay_s, energy_j=energy(stages))
