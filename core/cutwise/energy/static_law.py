"""A static share of the load power and a power of the clock: what measured GPUs draw."""

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

FITTED = CLOCKS["static"]


@CLOCK_LAWS.named("static")
@dataclass(frozen=True, slots=True, kw_only=True)
class StaticLaw(Settled):
    r"""A share of the load power stays at any clock, the rest rises with a power of it.

    $P(\phi) = s P_L + (1-s) P_L \phi^\alpha$ while it works and $T(\phi) = \tau + (1-\tau)/\phi$, down to the
    least clock, below which time grows faster than $1/\phi$. It never draws less than idle.

    >>> law = StaticLaw()
    >>> round(float(law.above_idle_w(0.5, power_w=160.0, idle_power_w=40.0)), 2)  # 70 + 130 / 8 - 40
    46.25
    """

    validated: ClassVar[str] = FITTED["validated"]
    load: ClassVar[Load] = "training"
    kind: Literal["static"] = quantity(
        "static", title="Clock law", help="A static share of the load power, and a power of the clock"
    )
    static_ratio: float = quantity(
        FITTED["static_share"], unit="ratio", ge=0, le=1, symbol="s", title="Static share", shown=(0.0, 0.9),
        help="Share of the power under load that is drawn at any clock while it works",
    )  # fmt: skip
    exponent: float = quantity(
        FITTED["exponent"], ge=0.1, le=6, symbol="α", title="Power of the clock", shown=(0.5, 4.0),
        help="The rest of the power rises with this power of the clock",
    )  # fmt: skip
    fixed_time_ratio: float = quantity(
        FITTED["fixed_time_share"], unit="ratio", ge=0, le=0.9, symbol="τ", title="Fixed time",
        shown=(0.0, 0.6), help="Share of the time at the highest clock that no clock changes",
    )  # fmt: skip
    least_clock_ratio: float = quantity(
        FITTED["least_clock_ratio"], unit="ratio", ge=0, le=1, symbol="φ", title="Least clock",
        shown=(0.2, 1.0), help="The lowest clock over the highest; below it the law does not hold",
    )  # fmt: skip

    def time_ratio(self, clock_ratio: Number) -> Floats:
        """The fixed share, and the rest over the clock."""
        return np.asarray(self.fixed_time_ratio + (1 - self.fixed_time_ratio) / np.asarray(clock_ratio))

    def above_idle_w(self, clock_ratio: Number, *, power_w: Number, idle_power_w: Number) -> Floats:
        """The static part above idle, and the rest with the power of the clock."""
        still_w = self._static_w(power_w, idle_power_w)
        return still_w + (power_w - still_w) * np.asarray(clock_ratio) ** self.exponent

    def least_ratio(self, asked_ratio: Number) -> Floats:
        """That asked for, and not below the least of the law."""
        return np.minimum(np.maximum(asked_ratio, self.least_clock_ratio), 1.0)

    def best_ratio(
        self, *, rest: Number, joule: Number, power_w: Number, idle_power_w: Number, least_ratio: Floats
    ) -> Floats:
        """The root of one equation that rises, or an end."""
        still_w = self._static_w(power_w, idle_power_w)
        return best_clock_ratio(
            rest=rest + joule * still_w,
            rising=joule * (power_w - still_w),
            exponent=self.exponent,
            fixed_time_ratio=self.fixed_time_ratio,
            least_ratio=least_ratio,
        )

    def dearest_w(self, *, power_w: float, idle_power_w: float) -> float:
        r"""$P_1(\alpha\tau/(1-\tau) + \alpha - 1)$ less the static part above idle."""
        still_w = float(self._static_w(power_w, idle_power_w))
        fixed = self.exponent * self.fixed_time_ratio / (1 - self.fixed_time_ratio)
        return max((power_w - still_w) * (fixed + self.exponent - 1) - still_w, 0.0)

    def _static_w(self, power_w: Number, idle_power_w: Number) -> Floats:
        """The static part above idle, at most all there is."""
        return np.clip(self.static_ratio * (power_w + idle_power_w) - idle_power_w, 0.0, power_w)
