"""The scheme's answers where numbers of the scenario differ from row to row, all planned anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.analyses.what_if.inputs.quantities import Quantity
from cutwise.analyses.what_if.inputs.sections import COARSE, FINE, Precision
from cutwise.analyses.what_if.inputs.written_out import written_out
from cutwise.arrays import Floats, Ints, Mask
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.planning.whole_round.best_modes import asks_modes
from cutwise.planning.whole_round.joint_choice import is_coupled
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question, shown_options, shown_scheme
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES, Scheme, answered
from cutwise.schemes.options import scheme_with

SAME_ANSWER = frozenset({"certify", "method"})
"""Options of a scheme that change no plan."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Answers(Frozen):
    """One entry a row: delay and energy of the plan, whether it keeps every limit, its cuts as a code.

    `labels` are the names of the codes.
    """

    delay_s: Floats
    energy_j: Floats
    kept: Mask
    cut: Ints
    labels: tuple[str, ...]

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

    @property
    def quick(self) -> bool:
        """True where many rows are answered together, so that a thousand take no longer than a few plans."""
        scenario, scheme = self.question.scenario, SCHEMES[shown_scheme(self.question)]
        sharing, at_once = scenario.sharing, scheme.round_of.parallel
        coupled = is_coupled(scenario, scheme.round_of) or scenario.objective.is_weighted
        band = at_once and (sharing.bandwidth == "optimised" or sharing.server == "queue")
        own = self.question.cut or set(self.question.options) - SAME_ANSWER
        return scheme.separable and not (coupled or band or asks_modes(scenario) or own)

    def answers(self, columns: Mapping[str, Floats]) -> Answers:
        """The plan of every row; columns are values at paths of the scenario."""
        scheme = scheme_with(shown_scheme(self.question), shown_options(self.question))
        labels: dict[str, int] = {}
        rows = (changed(self.question.scenario, setting) for setting in row_settings(columns))
        found = [self._one(one, scheme, labels) for one in rows]
        delays, energies, kept, cuts = zip(*found, strict=True)
        return Answers(
            delay_s=np.array(delays),
            energy_j=np.array(energies),
            kept=np.array(kept),
            cut=np.array(cuts),
            labels=tuple(labels),
        )

    def _one(
        self, scenario: Scenario, scheme: Scheme, labels: dict[str, int]
    ) -> tuple[float, float, bool, int]:
        try:
            plan = answered(build_problem(self.question.graph, scenario), scheme)
        except SolverError:
            return np.nan, np.nan, False, labels.setdefault("no answer", len(labels))
        name = " | ".join(dict.fromkeys(one.cut.label for one in plan.decisions))
        return plan.delay_s, plan.energy_j, plan.status != "infeasible", labels.setdefault(name, len(labels))

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
        latency_s = self.question.scenario.channel.uplink_latency_s
        return self.answers({"channel.uplink_latency_s": np.array([latency_s])})

    @property
    def precision(self) -> Precision:
        """How far a search goes: where every row takes a plan of its own, to a thousandth."""
        return FINE if self.quick else COARSE


def row_settings(columns: Mapping[str, Floats]) -> Iterator[dict[str, float]]:
    """What each row sets in the scenario."""
    for row in range(len(next(iter(columns.values())))):
        yield {path: _number(values[row]) for path, values in columns.items()}


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
