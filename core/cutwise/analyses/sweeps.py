"""Many scenarios at once: grids and lists of changes to one scenario, answered in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cutwise.analyses.base import EqualByContent, registered, rows_of
from cutwise.analyses.sweep_settings import settings_of
from cutwise.columns.row_answers import STATUSES, RowAnswers, answers_of_rows
from cutwise.columns.row_pace import RowPace
from cutwise.columns.row_settings import RowSettings, SweptPath, partitioned
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import settled
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.question import Question
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas
    import pyarrow

TURNS_AT_ONCE = 1 << 22
"""Turns of devices that are worked out together."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NamedColumn(EqualByContent):
    """Names by their places in a list of those that there are; -1 for none."""

    places: NDArray[np.integer[Any]]
    names: tuple[Any, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SweptScenarios(EqualByContent):
    """One entry a scenario and scheme in every column: swept paths, scheme, status, delay, energy, cut.

    Columns are arrays, names by their places, or values as they were given.
    """

    columns: Mapping[str, NDArray[Any] | NamedColumn | tuple[Any, ...]]

    def to_frame(self) -> pandas.DataFrame:
        """One row a scenario and scheme, in input order; names are categories."""
        import pandas

        made: dict[str, Any] = {}
        for name, column in self.columns.items():
            if isinstance(column, NamedColumn):
                kind = pandas.CategoricalDtype(list(column.names))
                made[name] = pandas.Categorical.from_codes(column.places, dtype=kind)
            else:
                made[name] = column if isinstance(column, np.ndarray) else list(column)
        return pandas.DataFrame(made, copy=False)

    def to_arrow(self) -> pyarrow.Table:
        """The same as an Arrow table whose schema says the unit of every column."""
        from cutwise.analyses.sweep_table import arrow_table

        return arrow_table(self.columns)

    def plain(self) -> list[dict[str, Any]]:
        """One row a scenario and scheme."""
        return rows_of(self.to_frame())

    def summary(self) -> str:
        """Nothing: the table says all."""
        return ""

    def text(self) -> str:
        """The table."""
        text: str = self.to_frame().to_string(index=False)
        return text


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class SweepAnalysis(Frozen):
    """Many scenarios at once; schemes have their default options, and plans are not certified."""

    name: ClassVar[str] = "sweep"
    title: ClassVar[str] = "Many scenarios"
    asks: ClassVar[str] = "How do delay, energy and cut change over many scenarios?"
    of_plan: ClassVar[bool] = False
    in_report: ClassVar[bool] = False
    over: Mapping[str, Sequence[Any]] = quantity(
        title="Over", help="Paths of the scenario and the values that each takes; the last path runs fastest"
    )
    schemes: tuple[str, ...] = quantity(
        (), title="Schemes", help="Schemes to plan with, separated by commas; the question's if absent"
    )
    zip: bool = quantity(False, title="Pair", help="Pair the lists instead of forming a grid")

    def __post_init__(self) -> None:
        Frozen.__post_init__(self)
        if mistakes := settled(self):
            raise ScenarioError(mistakes)

    def run(self, question: Question) -> SweptScenarios:
        """Every scenario that the paths lead to, with every scheme."""
        schemes = self.schemes or (question.scheme,)
        return swept(question.graph, question.scenario, over=self.over, schemes=schemes, zip=self.zip)


def swept(
    graph: ModelGraph,
    scenario: Scenario,
    *,
    over: Mapping[str, Iterable[Any]],
    schemes: Sequence[str],
    zip: bool = False,
) -> SweptScenarios:
    """Every scenario that the paths lead to, with every scheme, in input order.

    Raises `ScenarioError` for more rows than `sweep_rows`, and once the first of them show that all would
    take longer than `sweep_s`.
    """
    settings = settings_of(over, schemes=len(schemes), devices=len(scenario.devices), paired=zip)
    for name in schemes:
        SCHEMES[name]
    pace = RowPace(rows=settings.count * len(schemes))
    found = _SweptRows(settings.count, len(schemes))
    step = max(1, TURNS_AT_ONCE // len(scenario.devices))
    for first in range(0, settings.count, step):
        rows = slice(first, min(first + step, settings.count))
        part = settings if rows == slice(0, settings.count) else settings.part(rows)
        groups = partitioned(scenario, part)
        for alike in groups:
            for place, name in enumerate(schemes):
                answers = answers_of_rows(graph, alike.scenario, alike.columns, scheme=name, note=pace.note)
                found.put(rows, alike.rows, place, answers)
                pace.note((part.count if alike.rows is None else len(alike.rows)) - len(answers.delay_s))
    return SweptScenarios(columns=_columns(settings, schemes, found))


class _SweptRows:
    """Answers of rows and schemes, filled in group by group."""

    def __init__(self, rows: int, schemes: int) -> None:
        self.delay_s, self.energy_j = np.empty((2, rows, schemes))
        self.status, self.cut = np.zeros((rows, schemes), np.int8), np.zeros((rows, schemes), np.int32)
        self.labels: dict[str, int] = {}

    def put(self, part: slice, rows: NDArray[np.int64] | None, scheme: int, answers: RowAnswers) -> None:
        """Puts the answers of a scheme where its rows of a part stand."""
        place = np.array([self.labels.setdefault(one, len(self.labels)) for one in answers.labels], np.int32)
        own: tuple[Any, ...] = (answers.delay_s, answers.energy_j, answers.status, place[answers.cut])
        columns: tuple[Any, ...] = (self.delay_s, self.energy_j, self.status, self.cut)
        for column, values in zip(columns, own, strict=True):
            column[part, scheme][slice(None) if rows is None else rows] = values


def _columns(settings: RowSettings, schemes: Sequence[str], found: _SweptRows) -> dict[str, Any]:
    several = len(schemes)
    columns: dict[str, Any] = {one.path: _given(one, settings.count, several) for one in settings.paths}
    names = np.tile(np.arange(several, dtype=np.int16), settings.count)
    columns["scheme"] = NamedColumn(places=names, names=tuple(schemes))
    columns["status"] = NamedColumn(places=found.status.reshape(-1), names=STATUSES)
    columns["delay_s"], columns["energy_j"] = found.delay_s.reshape(-1), found.energy_j.reshape(-1)
    columns["cut"] = NamedColumn(places=found.cut.reshape(-1), names=tuple(found.labels))
    return columns


def _given(swept: SweptPath, count: int, several: int) -> NDArray[Any] | NamedColumn | tuple[Any, ...]:
    """The value of a path in every row: numbers as an array, texts as names, others as they were given."""
    places = np.arange(count) if swept.places is None else swept.places
    places = np.repeat(places, several) if several > 1 else places
    values: Any = swept.values
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufb":
        return values.copy() if swept.places is None and several == 1 else values[places]
    kinds = {type(value) for value in values}
    if kinds <= {int, float, type(None)} and kinds - {type(None)}:
        whole: Any = np.int64 if kinds == {int} else np.float64
        return np.array(values, dtype=whole)[places]
    if kinds == {bool}:
        return np.array(values)[places]
    if kinds <= {str, type(None)} and str in kinds:
        known = {value: at for at, value in enumerate(dict.fromkeys(v for v in values if v is not None))}
        codes = np.array([-1 if value is None else known[value] for value in values], dtype=np.int32)
        return NamedColumn(places=codes[places], names=tuple(known))
    return tuple(values[at] for at in places.tolist())
