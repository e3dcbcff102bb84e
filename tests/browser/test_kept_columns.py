"""The table of kept questions, its script alone: what its buttons command, and that names stay text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from cutwise_dashboard.charts.palette import PALETTES, contrast_ratio
from cutwise_dashboard.components import kept_columns
from tests.browser.conftest import FLAGS, chromium

pytestmark = pytest.mark.browser

MARKED = '<img src=x onerror="window.broken=1"> & <b>bold</b>'
MOUNT = """
async ([html, css, js]) => {
  window.given = []
  window.cutwiseDesk = { command: command => window.given.push(command) }
  const host = document.createElement("div")
  document.body.append(host)
  const root = host.attachShadow({ mode: "open" })
  root.innerHTML = `<div>${html}<style>${css}</style></div>`
  const module = await import(URL.createObjectURL(new Blob([js], { type: "text/javascript" })))
  window.draw = data => module.default({ data, parentElement: root })
}
"""


def table(names: list[str], **first: Any) -> dict[str, Any]:
    heads = [
        {
            "name": name, "more": "", "full": name, "now": place == len(names) - 1, "refused": "",
            "open": f"link-{place}", "drop": f"address-{place}", "model": "",
        }
        for place, name in enumerate(names)
    ]  # fmt: skip
    heads[0] |= first
    cells = [
        {"text": f"{place} s", "share": 0.5, "best": not place, "note": MARKED} for place in range(len(names))
    ]
    words = [{"text": MARKED, "words": True} for _ in names]
    return {
        "colors": {"bar": "#123456", "good": "#14713F", "bad": "#B3261E"},
        "columns": heads,
        "inputs": [{"label": MARKED, "cells": words}],
        "outcomes": [{"label": "Delay", "inner": False, "cells": cells}],
    }


@pytest.fixture
def page(playwright: Playwright) -> Iterator[Page]:
    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    page, errors = browser.new_page(viewport={"width": 390, "height": 844}), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.evaluate(MOUNT, [kept_columns.HTML, kept_columns.CSS, kept_columns.SCRIPT])
    yield page
    browser.close()
    assert errors == []


def test_buttons_open_and_drop_by_key_and_keep_the_focus(page: Page) -> None:
    page.evaluate("data => draw(data)", table(["first", "second"]))
    page.get_by_role("button", name="Open: second").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.evaluate("given") == [
        {"path": "", "kind": "go", "link": "link-1"},
        {"path": "", "kind": "drop", "value": "address-1"},
    ]
    page.evaluate("data => draw(data)", table(["renamed", "second"]))
    assert page.evaluate("document.querySelector('div').shadowRoot.activeElement.dataset.action") == "drop 1"


def test_a_column_without_link_or_address_has_no_such_button(page: Page) -> None:
    page.evaluate("data => draw(data)", table(["first", "second"], open="", drop="", refused=MARKED))
    assert page.get_by_role("button").all_inner_texts() == ["Open", "Drop"]
    assert page.locator(".refused").inner_text() == MARKED


def test_names_are_text_and_nothing_of_them_is_made(page: Page) -> None:
    page.evaluate("data => draw(data)", table([MARKED, MARKED], more=MARKED))
    page.wait_for_timeout(100)
    assert page.evaluate("window.broken") is None
    assert page.locator("table img, td b").count() == 0
    assert page.locator("thead b").first.inner_text() == MARKED
    assert page.get_by_role("columnheader").count() == 2


def test_on_a_phone_the_first_column_stays_while_the_others_move(page: Page) -> None:
    page.evaluate("data => draw(data)", table([f"question {place}" for place in range(7)]))
    scroller, label = (
        page.get_by_role("region", name="Questions side by side"),
        page.get_by_role("rowheader").last,
    )
    assert scroller.evaluate("one => one.scrollWidth > 2 * one.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    before = label.bounding_box()
    scroller.focus()
    page.keyboard.press("End")
    scroller.evaluate("one => { one.scrollLeft = one.scrollWidth }")
    assert label.bounding_box() == before
    assert page.get_by_role("columnheader").last.bounding_box()["x"] < 390


@pytest.mark.parametrize("theme", PALETTES)
def test_words_of_change_can_be_read_in_both_themes(theme: str) -> None:
    palette = PALETTES[theme]
    for color in (palette.good, palette.bad):
        assert contrast_ratio(color, palette.background) >= 4.5
        assert contrast_ratio(color, palette.surface) >= 4.5
