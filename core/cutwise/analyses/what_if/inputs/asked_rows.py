"""The scheme's answers where numbers of the scenario differ from row to row, all planned anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from cutwise.analyses.what_if.inputs.quantities import Quantity
from cutwise.analyses.what_if.inputs.sections import COARSE, FINE, Precision
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

LATENCY = "channel.uplink_latency_s"
"""A number that every scenario has."""
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
    """A question whose numbers are changed row by row; speeds stand as numbers of their own."""

    question: Question

    @classmethod
    def of(cls, question: Question) -> AskedRows:
        """The rows of a question."""
        return cls(question=replace(question, scenario=written_out(question.scenario)))

    def under(self, scenario: Scenario) -> AskedRows:
        """The same rows under another scenario."""
        return AskedRows.of(replace(self.question, scenario=scenario))

    def takes(self, quantities: Sequence[Quantity]) -> bool:
        """True where all of these go into columns of numbers that are answered together."""
        paths = [place.path for one in quantities for place in one.places]
        return self.quick and all(is_numeric(self.question.scenario, path) for path in paths)

    @property
    def alone(self) -> bool:
        """True where each device's cut is its own best, under shares that the scenario gives."""
        scenario, scheme = self.question.scenario, shown_scheme(self.question)
        return goes_in_columns(scenario, {}, scheme, unproven(self.question))

    @property
    def quick(self) -> bool:
        """True where many rows are answered together, so that a thousand take no longer than a few plans."""
        if not self.alone:
            return False
        done: list[int] = []
        self._together(self.still(2), done.append)
        return max(done) > 1

    def answers(self, columns: Mapping[str, Floats]) -> Answers:
        """The plan of every row; columns are values at paths of the scenario.

        Rows that differ in what is no column of numbers, such as the size of a batch, go together where they
        are alike in it.
        """
        scenario = self.question.scenario
        numeric = {path: values for path, values in columns.items() if is_numeric(scenario, path)}
        others = {path: values for path, values in columns.items() if path not in numeric}
        if not others:
            return _read(self._together(numeric), np.arange(_rows(columns)))
        kinds, which = np.unique(np.stack(list(others.values())), axis=1, return_inverse=True)
        parts = []
        for kind, values in enumerate(kinds.T):
            rows = np.flatnonzero(which.ravel() == kind)
            setting = {path: _number(value) for path, value in zip(others, values, strict=True)}
            under = replace(self, question=replace(self.question, scenario=changed(scenario, setting)))
            some = {path: column[rows] for path, column in numeric.items()} or under.still(len(rows))
            parts.append(_read(under._together(some), rows))
        return _joined(parts, _rows(columns))

    def _together(self, columns: Mapping[str, Floats], note: Note = lambda rows: None) -> RowAnswers:
        question = self.question
        return answers_of_rows(
            question.graph,
            question.scenario,
            columns,
            scheme=shown_scheme(question),
            options=unproven(question),
            note=note,
        )

    def still(self, rows: int) -> dict[str, Floats]:
        """So many rows in which nothing is changed."""
        return {LATENCY: np.full(rows, self.question.scenario.channel.uplink_latency_s)}

    def changed_by(self, quantities: Sequence[Quantity], which: Ints, factors: Floats) -> Answers:
        """The answers where in each row one quantity (`which`) is so many times what it is now."""
        return self.answers(columns_of(quantities, [(which, factors)]))

    def changed_together(self, quantities: Sequence[Quantity], which: Ints, factors: Floats) -> Answers:
        """The same where each row changes several: arrays (rows, changes)."""
        changes = list(zip(which.T, factors.T, strict=True))
        return self.answers(columns_of(quantities, changes))

    def columns(self, quantities: Sequence[Quantity], factors: Floats) -> dict[str, Floats]:
        """The columns in which every quantity has its own factors, an array (quantities, rows)."""
        found: dict[str, Floats] = {}
        for one, row in zip(quantities, factors, strict=True):
            found |= one.columns(row)
        return found

    def now(self) -> Answers:
        """The answer as things are, in one row."""
        return self.answers(self.still(1))

    @property
    def precision(self) -> Precision:
        """How far a search goes: where every row takes a plan of its own, to a thousandth."""
        return FINE if self.quick else COARSE


def unproven(question: Question) -> dict[str, Any]:
    """The options of the scheme, without a proof where it may leave that."""
    asked = shown_options(question)
    known = option_hints(SCHEMES[shown_scheme(question)])
    return {**asked, "certify": False} if "certify" in known else asked


def _rows(columns: Mapping[str, Floats]) -> int:
    return len(next(iter(columns.values())))


def _read(found: RowAnswers, rows: Ints) -> Answers:
    infeasible, unsolved = STATUSES.index("infeasible"), STATUSES.index("unsolved")
    return Answers(
        delay_s=found.delay_s,
        energy_j=found.energy_j,
        kept=(found.status != infeasible) & (found.status != unsolved),
        cut=found.cut,
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
