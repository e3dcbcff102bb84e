"""One question of a page and its answers: model, scenario and scheme, with the plan and what it beats."""

from __future__ import annotations

from dataclasses import dataclass, fields

from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES
from cutwise_dashboard import cached
from cutwise_dashboard.session import Selection


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Question:
    """What is asked, with the best plan, the plan shown (a pinned cut's, if any) and the baseline.

    `graph` is the model as it is trained: with LoRA, its adapters are ops of it; `name` is the file's own.
    """

    name: str
    graph: ModelGraph
    scenario: Scenario
    choice: Selection
    problem: SplitProblem
    best: Plan
    plan: Plan
    baseline: Plan | None

    @classmethod
    def of(cls, graph: ModelGraph, scenario: Scenario, choice: Selection) -> Question:
        """Asks; raises `CutwiseError` where there is no answer."""
        free = {name: value for name, value in choice.options.items() if name != "cut"}
        best = cached.plan(graph, scenario, choice.scheme, tuple(free.items()))
        problem = build_problem(graph, scenario)
        return cls(
            name=graph.name,
            graph=problem.cost.graph,
            scenario=scenario,
            choice=choice,
            problem=problem,
            best=best,
            plan=cached.plan(graph, scenario, shown_scheme(choice), shown_options(choice))
            if pinned(choice)
            else best,
            baseline=cached.baseline(graph, scenario),
        )


def pinned(choice: Selection) -> str:
    """The ops that the pinned cut lies behind, comma-separated; empty without a pin."""
    return str(choice.options.get("cut", ""))


def can_pin(scheme: str) -> bool:
    """True for schemes whose plan with a given cut can be shown: all but the baselines."""
    return not SCHEMES[scheme].is_baseline


def shown_scheme(choice: Selection) -> str:
    """The scheme whose plan is shown: with a pinned cut one that takes it, with the same kind of round."""
    if not pinned(choice) or takes_cut(choice.scheme):
        return choice.scheme
    at_once = SCHEMES[choice.scheme].round_of.parallel
    alike = (name for name, scheme in SCHEMES.items() if scheme.round_of.parallel == at_once)
    return next(name for name in alike if takes_cut(name) and SCHEMES[name].separable)


def shown_options(choice: Selection) -> tuple[tuple[str, object], ...]:
    """The options of the plan that is shown."""
    if pinned(choice) and not takes_cut(choice.scheme):
        return (("cut", pinned(choice)),)
    return tuple(choice.options.items())


def takes_cut(scheme: str) -> bool:
    """True for a scheme with an option for a given cut."""
    return any(option.name == "cut" for option in fields(SCHEMES[scheme]))
