"""What sessions share: shipped models, their blocks, and plans; keyed by digests, never copied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import streamlit as st

import cutwise
from cutwise import papers, question
from cutwise.analyses.comparison import Outcome, outcome_of
from cutwise.caches import full_name
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.graph.blocks import Block, blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers import Headline
from cutwise.pipeline import best_baseline
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import BEST_BASELINE
from cutwise_dashboard.caches import PAGE_CACHES

BY_DIGEST: Mapping[Any, Any] = FrozenDict(
    {
        ModelGraph: lambda graph: graph.digest,
        Scenario: repr,
        Question: lambda asked: (
            asked.graph.digest,
            repr(asked.scenario),
            asked.scheme,
            repr(dict(asked.options)),
            asked.cut,
        ),
    }
)
F = TypeVar("F", bound=Callable[..., Any])
Options: TypeAlias = "tuple[tuple[str, Any], ...]"


def shared(function: F) -> F:
    """The function with its answers kept for all sessions, as many as its row in the table says."""
    entries = PAGE_CACHES[full_name(function)].entries
    return st.cache_resource(max_entries=entries, show_spinner=False, hash_funcs=BY_DIGEST)(function)


@shared
def sample(name: str, dims: tuple[tuple[str, int], ...] = ()) -> ModelGraph:
    """A shipped model with these sizes of its open dimensions."""
    return cutwise.load_model(f"sample:{name}", dims=dict(dims) or None)


@shared
def blocks_of(graph: ModelGraph) -> tuple[Block, ...]:
    """The blocks of a model."""
    return blocks(graph)


@shared
def shown_plan(asked: Question) -> Plan:
    """The plan that the command line gives for the same question."""
    return question.shown_plan(asked)


@shared
def baseline(graph: ModelGraph, scenario: Scenario) -> Plan | None:
    """The best valid baseline of the scenario."""
    return best_baseline(graph, scenario)


def named_baseline(graph: ModelGraph, scenario: Scenario, name: str) -> Plan | None:
    """The plan of the baseline that the reader compares with; None for nothing, and where it cannot be."""
    if not name:
        return None
    if name == BEST_BASELINE:
        return baseline(graph, scenario)
    try:
        return shown_plan(Question(graph=graph, scenario=scenario, scheme=name))
    except CutwiseError:
        return None


@shared
def outcome(graph: ModelGraph, scenario: Scenario, scheme: str, options: Options = ()) -> Outcome:
    """What `compare` finds for one scheme: its plan with these options, or why there is none."""
    return outcome_of(build_problem(graph, scenario), scheme, dict(options))


@shared
def headline(key: str, figure: str, draws: int, seed: int) -> Headline:
    """Our reductions of a paper's figure over so many draws."""
    return papers.headline(papers.paper(key), figure, draws=draws, seed=seed)
