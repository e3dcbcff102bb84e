"""What a sweep will take, told before it starts, from a few of its rows that are answered for that."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.budgets import amount
from cutwise.columns.swept_paths import is_numeric
from cutwise.frozen import Frozen
from cutwise.sweeping.answered_rows import answered_rows
from cutwise.sweeping.files.arrow_tables import parquet_bytes, part_table
from cutwise.sweeping.rows.axes import Numbers
from cutwise.sweeping.running.sweep_progress import Pair
from cutwise.sweeping.sweep_parts import SweepPart, part_count, rows_left, rows_of_part
from cutwise.sweeping.whole_sweep import Sweep

TRIAL_S, MOST_TRIALS = 0.1, 12
"""About what a trial takes once caches are warm, and how many pairs of model and scheme are tried."""
LONG_S = 300.0
"""Of a part; rows that columns leave are planned one by one, and how many that are is known on the way."""
FIRST_ROWS, FACTOR, PLACES = 4, 8, 8
"""A trial begins with so many rows, goes on with as many times more, from so many places of the sweep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepEstimate(Frozen):
    """What is to be done: rows in parts, the settings of names among them, and what is left will take.

    Where parts are `joined` they and the file that is made of them are there at once.
    """

    rows: int
    parts: int
    parts_left: int
    groups: int
    row_s: Mapping[Pair, float]
    expected_s: float
    expected_bytes: float
    longest_part_s: float = 0.0
    joined: bool = False
    free_bytes: float = math.inf

    @property
    def text(self) -> str:
        """One line for people."""
        there = self.parts - self.parts_left
        kept, rest = (f" ({there:,} of them there)", "the rest takes ") if there else ("", "")
        takes = f"{rest}about {amount('answer_s', max(1.0, self.expected_s))}"
        return (
            f"{_several(self.rows, 'row')} in {_several(self.parts, 'part')}{kept}, "
            f"{_several(self.groups, 'group')} with names or prices of their own; {takes} and "
            f"{amount('text_bytes', self.expected_bytes)} of disk{self._on_disk}{self._of_parts}"
        )

    @property
    def _of_parts(self) -> str:
        """That much is lost when it is stopped, where a part is long."""
        if self.longest_part_s < LONG_S:
            return ""
        took = amount("answer_s", self.longest_part_s)
        return f"; a part takes up to {took}, which a stop loses: part_rows makes them shorter"

    @property
    def _on_disk(self) -> str:
        """What is to be said of the disk beyond the bytes that stay."""
        peak_bytes = self.expected_bytes
        if self.joined:
            peak_bytes += self.expected_bytes * self.parts / max(1, self.parts_left)
        twice = f", {amount('text_bytes', peak_bytes)} while parts are joined" if self.joined else ""
        if peak_bytes <= self.free_bytes:
            return twice
        free = amount("text_bytes", self.free_bytes)
        return f"{twice}; only {free} are free there: make room first, or name another disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class _TriedRows(Frozen):
    """What a few rows of a model and scheme took: the first of all, each further one, and on disk."""

    first_s: float
    row_s: float
    part_bytes: float
    row_bytes: float


def estimate_of(
    sweep: Sweep,
    *,
    numbers: Sequence[int] | None = None,
    workers: int = 0,
    joined: bool = False,
    free_bytes: float = math.inf,
) -> SweepEstimate:
    """How many rows, parts and groups a sweep has, and about what the parts with these `numbers` take.

    All are to be made where none are given. What the trials put into caches stays there for this process;
    workers fill their own.
    """
    numbers = range(part_count(sweep)) if numbers is None else numbers
    left = rows_left(sweep, numbers)
    pairs = [pair for pair, rows in left.items() if rows]
    tried = pairs[:: math.ceil(len(pairs) / MOST_TRIALS)]
    trials = {pair: _tried(sweep, pair) for pair in tried}
    like = {pair: trials.get(pair) or _like(pair, trials) for pair in pairs}
    busy_s = sum(trial.row_s * left[pair] for pair, trial in like.items()) / max(1, workers)
    parts = {pair: math.ceil(left[pair] / rows_of_part(sweep, pair[1])) for pair in pairs}
    return SweepEstimate(
        rows=sweep.rows * len(left),
        parts=part_count(sweep),
        parts_left=len(numbers),
        groups=len(left) * group_count(sweep),
        row_s={pair: trial.row_s for pair, trial in like.items()},
        expected_s=busy_s + (sum(trial.first_s for trial in like.values()) if workers else 0.0),
        expected_bytes=sum(
            trial.part_bytes * parts[pair] + trial.row_bytes * left[pair] for pair, trial in like.items()
        ),
        longest_part_s=max(
            (trial.row_s * min(sweep.rows, rows_of_part(sweep, pair[1])) for pair, trial in like.items()),
            default=0.0,
        ),
        joined=joined,
        free_bytes=free_bytes,
    )


def _several(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def group_count(sweep: Sweep) -> int:
    """At most how many settings of names the rows of a model and scheme have: each needs work of its own."""
    counts = [
        axis.count or sweep.rows
        for axis in sweep.axes
        if not (axis.is_number and is_numeric(sweep.scenario, axis.path))
    ]
    return min(sweep.rows, math.prod(counts))


def _tried(sweep: Sweep, pair: Pair) -> _TriedRows:
    """Of so many rows that they keep a processor for a moment, after caches are filled.

    Time on the clock says less of few rows where others use the machine: a wait looks like an answer.
    """
    most, rows = min(rows_of_part(sweep, pair[1]), sweep.rows), FIRST_ROWS
    first_s, first_bytes = _answered(sweep, pair, 1)
    while True:
        rows, began_s = min(rows, most), time.process_time()
        took_s, written = _answered(sweep, pair, rows)
        if time.process_time() - began_s > TRIAL_S or rows == most:
            row_bytes = max(0.0, (written - first_bytes) / max(1, rows - 1))
            return _TriedRows(
                first_s=first_s, row_s=took_s / rows, part_bytes=first_bytes - row_bytes, row_bytes=row_bytes
            )
        rows *= FACTOR


def _answered(sweep: Sweep, pair: Pair, rows: int) -> tuple[float, int]:
    """Seconds and bytes of so many rows, taken from several places as rows far apart may differ in kind."""
    began_s = time.perf_counter()
    columns = _from_places(sweep, rows)
    part = SweepPart(number=0, model=pair[0], scheme=pair[1], first=0, last=rows)
    content = parquet_bytes(sweep, part_table(sweep, part, columns, answered_rows(sweep, part, columns)))
    return time.perf_counter() - began_s, len(content)


def _from_places(sweep: Sweep, rows: int) -> dict[str, Numbers]:
    places = min(rows, PLACES)
    each = [(rows * (at + 1)) // places - (rows * at) // places for at in range(places)]
    starts = [min(sweep.rows * at // places, sweep.rows - count) for at, count in enumerate(each)]
    stretches = [
        sweep.columns(first, first + count) for first, count in zip(starts, each, strict=True) if count
    ]
    return {axis.path: np.concatenate([one[axis.path] for one in stretches]) for axis in sweep.axes}


def _like(pair: Pair, trials: Mapping[Pair, _TriedRows]) -> _TriedRows:
    """A pair that was not tried is like the slowest that was, of its scheme if any."""
    same = [trial for (_, scheme), trial in trials.items() if scheme == pair[1]]
    return max(same or trials.values(), key=lambda trial: trial.row_s)
