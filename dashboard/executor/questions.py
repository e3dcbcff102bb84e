"""What the page asks, as functions that a worker can import."""

from __future__ import annotations

from typing import Any

from cutwise import question
from cutwise.analyses.comparison import Outcome, outcome_of
from cutwise.graph.model_graph import ModelGraph
from cutwise.pipeline import best_baseline
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.scenario.parts import Scenario


def shown_plan(asked: Question) -> Plan:
    """The plan that the command line gives for the same question, without the next-best cuts."""
    return question.shown_plan(asked, listed=False)


def baseline(graph: ModelGraph, scenario: Scenario) -> Plan | None:
    """The best valid baseline of the scenario."""
    return best_baseline(graph, scenario)


def outcome(
    graph: ModelGraph, scenario: Scenario, scheme: str, options: tuple[tuple[str, Any], ...] = ()
) -> Outcome:
    """What `compare` finds for one scheme: its plan with these options, or why there is none."""
    return outcome_of(build_problem(graph, scenario), scheme, dict(options))
