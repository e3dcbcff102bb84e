"""The scheme's answers where numbers of the scenario differ from row to row, all planned anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from cutwise.analyses.what_if.inputs.changed_quantities import LIMIT_FIELDS, Quantity
from cutwise.analyses.what_if.inputs.helping_ways import is_capacity
from cutwise.analyses.what_if.inputs.sections import FEWER, FINE, Precision
from cutwise.analyses.what_if.inputs.written_out import written_out
from cutwise.arrays import Floats, Ints, Mask
from cutwise.columns.row_answers import STATUSES, RowAnswers, answers_of_rows, goes_in_columns
from cutwise.columns.swept_paths import is_numeric
from cutwise.frozen import Frozen
from cutwise.options import option_hints
from cutwise.question import Question, shown_options, shown_scheme
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES
from cutwise.tolerances import LIMIT_ROUNDING

LATENCY = "channel.uplink_latency_s"
"""A number that every scenario has."""
MOST_S = 20.0
"""What rows that take a plan each may take together, about."""
SETTLED_S = 0.3
"""Rows that took longer are asked again: at first caches are filled."""
SLOW_S = 0.12
"""A few rows that are answered together take so long where there are many devices."""
FEWEST = 2
"""Quantities that are looked at however long they take."""
Note: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Answers(Frozen):
    """One entry a row: delay and energy of the plan, whether it keeps every limit, its cuts as a code.

    `labels` are the names of the codes, `rows` which rows these are of those that were asked.
    """

    delay_s: Floats
    energy_j: Floats
    kept: Mask
    cut: Ints
    labels: tuple[str, ...]
    rows: Ints

    def label(self, row: int) -> str:
        """The cuts of a row by name."""
        return self.labels[int(self.cut[row])]

    def moved(self, row: int) -> str:
        """The same where they are others than those of the last row, else nothing."""
        return "" if self.cut[row] == self.cut[-1] else self.label(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRows(Frozen):
    """A question whose numbers are changed row by row; speeds stand as numbers of their own.

    `present` is the answer as things are. A row takes `row_s` seconds where each takes a plan of its own, 0
    where many are answered together: then all that are asked at once take about `call_s`.
    """

    question: Question
    present: Answers
    row_s: float
    call_s: float

    @classmethod
    def of(cls, question: Question) -> AskedRows:
        """The rows of a question; how they are answered is seen from the first of them."""
        asked = replace(question, scenario=written_out(question.scenario))
        columns = goes_in_columns(asked.scenario, {}, shown_scheme(asked), unproven(asked))
        first = _timed(asked, 2 if columns else 1)
        if first.together and first.whole_s > SETTLED_S:
            first = _timed(asked, 2)
        row_s, call_s = (0.0, first.whole_s) if first.together else (first.last_s, 0.0)
        return cls(question=asked, present=_read(first.found, np.arange(1)), row_s=row_s, call_s=call_s)

    @property
    def quick(self) -> bool:
        """True where many rows are answered together."""
        return self.row_s == 0.0

    @property
    def slow(self) -> bool:
        """True where even rows that are answered together take long, as those of many devices do."""
        return self.call_s > SLOW_S

    def takes(self, one: Quantity) -> bool:
        """True where the quantity goes into columns of numbers that are answered together."""
        return self.quick and all(is_numeric(self.question.scenario, place.path) for place in one.places)

    def looked_at(
        self, found: Sequence[Quantity], *, rows: int, calls: int = 0
    ) -> tuple[list[Quantity], list[Quantity]]:
        """Quantities that can be looked at within `MOST_S`, and those left.

        Each takes so many rows where rows take plans of their own, else so many calls. Rates, speeds and
        memories come first; where all take long two of them are looked at.
        """
        each_s = calls * self.call_s if self.quick else rows * self.row_s
        most = max(FEWEST, int(MOST_S / each_s)) if each_s else len(found)
        order = sorted(found, key=lambda one: not is_capacity(one))
        chosen = {one.name for one in order[:most]}
        return [q for q in found if q.name in chosen], [q for q in found if q.name not in chosen]

    def strictly(self) -> AskedRows:
        """The same under limits without their rounding, so that what is found keeps them with it."""
        scenario = self.question.scenario
        limits = {name: getattr(scenario.limits, name) for name in LIMIT_FIELDS}
        tight = {f"limits.{name}": x / (1 + LIMIT_ROUNDING) for name, x in limits.items() if x is not None}
        return replace(self, question=replace(self.question, scenario=changed(scenario, tight)))

    def answers(self, columns: Mapping[str, Floats]) -> Answers:
        """The plan of every row; columns are values at paths of the scenario.

        Rows that differ in what is no column of numbers, such as the size of a batch, go together where they
        are alike in it.
        """
        scenario = self.question.scenario
        numeric = {path: values for path, values in columns.items() if is_numeric(scenario, path)}
        others = {path: values for path, values in columns.items() if path not in numeric}
        if not others:
            return _read(_together(self.question, numeric), np.arange(_rows(columns)))
        kinds, which = np.unique(np.stack(list(others.values())), axis=1, return_inverse=True)
        parts = []
        for kind, values in enumerate(kinds.T):
            rows = np.flatnonzero(which.ravel() == kind)
            setting = {path: _number(value) for path, value in zip(others, values, strict=True)}
            under = replace(self, question=replace(self.question, scenario=changed(scenario, setting)))
            some = {path: column[rows] for path, column in numeric.items()} or _still(scenario, len(rows))
            parts.append(_read(_together(under.question, some), rows))
        return _joined(parts, _rows(columns))

    def changed_by(self, quantities: Sequence[Quantity], which: Ints, factors: Floats) -> Answers:
        """The answers where in each row one quantity (`which`) is so many times what it is now."""
        return self.changed_together(quantities, which[:, None], factors[:, None])

    def changed_together(self, quantities: Sequence[Quantity], which: Ints, factors: Floats) -> Answers:
        """The same where each row changes several: arrays (rows, changes).

        Rows in which the same quantities change go together: few cuts can be best in some of them.
        """
        kinds, place = np.unique(which, axis=0, return_inverse=True)
        parts = []
        for kind in range(len(kinds)):
            rows = np.flatnonzero(place.ravel() == kind)
            changes = list(zip(which[rows].T, factors[rows].T, strict=True))
            parts.append(replace(self.answers(columns_of(quantities, changes)), rows=rows))
        return _joined(parts, len(which))

    def columns(self, quantities: Sequence[Quantity], factors: Floats) -> dict[str, Floats]:
        """The columns in which every quantity has its own factors, an array (quantities, rows)."""
        found: dict[str, Floats] = {}
        for one, row in zip(quantities, factors, strict=True):
            found |= one.columns(row)
        return found

    def precision(self, coarse: Precision) -> Precision:
        """How far a search goes: where every row takes a plan of its own, as `coarse` says."""
        return coarse if not self.quick else FEWER if self.slow else FINE


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Timed(Frozen):
    """Rows in which nothing is changed, whether they were answered together, and how long they took."""

    found: RowAnswers
    together: bool
    whole_s: float
    last_s: float


def _timed(question: Question, rows: int) -> _Timed:
    done, ends_s = [0], [time.perf_counter()]

    def note(many: int) -> None:
        done.append(many)
        ends_s.append(time.perf_counter())

    found = _together(question, _still(question.scenario, rows), note)
    return _Timed(
        found=found, together=max(done) > 1, whole_s=ends_s[-1] - ends_s[0], last_s=ends_s[-1] - ends_s[-2]
    )


def _together(
    question: Question, columns: Mapping[str, Floats], note: Note = lambda rows: None
) -> RowAnswers:
    return answers_of_rows(
        question.graph,
        question.scenario,
        columns,
        scheme=shown_scheme(question),
        options=unproven(question),
        note=note,
    )


def _still(scenario: Scenario, rows: int) -> dict[str, Floats]:
    """So many rows in which nothing is changed."""
    return {LATENCY: np.full(rows, scenario.channel.uplink_latency_s)}


def unproven(question: Question) -> dict[str, Any]:
    """The options of the scheme, without a proof where it may leave that."""
    asked = shown_options(question)
    known = option_hints(SCHEMES[shown_scheme(question)])
    return {**asked, "certify": False} if "certify" in known else asked


def _rows(columns: Mapping[str, Floats]) -> int:
    return len(next(iter(columns.values())))


def _read(found: RowAnswers, rows: Ints) -> Answers:
    """The first of the answers, for so many rows."""
    some = slice(0, len(rows))
    infeasible, unsolved = STATUSES.index("infeasible"), STATUSES.index("unsolved")
    return Answers(
        delay_s=found.delay_s[some],
        energy_j=found.energy_j[some],
        kept=((found.status != infeasible) & (found.status != unsolved))[some],
        cut=found.cut[some],
        labels=found.labels,
        rows=rows,
    )


def _joined(parts: Sequence[Answers], count: int) -> Answers:
    """The answers of all parts in the order of their rows."""
    labels = tuple(dict.fromkeys(label for one in parts for label in one.labels))
    place = {label: at for at, label in enumerate(labels)}
    order = np.argsort(np.concatenate([one.rows for one in parts]))
    codes = [np.array([place[name] for name in one.labels], dtype=np.int64)[one.cut] for one in parts]
    return Answers(
        delay_s=np.concatenate([one.delay_s for one in parts])[order],
        energy_j=np.concatenate([one.energy_j for one in parts])[order],
        kept=np.concatenate([one.kept for one in parts])[order],
        cut=np.concatenate(codes)[order],
        labels=labels,
        rows=np.arange(count),
    )


def _number(value: float) -> float | int:
    """A column's entry as its field has it: whole numbers are counts too."""
    return int(value) if float(value).is_integer() else float(value)


def columns_of(quantities: Sequence[Quantity], changes: Sequence[tuple[Ints, Floats]]) -> dict[str, Floats]:
    """The columns in which in every row some quantities are so many times what they are now.

    Each of `changes` names one quantity a row, and its factor.
    """
    rows = len(changes[0][0])
    columns: dict[str, Floats] = {}
    for number, quantity in enumerate(quantities):
        factors = np.ones(rows)
        for which, given in changes:
            factors = np.where(which == number, factors * given, factors)
        if (factors != 1.0).any():
            columns |= quantity.columns(factors)
    if not columns:
        columns |= quantities[0].columns(np.ones(rows))
    return columns
