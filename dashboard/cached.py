"""What sessions share: shipped models, their blocks, and plans; keyed by digests, never copied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import streamlit as st

import cutwise
from cutwise.caches import full_name
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.graph.blocks import Block, blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.question import Question
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import BEST_BASELINE
from cutwise_dashboard.caches import PAGE_CACHES
from cutwise_dashboard.executor import shown

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


def named_baseline(graph: ModelGraph, scenario: Scenario, name: str) -> Plan | None:
    """The plan of the baseline that the reader compares with; None for nothing, and where it cannot be."""
    if not name:
        return None
    if name == BEST_BASELINE:
        return shown.baseline(graph, scenario)
    try:
        return shown.shown_plan(Question(graph=graph, scenario=scenario, scheme=name))
    except CutwiseError:
        return None
