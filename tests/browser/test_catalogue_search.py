"""Hardware is found by typing: by name, vendor, class or kind, with its figures and what they rest on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import App
from tests.browser.test_fleet_table import settled

pytestmark = pytest.mark.browser


def opened(app: App, chip: str) -> Locator:
    """The search of the chip's tray, with the focus."""
    app.page.locator(f".chip[data-group={chip}]").click()
    entry = app.page.locator(".of-catalogue .search").first
    entry.click()
    return entry


def titles(app: App) -> list[str]:
    return app.page.locator(".of-catalogue li b").all_inner_texts()


def test_a_server_is_found_by_vendor_and_class_and_taken_with_the_keys(app: App) -> None:
    page = app.open()
    entry = opened(app, "server")
    page.keyboard.type("amd server MI2")
    assert titles(app) == ["Instinct MI210", "Instinct MI250X"]
    row = page.locator(".of-catalogue li").first
    expect(row).to_contain_text("22.6 TFLOP/s fp32, 181 fp16")
    expect(row).to_contain_text("64 GB at 1640 GB/s; 300 W, idle 40 W")
    expect(row).to_contain_text("TechPowerUp c3857")
    expect(row).to_contain_text("idle: recalled, not looked up")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settled(app)
    assert entry.input_value() == "Instinct MI250X"
    expect(page.locator(".of-catalogue + .rests").first).to_contain_text("128 GB at 3280 GB/s")


def test_what_is_not_there_says_so_and_escape_leaves_all_as_it_was(app: App) -> None:
    page = app.open()
    entry = opened(app, "server")
    before = page.locator(".strip").get_attribute("data-step")
    page.keyboard.type("abacus")
    expect(page.locator(".of-catalogue li")).to_have_text("Nothing in the catalogue has all of these words.")
    page.keyboard.press("Enter")
    entry.click()
    page.keyboard.type("phone gpu apple")
    assert titles(app)[:2] == ["Apple A15 Bionic", "Apple A16 Bionic"]
    page.keyboard.press("Escape")
    assert page.locator(".of-catalogue ul").first.is_hidden()
    assert page.locator(".strip").get_attribute("data-step") == before
