"""The table of all schemes: what is ranked, what is not, and what each column says."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cutwise
from cutwise.analyses.comparison import (
    Unsolved,
    best_of,
    comparison_table,
    is_valid,
    optimality,
    outcome_of,
    places,
    rounds_per_data_pass,
)
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise.plans.plan import OWNERS, Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Privacy, Scenario

NAMES = ("device_only", "fast_split", "server_only", "split_learning")


@pytest.fixture(scope="module")
def problem() -> SplitProblem:
    fleet = (Device(name="a", samples=100), Device(name="b", samples=900, flops_per_s=1e11))
    return build_problem(cutwise.load_model("sample:resnet18"), Scenario(devices=fleet))


@pytest.fixture(scope="module")
def plans(problem: SplitProblem) -> list[Plan]:
    found = [outcome_of(problem, name) for name in NAMES]
    assert all(isinstance(plan, Plan) for plan in found)
    return [plan for plan in found if isinstance(plan, Plan)]


def test_a_plan_that_breaks_a_rule_has_no_place_and_is_never_the_best(plans: list[Plan]) -> None:
    server_only = plans[NAMES.index("server_only")]
    assert server_only.status == "infeasible"
    assert not is_valid(server_only)
    assert places(plans)[NAMES.index("server_only")] is None
    tempting = replace(server_only, delay_per_data_pass_s=0.0)
    assert best_of([tempting, *plans[:2]]) is plans[1]


def test_places_rank_a_pass_over_all_data_not_a_round(plans: list[Plan]) -> None:
    """A round of half the seconds that trains a quarter of the samples takes twice as long for all data."""
    fast = plans[1]
    small = replace(fast, delay_s=fast.delay_s / 2, delay_per_data_pass_s=2 * fast.delay_per_data_pass_s)
    assert places([small, fast]) == (2, 1)
    assert rounds_per_data_pass(small) == pytest.approx(4 * rounds_per_data_pass(fast))


def test_equal_delays_share_a_place_and_a_scheme_goes_before_a_baseline(plans: list[Plan]) -> None:
    equal = [replace(plan, status="feasible", delay_per_data_pass_s=1.0) for plan in plans]
    assert places(equal) == (1, 1, 1, 1)
    best = best_of(equal)
    assert best is not None
    assert best.scheme == "fast_split"


def test_the_columns_are_the_plans_own_figures(plans: list[Plan]) -> None:
    table = comparison_table(plans)
    for row, plan in zip(table.to_dict("records"), plans, strict=True):
        assert row["delay_s"] == plan.delay_s
        assert row["energy_j"] == pytest.approx(sum(row[f"energy_{owner}_j"] for owner in OWNERS))
        assert row["traffic_bytes"] == sum(stage.traffic_bytes for stage in plan.stages)
        assert row["server_memory_bytes"] == plan.server_memory_bytes
        assert row["method"] == plan.report.method
    assert table["baseline"].tolist() == [True, False, True, False]


def test_a_gap_is_rounded_up_to_a_hundredth_of_a_percent(plans: list[Plan]) -> None:
    plan = replace(plans[1], status="feasible", report=replace(plans[1].report, gap=0.012301))
    assert optimality(plan) == "heuristic, gap ≤ 1.24 %"
    assert optimality(plans[1]) == "certified optimal"


def test_a_scheme_without_a_plan_says_why_and_keeps_its_row() -> None:
    raw = Scenario(privacy=Privacy(keep_on_device="raw_allowed"))
    spec = TensorSpec(shape=(1, 4))
    ops = [Op(id="x", kind="input", output=spec)]
    ops += [Op(id=f"branch-{i}", kind="relu", inputs=("x",), output=spec) for i in range(24)]
    big = build_problem(ModelGraph(name="wide", ops=tuple(ops)), raw)
    found = outcome_of(big, "brute_force")
    assert isinstance(found, Unsolved)
    table = comparison_table([found])
    assert table["status"].tolist() == ["unsolved"]
    assert table["violations"].tolist() == [found.reason]
