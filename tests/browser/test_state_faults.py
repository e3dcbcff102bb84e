"""The faults that the page before had, typed with real keys: none of them can come back."""

from __future__ import annotations

import math
import re

import pytest

import cutwise
from cutwise.importers import load_model
from cutwise.problem.numbers import device_columns
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.format import seconds_text
from tests.browser.conftest import App, NewApp
from tests.browser.hands import (
    DEEP,
    asked,
    clicked,
    entry,
    figures,
    first_round,
    pressed,
    step,
    tray,
    turned,
    typed,
    why,
)

pytestmark = pytest.mark.browser
FIRST = StatedQuestion()
UPLINK, DEADLINE = "channel.uplink_bps", "limits.deadline_s"
REFUSED = ("5 m", "abc", "1e400", "0", "-3 s", "12 GB", "nan")


def memories(scenario: Scenario) -> list[float]:
    return device_columns(scenario.devices, scenario.workload).memory_bytes.tolist()


def test_five_minutes_are_300_seconds_and_what_is_no_time_is_refused_beside_the_field(app: App) -> None:
    app.open()
    tray(app, "goal")
    typed(app, DEADLINE, "5 min")
    assert asked(app).scenario.limits.deadline_s == 300
    for text in REFUSED:
        typed(app, DEADLINE, text)
        assert asked(app).scenario.limits.deadline_s == 300, text
        assert why(app, DEADLINE), text
        assert entry(app, DEADLINE).input_value() == text
    typed(app, DEADLINE, "")
    assert asked(app).scenario.limits.deadline_s is None
    assert not why(app, DEADLINE)


def test_an_uplink_of_0_and_a_pasted_1e400_are_refused_and_nothing_crashes(app: App) -> None:
    page = app.open()
    tray(app, "link")
    typed(app, UPLINK, "0")
    assert why(app, UPLINK)
    entry(app, UPLINK).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("1e400")
    pressed(app, "Tab")
    assert why(app, UPLINK)
    assert asked(app) == FIRST
    assert first_round() in figures(app)
    typed(app, UPLINK, "50 Mbps")
    assert asked(app).scenario.channel.uplink_bps == 50e6
    assert page.get_by_test_id("stException").count() == 0


def test_two_gigabytes_for_all_are_two_gigabytes_at_each_device(app: App) -> None:
    app.open()
    tray(app, "devices")
    typed(app, "memory_bytes", "2 GB")
    assert memories(asked(app).scenario) == [2e9] * 5


def test_the_first_edit_after_another_fleet_counts(app: App) -> None:
    page = app.open()
    tray(app, "model")
    page.locator('select[data-path="preset"]').select_option(label="Campus cell")
    tray(app, "devices")
    typed(app, "samples", "77")
    scenario = asked(app).scenario
    assert (len(scenario.devices), {device.samples for device in scenario.devices}) == (30, {77})


def test_what_was_reset_stays_reset_and_the_reset_is_a_step(app: App) -> None:
    page = app.open()
    tray(app, "link")
    typed(app, UPLINK, "44 Mbit/s")
    edited = asked(app)
    clicked(app, "reset")
    assert asked(app) == FIRST
    assert entry(app, UPLINK).input_value() == "300 Mbit/s"
    for name in ("Explore", "Plan"):
        turned(app, name)
        assert asked(app) == FIRST
    page.reload()
    app.idle()
    assert asked(app) == FIRST
    clicked(app, "undo")
    assert asked(app) == edited


def test_a_reload_loses_nothing_and_every_key_and_button_undoes(app: App) -> None:
    page = app.open()
    tray(app, "link")
    links = [page.url]
    for rate in ("50 Mbit/s", "60 Mbit/s", "70 Mbit/s"):
        typed(app, UPLINK, rate)
        links.append(page.url)
    page.reload()
    app.idle()
    assert page.url == links[3]
    page.locator(".chip").first.focus()
    for act, at in (
        (lambda: pressed(app, "Control+z"), 2),
        (lambda: clicked(app, "undo"), 1),
        (lambda: pressed(app, "Control+Shift+z"), 2),
        (lambda: pressed(app, "Control+y"), 3),
        (lambda: clicked(app, "undo"), 2),
        (lambda: clicked(app, "redo"), 3),
    ):
        act()
        assert (page.url, step(app)) == (links[at], (at, 4))


def test_the_link_stays_in_the_bar_of_a_fresh_browser_and_two_tabs_are_apart(
    app: App, new_app: NewApp
) -> None:
    app.open()
    tray(app, "link")
    typed(app, UPLINK, "50 Mbit/s")
    edited = asked(app)
    other = new_app()
    other.open(app.page.url.removeprefix(f"{app.address}/"))
    assert asked(other) == edited
    assert figures(other) == figures(app)
    beside = App(app.page.context.new_page(), app.address)
    beside.open()
    assert asked(beside) == FIRST
    for one, rate in ((other, "70 Mbit/s"), (beside, "80 Mbit/s")):
        tray(one, "link")
        typed(one, UPLINK, rate)
    assert asked(app) == edited
    assert [asked(one).scenario.channel.uplink_bps for one in (other, beside)] == [70e6, 80e6]
    beside.checked()


def test_a_damaged_link_says_so_and_the_page_goes_on(app: App) -> None:
    app.open("?q=1.vsnnvIhX")
    assert "could not be opened" in app.text()
    assert first_round() in figures(app)
    assert asked(app) == FIRST


def test_sentence_figures_picture_and_chips_speak_of_one_device(app: App) -> None:
    page = app.open()
    sentence, ruler = page.locator(".cutwise-reason p").first, page.locator(".ruler")
    for name in FIRST.scenario.device_names:
        page.get_by_role("option", name=re.compile(rf"^{name}\b")).click()
        app.idle()
        shown = page.locator('.list [role=option][aria-selected="true"] b').inner_text()
        assert shown == name
        assert name in sentence.inner_text()
        assert ruler.get_attribute("aria-label").startswith(f"Cut position of {name},")
        assert asked(app).device == name
    assert step(app)[1] == 1


def test_no_percentage_of_thousands_stands_beside_the_proof(app: App) -> None:
    """Beside every baseline; above twice as much a change is told as a factor."""
    page = app.open()
    baselines = page.locator('select[data-path="baseline"]')
    tray(app, "goal")
    for label in baselines.locator("option").all_inner_texts():
        baselines.select_option(label=label)
        app.idle()
        told = f"{figures(app)} {page.locator('.cutwise-reason').inner_text()}"
        assert not re.search(r"\de[+-]?\d|\d{3,}\s*%", told), told
        assert "Proven optimal" in told


def test_in_ten_seconds_it_says_what_this_is_and_the_first_plan_is_there(app: App) -> None:
    app.page.goto(app.address)
    app.page.get_by_text("finds where to cut a neural network between device").wait_for(timeout=10_000)
    app.page.locator(".cutwise-figures").wait_for(timeout=10_000)
    plan = cutwise.plan(load_model("sample:resnet18"), FIRST.scenario)
    app.idle()
    assert seconds_text(plan.delay_s) in figures(app)
    assert "Proven optimal" in app.page.locator(".cutwise-reason").inner_text()


def test_a_drag_is_one_step_that_ends_where_the_hand_ended(app: App) -> None:
    page = app.open()
    tray(app, "link")
    box = page.locator(f'input[type=range][data-path="{UPLINK}"]').bounding_box()
    middle = box["y"] + box["height"] / 2
    before = figures(app)
    page.mouse.move(box["x"] + box["width"] * 0.6, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, middle, steps=30)
    page.wait_for_function(
        "before => ![undefined, before].includes(document.querySelector('.cutwise-figures')?.innerText)",
        arg=before,
    )
    assert page.url.endswith(f"q={page.evaluate('window.cutwiseDesk.data.trail.links[0]')}"), (
        "not settled yet"
    )
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=30)
    page.mouse.up()
    app.idle()
    shown = page.evaluate(f"({DEEP})('input[type=range][data-path=\"{UPLINK}\"]').value")
    assert 0.75 * 240 < float(shown) < 0.85 * 240
    assert step(app) == (1, 2)
    assert asked(app).scenario.channel.uplink_bps > 3e8
    pressed(app, "Control+z")
    assert asked(app) == FIRST


def test_25_clicks_in_a_fifth_of_a_second_count_25_times(app: App) -> None:
    page = app.open()
    tray(app, "devices")
    double = "[data-field=memory_bytes] .scales button:nth-of-type(4)"
    page.evaluate(
        f"""async selector => {{
          const button = ({DEEP})(selector)
          for (let click = 0; click < 25; click++) {{
            button.click()
            await new Promise(resolve => setTimeout(resolve, 8))
          }}
        }}""",
        double,
    )
    app.idle()
    assert step(app) == (25, 26)
    for now, first in zip(memories(asked(app).scenario), memories(FIRST.scenario), strict=True):
        assert math.isclose(now, first * 2**25, rel_tol=1e-12)
