"""Delay and energy in one score, each over how far a round's ranges in every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Number
from cutwise.columns.device_rows import DeviceRows, NotInColumnsError
from cutwise.columns.linear_laws import law_of
from cutwise.columns.picks.picking import parts
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import listed
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.objective import Prices, Score, Spread, counted_energy, delay
from cutwise.plans.stages import StageTimes


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class WeightedScore(Frozen):
    """What a cut costs in formal numbers, where a second and a joule have a price in every row, (rows,)."""

    second: Floats
    joule: Floats
    energy: Score

    def __call__(self, stages: StageTimes) -> Number:
        """The score of formal stages."""
        delay_s, energy_j = delay(stages), self.energy(stages)
        table: Any = getattr(delay_s, "table", None) or getattr(energy_j, "table", None)
        if table is None:
            raise NotInColumnsError("seconds and joules have prices in formal numbers only")
        return table.number(self.second) * delay_s + table.number(self.joule) * energy_j

    def of(self, rows: Ints) -> WeightedScore:
        """The score in some rows."""
        return WeightedScore(second=self.second[rows], joule=self.joule[rows], energy=self.energy)


def weighted_score(devices: Sequence[DeviceRows], times: Floats) -> WeightedScore:
    """The score of devices that are served in turn, `times` (devices,) of each alike.

    Delay and energy count over how far they range over the cut positions that all devices have in common.
    """
    objective = devices[0].problem.scenario.objective
    energy = counted_energy(objective)
    delay_s, energy_j = (_range(devices, times, score) for score in (delay, energy))
    prices = Prices.of(objective, Spread(delay_s=1.0, energy_j=1.0))
    return WeightedScore(second=prices.second / delay_s, joule=prices.joule / energy_j, energy=energy)


def _range(devices: Sequence[DeviceRows], times: Floats, score: Score) -> Floats:
    """How far the round's score ranges over the cut positions in every row; 1 where it does not."""
    positions, count = cut_positions(devices[0].problem), devices[0].count
    laws = []
    for device in devices:
        if device.formal is None:
            raise NotInColumnsError("what does not add up ranges otherwise in every row")
        laws.append(law_of(device.formal.number(score), listed(device.problem, positions).sums))
    found = np.empty(count)
    for rows in parts(count, len(positions)):
        total = np.zeros((len(positions), rows.stop - rows.start))
        for law, alike in zip(laws, times.tolist(), strict=True):
            sums, coefficients = law.differences(rows)
            total += alike * sums.base[:, None]
            total += np.einsum("jp,jr->pr", sums.slopes, alike * coefficients)
        found[rows] = np.ptp(total, axis=0)
    return np.where(found > 0, found, 1.0)
