"""Numbers that are worked with before they are known: sums of products of columns and of a cut's features.

The one evaluator runs on them unchanged, so that what it adds up can be read off as coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cutwise.arrays import Floats
from cutwise.errors import SolverError
from cutwise.frozen import Frozen, FrozenDict


class NotLinearError(SolverError):
    """What is asked is no sum over a cut's features."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Symbol(Frozen):
    """A column of numbers, none below 0; symbols of one table are told apart by their number."""

    number: int
    values: Floats


Monomial: TypeAlias = tuple[tuple[int, int], ...]
"""Numbers of symbols with their powers, ascending; empty for 1."""
Feature: TypeAlias = tuple[str, ...]
"""Names of features of a cut that are multiplied; empty for 1."""
Term: TypeAlias = tuple[Monomial, Feature]
ONE: Monomial = ()
NO_FEATURE: Feature = ()
ANY = "any:"
"""Begins the name of the feature that is 1 where any of the features after it is above 0."""


class SymbolTable:
    """The columns of one question, each once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Symbol] = {}

    def number(self, column: Floats) -> FormalNumber:
        """The formal number that stands for a column."""
        key = (column.__array_interface__["data"][0], column.strides[0])
        found = self._known.setdefault(key, Symbol(number=len(self._known), values=column))
        return FormalNumber({(((found.number, 1),), NO_FEATURE): 1.0}, self)

    def feature(self, name: str) -> FormalNumber:
        """The formal number that stands for a feature of a cut."""
        return FormalNumber({(ONE, (name,)): 1.0}, self)

    def values(self, monomial: Monomial, rows: slice | None = None) -> Floats:
        """What a monomial other than 1 comes to in these rows, or in all."""
        columns = {one.number: one.values for one in self._known.values()}
        found: Any = None
        for number, power in monomial:
            column = columns[number] if rows is None else columns[number][rows]
            for _ in range(abs(power)):
                if found is None:
                    found = column if power > 0 else 1.0 / column
                else:
                    found = found * column if power > 0 else found / column
        return np.asarray(found, dtype=np.float64)


class FormalNumber:
    """A sum of terms: a scalar times a monomial of columns times features of a cut."""

    __slots__ = ("table", "terms")

    def __init__(self, terms: Mapping[Term, float], table: SymbolTable) -> None:
        self.terms, self.table = FrozenDict(terms), table

    def __add__(self, other: Any) -> FormalNumber:
        terms = dict(self.terms)
        for key, value in _terms(other).items():
            terms[key] = terms.get(key, 0.0) + value
        return FormalNumber({key: value for key, value in terms.items() if value}, self.table)

    __radd__ = __add__

    def __neg__(self) -> FormalNumber:
        return FormalNumber({key: -value for key, value in self.terms.items()}, self.table)

    def __sub__(self, other: Any) -> FormalNumber:
        return self + -_formal(other, self.table)

    def __rsub__(self, other: Any) -> FormalNumber:
        return -self + other

    def __mul__(self, other: Any) -> FormalNumber:
        terms: dict[Term, float] = {}
        for (monomial, feature), value in self.terms.items():
            for (by_monomial, by_feature), factor in _terms(other).items():
                key = (_product(monomial, by_monomial), tuple(sorted(feature + by_feature)))
                if value * factor:
                    terms[key] = terms.get(key, 0.0) + value * factor
        return FormalNumber(terms, self.table)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> FormalNumber:
        return self * _inverse(other, self.table)

    def __rtruediv__(self, other: Any) -> FormalNumber:
        return _inverse(self, self.table) * other

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> FormalNumber:
        if method != "__call__" or options or ufunc.__name__ not in _UFUNCS:
            raise NotLinearError(f"{ufunc.__name__} of formal numbers is no sum")
        return _UFUNCS[ufunc.__name__](*(_formal(one, self.table) for one in inputs))

    def __bool__(self) -> bool:
        raise NotLinearError("a formal number is neither true nor false")

    def _compared(self, other: object) -> bool:
        raise NotLinearError("formal numbers have no order")

    __lt__ = __le__ = __gt__ = __ge__ = _compared

    def indicator(self) -> FormalNumber:
        """1 where the number is above 0, else 0; for sums of features with coefficients above 0."""
        names: set[str] = set()
        for (monomial, feature), value in self.terms.items():
            present = True if monomial == ONE else _is_positive(self.table.values(monomial))
            if value < 0 or len(feature) != 1:
                raise NotLinearError("the sign of a formal number is not known")
            names |= set(feature) if present and value else set()
        return FormalNumber({(ONE, (ANY + "|".join(sorted(names)),)): 1.0} if names else {}, self.table)


def _is_positive(values: Floats) -> bool:
    positive = values > 0
    if positive.any() and not positive.all():
        raise NotLinearError("a column is 0 in some rows and above 0 in others")
    return bool(positive.all())


def _terms(value: Any) -> Mapping[Term, float]:
    if isinstance(value, FormalNumber):
        return value.terms
    if np.ndim(value):
        raise NotLinearError("a column that is no formal number")
    return {(ONE, NO_FEATURE): float(value)} if value else {}


def _formal(value: Any, table: SymbolTable) -> FormalNumber:
    return value if isinstance(value, FormalNumber) else FormalNumber(_terms(value), table)


def _inverse(value: Any, table: SymbolTable) -> FormalNumber:
    terms = _terms(value)
    if len(terms) != 1:
        raise NotLinearError("a number is divided by a sum")
    ((monomial, feature), factor), *_ = terms.items()
    if feature:
        raise NotLinearError("a number is divided by a feature")
    return FormalNumber({(tuple((at, -power) for at, power in monomial), feature): 1.0 / factor}, table)


def _product(one: Monomial, other: Monomial) -> Monomial:
    if not one or not other:
        return one or other
    powers = dict(one)
    for number, power in other:
        powers[number] = powers.get(number, 0) + power
    return tuple(sorted((number, power) for number, power in powers.items() if power))


def _heaviside(value: FormalNumber, at_zero: FormalNumber) -> FormalNumber:
    if at_zero.terms:
        raise NotLinearError("a step that is not 0 at 0")
    return value.indicator()


_UFUNCS: Mapping[str, Callable[..., FormalNumber]] = FrozenDict(
    {
        "add": lambda one, other: one + other,
        "subtract": lambda one, other: one - other,
        "multiply": lambda one, other: one * other,
        "divide": lambda one, other: one / other,
        "negative": lambda one: -one,
        "heaviside": _heaviside,
    }
)
