"""Many draws of a paper's settings as one problem, so that they are priced at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask, Number
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers.paper import WHOLE
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.problem.stacked import stacked_conditions, stacked_problem
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario

Settings = Mapping[str, Floats]
AT_ONCE = 500
"""Draws that are priced in one table."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Draws(Frozen):
    """Some draws as one problem whose devices are those of every draw; `own` are the measure's settings."""

    problem: SplitProblem
    each: tuple[SplitProblem, ...]
    own: Settings

    @property
    def shape(self) -> tuple[int, int]:
        """Draws and devices of each."""
        return len(self.each), self.each[0].device_count

    def conditions(self, active: int, *, share: float | None = None) -> Conditions:
        """The conditions of all draws while so many devices are active, each with this share of the band."""
        return stacked_conditions(
            [one.conditions(active=active, share=share) for one in self.each], self.shape[1]
        )

    def mean(self, conditions: Conditions) -> Conditions:
        """The mean conditions of the devices of every draw, fields of shape (draws,)."""
        return conditions.each(
            lambda value: self.by_draw(value).mean(axis=1) if isinstance(value, np.ndarray) else value
        )

    def by_draw(self, values: Number | Mask) -> Floats:
        """Values of shape (draws and devices, ...) as (draws, devices, ...)."""
        array = np.asarray(values)
        return np.asarray(array.reshape(*self.shape, *array.shape[1:]))

    def total(self, values: Floats) -> Floats:
        """Sums over the devices of every draw."""
        return np.asarray(self.by_draw(values).sum(axis=1))


def draws_of(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Iterator[Draws]:
    """The draws, some at a time; settings with a point are paths of the scenario."""
    count = len(next(iter(settings.values())))
    for first in range(0, count, AT_ONCE):
        part = {name: values[first : first + AT_ONCE] for name, values in settings.items()}
        paths = [name for name in part if "." in name]
        columns: list[Floats | Ints] = [
            np.rint(part[p]).astype(int) if p.endswith(WHOLE) else part[p] for p in paths
        ]
        size = len(next(iter(part.values())))
        rows = [dict(zip(paths, row, strict=True)) for row in zip(*columns, strict=True)] or [{}] * size
        each = tuple(build_problem(graph, changed(scenario, row)) for row in rows)
        yield Draws(
            problem=stacked_problem(each), each=each, own={n: v for n, v in part.items() if "." not in n}
        )


def joined(parts: Iterator[Mapping[str, Floats]]) -> dict[str, Floats]:
    """The columns of all parts, one after another."""
    known = list(parts)
    return {name: np.concatenate([part[name] for part in known]) for name in known[0]}
