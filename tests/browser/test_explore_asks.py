"""What Explore answers, taken with one click: a way to a target, a point of a front, a map of schemes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator

import cutwise
from cutwise.question import Question, shown_plan
from cutwise_dashboard.cached import sample
from tests.browser.conftest import App
from tests.browser.hands import asked, clicked, step

pytestmark = pytest.mark.browser

STEP_PX = 6


def part(app: App, title: str) -> None:
    app.open("explore")
    app.page.get_by_test_id("stMain").get_by_text(title, exact=True).click()
    app.idle()


def planned(app: App) -> cutwise.Plan:
    now = asked(app)
    return shown_plan(
        Question(graph=sample("resnet18"), scenario=now.scenario, scheme=now.scheme, cut=now.cut)
    )


def on_a_point(app: App, chart: Locator) -> None:
    """Moves over the chart, from the right, until the pointer says that it is on a point: the slowest."""
    box = chart.bounding_box()
    assert box is not None
    for across in range(int(box["width"]) - 20, 60, -STEP_PX):
        for up in range(20, int(box["height"]) - 40, STEP_PX):
            app.page.mouse.move(box["x"] + across, box["y"] + up)
            if chart.evaluate("canvas => canvas.parentElement.style.cursor") == "pointer":
                return
    raise AssertionError("no point of the front was met")


def test_a_way_to_a_target_is_taken_by_its_button_and_undo_returns(app: App) -> None:
    part(app, "What meets a target")
    before = planned(app)
    field = app.page.get_by_label("A round within")
    field.fill("3 min")
    field.press("Enter")
    app.idle()
    app.page.get_by_role("button", name="Take it").first.click()
    app.idle()
    assert planned(app).delay_s <= 180 * (1 + 1e-9) < before.delay_s
    assert step(app) == (1, 2)
    clicked(app, "undo")
    assert planned(app).delay_s == before.delay_s


def test_a_point_of_a_front_is_taken_by_a_click_and_undo_returns(app: App) -> None:
    part(app, "What slower rounds gain")
    before = planned(app)
    chart = app.page.locator('[data-testid="stMain"] canvas').first
    on_a_point(app, chart)
    app.page.mouse.down()
    app.page.mouse.up()
    app.page.locator(".action.undo:not(:disabled)").wait_for()
    app.idle()
    taken = planned(app)
    assert taken.delay_s > before.delay_s
    assert taken.energy_j < before.energy_j
    assert step(app) == (1, 2)
    clicked(app, "undo")
    assert planned(app).delay_s == before.delay_s
