"""Predicted beside measured, row by row, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.frozen import Frozen

NEAR_RATIO, WIDE_RATIO = 0.3, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow(Frozen):
    """One measured value beside what the library says, in the unit of its comparison.

    Measured over predicted is expected between `low_ratio` and `high_ratio`, None where no band is said. Of a
    row that `is_learnt`, constants were fitted on it.
    """

    name: str
    hardware: str
    hardware_class: str
    family: str
    measured: float
    predicted: float
    low_ratio: float | None = None
    high_ratio: float | None = None
    is_learnt: bool = False

    @property
    def predicted_ratio(self) -> float:
        """Predicted over measured."""
        return self.predicted / self.measured

    @property
    def error_ratio(self) -> float:
        """How far the prediction is off, over the measured value."""
        return abs(self.predicted_ratio - 1)

    @property
    def factor_ratio(self) -> float:
        """How many times too much or too little is predicted."""
        return max(self.predicted_ratio, 1 / self.predicted_ratio)

    @property
    def is_covered(self) -> bool | None:
        """Whether the measured value lies within the band; None without one."""
        if self.low_ratio is None or self.high_ratio is None:
            return None
        return self.low_ratio <= 1 / self.predicted_ratio <= self.high_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Frozen):
    """What rows say together: mean error, parts of them within 30 and 50 % and within their bands.

    The quantiles are those of measured over predicted.
    """

    rows: int
    mean_error_ratio: float
    near_ratio: float
    wide_ratio: float
    covered_ratio: float | None
    p10_ratio: float
    p50_ratio: float
    p90_ratio: float


def agreement_of(rows: Sequence[HeldRow]) -> Agreement:
    """What at least one row says.

    >>> row = HeldRow(name="a", hardware="b", hardware_class="c", family="d", measured=2.0, predicted=3.0)
    >>> found = agreement_of([row])
    >>> found.mean_error_ratio, found.near_ratio, found.wide_ratio, found.covered_ratio
    (0.5, 0.0, 1.0, None)
    """
    errors = np.array([row.error_ratio for row in rows])
    covered = [row.is_covered for row in rows if row.is_covered is not None]
    low, middle, high = np.quantile([1 / row.predicted_ratio for row in rows], [0.1, 0.5, 0.9])
    return Agreement(
        rows=len(rows),
        mean_error_ratio=float(errors.mean()),
        near_ratio=float(np.mean(errors <= NEAR_RATIO)),
        wide_ratio=float(np.mean(errors <= WIDE_RATIO)),
        covered_ratio=float(np.mean(covered)) if covered else None,
        p10_ratio=float(low),
        p50_ratio=float(middle),
        p90_ratio=float(high),
    )
