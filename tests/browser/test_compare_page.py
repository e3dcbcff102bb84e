"""The Compare page in a real browser: questions kept by hand, all schemes, and its report."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

import cutwise
from cutwise.importers import load_model
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.format import readable, seconds_text, sentence_case
from tests.browser.conftest import FLAGS, App, chromium
from tests.browser.hands import commanded

pytestmark = pytest.mark.browser


def test_it_opens_on_a_pass_over_all_data_with_the_fastest_scheme_named(app: App) -> None:
    app.open("compare")

    table = cutwise.compare(load_model("sample:resnet18"), shipped_scenario())
    best = table[table["place"] == 1].iloc[0]
    told = app.text()
    assert f"{sentence_case(readable(best['scheme']))} passes over all data first" in told
    assert seconds_text(best["delay_per_data_pass_s"]) in told
    assert "No convergence evidence" in told
    assert "cutwise compare sample:resnet18 scenario.toml --schemes" in " ".join(told.split())
    assert app.page.locator("canvas").count() >= 3


def test_a_kept_question_stands_beside_the_one_asked_and_can_be_opened_and_dropped(app: App) -> None:
    page = app.open("compare")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("Change anything above").wait_for()
    page.locator("[data-group=link]").click()
    entry = page.locator("[data-path='channel.uplink_bps'].entry")
    entry.click()
    page.keyboard.type("50 Mbit/s")
    page.keyboard.press("Enter")
    heads = page.locator(".kept thead th b")
    heads.nth(1).wait_for()
    assert heads.all_inner_texts() == ["Uplink 300 Mbit/s", "Uplink 50 Mbit/s"]
    inputs = page.locator(".kept tbody tr").nth(1)
    assert inputs.locator("td").all_inner_texts() == ["300 Mbit/s", "50 Mbit/s"]
    page.get_by_role("button", name="Open: Uplink 300 Mbit/s").click()
    page.get_by_text("Change anything above").wait_for()
    assert "300 Mbit/s" in page.locator("[data-group=link]").inner_text()
    page.get_by_role("button", name="Drop").click()
    page.get_by_text("Press Compare above").wait_for()
    app.idle()


def test_another_scheme_opens_into_its_decisions(app: App) -> None:
    page = app.open("compare")
    box = page.get_by_role("combobox", name="Scheme opened")
    box.click()
    page.keyboard.type("all on the device")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    app.idle()
    assert "Everything on the device; only the model is exchanged." in app.text()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_report_opens_with_the_network_off(
    app: App, playwright: Playwright, tmp_path: Path, width: int
) -> None:
    page = app.open("compare")
    with page.expect_download() as found:
        page.get_by_role("button", name="Report (HTML)").click()
    saved = tmp_path / "report.html"
    found.value.save_as(saved)

    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    context = browser.new_context(offline=True, viewport={"width": width, "height": 900})
    report, said = context.new_page(), []
    report.on("console", lambda message: said.append(message.text))
    report.on("request", lambda request: said.append(request.url) if "file:" not in request.url else None)
    report.goto(saved.as_uri())
    assert report.get_by_role("heading", name="Schemes side by side").is_visible()
    widest = report.evaluate("document.documentElement.scrollWidth")
    drawn = report.evaluate("[...document.querySelectorAll('.track svg')].every(s => s.childElementCount)")
    browser.close()
    assert widest <= width
    assert drawn
    assert not said


def test_rounds_of_kept_questions_stand_on_one_time_axis(app: App) -> None:
    page = app.open("compare")
    page.get_by_role("button", name="Compare").click()
    app.idle()
    page.evaluate("window.cutwiseDesk.command({ kind: 'scheme', path: 'scheme', value: 'split_federated' })")
    app.idle()
    page.locator(".timeline .round").nth(1).wait_for()
    graph, hall = load_model("sample:resnet18"), shipped_scenario()
    delays = [cutwise.plan(graph, hall, scheme).delay_s for scheme in ("fast_split", "split_federated")]
    heads = page.locator(".timeline .head").all_inner_texts()
    assert [text.endswith(seconds_text(delay)) for text, delay in zip(heads, delays, strict=True)] == [
        True, True
    ]  # fmt: skip
    ends = page.evaluate(
        """() => [...document.querySelectorAll(".timeline .round")].map(round =>
          Math.max(...[...round.querySelectorAll(".bar")].map(bar => {
            const lane = bar.parentElement.getBoundingClientRect()
            return (bar.getBoundingClientRect().right - lane.left) / lane.width
          })))"""
    )
    waits = page.locator(".timeline .round").nth(1).locator(".bar.wait")
    assert waits.count() == len(hall.devices) - 1
    assert ends[0] == pytest.approx(1.0, abs=0.005)
    assert ends[1] == pytest.approx(delays[1] / delays[0], abs=0.005)
    with page.expect_download() as found:
        page.get_by_role("button", name="Report (HTML)").click()
    assert "The kept questions on one time axis" in found.value.path().read_text(encoding="utf-8")


def test_a_round_of_milliseconds_beside_one_of_hours_is_seen_too(app: App) -> None:
    page = app.open("compare")
    kept = [
        {"kind": "keep", "path": ""},
        {"kind": "scheme", "path": "scheme", "value": "device_only"},
        {"kind": "set", "path": "workload.local_epochs", "value": "50"},
        {"kind": "keep", "path": ""},
        {"kind": "library", "path": "scenario", "value": "phone_on_lte"},
        {"kind": "set", "path": "workload.mode", "value": "inference"},
        {"kind": "set", "path": "devices.0.samples", "value": "1"},
    ]
    commanded(app, kept, [0] * len(kept))
    app.idle()
    page.locator(".timeline .round").nth(2).wait_for()
    heads = page.locator(".timeline .head").all_inner_texts()
    assert [" enlarged " in head for head in heads] == [True, False, True]
    widths = page.evaluate(
        """() => [...document.querySelectorAll(".timeline .round")].map(round =>
          Math.max(...[...round.querySelectorAll(".bar")].map(bar => bar.getBoundingClientRect().width)))"""
    )
    assert min(widths) > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
