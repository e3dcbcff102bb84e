"""What a sweep will take, told before it starts, from a few of its rows that are answered for that."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cutwise.budgets import amount
from cutwise.frozen import Frozen
from cutwise.sweeping.answered_rows import answered_rows
from cutwise.sweeping.files.arrow_tables import parquet_bytes, part_table
from cutwise.sweeping.running.sweep_progress import Pair
from cutwise.sweeping.sweep_parts import SweepPart, pairs_of, part_count, rows_of_part
from cutwise.sweeping.whole_sweep import Sweep

TRIAL_S, MOST_TRIALS = 0.1, 12
"""About what a trial takes once caches are warm, and how many pairs of model and scheme are tried."""
FIRST_ROWS, FACTOR = 4, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEstimate(Frozen):
    """What is to be done: rows in parts, the settings of names among them, and what that will take."""

    rows: int
    parts: int
    groups: int
    row_s: Mapping[Pair, float]
    expected_s: float
    expected_bytes: float

    @property
    def text(self) -> str:
        """One line for people."""
        return (
            f"{self.rows:,} rows in {self.parts:,} parts, {self.groups:,} groups that differ in more than "
            f"numbers; about {amount('answer_s', self.expected_s)} and "
            f"{amount('text_bytes', self.expected_bytes)} of disk"
        )


def estimate_of(sweep: Sweep, *, workers: int = 1) -> SweepEstimate:
    """How many rows, parts and groups a sweep has, and about what it takes with so many workers."""
    pairs = list(pairs_of(sweep))
    tried = pairs[:: math.ceil(len(pairs) / MOST_TRIALS)]
    trials = {pair: _trial(sweep, pair) for pair in tried}
    row_s = {pair: trials[pair][0] if pair in trials else _like(pair, trials) for pair in pairs}
    row_bytes = sum(size for _, size in trials.values()) / len(trials)
    return SweepEstimate(
        rows=sweep.rows * len(pairs),
        parts=part_count(sweep),
        groups=len(pairs) * group_count(sweep),
        row_s=row_s,
        expected_s=sum(row_s.values()) * sweep.rows / max(1, workers),
        expected_bytes=row_bytes * sweep.rows * len(pairs),
    )


def group_count(sweep: Sweep) -> int:
    """At most how many settings of names the rows of a model and scheme have: each needs work of its own."""
    names = [axis.count for axis in sweep.axes if not axis.is_number]
    return min(sweep.rows, math.prod(names))


def _trial(sweep: Sweep, pair: Pair) -> tuple[float, float]:
    """Seconds and bytes of a row: of so many rows that they take a moment, after caches are filled."""
    size, rows = rows_of_part(sweep, pair[1]), FIRST_ROWS
    whole = SweepPart(number=0, model=pair[0], scheme=pair[1], first=0, last=min(FIRST_ROWS, sweep.rows))
    _answered_bytes(sweep, replace(whole, last=1))
    while True:
        part = replace(whole, last=min(rows, size, sweep.rows))
        began_s = time.perf_counter()
        written = _answered_bytes(sweep, part)
        took_s = time.perf_counter() - began_s
        if took_s > TRIAL_S or part.last == min(size, sweep.rows):
            return took_s / part.rows, written / part.rows
        rows *= FACTOR


def _answered_bytes(sweep: Sweep, part: SweepPart) -> int:
    columns = sweep.columns(part.first, part.last)
    return len(parquet_bytes(sweep, part_table(sweep, part, columns, answered_rows(sweep, part, columns))))


def _like(pair: Pair, trials: Mapping[Pair, tuple[float, float]]) -> float:
    """A row of a pair that was not tried takes as long as the slowest that was, of its scheme if any."""
    same = [row_s for (_, scheme), (row_s, _) in trials.items() if scheme == pair[1]]
    return max(same or [row_s for row_s, _ in trials.values()])
