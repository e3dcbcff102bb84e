"""What a sweep sets in every row: values of paths, each row's place among them, and rows that go together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cutwise.arrays import Ints
from cutwise.columns.swept_paths import Columns, checked_column, is_numeric
from cutwise.errors import ScenarioError
from cutwise.frozen import Frozen
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario

Values: TypeAlias = Sequence[Any] | NDArray[Any]

NUMBER = 0
"""The code of values that go as a column; others have a code of their own, from 1 on."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SweptPath(Frozen):
    """The values of a path, and which of them each row has; every row its own where `places` is None."""

    path: str
    values: Values
    places: Ints | None

    def of(self, rows: Ints | slice) -> NDArray[Any]:
        """Numbers of these rows, of values that are all numbers."""
        given = self.values if isinstance(self.values, np.ndarray) else np.array(self.values)
        taken = given[rows] if self.places is None else given[self.places[rows]]
        return np.array(taken.tolist()) if taken.dtype == object else taken


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RowSettings(Frozen):
    """What is set in each of `count` rows."""

    paths: tuple[SweptPath, ...]
    count: int

    @classmethod
    def grid(cls, values: Mapping[str, Values]) -> RowSettings:
        """Every combination of the paths' values, the last path fastest."""
        lengths = [len(given) for given in values.values()]
        count, paths = math.prod(lengths), []
        for at, (path, given) in enumerate(values.items()):
            inner, outer = math.prod(lengths[at + 1 :]), math.prod(lengths[:at])
            places = None if inner * outer == 1 else np.tile(np.repeat(np.arange(len(given)), inner), outer)
            paths.append(SweptPath(path=path, values=given, places=places))
        return cls(paths=tuple(paths), count=count)

    @classmethod
    def paired(cls, values: Mapping[str, Values]) -> RowSettings:
        """The paths' values side by side."""
        count = max((len(given) for given in values.values()), default=1)
        return cls(
            paths=tuple(SweptPath(path=path, values=given, places=None) for path, given in values.items()),
            count=count,
        )

    def part(self, rows: slice) -> RowSettings:
        """Some of the rows."""
        own = np.arange(rows.start, rows.stop)
        paths = tuple(
            SweptPath(
                path=one.path, values=one.values, places=own if one.places is None else one.places[rows]
            )
            for one in self.paths
        )
        return RowSettings(paths=paths, count=rows.stop - rows.start)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class AlikeRows(Frozen):
    """Rows (None for all) of one scenario, and the numbers that differ between them."""

    rows: Ints | None
    scenario: Scenario
    columns: Columns


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Partition(Frozen):
    """Rows told apart by everything that does not go as a column; `len` says how many groups there are."""

    scenario: Scenario
    settings: RowSettings
    codes: Mapping[str, Ints]
    groups: tuple[Ints | None, ...]

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[AlikeRows]:
        for rows in self.groups:
            if rows is None or len(rows):
                yield from self._alike(rows)

    def _alike(self, rows: Ints | None) -> Iterator[AlikeRows]:
        first = 0 if rows is None else int(rows[0])
        chosen, numbers = {}, []
        for one in self.settings.paths:
            at = first if one.places is None else int(one.places[first])
            if self.codes[one.path][at] == NUMBER:
                numbers.append(one)
            else:
                chosen[one.path] = one.values[at]
        scenario = changed(self.scenario, chosen)
        taken: Ints | slice = slice(None) if rows is None else rows
        columns = {}
        for one in numbers:
            if not is_numeric(scenario, one.path):
                yield from self._each(rows)
                return
            columns[one.path] = checked_column(scenario, one.path, one.of(taken))
        yield AlikeRows(rows=rows, scenario=scenario, columns=columns)

    def _each(self, rows: Ints | None) -> Iterator[AlikeRows]:
        """Every row alone, of rows whose scenario does not have a path that others have."""
        own = np.arange(self.settings.count) if rows is None else rows
        for row in own.tolist():
            setting = {
                one.path: one.values[row if one.places is None else int(one.places[row])]
                for one in self.settings.paths
            }
            yield AlikeRows(rows=np.array([row]), scenario=changed(self.scenario, setting), columns={})


def partitioned(scenario: Scenario, settings: RowSettings) -> Partition:
    """The groups of rows that are answered together."""
    likely = _first_of_names(scenario, settings)
    codes = {one.path: _codes(likely, one) for one in settings.paths}
    key = np.zeros(settings.count, dtype=np.int64)
    several = False
    for one in settings.paths:
        kinds = int(codes[one.path].max(initial=0)) + 1
        if kinds > 1 or (len(codes[one.path]) and codes[one.path].min() != NUMBER):
            several = True
            own = codes[one.path] if one.places is None else codes[one.path][one.places]
            key = np.unique(key * (kinds + 1) + own, return_inverse=True)[1].reshape(-1)
    return Partition(
        scenario=scenario, settings=settings, codes=codes, groups=_groups(key) if several else (None,)
    )


def _groups(key: Ints) -> tuple[Ints, ...]:
    order = np.argsort(key, kind="stable")
    return tuple(np.split(order, np.flatnonzero(np.diff(key[order])) + 1))


def _first_of_names(scenario: Scenario, settings: RowSettings) -> Scenario:
    """The scenario with the first value of what is no number: another channel has other numbers."""
    given = {
        one.path: one.values[0]
        for one in settings.paths
        if len(one.values) and not _is_number(one.values[0]) and one.values[0] is not None
    }
    try:
        return changed(scenario, given)
    except ScenarioError:
        return scenario


def _codes(scenario: Scenario, swept: SweptPath) -> Ints:
    """How the values of a path go together, one code a value."""
    values, numeric = swept.values, is_numeric(scenario, swept.path)
    if numeric and isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return np.zeros(len(values), dtype=np.int64)
    known: dict[Any, int] = {}
    found = np.zeros(len(values), dtype=np.int64)
    for at, value in enumerate(values):
        if not (numeric and _is_number(value)):
            found[at] = known.setdefault(_key(value, at), len(known) + 1)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _key(value: Any, at: int) -> Any:
    """What equal values have in common."""
    try:
        hash(value)
    except TypeError:
        return ("unlike", at)
    return (type(value), value)
