"""The answers of a stretch of rows: the one place where a sweep calls the engine that plans them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cutwise.analyses.sweeps import NamedColumn, swept
from cutwise.arrays import Floats
from cutwise.frozen import Frozen
from cutwise.sweeping.rows.axes import Numbers
from cutwise.sweeping.sweep_parts import SweepPart
from cutwise.sweeping.whole_sweep import Sweep


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnsweredRows(Frozen):
    """An entry a row in every column."""

    status: NamedColumn
    delay_s: Floats
    energy_j: Floats
    cut: NamedColumn


def answered_rows(sweep: Sweep, part: SweepPart, columns: dict[str, Numbers]) -> AnsweredRows:
    """What is planned in every row of a part, whose columns these are."""
    over = {axis.path: axis.given(columns[axis.path]) for axis in sweep.axes}
    found = swept(
        sweep.models[part.model], sweep.scenario, over=over, schemes=(part.scheme,), zip=bool(over)
    ).columns
    return AnsweredRows(
        status=_met(found["status"]),
        delay_s=np.asarray(found["delay_s"], dtype=np.float64),
        energy_j=np.asarray(found["energy_j"], dtype=np.float64),
        cut=_met(found["cut"]),
    )


def _met(column: Any) -> NamedColumn:
    """Names by their places in a list of those that are met, in the order of the list before."""
    met = np.bincount(column.places, minlength=len(column.names)) > 0
    places = (np.cumsum(met) - 1)[column.places].astype(np.int32)
    return NamedColumn(places=places, names=tuple(np.array(column.names, dtype=object)[met]))
