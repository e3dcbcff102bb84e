"""What the page asks, as functions that a worker can import."""

from __future__ import annotations

from typing import Any

from cutwise import papers, question
from cutwise.analyses.comparison import Outcome, outcome_of
from cutwise.analyses.cut_moves import Moves, moves
from cutwise.analyses.delay_energy import DelayEnergyAnalysis, ServedRound
from cutwise.analyses.replanning import Epochs, ReplanAnalysis
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers import Headline, Recomputed
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


def delay_energy(asked: Question) -> tuple[ServedRound, ...]:
    """Rounds that no other beats in both delay and energy."""
    return DelayEnergyAnalysis().run(asked).rounds


def replanned(asked: Question, epochs: int, seed: int, fade_db: float) -> Epochs:
    """Cuts chosen anew in every epoch of a rate that changes, beside cuts that are kept."""
    return ReplanAnalysis(epochs=epochs, seed=seed, fade_db=fade_db).run(asked)


def moved_anew(asked: Question, device: int) -> Moves:
    """The rates at which the cut of a device moves, the scheme planning anew where no line tells them."""
    return moves(asked, question.shown_plan(asked, listed=False), device)


def paper_headline(key: str, figure: str, draws: int, seed: int) -> Headline:
    """Our reductions of a paper's figure over so many draws."""
    return papers.headline(papers.paper(key), figure, draws=draws, seed=seed)


def paper_recomputed(key: str, figure: str) -> Recomputed:
    """A paper's figure as our plans give it."""
    return papers.recomputed(papers.paper(key), figure)
