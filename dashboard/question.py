"""One question of a page and its answers: model, scenario and scheme, with the plan and what it beats."""

from __future__ import annotations

from dataclasses import dataclass

from core.graph.model_graph import ModelGraph
from core.plans import Plan
from core.problem import SplitProblem, build_problem
from core.scenario import Scenario
from dashboard import cached
from dashboard.session import Choice

PINNABLE = {"fast_split": "split_learning", "block_wise_split": "split_learning"}
"""The scheme that takes a given cut, for those that always choose their own."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Question:
    """What is asked, with the best plan, the plan shown (a pinned cut's, if any) and the baseline."""

    graph: ModelGraph
    scenario: Scenario
    choice: Choice
    problem: SplitProblem
    best: Plan
    plan: Plan
    baseline: Plan | None

    @classmethod
    def of(cls, graph: ModelGraph, scenario: Scenario, choice: Choice) -> Question:
        """Asks; raises `CutwiseError` where there is no answer."""
        free = {name: value for name, value in choice.options.items() if name != "cut"}
        best = cached.plan(graph, scenario, choice.scheme, tuple(free.items()))
        return cls(
            graph=graph,
            scenario=scenario,
            choice=choice,
            problem=build_problem(graph, scenario),
            best=best,
            plan=cached.plan(graph, scenario, shown_scheme(choice), shown_options(choice))
            if pinned(choice)
            else best,
            baseline=cached.baseline(graph, scenario),
        )


def pinned(choice: Choice) -> str:
    """The ops that the pinned cut lies behind, comma-separated; empty without a pin."""
    return str(choice.options.get("cut", ""))


def shown_scheme(choice: Choice) -> str:
    """The scheme whose plan is shown: one that takes a given cut, if a cut is pinned."""
    return PINNABLE.get(choice.scheme, choice.scheme) if pinned(choice) else choice.scheme


def shown_options(choice: Choice) -> tuple[tuple[str, object], ...]:
    """The options of the plan that is shown."""
    if pinned(choice) and choice.scheme in PINNABLE:
        return (("cut", pinned(choice)),)
    return tuple(choice.options.items())
