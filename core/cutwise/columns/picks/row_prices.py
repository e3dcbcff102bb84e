"""What the picked cut of every row takes, by the evaluator itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Number
from cutwise.costs.cut_sums import CutSums
from cutwise.frozen import Frozen
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions

ROWS_AT_ONCE = 1 << 14


def plain_numbers(conditions: Conditions) -> Conditions:
    """The conditions with arrays of one number as that number."""
    return conditions.each(
        lambda value: (
            float(value.reshape(-1)[0]) if isinstance(value, np.ndarray) and value.size == 1 else value
        )
    )


def rows_of(conditions: Conditions, rows: slice | Ints) -> Conditions:
    """The conditions of some rows; a column that several fields share is taken once."""
    taken: dict[int, Floats] = {}

    def some(value: Number) -> Number:
        if not isinstance(value, np.ndarray):
            return value
        if id(value) not in taken:
            taken[id(value)] = value[rows]
        return taken[id(value)]

    return conditions.each(some)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PricedCuts(Frozen):
    """Scores of cuts whose conditions are columns, worked out by the evaluator cut by cut and row by row."""

    sums: CutSums
    conditions: Conditions
    score: Score

    def of(self, cuts: Ints) -> PricedCuts:
        """The scores of some cuts."""
        return replace(self, sums=self.sums.reshaped(lambda values: values[cuts]))

    def at(self, rows: slice) -> Floats:
        """The scores of every cut in these rows, shape (cuts, rows)."""
        given = rows_of(self.conditions, rows)
        column = self.sums.reshaped(lambda values: values[:, None])
        shape = (len(self.sums.output_bytes), rows.stop - rows.start)
        return np.array(np.broadcast_to(np.asarray(self.score(stage_times(column, given))), shape))


def priced(sums: CutSums, conditions: Conditions, cuts: Ints) -> tuple[Floats, Floats]:
    """Delay and energy of the cut of every row, shape (rows,) each."""
    delay_s, energy_j = np.empty(len(cuts)), np.empty(len(cuts))
    for cut in np.flatnonzero(np.bincount(cuts)).tolist():
        one = _of_cut(sums, cut)
        rows = np.flatnonzero(cuts == cut)
        for first in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[first : first + ROWS_AT_ONCE]
            stages: StageTimes = stage_times(one, rows_of(conditions, some))
            delay_s[some], energy_j[some] = stages.delay_s, stages.energy_j
    return delay_s, energy_j


def _of_cut(sums: CutSums, cut: int) -> CutSums:
    """The sums of one cut, as plain numbers: what is nothing takes no work."""

    def number(values: Floats) -> Any:
        return float(values[cut])

    return sums.reshaped(number)
