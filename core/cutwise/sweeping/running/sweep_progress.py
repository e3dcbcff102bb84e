"""How far a sweep is: rows that are done, how quickly they come, what is left."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cutwise.budgets import amount
from cutwise.frozen import Frozen
from cutwise.units import percent

Pair: TypeAlias = tuple[str, str]
"""A model and a scheme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOutcome(Frozen):
    """What came of a part: the seconds it took, or the sentence that says why it could not be written."""

    number: int
    took_s: float = 0.0
    mistake: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepProgress(Frozen):
    """Rows that are done of all, since when, and what is left as the pace is now; `workers` is 0 for none."""

    done: int
    rows: int
    rows_per_s: float
    left_s: float | None
    workers: int

    @property
    def text(self) -> str:
        """One line for people.

        >>> SweepProgress(done=5000, rows=20_000, rows_per_s=1000.0, left_s=15.0, workers=2).text
        '25 %: 5,000 of 20,000 rows, 1,000 rows/s, 15 s left, 2 workers'
        """
        words = [f"{percent(self.done / self.rows):.0f} %: {self.done:,} of {self.rows:,} rows"]
        if self.rows_per_s:
            words.append(
                f"{self.rows_per_s:,.3g} rows/s" if self.rows_per_s < 1 else f"{self.rows_per_s:,.0f} rows/s"
            )
        if self.left_s is not None:
            words.append(f"{amount('answer_s', self.left_s)} left")
        if self.workers:
            words.append(f"{self.workers} workers")
        return ", ".join(words)


Tell: TypeAlias = Callable[[SweepProgress], None]


class SweepPace:
    """Counts rows by model and scheme, as these differ by orders of magnitude in what a row takes."""

    def __init__(self, *, left: Mapping[Pair, int], rows: int, row_s: Mapping[Pair, float]) -> None:
        self._left, self._rows, self._tried_s = dict(left), rows, row_s
        self._seconds: dict[Pair, float] = defaultdict(float)
        self._made: dict[Pair, int] = defaultdict(int)
        self._began_s = time.monotonic()

    def note(self, pair: Pair, *, rows: int, took_s: float) -> None:
        """So many rows more are done, and took so long on their worker."""
        self._left[pair] -= rows
        self._made[pair] += rows
        self._seconds[pair] += took_s

    def now(self, workers: int) -> SweepProgress:
        """How far it is."""
        made, elapsed_s = sum(self._made.values()), time.monotonic() - self._began_s
        each_s = {pair: self._row_s(pair) for pair, left in self._left.items() if left}
        left_s = None
        if None not in each_s.values():
            left_s = sum(self._left[pair] * (row_s or 0.0) for pair, row_s in each_s.items()) / max(
                1, workers
            )
        return SweepProgress(
            done=self._rows - sum(self._left.values()),
            rows=self._rows,
            rows_per_s=made / elapsed_s if elapsed_s > 0 else 0.0,
            left_s=left_s,
            workers=workers,
        )

    def _row_s(self, pair: Pair) -> float | None:
        made = self._made[pair]
        return self._seconds[pair] / made if made else self._tried_s.get(pair)
