"""The answers of a stretch of rows: the one place where a sweep calls the engine that plans them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.analyses.sweeps import NamedColumn
from cutwise.arrays import Floats, Ints, SmallInts
from cutwise.columns.row_answers import STATUSES, RowAnswers, answers_of_rows
from cutwise.columns.row_settings import RowSettings, SweptPath, partitioned
from cutwise.columns.swept_paths import is_numeric
from cutwise.frozen import Frozen
from cutwise.sweeping.rows.axes import Numbers, SweptAxis
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
    """What is planned in every row of a part, whose columns these are; no part has a limit on its time."""
    paths = tuple(_swept_path(sweep, axis, columns[axis.path]) for axis in sweep.axes)
    found = _Answers(part.rows)
    for alike in partitioned(sweep.scenario, RowSettings(paths=paths, count=part.rows)):
        graph = sweep.models[part.model]
        found.put(alike.rows, answers_of_rows(graph, alike.scenario, alike.columns, scheme=part.scheme))
    return AnsweredRows(
        status=_met(found.status, STATUSES),
        delay_s=found.delay_s,
        energy_j=found.energy_j,
        cut=_met(found.cut, tuple(found.labels)),
    )


class _Answers:
    """Columns of a part, filled in group by group."""

    def __init__(self, rows: int) -> None:
        self.delay_s, self.energy_j = np.empty(rows), np.empty(rows)
        self.status, self.cut = np.empty(rows, np.int32), np.empty(rows, np.int32)
        self.labels: dict[str, int] = {}

    def put(self, rows: Ints | None, answers: RowAnswers) -> None:
        """Puts answers where their rows are, all of them where `rows` is None."""
        at = slice(None) if rows is None else rows
        known = [self.labels.setdefault(label, len(self.labels)) for label in answers.labels]
        self.delay_s[at], self.energy_j[at], self.status[at] = (
            answers.delay_s,
            answers.energy_j,
            answers.status,
        )
        self.cut[at] = np.array(known, np.int32)[answers.cut]


def _swept_path(sweep: Sweep, axis: SweptAxis, column: Numbers) -> SweptPath:
    """What rows have of a path; what does not go as numbers is named once, with each row's place in it."""
    if not axis.is_number:
        return SweptPath(path=axis.path, values=axis.values, places=column)
    if is_numeric(sweep.scenario, axis.path):
        return SweptPath(path=axis.path, values=column, places=None)
    values, places = np.unique(column, return_inverse=True)
    return SweptPath(path=axis.path, values=values, places=places)


def _met(places: SmallInts, names: tuple[str, ...]) -> NamedColumn:
    """Names by their places in a list of those that are met, in the order of the list before."""
    met = np.bincount(places, minlength=len(names)) > 0
    kept = tuple(name for name, is_met in zip(names, met, strict=True) if is_met)
    if len(kept) == len(names):
        return NamedColumn(places=places, names=names)
    return NamedColumn(places=(np.cumsum(met, dtype=np.int32) - np.int32(1))[places], names=kept)
