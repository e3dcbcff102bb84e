"""One swept path as an axis: listed values, or a range, and the column that any rows have of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen

Numbers = NDArray[Any]
"""Doubles, or whole numbers of 64 bits."""
LINEAR, LOG = "linear", "log"
SPACINGS = (LINEAR, LOG)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SweptAxis(Frozen):
    """A path and what it may be: `values`, numbers as an array, or else a range from `low` to `high`.

    `points` is how many values of a range a grid has, 0 where its numbers are drawn; `whole` rounds them.
    """

    path: str
    values: tuple[Any, ...] | Numbers = ()
    low: float = 0.0
    high: float = 0.0
    spacing: str = LINEAR
    points: int = 0
    whole: bool = False

    @property
    def is_range(self) -> bool:
        """True for a range, False for listed values."""
        return not len(self.values)

    @property
    def is_number(self) -> bool:
        """True where its column holds numbers, False where it holds positions in `values`."""
        return self.is_range or isinstance(self.values, np.ndarray)

    @property
    def count(self) -> int:
        """How many values it has; 0 for a range whose numbers are drawn."""
        return self.points if self.is_range else len(self.values)

    @property
    def repeats(self) -> bool:
        """True where rows share few values, which files keep once."""
        return self.count > 0

    @property
    def named(self) -> Sequence[Any]:
        """All values that are no numbers; of numbers the last."""
        if self.is_range:
            return [int(self.high) if self.whole else self.high]
        return self.values[-1:].tolist() if isinstance(self.values, np.ndarray) else self.values

    def at_places(self, places: Ints) -> Numbers:
        """Its column in rows that have its values of these positions.

        >>> axis = SweptAxis(path="seed", low=1.0, high=100.0, spacing="log", points=3)
        >>> axis.at_places(np.arange(3)).tolist()
        [1.0, 10.0, 100.0]
        """
        if not self.is_range:
            return self.values[places] if isinstance(self.values, np.ndarray) else places
        last = max(1, self.points - 1)
        spread = self._spread(places / last)
        ends: Numbers = np.where(places == 0, self.low, np.where(places == last, self.high, spread))
        return np.rint(ends).astype(np.int64) if self.whole else ends

    def at_shares(self, shares: Floats) -> Numbers:
        """Its column in rows that lie at these shares, 0 to 1, of what it may be.

        >>> axis = SweptAxis(path="seed", low=1.0, high=6.0, whole=True)
        >>> axis.at_shares(np.array([0.0, 0.5, 0.99])).tolist()
        [1, 4, 6]
        """
        if not self.is_range:
            return self.at_places((shares * len(self.values)).astype(np.int64))
        if not self.whole:
            return np.clip(self._spread(shares), self.low, self.high)
        if self.spacing == LINEAR:
            drawn = self.low + np.floor(shares * (self.high - self.low + 1))
        else:
            drawn = np.rint(self._spread(shares))
        return np.clip(drawn, self.low, self.high).astype(np.int64)

    def given(self, column: Numbers) -> NDArray[Any] | list[Any]:
        """What a scenario takes in the rows of its column."""
        return column if self.is_number else [self.values[place] for place in column]

    def _spread(self, shares: Floats) -> Floats:
        if self.spacing == LINEAR:
            return self.low + (self.high - self.low) * shares
        return self.low * (self.high / self.low) ** shares
