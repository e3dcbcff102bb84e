"""The decision map on the page: what it says, what its scripts are sent, and in which colours."""

from __future__ import annotations

import base64
import time
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import cutwise
from cutwise.analyses.cut_moves import Moves
from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.question import Question, shown_plan
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.charts.palette import contrast_ratio, ink_on
from cutwise_dashboard.views.explore import explore_views as explore
from cutwise_dashboard.views.explore.break_evens import move_lines
from cutwise_dashboard.views.explore.map_payload import map_payload, shares_of
from cutwise_dashboard.views.explore.map_words import map_title, sentences
from cutwise_dashboard.views.region_colors import SCALES, region_colors

DEVICE = 2
UPLINK, SPEED = "channel.uplink_bps", "devices.2.flops_per_s"


def places_of(model: str) -> MapPlaces:
    question = Question(graph=cutwise.load_model(f"sample:{model}"), scenario=shipped_scenario())
    plan = shown_plan(question, listed=False)
    return MapPlaces.of(question, plan, dict.fromkeys((UPLINK, SPEED), (None, None)), device=DEVICE)


@pytest.fixture(scope="module")
def found() -> DecisionMap:
    return device_map(places_of("mobilenet_v2"), DEVICE)


def unpacked(text: str, dtype: type) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def test_the_page_draws_each_part_or_says_why_not() -> None:
    def page() -> None:
        import cutwise
        from cutwise.scenario.changes import changed
        from cutwise.stated.shipped_scenarios import shipped_scenario
        from cutwise.stated.stated_question import StatedQuestion
        from cutwise_dashboard import session
        from cutwise_dashboard.question import AnsweredQuestion
        from cutwise_dashboard.views.explore import explore_views as explore

        setting = {
            "devices.2.flops_per_s": 2.664e11,
            "server.efficiency_ratio": None,
            "server.flops_per_s": 1.548e13,
        }
        setting |= {"objective.kind": "weighted"} if session.st.session_state.get("weighted") else {}
        scenario = changed(shipped_scenario(), setting)
        graph = cutwise.load_model("sample:resnet18")
        explore.show(AnsweredQuestion.of(graph, StatedQuestion(scenario=scenario)), 2)

    shown = AppTest.from_function(page, default_timeout=30).run()
    assert not shown.exception
    assert "cuts are ever the best for jetson-tx2" in shown.get("html")[0].proto.body
    lines = [text.value for text in shown.markdown]
    assert any("moves to after layer3/0/add" in line for line in lines)
    shown.session_state["view.explore.what"] = "cuts"
    assert "patterns of cuts are the best somewhere" in shown.run().get("html")[0].proto.body
    shown.session_state["view.explore.what"] = "scheme"
    assert [one.label for one in shown.run().button if "map" in one.label] == ["Work the map out"]
    shown.session_state["view.explore.what"] = "cut"
    shown.session_state["weighted"] = True
    shown.run()
    assert "no map for a weighted objective" in shown.info[0].value
    for part in explore.PARTS:
        shown.session_state["view.explore.part"] = part
        assert not shown.run().exception


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_payload_holds_the_runs_and_names_its_regions_readably(found: DecisionMap, theme: str) -> None:
    sent = map_payload(found, theme=theme)
    assert [region["label"] for region in sent["regions"]] == list(found.labels)
    assert all(contrast_ratio(region["ink"], region["fill"]) >= 4.5 for region in sent["regions"])
    rows = len(found.row_values)
    cuts = unpacked(sent["cuts"], np.int16).reshape(rows, -1)
    starts = unpacked(sent["starts"], np.float32).reshape(rows, -1)
    for row in (0, rows // 2, rows - 1):
        for column in (0, 40, 199):
            share = column / 199
            last = int((starts[row] <= share + 1e-6).sum()) - 1
            assert cuts[row, last] == found.best[row, column]
    assert found.labels[found.today] in sent["label"]


@pytest.mark.parametrize("theme", list(SCALES))
@pytest.mark.parametrize("count", [2, 5, 14, 30])
def test_colours_darken_the_more_stays_on_the_device(theme: str, count: int) -> None:
    """Against white a darker colour stands out more."""
    colors = region_colors(range(count), theme)
    contrasts = [contrast_ratio(color, "#FFFFFF") for color in colors]
    assert contrasts == sorted(set(contrasts))
    assert min(contrast_ratio(ink_on(color), color) for color in colors) >= 4.5


def test_the_finding_is_the_title(found: DecisionMap) -> None:
    ever = len(set(found.runs.cut.ravel().tolist()) - {-1})
    assert 1 < ever < found.compared
    assert map_title(found) == f"Only {ever} of {found.compared} cuts are ever the best for {found.device}"
    one = replace(found.runs, cut=np.where(found.runs.cut >= 0, 0, -1))
    titles = {
        1: f"Only one cut is possible for {found.device}: {found.labels[0]}",
        23: f"One cut is the best everywhere on this map for {found.device}: {found.labels[0]}",
    }
    for compared, title in titles.items():
        assert map_title(replace(found, runs=one, compared=compared)) == title
    none = replace(found.runs, cut=np.full_like(found.runs.cut, -1))
    assert map_title(replace(found, runs=none)).startswith("No cut of")


def test_the_map_in_words_tells_every_change_of_its_rows(found: DecisionMap) -> None:
    told = sentences(found)
    assert len(told) == 9
    assert all(found.labels[found.runs.cut[0, row]] in told[at] for at, row in ((0, 0), (8, 199)))


def test_the_map_is_made_in_the_time_of_a_picture() -> None:
    places = places_of("googlenet")
    device_map(places, DEVICE)
    took = []
    for _ in range(9):
        began = time.process_time()
        map_payload(device_map(places, DEVICE), theme="light")
        took.append(time.process_time() - began)
    assert min(took) < 0.03


def test_a_place_on_an_axis_stays_on_it() -> None:
    axis = QuantityAxis(path="p", title="t", unit="u", whole=False, log=True, here=5.0, low=1.0, high=100.0)
    assert shares_of(axis, np.array([0.1, 1.0, 10.0, 1e9])).tolist() == [0.0, 0.0, 0.5, 1.0]


def test_break_evens_say_what_was_looked_at() -> None:
    assert move_lines(Moves(found=(), exact=True), here_bps=1.0) == ["No other uplink rate moves the cut"]
    assert move_lines(Moves(found=(), exact=False), here_bps=1.0) == [
        "At 46 other rates, up to 10,000 times today's, the cut stays"
    ]
