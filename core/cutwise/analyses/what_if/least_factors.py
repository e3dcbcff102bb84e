"""The least change of each quantity with which a plan keeps every limit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.analyses.what_if.inputs.changed_quantities import Quantity
from cutwise.analyses.what_if.inputs.helping_ways import end_of, helping_way
from cutwise.analyses.what_if.inputs.sections import ENDS_FIRST, Precision, turning_factors
from cutwise.arrays import Floats, Ints, Mask

FARTHEST = 100.0
"""Changes are looked for up to so many times more or less."""
ROWS_A_SEARCH, CALLS_A_SEARCH = 14, 5
"""Rows that a search takes where each takes a plan, and calls where rows are answered together, about."""


def least_factors(asked: AskedRows, found: Sequence[Quantity]) -> Floats:
    """Of each quantity the factor nearest to 1 with which the plan keeps every limit, nan where none does.

    It is looked for where it helps, or up and down.
    """
    factors = np.full(len(found), np.nan)
    together = np.array([asked.takes(one) for one in found], dtype=bool)
    for some, precision in ((together, asked.precision(ENDS_FIRST)), (~together, ENDS_FIRST)):
        numbers = np.flatnonzero(some)
        if len(numbers):
            factors[numbers] = _least(asked, [found[i] for i in numbers.tolist()], precision)
    return factors


def _least(asked: AskedRows, found: Sequence[Quantity], precision: Precision) -> Floats:
    searches = [(i, way) for i, one in enumerate(found) for way in _ways(one)]
    which = np.array([i for i, _ in searches])
    ends = np.array([end_of(found[i], way, FARTHEST) for i, way in searches])

    def kept(search: Ints, factors: Floats) -> Mask:
        return asked.changed_by(found, which[search], factors).kept

    turned = turning_factors(kept, ends, precision)
    least = [min(turned[which == i], key=_cost) for i in range(len(found))]
    return np.array([float(q.snapped(np.array([f]))[0]) for q, f in zip(found, least, strict=True)])


def _ways(one: Quantity) -> tuple[int, ...]:
    return (helping_way(one),) if helping_way(one) else (1, -1)


def _cost(factor: float) -> float:
    return np.inf if np.isnan(factor) else abs(float(np.log(factor)))
