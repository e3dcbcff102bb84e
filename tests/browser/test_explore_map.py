"""The decision map on Explore, and the strips under the sliders of Plan, as a reader uses them."""

from __future__ import annotations

import pytest

from cutwise.question import Question, shown_plan
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.cached import sample
from tests.browser.conftest import App
from tests.browser.hands import asked, clicked, step, tray

pytestmark = pytest.mark.browser

UPLINK, CANVAS = "channel.uplink_bps", ".decisions canvas"


def spot(app: App, across: float, up: float) -> tuple[float, float]:
    """A place on the map by shares of its width and height."""
    box = app.page.locator(CANVAS).bounding_box()
    assert box is not None
    return round(box["x"] + across * box["width"]), round(box["y"] + (1 - up) * box["height"])


def test_a_click_goes_where_the_tip_said_and_one_undo_returns(app: App) -> None:
    app.open("explore")
    app.page.locator(CANVAS).wait_for()
    app.page.mouse.move(*spot(app, 0.75, 0.7))
    told = app.page.locator(".tip").inner_text()
    app.page.mouse.click(*spot(app, 0.75, 0.7))
    app.idle()
    there = asked(app)
    assert step(app) == (1, 2)
    plan = shown_plan(Question(graph=sample("resnet18"), scenario=there.scenario), listed=False)
    at = there.scenario.device_names.index(there.device)
    assert plan.decisions[at].cut.label in told
    assert f"{there.scenario.channel.uplink_bps / 1e6:.3g}"[:2] in told
    clicked(app, "undo")
    assert step(app) == (0, 2)


def test_arrow_keys_and_enter_go_there_too(app: App) -> None:
    app.open("explore")
    stage = app.page.locator(".decisions .stage")
    stage.focus()
    for key in ("Shift+ArrowLeft", "ArrowUp"):
        app.page.keyboard.press(key)
    assert "after" in app.page.locator(".decisions .live").inner_text()
    app.page.keyboard.press("Enter")
    app.idle()
    assert asked(app).scenario.channel.uplink_bps < shipped_scenario().channel.uplink_bps


def test_under_a_slider_stands_what_is_best_along_it(app: App) -> None:
    app.open()
    tray(app, "link")
    strip = app.page.locator(f'[data-field="{UPLINK}"] .evens')
    strip.wait_for()
    before = app.page.locator('[data-field="channel.downlink_bps"] .evens small').inner_text()
    assert strip.locator(".even").count() > 1
    assert "after maxpool" in strip.inner_text()
    app.page.locator(f'input[type=range][data-path="{UPLINK}"]').press("PageDown")
    app.idle()
    app.page.wait_for_function(
        "before => document.querySelector('*') && window.cutwiseBreakEvens.quantities["
        "'channel.downlink_bps'].told !== before",
        arg=before,
    )
    assert app.page.locator('[data-field="channel.downlink_bps"] .evens small').inner_text() != before
