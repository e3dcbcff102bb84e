"""A rate that changes: what the page shows is what the library answers."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.analyses.delay_energy import delay_energy_front
from cutwise.analyses.replanning import drawn_ratios, replan
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.scenario_file import dump_scenario
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.charts.trades.epoch_lines import epochs_figure
from tests.dashboard.pages import opened, texts


def test_epochs_are_drawn_over_the_rates_they_are_for() -> None:
    problem = build_problem(cutwise.load_model("sample:resnet18"), shipped_scenario())
    found = replan(problem, [1.0, 0.25])
    figure = epochs_figure(found, theme="dark")
    drawn = {series["name"]: series["data"] for series in figure["series"]}

    assert drawn["cuts chosen anew"] == pytest.approx(found.replanned_s, rel=1e-3)
    assert drawn["cuts for the mean rate"] == pytest.approx(found.static_s, rel=1e-3)
    assert drawn["rate"] == [1.0, 0.25]
    assert figure["xAxis"][1]["data"] == ["1", "2"]


def test_the_plan_of_least_delay_lies_at_the_fast_end_of_the_front() -> None:
    scenario = shipped_scenario()
    problem = build_problem(cutwise.load_model("sample:resnet18"), scenario)
    fastest = delay_energy_front(problem)[0]
    plan = cutwise.plan(cutwise.load_model("sample:resnet18"), scenario)

    assert (fastest.delay_s, fastest.energy_j) == pytest.approx((plan.delay_s, plan.energy_j))


def test_the_page_names_the_command_that_gives_the_same_epochs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = opened(page="explore")
    for key, value in {
        "view.explore.part": "When the rate changes",
        "view.rate.fade_db": 3.0,
        "view.rate.epochs": 12,
    }.items():
        page.session_state[key] = value
        page.run()
    command = next(block.value for block in page.main.code if "replan" in block.value)
    (tmp_path / "scenario.toml").write_text(dump_scenario(shipped_scenario()))
    words = [str(tmp_path / word) if word == "scenario.toml" else word for word in shlex.split(command)]

    assert main([*words[1:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["epochs"]) == 12
    saved = f"saves {100 * told['saved_ratio']:.3g} % of the delay"
    assert any(saved in text for text in texts(page))
    problem = build_problem(cutwise.load_model("sample:resnet18"), shipped_scenario())
    again = replan(problem, drawn_ratios(epochs=12, seed=shipped_scenario().seed, fade_db=3.0))
    assert told["saved_ratio"] == pytest.approx(again.saved_ratio)
