"""The parts of a sweep by their number: one model, one scheme, and a stretch of rows each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cutwise.frozen import Frozen
from cutwise.sweeping.whole_sweep import Sweep

ROWS_IN_COLUMNS, ROWS_ONE_BY_ONE, LEAST_ROWS = 1 << 18, 256, 1 << 10
"""Of a part: at most so many that go together, or that are planned one by one, which takes seconds."""
PART_BYTES, ROW_BYTES, DEVICE_BYTES = 170e6, 350, 70
"""What a part may take while it is made, and what a row and each of its devices do (measured)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPart(Frozen):
    """Rows `first` to before `last` of one model and scheme; `number` counts the parts of all."""

    number: int
    model: str
    scheme: str
    first: int
    last: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.last - self.first


def rows_of_part(sweep: Sweep, scheme: str) -> int:
    """The most rows of a part of one scheme."""
    if sweep.part_rows:
        return sweep.part_rows
    if scheme not in sweep.together:
        return ROWS_ONE_BY_ONE
    fitting = int(PART_BYTES / (ROW_BYTES + DEVICE_BYTES * len(sweep.scenario.devices)))
    return min(ROWS_IN_COLUMNS, max(LEAST_ROWS, 1 << fitting.bit_length() - 1))


def pairs_of(sweep: Sweep) -> Iterator[tuple[str, str]]:
    """Every model with every scheme, in the order of their rows."""
    return ((model, scheme) for model in sweep.models for scheme in sweep.schemes)


def part_count(sweep: Sweep) -> int:
    """How many parts there are."""
    return sum(_parts_of(sweep, scheme) for _, scheme in pairs_of(sweep))


def part_of(sweep: Sweep, number: int) -> SweepPart:
    """The part with this number, from 0 on."""
    before = 0
    for model, scheme in pairs_of(sweep):
        count = _parts_of(sweep, scheme)
        if number < before + count:
            size = rows_of_part(sweep, scheme)
            first = (number - before) * size
            last = min(sweep.rows, first + size)
            return SweepPart(number=number, model=model, scheme=scheme, first=first, last=last)
        before += count
    raise IndexError(number)


def rows_left(sweep: Sweep, numbers: Iterable[int]) -> dict[tuple[str, str], int]:
    """Rows of every model and scheme in the parts with these numbers."""
    left = dict.fromkeys(pairs_of(sweep), 0)
    for number in numbers:
        part = part_of(sweep, number)
        left[part.model, part.scheme] += part.rows
    return left


def _parts_of(sweep: Sweep, scheme: str) -> int:
    return math.ceil(sweep.rows / rows_of_part(sweep, scheme))
