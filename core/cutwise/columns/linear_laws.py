"""What the evaluator answers as sums over a cut's features, with coefficients that are columns of rows."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Number
from cutwise.columns.formal_numbers import (
    ANY,
    NO_FEATURE,
    ONE,
    Feature,
    FormalNumber,
    Monomial,
    NotLinearError,
    SymbolTable,
    Term,
)
from cutwise.columns.least_sums import Sums
from cutwise.costs.cut_sums import CutSums, Side
from cutwise.costs.graph_cost import GraphCost
from cutwise.frozen import Frozen
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.tolerances import SUM_ROUNDING

CROSSING = ("output_bytes", "gradient_bytes", "has_server", "alone", "kept_equal_bytes")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Law(Frozen):
    """A quantity of K cuts in every row: `base` + the sum of each monomial's value times its slopes.

    `slopes` has the shape (monomials, cuts).
    """

    table: Any
    monomials: tuple[Monomial, ...]
    base: Floats
    slopes: Floats

    def of(self, cuts: Ints) -> Law:
        """The quantity of some cuts."""
        return replace(self, base=self.base[cuts], slopes=self.slopes[:, cuts])

    def coefficients(self, rows: slice) -> Floats:
        """The monomials' values, shape (monomials, rows)."""
        found = np.empty((len(self.monomials), rows.stop - rows.start))
        for at, monomial in enumerate(self.monomials):
            found[at] = self.table.values(monomial, rows)
        return found

    def differences(self, rows: slice) -> tuple[Sums, Floats]:
        """What tells the cuts apart in these rows, as sums of few coefficients (coefficients, rows).

        Monomials whose slopes are proportional but for what all cuts have in common are one coefficient.
        """
        slopes, coefficients = self.slopes - self.slopes[:, :1], self.coefficients(rows)
        kept: list[int] = []
        for at, slope in enumerate(slopes):
            known = next((k for k in kept if _proportional(slope, slopes[k])), None)
            if known is not None:
                far = int(np.abs(slopes[known]).argmax())
                coefficients[known] += slope[far] / slopes[known][far] * coefficients[at]
            elif slope.any():
                kept.append(at)
        return Sums(base=self.base - self.base[0], slopes=slopes[kept]), coefficients[kept]

    def at(self, rows: slice) -> Floats:
        """The quantity of every cut in these rows, shape (cuts, rows)."""
        found = np.repeat(self.base[:, None], rows.stop - rows.start, axis=1)
        for slope, values in zip(self.slopes, self.coefficients(rows), strict=True):
            found += slope[:, None] * values
        return found


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class FormalStages(Frozen):
    """The evaluator's answer to cuts and columns that are formal numbers."""

    table: Any
    stages: StageTimes

    def number(self, score: Score) -> FormalNumber:
        """A score of them as a formal number."""
        found: Any = score(self.stages)
        return (
            found if isinstance(found, FormalNumber) else FormalNumber({(ONE, NO_FEATURE): found}, self.table)
        )


def formal_stages(conditions: Conditions, cost: GraphCost) -> FormalStages:
    """The evaluator's answer as formal numbers.

    Raises `NotLinearError` where it is no sum over a cut's features: text is generated, passes overlap.
    """
    if conditions.roofs is not None and cost.generation is not None:
        raise NotLinearError("text that is generated takes the longer of two times")
    table = SymbolTable()

    def named(value: Number) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return table.number(value) if value.size > 1 else float(value.reshape(-1)[0])

    sums = _formal_sums(table, cost)
    return FormalStages(table=table, stages=stage_times(sums, conditions.each(named)))


def _formal_sums(table: SymbolTable, cost: GraphCost) -> CutSums:
    names = [f.name for f in fields(Side) if f.name != "generation"]

    def side(owner: str) -> Side:
        values: dict[str, Any] = {name: table.feature(f"{owner}.{name}") for name in names}
        return Side(**values)

    crossing: dict[str, Any] = {name: table.feature(name) for name in CROSSING}
    if not cost.shared.kept_equal_bytes.any():
        crossing["kept_equal_bytes"] = 0.0
    return CutSums(device=side("device"), server=side("server"), **crossing)


def law_of(number: FormalNumber, sums: CutSums) -> Law:
    """The quantity of cuts with these sums."""
    count, columns = len(np.atleast_1d(sums.output_bytes)), dict[Monomial, Floats]()
    known: dict[Feature, Floats] = {}
    for (monomial, feature), value in number.terms.items():
        column = known.get(feature)
        if column is None:
            column = known[feature] = _product(sums, feature, count)
        columns[monomial] = columns.get(monomial, np.zeros(count)) + value * column
    base = columns.pop(ONE, np.zeros(count))
    used = {monomial: column for monomial, column in columns.items() if column.any()}
    slopes = np.array(list(used.values())).reshape(len(used), count)
    return Law(table=number.table, monomials=tuple(used), base=base, slopes=slopes)


def _proportional(one: Floats, other: Floats) -> bool:
    far = int(np.abs(other).argmax())
    if not one.any() or not other[far]:
        return False
    same = np.abs(one * other[far] - other * one[far]) <= SUM_ROUNDING * np.abs(one * other[far])
    return bool(same.all())


def _product(sums: CutSums, feature: Feature, count: int) -> Floats:
    found = np.ones(count)
    for name in feature:
        found = found * feature_of(sums, name)
    return found


def feature_of(sums: CutSums, name: str) -> Floats:
    """A feature of cuts by its name, shape (cuts,)."""
    if name.startswith(ANY):
        present = [feature_of(sums, one) > 0 for one in name.removeprefix(ANY).split("|")]
        return np.any(present, axis=0).astype(np.float64)
    owner, _, column = name.partition(".")
    value = getattr(getattr(sums, owner), column) if column else getattr(sums, owner)
    return np.asarray(value, dtype=np.float64)


def by_feature(number: FormalNumber) -> dict[str, dict[Monomial, float]]:
    """The coefficient of every single feature, as monomials with their factors."""
    found: dict[str, dict[Monomial, float]] = {}
    term: Term
    for term, value in number.terms.items():
        if len(term[1]) == 1:
            found.setdefault(term[1][0], {})[term[0]] = value
    return found
