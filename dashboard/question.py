"""A page's question with its answers: the plan that is shown, the best one, and the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of, shown_options, shown_scheme, unpinned
from cutwise.scenario.parts import Scenario
from cutwise_dashboard import cached
from cutwise_dashboard.session import Selection


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class AnsweredQuestion:
    """What is asked, with the best plan, the plan shown (a pinned cut's, if any) and the baseline.

    `graph` is the model as it is trained: with LoRA, its adapters are ops of it; `name` is the file's own.
    """

    asked: Question
    choice: Selection
    problem: SplitProblem
    best: Plan
    plan: Plan
    baseline: Plan | None

    @classmethod
    def of(cls, graph: ModelGraph, scenario: Scenario, choice: Selection) -> AnsweredQuestion:
        """Answers; raises `CutwiseError` where there is no answer."""
        asked = question_of(graph, scenario, choice)
        best = cached.shown_plan(unpinned(asked))
        return cls(
            asked=asked,
            choice=choice,
            problem=problem_of(asked),
            best=best,
            plan=cached.shown_plan(asked) if asked.cut else best,
            baseline=cached.baseline(graph, scenario),
        )

    @property
    def name(self) -> str:
        return self.asked.graph.name

    @property
    def graph(self) -> ModelGraph:
        return self.problem.cost.graph

    @property
    def scenario(self) -> Scenario:
        return self.asked.scenario

    @property
    def shown_scheme(self) -> str:
        """The scheme whose plan is shown."""
        return shown_scheme(self.asked)

    @property
    def shown_options(self) -> dict[str, object]:
        """The options of the plan that is shown."""
        return shown_options(self.asked)


def question_of(graph: ModelGraph, scenario: Scenario, choice: Selection) -> Question:
    """What the session asks; its option `cut` is the pinned cut."""
    options = {name: value for name, value in choice.options.items() if name != "cut"}
    cut = str(choice.options.get("cut", ""))
    return Question(graph=graph, scenario=scenario, scheme=choice.scheme, options=options, cut=cut)
