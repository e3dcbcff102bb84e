"""Rounds at points of two quantities: what schemes answer there, and which of them is best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.lines.score_lines import NONE_FITS
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.analyses.maps.rounds.adaptive_grid import AskedPoints
from cutwise.arrays import Floats, Ints
from cutwise.columns.row_answers import STATUSES, RowAnswers, answers_of_rows, goes_in_columns
from cutwise.columns.swept_paths import is_numeric
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario

KEPT = [STATUSES.index("optimal"), STATUSES.index("feasible")]
Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointColumns:
    """The values of some quantities at points, a tuple a quantity."""

    paths: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]

    def __len__(self) -> int:
        return len(self.values[0])

    def part(self, first: int, count: int) -> PointColumns:
        """Some of the points."""
        return replace(self, values=tuple(column[first : first + count] for column in self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsAsked:
    """Rounds of a model in a scenario at points, by schemes with their options."""

    graph: ModelGraph
    scenario: Scenario
    columns: PointColumns
    schemes: tuple[tuple[str, Options], ...]


AnswerRounds = Callable[[RoundsAsked], Sequence[RowAnswers]]
"""Who answers, an entry a scheme: this process, or workers of the page."""


def answered_here(asked: RoundsAsked) -> list[RowAnswers]:
    """The answers of every scheme, one after another."""
    return [
        rounds_of(asked.graph, asked.scenario, asked.columns, scheme, options)
        for scheme, options in asked.schemes
    ]


def rounds_of(
    graph: ModelGraph, scenario: Scenario, columns: PointColumns, scheme: str, options: Options
) -> RowAnswers:
    """The rounds of one scheme at points; a quantity that changes what ops cost is taken value by value."""
    values = {path: np.array(one) for path, one in zip(columns.paths, columns.values, strict=True)}
    apart = next((path for path in values if not is_numeric(scenario, path)), None)
    if apart is None:
        return answers_of_rows(graph, scenario, values, scheme=scheme, options=dict(options))
    sizes, place = np.unique(values.pop(apart), return_inverse=True)
    parts = []
    for at, size in enumerate(sizes.tolist()):
        rows = np.flatnonzero(place == at)
        one = changed(scenario, {apart: round(size)})
        own = PointColumns(
            paths=tuple(values), values=tuple(tuple(v[rows].tolist()) for v in values.values())
        )
        parts.append((rows, rounds_of(graph, one, own, scheme, options)))
    return together(len(place), parts)


def together(count: int, parts: Sequence[tuple[Ints, RowAnswers]]) -> RowAnswers:
    """Answers of parts in their rows."""
    labels: dict[str, int] = {}
    delay_s, energy_j = np.empty((2, count))
    status, cut = np.empty((2, count), dtype=np.int64)
    for rows, found in parts:
        own = np.array([labels.setdefault(one, len(labels)) for one in found.labels], dtype=np.int64)
        delay_s[rows], energy_j[rows], status[rows] = found.delay_s, found.energy_j, found.status
        cut[rows] = own[found.cut]
    return RowAnswers(delay_s=delay_s, energy_j=energy_j, status=status, cut=cut, labels=tuple(labels))


class RoundPoints:
    """Asks for rounds point by point: patterns of cuts are told apart by the places of their names.

    `by_cuts` tells the patterns of one scheme apart, else schemes are told apart.
    """

    def __init__(
        self,
        places: MapPlaces,
        schemes: tuple[tuple[str, Options], ...],
        *,
        by_cuts: bool,
        answer: AnswerRounds = answered_here,
    ) -> None:
        self.places, self.schemes, self.by_cuts, self.answer = places, schemes, by_cuts, answer
        self._names: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What is told apart, by the numbers of the answers."""
        return tuple(self._names) if self.by_cuts else tuple(scheme for scheme, _ in self.schemes)

    def at(self, across: Floats, up: Floats) -> AskedPoints:
        """The best at points given by their values."""
        axes = self.places.axes
        columns = PointColumns(
            paths=tuple(axis.path for axis in axes),
            values=tuple(
                tuple(axis.given(value) for value in values.tolist())
                for axis, values in zip(axes, (across, up), strict=True)
            ),
        )
        asked = RoundsAsked(
            graph=self.places.question.graph, scenario=self.places.base, columns=columns, schemes=self.schemes
        )
        found = self.answer(asked)
        scores = np.stack([_scores(one, self.places) for one in found])
        if not self.by_cuts:
            best = scores.argmin(axis=0)
            fits = np.isfinite(scores[best, np.arange(scores.shape[1])])
            return AskedPoints(best=np.where(fits, best, NONE_FITS), scores=scores)
        (only,) = found
        code = np.array([self._names.setdefault(one, len(self.names)) for one in only.labels], dtype=np.int64)
        return AskedPoints(best=np.where(np.isfinite(scores[0]), code[only.cut], NONE_FITS), scores=scores)

    @property
    def quick(self) -> bool:
        """True where every scheme answers in columns, thousands of points at once."""
        low = {axis.path: np.array([axis.given(axis.low)]) for axis in self.places.axes}
        numeric = all(is_numeric(self.places.base, path) for path in low)
        return numeric and all(
            goes_in_columns(self.places.base, low, scheme, dict(options)) for scheme, options in self.schemes
        )


def _scores(found: RowAnswers, places: MapPlaces) -> Floats:
    """The objective of every row, infinite where a limit is broken or there is no answer."""
    is_delay = places.problem.scenario.objective.is_delay
    values = found.delay_s if is_delay else found.energy_j
    return np.where(np.isin(found.status, KEPT) & np.isfinite(values), values, np.inf)


def points_of(axis: QuantityAxis, count: int) -> Floats:
    """So many values over an axis, evenly over its scale; of whole ones some may be equal."""
    found = np.geomspace(axis.low, axis.high, count) if axis.log else np.linspace(axis.low, axis.high, count)
    found[0], found[-1] = axis.low, axis.high
    return found.round() if axis.whole else found
