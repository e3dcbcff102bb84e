"""The places that are looked at: a question with its plan, and quantities of its scenario at other values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from cutwise.analyses.maps.axes.held_beside import held_beside
from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis, quantity_axis
from cutwise.analyses.maps.places.as_planned import AsPlanned, RowsMet, same_work
from cutwise.analyses.maps.places.explored_cuts import ExploredCuts, explored_cuts
from cutwise.analyses.maps.places.point_prices import PointPrices, point_prices
from cutwise.arrays import Floats, Ints
from cutwise.errors import ScenarioError, SolverError
from cutwise.frozen import Frozen
from cutwise.planning.one_device.objective import Score, Spread, score_of
from cutwise.planning.whole_round.best_modes import asks_modes
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.question import Question, problem_of_plan
from cutwise.scenario.changes import changed, path_parts
from cutwise.scenario.parts import Scenario

Place: TypeAlias = tuple[float, ...]
"""A value of each axis."""
Range: TypeAlias = tuple[float | None, float | None]
OF_MODEL = frozenset({"batch_size", "label_bytes", "local_epochs", "local_iterations"})
"""Quantities of a workload that leave the price of every op as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlaces(Frozen):
    """What the scenario of a question becomes at values of some quantities.

    `base` is the scenario with all `beside` given, so that each quantity changes itself alone.
    """

    question: Question
    plan: Plan
    problem: SplitProblem
    base: Scenario
    beside: Mapping[str, object]
    axes: tuple[QuantityAxis, ...]

    @classmethod
    def of(
        cls, question: Question, plan: Plan, ranges: Mapping[str, Range], *, device: int | None = None
    ) -> MapPlaces:
        """The places within ranges of these paths, each as far as its axis goes where none is given.

        Raises `ScenarioError` where a path is no quantity, or one that changes what the model's ops cost.
        """
        problem = problem_of_plan(question, plan)
        axes = tuple(
            quantity_axis(problem, path, device=device, low=low, high=high)
            for path, (low, high) in ranges.items()
        )
        beside = held_beside(question.scenario, tuple(ranges))
        base = changed(question.scenario, beside)
        for axis in axes:
            _check_prices(question, base, axis)
        return cls(
            question=question, plan=plan, problem=problem, base=base, beside=beside, axes=axes
        )  # fmt: skip

    def scenario(self, place: Sequence[float]) -> Scenario:
        """The scenario at a place."""
        given = {axis.path: axis.given(value) for axis, value in zip(self.axes, place, strict=True)}
        return changed(self.base, given)

    def asked(self, place: Sequence[float]) -> Question:
        """The question at a place."""
        return replace(self.question, scenario=self.scenario(place))

    def columns(self, places: Iterable[Sequence[float]]) -> dict[str, Floats]:
        """Places as a column an axis."""
        table = np.array(list(places), dtype=np.float64)
        return {axis.path: table[:, at] for at, axis in enumerate(self.axes)}


def _check_prices(question: Question, base: Scenario, axis: QuantityAxis) -> None:
    head, *_, name = path_parts(axis.path)
    if head != "workload":
        return
    low, high = (
        build_problem(question.graph, changed(base, {axis.path: axis.given(value)})).cost
        for value in (axis.low, axis.high)
    )
    if name not in OF_MODEL or not same_work(low, high):
        raise ScenarioError(
            [f"{axis.path} changes what the ops of {question.graph.name} cost; look at its values by a sweep"]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedDevice:
    """One device at the places: its cuts, and what they cost wherever it is asked."""

    places: MapPlaces
    planned: AsPlanned
    device: int
    score: Score
    cuts: ExploredCuts

    @classmethod
    def of(
        cls, places: MapPlaces, device: int, columns: Mapping[str, Floats], corners: list[int] | None = None
    ) -> tuple[MappedDevice, PointPrices]:
        """The device with the cuts that can be best between corners, and what they cost at all points.

        Points are given as columns; corners are some of them, all where none are named.
        """
        check_mapped(places.problem)
        score = score_of(places.problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
        planned = AsPlanned.of(places.question.graph, places.problem, places.plan, places.base)
        met = planned.met(device, columns)
        cuts = explored_cuts(planned, device, score, met if corners is None else met.at(corners))
        found = cls(places=places, planned=planned, device=device, score=score, cuts=cuts)
        return found, found.priced(met)

    def priced(self, met: RowsMet) -> PointPrices:
        """The evaluator's prices of all cuts where the device was met."""
        return point_prices(self.planned, self.device, self.cuts, self.score, met)

    def prices(self, columns: Mapping[str, Floats]) -> PointPrices:
        """The evaluator's prices of all cuts at points given as columns."""
        return self.priced(self.planned.met(self.device, columns))

    def work_kept(self, cuts: Ints) -> Floats:
        """The part of all FLOPs that each cut keeps on the device."""
        cost = self.places.problem.cost
        flops = cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
        return self.cuts.masks[cuts] @ flops / (flops.sum() or 1.0)


def check_mapped(problem: SplitProblem) -> None:
    """Raises `SolverError` where no cut of one device is best by itself."""
    objective, limits = problem.scenario.objective, problem.scenario.limits
    if objective.is_weighted:
        raise SolverError(
            "there is no map for a weighted objective, as what a second and a joule weigh changes from point "
            "to point; choose least delay or least energy"
        )
    if limits.deadline_s is not None and not objective.is_delay:
        raise SolverError(
            "there is no map for least energy under a deadline, as how long one device may take depends on "
            "the others at every point; choose least delay"
        )
    if asks_modes(problem.scenario):
        raise SolverError(
            "there is no map while power modes are to be decided, as they change from point to point; name "
            "the modes"
        )
