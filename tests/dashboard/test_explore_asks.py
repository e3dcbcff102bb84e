"""Sections of Explore: what is drawn is the record, a command prints it, what is taken is asked."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.analyses.what_if.fronts import PlanFront
from cutwise.analyses.what_if.tornado import Tornado
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import dump_scenario
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.charts.trades.plan_fronts import plan_front_figure
from cutwise_dashboard.charts.trades.swings import swings_figure
from cutwise_dashboard.session import DESK
from tests.dashboard.pages import opened, texts

PARTS = {
    "What matters most": "tornado",
    "What meets a target": "targets",
    "What slower rounds gain": "front",
    "What one more saves": "shadow_prices",
    "How many fit": "dimensioning",
    "How sure it is": "uncertainty",
}
GIVEN = Scenario()
GRAPH = cutwise.load_model("sample:resnet18")
SOON_S = 0.5 * cutwise.plan(GRAPH, GIVEN).delay_s
LIMITED = changed(GIVEN, {"limits.deadline_s": SOON_S})


def stated(scenario: Scenario = GIVEN) -> StatedQuestion:
    return StatedQuestion(model=ModelReference(sample="resnet18"), scenario=scenario)


@pytest.mark.parametrize("part", PARTS)
def test_every_section_names_a_command_that_prints_the_record_shown(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = opened(stated(), page="explore")
    page.session_state["view.explore.part"] = part
    page.run()
    assert not page.main.error, [one.value for one in page.main.error]
    name = PARTS[part].replace("_", "-")
    command = next(block.value for block in page.main.code if block.value.startswith(f"cutwise {name} "))
    (tmp_path / "scenario.toml").write_text(dump_scenario(Scenario()))
    words = [str(tmp_path / word) if word == "scenario.toml" else word for word in shlex.split(command)]
    assert main([*words[1:], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_front_is_drawn_in_the_figures_of_its_points_with_its_limits_shaded(theme: str) -> None:
    found = cutwise.analyse(GRAPH, LIMITED, "front", against="traffic")
    assert isinstance(found, PlanFront)
    figure = plan_front_figure(
        found, here=(found.points[0].delay_s, found.points[0].traffic_bytes), theme=theme
    )
    plans, here = figure["series"]
    delays = [point["value"][0] for point in plans["data"]]
    scale = found.points[0].delay_s / delays[0]
    assert [scale * value for value in delays] == pytest.approx(
        [one.delay_s for one in found.points], rel=1e-5
    )
    assert plans["markArea"]["data"][0][0]["xAxis"] == pytest.approx(SOON_S / scale, rel=1e-5)
    assert here["data"][0]["value"] == plans["data"][0]["value"]
    hollow = [point["itemStyle"]["color"] != point["itemStyle"]["borderColor"] for point in plans["data"]]
    assert hollow == [not one.keeps_limits for one in found.points]


def test_bars_are_the_changes_of_a_plan_made_anew_at_both_ends() -> None:
    found = cutwise.analyse(GRAPH, Scenario(), "tornado", change_ratio=0.5)
    assert isinstance(found, Tornado)
    now = cutwise.plan(GRAPH, Scenario()).delay_s
    low, high = swings_figure(found, theme="light")["series"]
    names = [one.name for one in found.swings][::-1]
    at = names.index("channel.uplink_bps")
    for series, factor in ((low, 0.5), (high, 1.5)):
        uplink_bps = factor * Scenario().channel.uplink_bps
        anew = cutwise.plan(GRAPH, changed(Scenario(), {"channel.uplink_bps": uplink_bps})).delay_s
        assert series["data"][at]["value"] == pytest.approx(100 * (anew / now - 1), rel=1e-3)


def test_what_is_taken_for_a_target_keeps_it() -> None:
    page = opened(stated(), page="explore")
    page.session_state["view.explore.part"] = "What meets a target"
    page.session_state["view.explore.target.deadline_s"] = f"{SOON_S!r} s"
    page.run()
    take = next(one for one in page.main.button if str(one.key).startswith("explore.target."))
    take.click().run()
    asked = page.session_state[DESK].stated
    assert cutwise.plan(GRAPH, asked.scenario, scheme=asked.scheme).delay_s <= SOON_S * (1 + 1e-6)
    assert asked.scenario != GIVEN


def test_a_point_of_a_front_that_is_taken_is_the_plan_shown() -> None:
    page = opened(stated(), page="explore")
    page.session_state["view.explore.part"] = "What slower rounds gain"
    page.session_state["view.explore.front"] = "device_memory"
    page.run()
    last = len(page.main.selectbox[0].options) - 1
    said = page.main.selectbox[0].options[last]
    page.main.selectbox[0].select_index(last).run()
    next(one for one in page.main.button if one.key == "explore.front.take").click().run()
    asked = page.session_state[DESK].stated
    assert said.endswith(asked.cut) or "all on" in said
    assert asked.scenario == Scenario()


@pytest.mark.parametrize("typed", ["60 apples", "-3 s", "nan"])
def test_a_target_that_is_none_is_refused_in_a_sentence(typed: str) -> None:
    page = opened(stated(), page="explore")
    page.session_state["view.explore.part"] = "What meets a target"
    page.session_state["view.explore.target.deadline_s"] = typed
    page.run()
    assert len(page.main.error) == 1
    assert "deadline" in page.main.error[0].value.lower()


def test_a_plan_that_misses_its_deadline_says_what_would_keep_it() -> None:
    page = opened(stated(LIMITED))
    assert any("would do" in text for text in texts(page)), texts(page)
    take = next(one for one in page.main.button if str(one.key).startswith("plan.remedy."))
    take.click().run()
    asked = page.session_state[DESK].stated
    assert cutwise.plan(GRAPH, asked.scenario, scheme=asked.scheme).status != "infeasible"
