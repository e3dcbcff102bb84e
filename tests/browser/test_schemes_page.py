"""The Schemes page and its report in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

import cutwise
from cutwise.importers import load_model
from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.session import first_scenario
from tests.browser.conftest import FLAGS, App, chromium

pytestmark = pytest.mark.browser


def test_it_opens_on_a_pass_over_all_data_with_the_fastest_scheme_named(app: App) -> None:
    app.open("schemes")

    table = cutwise.compare(load_model("sample:resnet18"), first_scenario())
    best = table[table["place"] == 1].iloc[0]
    told = app.text()
    assert f"{best['scheme'].replace('_', ' ').capitalize()} passes over all data first" in told
    assert seconds_text(best["delay_per_data_pass_s"]) in told
    assert "No convergence evidence" in told
    assert "cutwise compare sample:resnet18 scenario.toml --schemes" in " ".join(told.split())
    assert app.page.locator("canvas").count() >= 3


def test_another_scheme_opens_into_its_decisions(app: App) -> None:
    page = app.open("schemes")
    box = page.get_by_role("combobox", name="Scheme opened")
    box.click()
    page.keyboard.type("device only")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    app.idle()
    assert "Everything on the device; only the model is exchanged." in app.text()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_report_opens_with_the_network_off(
    app: App, playwright: Playwright, tmp_path: Path, width: int
) -> None:
    page = app.open("schemes")
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
