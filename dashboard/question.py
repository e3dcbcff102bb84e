"""A page's question with its answers: the plan that is shown, the best one, and on demand the baseline."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan, shown_options, shown_scheme, unpinned
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import StatedQuestion, question_about
from cutwise_dashboard import cached
from cutwise_dashboard.executor import shown


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class AnsweredQuestion:
    """What is asked, with the best plan and the plan shown (a pinned cut's, if any).

    `device` is the place of who is looked at: of the reader's choice, else of the last to finish.
    """

    asked: Question
    stated: StatedQuestion
    problem: SplitProblem
    best: Plan
    plan: Plan
    device: int

    @classmethod
    def of(cls, graph: ModelGraph, stated: StatedQuestion) -> AnsweredQuestion:
        """Answers; raises `CutwiseError` where there is no answer."""
        asked = question_about(graph, stated)
        best = shown.shown_plan(unpinned(asked))
        plan = shown.shown_plan(asked) if asked.cut else best
        return cls(
            asked=asked,
            stated=stated,
            problem=problem_of_plan(asked, plan),
            best=best,
            plan=plan,
            device=device_shown(plan, stated.device),
        )

    @property
    def baseline(self) -> Plan | None:
        """The plan of what the reader compares with, None for nothing and where it cannot be.

        Pages that compare nothing do not wait for it.
        """
        return cached.named_baseline(self.asked.graph, self.stated.scenario, self.stated.baseline)

    @property
    def name(self) -> str:
        return self.asked.graph.name

    @property
    def graph(self) -> ModelGraph:
        """The model as it is trained: with LoRA, its adapters are ops of it."""
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


def device_shown(plan: Plan, name: str) -> int:
    """The place of the device of this name, of the last to finish where there is none."""
    names = [decision.device for decision in plan.decisions]
    if name in names:
        return names.index(name)
    return max(range(len(names)), key=lambda i: plan.stages[i].delay_s)
