"""Questions with their answers, as the cut ruler takes them, and its payload's numbers unpacked."""

from __future__ import annotations

import base64
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from cutwise.graph.model_graph import ModelGraph
from cutwise.question import Question, problem_of, shown_plan, unpinned
from cutwise.scenario.parts import Privacy, Scenario
from cutwise.scenario.scenario_file import load_scenario

HALL = load_scenario("assets/scenarios/lecture_hall.toml")
RAW = replace(HALL, privacy=Privacy(keep_on_device="raw_allowed"))


def ruled(graph: ModelGraph, scenario: Scenario = HALL, scheme: str = "fast_split", cut: str = "") -> Any:
    """What the ruler reads of an answered question."""
    asked = Question(graph=graph, scenario=scenario, scheme=scheme, cut=cut)
    best = shown_plan(unpinned(asked))
    plan = shown_plan(asked) if cut else best
    return SimpleNamespace(asked=asked, problem=problem_of(asked), plan=plan, best=best)


def numbers(text: str, dtype: type = np.float32) -> Any:
    """Packed numbers of a payload."""
    return np.frombuffer(base64.b64decode(text), dtype=dtype)
