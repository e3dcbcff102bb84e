"""A table of measured points: a clock is one of them, and every one is tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.energy.clock_law import CLOCK_LAWS, Load
from cutwise.energy.constants import CLOCKS
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import settled
from cutwise.units import quantity

MOST_RATIO = 1e6
"""The largest power or time over that at the highest clock that a table may hold."""


@CLOCK_LAWS.named("table")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTable:
    """Measured points: power and time at some clocks, each over that at the highest.

    As it stands six points of the static law; `measured` makes one of clocks, watts and seconds.

    >>> law = ClockTable.measured(clocks_hz=(7e8, 1.4e9), powers_w=(100.0, 200.0), times_s=(3.0, 2.0))
    >>> law.clock_ratios, law.power_ratios, law.time_ratios
    ((0.5, 1.0), (0.5, 1.0), (1.5, 1.0))
    """

    validated: ClassVar[str] = CLOCKS["table"]["validated"]
    load: ClassVar[Load] = "training"
    kind: Literal["table"] = quantity("table", title="Clock law", help="Measured points, none between")
    clock_ratios: tuple[float, ...] = quantity(
        (0.5, 0.6, 0.7, 0.8, 0.9, 1.0), title="Clocks", help="Clocks over the highest, rising to 1"
    )
    power_ratios: tuple[float, ...] = quantity(
        (0.431, 0.490, 0.573, 0.683, 0.824, 1.0), title="Powers",
        help="Power under load at each clock over that at the highest, ending with 1",
    )  # fmt: skip
    time_ratios: tuple[float, ...] = quantity(
        (2.0, 1.667, 1.429, 1.25, 1.111, 1.0), title="Times",
        help="Time of the same work at each clock over that at the highest, ending with 1",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if mistakes := settled(self) or list(self._mistakes()):
            raise ScenarioError(mistakes)

    @classmethod
    def measured(
        cls, *, clocks_hz: Sequence[float], powers_w: Sequence[float], times_s: Sequence[float]
    ) -> ClockTable:
        """The table of clocks with the power and the time that were measured there, in any order."""
        columns = np.array([clocks_hz, powers_w, times_s], dtype=np.float64)
        ordered = columns[:, np.argsort(columns[0])]
        clocks, powers, times = (tuple(row) for row in (ordered / ordered[:, -1:]).tolist())
        return cls(clock_ratios=clocks, power_ratios=powers, time_ratios=times)

    def time_ratio(self, clock_ratio: Number) -> Floats:
        """That of the point; between points a straight line."""
        return np.asarray(np.interp(clock_ratio, self.clock_ratios, self.time_ratios))

    def above_idle_w(self, clock_ratio: Number, *, power_w: Number, idle_power_w: Number) -> Floats:
        """The point's part of the load power less idle, never below 0."""
        ratio = np.interp(clock_ratio, self.clock_ratios, self.power_ratios)
        return np.maximum(ratio * (power_w + idle_power_w) - idle_power_w, 0.0)

    def least_ratio(self, asked_ratio: Number) -> Floats:
        """The lowest point that is not below the one asked for."""
        clocks = np.array(self.clock_ratios)
        return clocks[np.searchsorted(clocks, np.minimum(asked_ratio, 1.0))]

    def best_ratio(
        self, *, rest: Number, joule: Number, power_w: Number, idle_power_w: Number, least_ratio: Floats
    ) -> Floats:
        """The cheapest of the points that are not below the least; of equals the quickest clock."""
        columns = np.broadcast_arrays(rest, joule, power_w, idle_power_w, least_ratio)
        still, price, power, idle, least = (np.asarray(one)[..., None] for one in columns)
        clocks = np.array(self.clock_ratios)[::-1]
        above_w = self.above_idle_w(clocks, power_w=power, idle_power_w=idle)
        costs = np.where(clocks < least, np.inf, (still + price * above_w) * self.time_ratio(clocks))
        return np.asarray(clocks[costs.argmin(axis=-1)])

    def dearest_w(self, *, power_w: float, idle_power_w: float) -> float:
        """What a second must be worth for each slower point to cost more than the highest."""
        times = np.array(self.time_ratios[:-1])
        above_w = self.above_idle_w(np.array(self.clock_ratios), power_w=power_w, idle_power_w=idle_power_w)
        slower = times > 1
        saved_j = above_w[-1] - above_w[:-1] * times
        return float(max((saved_j[slower] / (times[slower] - 1)).max(initial=0.0), 0.0))

    def _mistakes(self) -> Iterator[str]:
        clocks = self.clock_ratios
        if any(later <= earlier for earlier, later in pairwise((0.0, *clocks))):
            yield "clock_ratios: must be above 0 and rise"
        if not clocks or clocks[-1] != 1:
            yield "clock_ratios: must end with 1, the highest clock"
        for name in ("power_ratios", "time_ratios"):
            column = getattr(self, name)
            if len(column) != len(clocks) or not column or column[-1] != 1:
                yield f"{name}: give one for each of clock_ratios, the last of them 1"
            if not all(0 < one <= MOST_RATIO for one in column):
                yield f"{name}: must be above 0 and at most {MOST_RATIO:g}"
