"""The main job in a real browser: a click on the ruler, a round played, a model that stays, a plan kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cutwise
from cutwise.importers import load_model
from cutwise.stated.stated_question import StatedQuestion
from tests.browser.conftest import App
from tests.browser.hands import asked, first_round, tray

pytestmark = pytest.mark.browser
FIRST = StatedQuestion()


def test_a_click_on_the_ruler_pins_that_cut_and_a_click_on_the_best_takes_it_back(app: App) -> None:
    page = app.open()
    box = page.locator(".ruler").bounding_box()
    best = page.locator(".ruler .cut").bounding_box()
    low = box["y"] + box["height"] * 0.8
    page.mouse.click(box["x"] + box["width"] * 0.85, low)
    app.idle()
    told = page.locator(".cutwise-reason").inner_text()
    assert "Pinned by you" in told
    assert "layer4" in asked(app).cut
    assert page.locator(".cutwise-figure .bad").count() >= 1
    page.mouse.click(best["x"] + best["width"] / 2 - 20, low)
    app.idle()
    assert asked(app).cut == ""
    assert "Proven optimal" in page.locator(".cutwise-reason").inner_text()


def test_the_downloaded_plan_equals_the_library(app: App) -> None:
    page = app.open()
    with page.expect_download() as started:
        page.get_by_role("button", name="Plan (JSON)").click()
    downloaded = json.loads(Path(started.value.path()).read_text())
    plan = cutwise.plan(load_model("sample:resnet18"), FIRST.scenario)
    assert downloaded["delay_s"] == plan.delay_s
    assert [decision["cut"]["label"] for decision in downloaded["decisions"]] == [
        decision.cut.label for decision in plan.decisions
    ]


def test_a_round_is_played_task_by_task_and_ends_when_the_plan_says(app: App) -> None:
    page = app.open("simulate")
    page.get_by_test_id("stPlotlyChart").first.wait_for(timeout=20_000)
    planned = first_round()
    assert re.search(rf"[1-9][\d,]* tasks end after {planned}; the plan says {planned}", app.text())


def test_a_model_that_is_chosen_stays_from_page_to_page(app: App) -> None:
    page = app.open()
    tray(app, "model")
    page.locator('select[data-path="model"]').select_option(label="VGG-16")
    app.idle()
    page.get_by_role("button", name="Look into the model").click()
    app.idle()
    assert page.url.partition("?")[0].endswith("/model")
    assert "138,357,544" in page.get_by_test_id("stMetricValue").all_inner_texts()
    assert asked(app).model.sample == "vgg16"
