"""The fleet's table under real keys: nothing lost, nothing twice, and what is refused stays in sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator

from tests.browser.conftest import App

pytestmark = pytest.mark.browser

FIVE = ("raspberry-pi", "jetson-nano", "jetson-tx2", "phone", "orin-nano")
SETTLED = """(selector) => {
  for (const host of document.querySelectorAll("*")) {
    const strip = host.shadowRoot?.querySelector(selector)
    if (strip) return strip.dataset.waiting === "0"
  }
}"""


def settled(app: App) -> None:
    """Waits until every command has been taken and drawn."""
    app.page.wait_for_function(SETTLED, arg=".strip", timeout=30_000)
    app.idle()


def cell(app: App, column: str, device: str) -> Locator:
    return app.page.get_by_role("textbox", name=f"{column} of {device}").or_(
        app.page.get_by_role("combobox", name=f"{column} of {device}")
    )


def steps(app: App) -> str:
    return app.page.locator(".strip").get_attribute("data-step")


def typed(app: App, where: Locator, text: str, key: str = "Enter") -> None:
    where.focus()
    app.page.keyboard.type(text)
    app.page.keyboard.press(key)


def test_thirty_edits_typed_as_fast_as_keys_go_all_count_once_and_undo_brings_them_back(app: App) -> None:
    page = app.open("network")
    for column in ("Samples", "Distance", "Memory"):
        cell(app, column, FIVE[0]).focus()
        for turn in range(2):
            for place in range(5):
                page.keyboard.type(str(100 * (turn + 1) + place))
                page.keyboard.press("Enter")
            if not turn:
                for _ in range(4):
                    page.keyboard.press("ArrowUp")
    settled(app)

    for place, device in enumerate(FIVE):
        assert cell(app, "Samples", device).input_value() == f"{200 + place}"
        assert cell(app, "Distance", device).input_value() == f"{200 + place} m"
        assert cell(app, "Memory", device).input_value() == f"{200 + place} B"
    assert steps(app) == "30/31"
    for _ in range(3):
        page.keyboard.press("Control+z")
    settled(app)

    assert steps(app) == "27/31"
    assert [cell(app, "Memory", device).input_value() for device in FIVE[1:3]] == ["201 B", "102 B"]


def test_a_refused_cell_says_why_and_the_others_stay_in_force(app: App) -> None:
    page = app.open("network")
    typed(app, cell(app, "Memory", "phone"), "12 seconds")
    typed(app, cell(app, "Distance", "phone"), "1,5 km")
    typed(app, cell(app, "Name", "jetson-nano"), "phone")
    settled(app)

    told = page.get_by_role("status", name="What was not taken").inner_text()
    assert "Row 4 (phone), Memory: “seconds” is no unit of a size" in told
    assert "Row 2 (jetson-nano), Name: devices: the name 'phone' is used twice; names must differ" in told
    assert cell(app, "Memory", "phone").first.input_value() == "12 seconds"
    assert cell(app, "Distance", "phone").first.input_value() == "1.5 km"
    typed(app, cell(app, "Memory", "phone").first, "12 GB")
    typed(app, page.get_by_role("textbox", name="Name of jetson-nano"), "nano")
    settled(app)

    assert page.get_by_role("status", name="What was not taken").inner_text() == ""
    assert cell(app, "Memory", "phone").input_value() == "12 GB"
    assert cell(app, "Name", "nano").input_value() == "nano"


def test_a_pasted_fleet_takes_the_place_of_the_old_one_and_the_first_edit_after_it_counts(app: App) -> None:
    page = app.open("network")
    page.get_by_text("Paste a fleet").click()
    area = page.get_by_role("textbox", name="Rows of a table")
    area.fill("name\tprofile\tsamples\nx\tjetson_nano\tten\n")
    page.get_by_role("button", name="Replace the fleet").click()
    page.get_by_text("fleet, row 1: samples: “ten” is not a number").wait_for()
    assert cell(app, "Samples", "phone").input_value() == "900"

    area.fill("name\tprofile\tsamples\n" + "".join(f"x{i}\tjetson_nano\t{100 + i}\n" for i in range(300)))
    page.get_by_role("button", name="Replace the fleet").click()
    first = cell(app, "Samples", "x0")
    first.wait_for()
    typed(app, first, "7")
    settled(app)

    assert first.input_value() == "7"
    assert page.locator(".fleet .count").inner_text() == "300 devices"
    first.focus()
    for _ in range(30):
        page.keyboard.press("PageDown")
    assert cell(app, "Samples", "x299").input_value() == "399"
    assert page.locator(".fleet .body .row").count() < 60
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    settled(app)
    assert cell(app, "Samples", "phone").input_value() == "900"


def test_a_block_of_cells_is_pasted_and_rows_come_and_go(app: App) -> None:
    page = app.open("network")
    cell(app, "Samples", "phone").focus()
    page.evaluate(
        """text => {
          const data = new DataTransfer()
          data.setData("text/plain", text)
          let at = document.activeElement
          while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
          at.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, cancelable: true }))
        }""",
        "11\t21 m\n12\t22 m\n13\t23 m\n",
    )
    settled(app)

    assert cell(app, "Distance", "orin-nano").input_value() == "22 m"
    assert cell(app, "Samples", "device-6").input_value() == "13"
    assert steps(app) == "1/2"
    page.get_by_role("button", name="Remove jetson-tx2").click()
    page.get_by_role("button", name="Add a device").click()
    settled(app)
    assert page.locator(".fleet .count").inner_text() == "6 devices"
    assert cell(app, "Name", "jetson-tx2").count() == 0

    page.evaluate("window.cutwiseDesk.command({kind: 'preset', path: 'preset', value: 'campus_cell'})")
    first = cell(app, "Samples", "raspberry-pi-4-1")
    first.wait_for()
    typed(app, first, "7")
    settled(app)
    assert first.input_value() == "7"
