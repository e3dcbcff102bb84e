"""Every cut of one device in many worlds: what it scores there, and whether it keeps the limits."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.arrays import Floats
from cutwise.columns.cut_scores import CutScores, cut_scores
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem


def world_scores(asked: AskedRows, plan: Plan, device: int, columns: Mapping[str, Floats]) -> CutScores:
    """The cuts that can be best for the device in any of the worlds, each in all of them."""
    problem = build_problem(asked.question.graph, asked.question.scenario)
    return cut_scores(problem, columns, device, plan=plan)
