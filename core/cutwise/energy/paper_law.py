"""P4's own law: idle power is the static part, the rest rises with the cube of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.energy.clock_law import CLOCK_LAWS, Load
from cutwise.energy.constants import CLOCKS
from cutwise.energy.power_clock import best_clock_ratio
from cutwise.fields.field_values import Settled
from cutwise.units import quantity

CUBE = 3.0


@CLOCK_LAWS.named("paper")
@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLaw(Settled):
    r"""P4: power above idle at full load rises with the cube of the clock, which has no floor.

    $P(\phi) = P_0 + (P_{max} - P_0)\phi^3$, $T(\phi) = 1/\phi$ (arXiv 2412.00090).

    >>> float(PaperLaw().above_idle_w(0.5, power_w=160.0, idle_power_w=40.0))
    20.0
    """

    validated: ClassVar[str] = CLOCKS["paper"]["validated"]
    load: ClassVar[Load] = "full"
    kind: Literal["paper"] = quantity(
        "paper", title="Clock law", help="P4's: idle power and the cube of the clock, at full load"
    )

    def time_ratio(self, clock_ratio: Number) -> Floats:
        """One over the clock."""
        return 1.0 / np.asarray(clock_ratio)

    def above_idle_w(self, clock_ratio: Number, *, power_w: Number, idle_power_w: Number) -> Floats:
        """The cube of the clock."""
        return power_w * np.asarray(clock_ratio) ** CUBE

    def least_ratio(self, asked_ratio: Number) -> Floats:
        """Any clock up to the highest."""
        return np.minimum(asked_ratio, np.ones(()))

    def best_ratio(
        self, *, rest: Number, joule: Number, power_w: Number, idle_power_w: Number, least_ratio: Floats
    ) -> Floats:
        r"""$[\mathrm{rest} / 2 P]^{1/3}$, clipped."""
        return best_clock_ratio(
            rest=rest,
            rising=joule * power_w,
            exponent=CUBE,
            fixed_time_ratio=0.0,
            least_ratio=least_ratio,
        )

    def dearest_w(self, *, power_w: float, idle_power_w: float) -> float:
        """Twice the power above idle."""
        return (CUBE - 1) * power_w
