"""The numbers of groups on Explore in a real browser: equal to the plans, adopted by a click, taken back."""

from __future__ import annotations

import pytest

import cutwise
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.format import seconds_text
from tests.browser.conftest import App
from tests.browser.hands import asked, clicked, commanded, pressed

pytestmark = pytest.mark.browser

SECTION = "How many groups?"


def planned_s(groups: int) -> float:
    graph = cutwise.load_model("sample:resnet18")
    return cutwise.plan(graph, shipped_scenario(), "gsfl", groups=groups).delay_s


def opened(app: App, scheme: str = "gsfl") -> None:
    app.open("explore")
    commanded(app, [{"kind": "scheme", "path": "scheme", "value": scheme}], [0])
    app.idle()
    app.page.get_by_test_id("stMain").get_by_text(SECTION).click()
    app.page.locator(".divisions .column").first.wait_for()
    app.idle()


def test_every_bar_says_what_plan_says_and_a_click_takes_it_undo_returns(app: App) -> None:
    opened(app)
    columns = app.page.locator(".divisions .column")
    delays = [planned_s(count) for count in range(1, 6)]
    told = [column.get_attribute("aria-label") for column in columns.all()]
    assert [seconds_text(delay) in text for delay, text in zip(delays, told, strict=True)] == [True] * 5
    heights = app.page.locator(".lane.delay i").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect().height)"
    )
    assert [height / max(heights) for height in heights] == pytest.approx(
        [delay / max(delays) for delay in delays], abs=0.01
    )
    best = delays.index(min(delays)) + 1
    assert f"{best} groups are best: one round takes {seconds_text(min(delays))}" in app.text()
    assert app.page.locator(".column.best.now").get_attribute("data-count") == str(best)
    columns.nth(1).click()
    app.idle()
    assert asked(app).options == {"groups": 2}
    assert app.page.locator(".column.now").get_attribute("data-count") == "2"
    assert app.page.locator(".column.best").get_attribute("data-count") == str(best)
    clicked(app, "undo")
    assert asked(app).options == {}


def test_keys_go_from_bar_to_bar_and_take_one(app: App) -> None:
    opened(app, "cluster_parallel")
    app.page.locator(".column.now").focus()
    pressed(app, "Home")
    pressed(app, "ArrowRight")
    assert app.page.locator(".divisions .told").inner_text().startswith("2 clusters")
    pressed(app, "Enter")
    assert asked(app).options == {"clusters": 2}
    assert app.page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.dataset.count") == "2"


def test_a_scheme_without_groups_has_no_such_section(app: App) -> None:
    opened(app)
    commanded(app, [{"kind": "scheme", "path": "scheme", "value": "fast_split"}], [0])
    app.idle()
    assert app.page.get_by_test_id("stMain").get_by_text(SECTION).count() == 0
    assert app.page.locator(".divisions").count() == 0
    commanded(app, [{"kind": "scheme", "path": "scheme", "value": "gsfl"}], [0])
    app.idle()
    assert app.page.get_by_test_id("stMain").get_by_text(SECTION).count() == 1


def test_long_answers_are_begun_by_the_reader_and_can_be_given_up(app: App) -> None:
    app.open("explore")
    commanded(
        app,
        [
            {"kind": "preset", "path": "preset", "value": "campus_cell"},
            {"kind": "scheme", "path": "scheme", "value": "gsfl"},
            *({"kind": "add_device", "path": "devices", "value": ""} for _ in range(30)),
        ],
        [0] * 32,
    )
    app.idle()
    app.page.get_by_test_id("stMain").get_by_text(SECTION).click()
    begin = app.page.get_by_role("button", name="Plan them all")
    begin.wait_for()
    assert "takes a plan of its own, together up to about" in app.text()
    begin.click()
    app.page.get_by_role("button", name="Cancel").click()
    app.page.get_by_role("button", name="Ask again").wait_for()
    app.idle()
