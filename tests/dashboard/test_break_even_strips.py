"""What the strips under the sliders say, against the planner and against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cutwise
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.plan.break_even_strips import break_even_strips, slider_ranges

RESNET = cutwise.load_model("sample:resnet18")
UPLINK = "channel.uplink_bps"


def question(**setting: object) -> AnsweredQuestion:
    given = {path.replace("__", "."): value for path, value in setting.items()}
    scenario = changed(shipped_scenario(), given)
    return AnsweredQuestion.of(RESNET, StatedQuestion(scenario=scenario))


@pytest.mark.parametrize("tray", ["channel", "server", "devices"])
def test_spans_cover_a_slider_end_to_end(tray: str) -> None:
    asked = question()
    found = break_even_strips(asked, tray, theme="light")
    ranges = slider_ranges(asked.scenario, asked.device)
    assert list(found) == [path for path in ranges if path.startswith(tray)]
    for strip in found.values():
        spans = strip["spans"]
        assert [spans[0]["from"], spans[-1]["to"]] == [0.0, 1.0]
        assert [one["to"] for one in spans[:-1]] == [one["from"] for one in spans[1:]]


def test_the_middle_of_every_span_is_planned_with_its_cut() -> None:
    asked = question()
    low, high = slider_ranges(asked.scenario, asked.device)[UPLINK]
    single = replace(asked.scenario, devices=(asked.scenario.devices[asked.device],))
    for span in break_even_strips(asked, "channel", theme="dark")[UPLINK]["spans"]:
        value = low * (high / low) ** ((span["from"] + span["to"]) / 2)
        plan = shown_plan(Question(graph=RESNET, scenario=changed(single, {UPLINK: value})), listed=False)
        assert span["title"].startswith(plan.decisions[0].cut.label)


def test_the_strip_of_a_slider_does_not_change_with_its_own_value() -> None:
    """What is best along the uplink is the same wherever the uplink stands; its words tell what is next."""
    one, other = (
        break_even_strips(question(channel__uplink_bps=rate), "channel", theme="light")[UPLINK]
        for rate in (3e8, 1e7)
    )
    edges = [[span["from"] for span in strip["spans"]] for strip in (one, other)]
    assert edges[0] == pytest.approx(edges[1], abs=1e-3)
    assert one["told"] != other["told"]


def test_where_no_cut_is_best_by_itself_there_is_no_strip() -> None:
    assert break_even_strips(question(objective__kind="weighted"), "channel", theme="light") == {}
