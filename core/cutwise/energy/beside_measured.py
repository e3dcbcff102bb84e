"""Laws beside measured rows: what one would have chosen, promised and got, and how far its watts are off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.energy.clock_law import ClockLaw
from cutwise.energy.radio import Radio
from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenClock:
    """The clock, of those measured, that a law would choose for the least energy of one kernel.

    Energy is saved beside the highest clock: as the law promises, as measured at its clock, and at the best
    clock measured. `excess_ratio` is what its clock takes beyond the least measured, `slower_ratio` its time
    beyond that at the highest.
    """

    clock_ratio: float
    promised_ratio: float
    saved_ratio: float
    most_saved_ratio: float
    excess_ratio: float
    slower_ratio: float


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MeasuredClocks(Frozen):
    """One kernel at several clocks: watts and seconds at each, by rising clock, and the idle power."""

    clocks_hz: Floats
    powers_w: Floats
    times_s: Floats
    idle_power_w: float = 0.0

    @property
    def clock_ratios(self) -> Floats:
        """Clocks over the highest."""
        return np.asarray(self.clocks_hz / self.clocks_hz[-1])


def predicted_powers_w(law: ClockLaw, measured: MeasuredClocks) -> Floats:
    """What the law says of every clock, from the power at the highest clock alone.

    >>> from cutwise.energy import StaticLaw
    >>> kernel = MeasuredClocks(clocks_hz=np.array([7e8, 1.4e9]), powers_w=np.array([90.0, 200.0]),
    ...                         times_s=np.array([3.8, 2.0]))
    >>> predicted_powers_w(StaticLaw(), kernel).round(2).tolist()  # 0.35 * 200 + 0.65 * 200 / 8
    [86.25, 200.0]
    """
    idle_w = measured.idle_power_w
    above_w = law.above_idle_w(
        measured.clock_ratios, power_w=measured.powers_w[-1] - idle_w, idle_power_w=idle_w
    )
    return np.asarray(above_w + idle_w)


def chosen_clock(law: ClockLaw, measured: MeasuredClocks) -> ChosenClock:
    """What the law would choose for the least energy, held against what was measured there.

    >>> from cutwise.energy import StaticLaw
    >>> kernel = MeasuredClocks(clocks_hz=np.array([7e8, 1.4e9]), powers_w=np.array([90.0, 200.0]),
    ...                         times_s=np.array([3.8, 2.0]))
    >>> found = chosen_clock(StaticLaw(), kernel)
    >>> found.clock_ratio, round(found.promised_ratio, 4), round(found.saved_ratio, 4)  # 342 of 400 J
    (0.5, 0.1375, 0.145)
    """
    clocks = measured.clock_ratios
    promised_j = predicted_powers_w(law, measured) * law.time_ratio(clocks) * measured.times_s[-1]
    allowed = clocks >= law.least_ratio(clocks)
    at = int(np.where(allowed, promised_j, np.inf).argmin())
    spent_j = measured.powers_w * measured.times_s
    return ChosenClock(
        clock_ratio=float(clocks[at]),
        promised_ratio=float(1 - promised_j[at] / promised_j[-1]),
        saved_ratio=float(1 - spent_j[at] / spent_j[-1]),
        most_saved_ratio=float(1 - spent_j.min() / spent_j[-1]),
        excess_ratio=float(spent_j[at] / spent_j.min() - 1),
        slower_ratio=float(measured.times_s[at] / measured.times_s[-1] - 1),
    )


def capped_clock_ratio(law: ClockLaw, power_ratio: float, *, idle_ratio: float = 0.0) -> float:
    """The clock at which a law draws this part of the load power; 0 where it never draws so little.

    >>> from cutwise.energy import StaticLaw
    >>> round(capped_clock_ratio(StaticLaw(), 0.6), 3)  # ((0.6 - 0.35) / 0.65)^(1/3)
    0.727
    """
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        drawn = idle_ratio + float(law.above_idle_w(middle, power_w=1 - idle_ratio, idle_power_w=idle_ratio))
        low, high = (middle, high) if drawn < power_ratio else (low, middle)
    return high if high > 1e-9 else 0.0


def radio_power_w(radio: Radio, *, uplink_bps: float, downlink_bps: float) -> float:
    """Watts that a radio is said to draw beside the device's base while bits go at these rates.

    >>> from cutwise.energy import Phone5g
    >>> round(radio_power_w(Phone5g(), uplink_bps=1e8, downlink_bps=0.0), 2)
    3.66
    """
    draw = radio.draw(transmit_power_w=0.2)
    return float(draw.power_w(uplink_bps=uplink_bps, downlink_bps=downlink_bps))
