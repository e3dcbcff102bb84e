"""What the page asks, as functions that a worker can import."""

from __future__ import annotations

from typing import Any

from cutwise import papers, question
from cutwise.analyses import analysis_with
from cutwise.analyses.comparison import Outcome, outcome_of
from cutwise.analyses.cut_moves import Moves, moves
from cutwise.analyses.divisions import group_counts
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.analyses.maps.rounds.round_map import round_map
from cutwise.analyses.maps.rounds.round_points import Options, PointColumns, rounds_of
from cutwise.analyses.replanning import Epochs, ReplanAnalysis
from cutwise.columns.row_answers import RowAnswers
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers import Headline, Recomputed
from cutwise.pipeline import best_baseline
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.scenario.parts import Scenario

FEWER_CELLS = 61
"""Points of each quantity where every one is priced by itself."""


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


def replanned(asked: Question, epochs: int, seed: int, fade_db: float) -> Epochs:
    """Cuts chosen anew in every epoch of a rate that changes, beside cuts that are kept."""
    return ReplanAnalysis(epochs=epochs, seed=seed, fade_db=fade_db).run(asked)


def moved_anew(asked: Question, device: int) -> Moves:
    """The rates at which the cut of a device moves, the scheme planning anew where no line tells them."""
    return moves(asked, question.shown_plan(asked, listed=False), device)


def divided_round(asked: Question, count: int) -> group_counts.DividedRound:
    """The round of so many groups; of the number that the scheme decides for itself where `count` is 0."""
    return group_counts.divided_round(asked, count)


def decision_map(asked: Question, device: int, paths: tuple[str, str]) -> DecisionMap:
    """The map of a device where every point is priced by itself."""
    plan = question.shown_plan(asked, listed=False)
    places = MapPlaces.of(asked, plan, dict.fromkeys(paths, (None, None)), device=device)
    return device_map(places, device, cells=FEWER_CELLS)


def quick_round_map(
    asked: Question, paths: tuple[str, str], scheme: str, options: Options, device: int | None
) -> DecisionMap:
    """The map of the cuts of all devices under a scheme whose plans go in columns."""
    plan = question.shown_plan(asked, listed=False)
    places = MapPlaces.of(asked, plan, dict.fromkeys(paths, (None, None)), device=device)
    return round_map(places, {scheme: dict(options)}, by_cuts=True)


def rounds(
    graph: ModelGraph, scenario: Scenario, columns: PointColumns, scheme: str, options: Options
) -> RowAnswers:
    """The rounds of a scheme at points of a map."""
    return rounds_of(graph, scenario, columns, scheme, options)


def paper_headline(key: str, figure: str, draws: int, seed: int) -> Headline:
    """Our reductions of a paper's figure over so many draws."""
    return papers.headline(papers.paper(key), figure, draws=draws, seed=seed)


def paper_recomputed(key: str, figure: str) -> Recomputed:
    """A paper's figure as our plans give it."""
    return papers.recomputed(papers.paper(key), figure)


def analysed(asked: Question, analysis: str, options: tuple[tuple[str, Any], ...]) -> Any:
    """The record of any registered analysis."""
    return analysis_with(analysis, dict(options)).run(asked)
