"""What sessions share: shipped models, their blocks, and plans; keyed by digests, never copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

import cutwise
from cutwise import papers, question
from cutwise.analyses.comparison import Outcome, outcome_of
from cutwise.graph.blocks import Block, blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers import Headline
from cutwise.pipeline import best_baseline
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.scenario.parts import Scenario

BY_DIGEST: Mapping[Any, Any] = {
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


@st.cache_resource(max_entries=16, show_spinner=False)
def sample(name: str, dims: tuple[tuple[str, int], ...] = ()) -> ModelGraph:
    """A shipped model with these sizes of its open dimensions."""
    return cutwise.load_model(f"sample:{name}", dims=dict(dims) or None)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_DIGEST)
def blocks_of(graph: ModelGraph) -> tuple[Block, ...]:
    """The blocks of a model."""
    return blocks(graph)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_DIGEST)
def shown_plan(asked: Question) -> Plan:
    """The plan that the command line gives for the same question."""
    return question.shown_plan(asked)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs=BY_DIGEST)
def baseline(graph: ModelGraph, scenario: Scenario) -> Plan | None:
    """The best valid baseline of the scenario."""
    return best_baseline(graph, scenario)


@st.cache_resource(max_entries=128, show_spinner=False, hash_funcs=BY_DIGEST)
def outcome(graph: ModelGraph, scenario: Scenario, scheme: str) -> Outcome:
    """What `compare` finds for one scheme: its plan with default options, or why there is none."""
    return outcome_of(build_problem(graph, scenario), scheme)


@st.cache_resource(max_entries=64, show_spinner=False)
def headline(key: str, figure: str, draws: int, seed: int) -> Headline:
    """Our reductions of a paper's figure over so many draws."""
    return papers.headline(papers.paper(key), figure, draws=draws, seed=seed)
