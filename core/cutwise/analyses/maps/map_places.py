"""The places of a map: the scenario with two quantities at other values, each problem built once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cutwise.analyses.maps.held_beside import held_beside
from cutwise.analyses.maps.quantity_axis import QuantityAxis, quantity_axis
from cutwise.errors import ScenarioError
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem, with_parties
from cutwise.question import Question, problem_of_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario

Place = tuple[float, float]
Range = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlaces:
    """A question with its plan, and what its scenario becomes at values of two quantities.

    `base` is the scenario with all `beside` given, so that each quantity changes itself alone.
    """

    question: Question
    plan: Plan
    problem: SplitProblem
    base: Scenario
    beside: Mapping[str, object]
    across: QuantityAxis
    up: QuantityAxis
    _columns: dict[float, Scenario] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        question: Question,
        plan: Plan,
        *,
        across: str,
        up: str,
        device: int | None,
        across_range: Range = (None, None),
        up_range: Range = (None, None),
    ) -> MapPlaces:
        """The places between these ranges; raises `ScenarioError` where a path is no quantity."""
        problem = problem_of_plan(question, plan)
        if across == up:
            raise ScenarioError([f"a map is over two quantities, and both are {across}; give another one"])
        axes = [
            quantity_axis(problem, path, device=device, low=low, high=high)
            for path, (low, high) in ((across, across_range), (up, up_range))
        ]
        beside = held_beside(question.scenario, (across, up))
        return cls(
            question=question,
            plan=plan,
            problem=problem,
            base=changed(question.scenario, beside),
            beside=beside,
            across=axes[0],
            up=axes[1],
        )

    def scenario(self, place: Place) -> Scenario:
        """The scenario at a place."""
        x, y = place
        if x not in self._columns:
            self._columns[x] = changed(self.base, {self.across.path: self.across.given(x)})
        return changed(self._columns[x], {self.up.path: self.up.given(y)})

    def problems(self, places: Iterable[Place]) -> list[SplitProblem]:
        """The problems at places."""
        scenarios = map(self.scenario, places)
        if any(axis.path.startswith("workload.") for axis in (self.across, self.up)):
            return [build_problem(self.question.graph, scenario) for scenario in scenarios]
        return [with_parties(self.problem, scenario) for scenario in scenarios]

    def asked(self, place: Place) -> Question:
        """The question at a place."""
        return replace(self.question, scenario=self.scenario(place))
