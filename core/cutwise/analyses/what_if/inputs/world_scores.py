"""Every cut of one device in many worlds: what it scores there, and whether it keeps the limits."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.arrays import Floats
from cutwise.columns.cut_scores import CutScores, cut_scores
from cutwise.columns.device_rows import DeviceRows, groups_of_rows
from cutwise.columns.swept_paths import checked_column
from cutwise.planning.one_device.objective import Spread, score_of
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem


def world_scores(asked: AskedRows, plan: Plan, device: int, columns: Mapping[str, Floats]) -> CutScores:
    """The cuts that can be best for the device in any of the worlds, each in all of them."""
    problem = build_problem(asked.question.graph, asked.question.scenario)
    return cut_scores(problem, columns, device, plan=plan)


def sides_change(asked: AskedRows, plan: Plan, device: int, columns: Mapping[str, Floats]) -> bool:
    """True where device work is dearer than the server's in some worlds and cheaper in others.

    Then a cut that is never best may be regretted less than any that is.
    """
    problem = build_problem(asked.question.graph, asked.question.scenario)
    checked = {path: checked_column(problem.scenario, path, values) for path, values in columns.items()}
    rows = DeviceRows.of(
        problem, problem.scenario, checked, device=device, active=plan.active,
        count=len(next(iter(checked.values()))),
    )  # fmt: skip
    score = score_of(problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    return len(groups_of_rows(rows, score)) > 1
