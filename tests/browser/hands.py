"""What a reader does with mouse and keys, and what the address then asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Locator

import cutwise
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.stores.link_store import stated_at
from tests.browser.conftest import App

DEEP = """selector => {
  const found = root => {
    for (const one of root.querySelectorAll("*")) {
      if (one.matches(selector)) return one
      const inner = one.shadowRoot && found(one.shadowRoot)
      if (inner) return inner
    }
  }
  return found(document)
}"""
"""The first element that a selector finds, in the roots of components too."""


def asked(app: App) -> StatedQuestion:
    """The question that the address carries."""
    return stated_at(parse_qs(urlparse(app.page.url).query)["q"][0]).question


def tray(app: App, group: str) -> Locator:
    """The tray of a chip, opened."""
    chip = app.page.locator(f".chip[data-group={group}]")
    if chip.get_attribute("aria-expanded") != "true":
        chip.click()
    return app.page.locator(".tray")


def entry(app: App, path: str) -> Locator:
    return app.page.locator(f'input.entry[data-path="{path}"]')


def typed(app: App, path: str, text: str, key: str = "Enter") -> None:
    """Replaces what stands in a field, key by key."""
    field = entry(app, path)
    field.click()
    field.press("Control+a")
    field.press("Delete")
    app.page.keyboard.type(text)
    field.press(key)
    app.idle()


def why(app: App, path: str) -> str:
    """What is said beside a field."""
    return app.page.locator(f'[data-field="{path}"] .why').inner_text()


def pressed(app: App, keys: str) -> None:
    app.page.keyboard.press(keys)
    app.idle()


def clicked(app: App, name: str) -> None:
    """A button of the strip: undo, redo, reset, keep."""
    app.page.locator(f".action.{name}").click()
    app.idle()


def turned(app: App, name: str) -> None:
    """To another page by the bar at the top."""
    app.page.get_by_test_id("stTopNavLink").filter(has_text=name).click()
    app.idle()


def step(app: App) -> tuple[int, int]:
    """The step of the history that is shown, and how many there are."""
    at, count = app.page.evaluate("window.cutwiseDesk.data.step").split("/")
    return int(at), int(count)


def first_round() -> str:
    """How long a round of the question that the page opens with takes, as the library plans it."""
    plan = cutwise.plan(cutwise.load_model("sample:resnet18"), shipped_scenario())
    return seconds_text(plan.delay_s)


def figures(app: App) -> str:
    """The figures of the plan that is shown, as written."""
    return app.page.locator(".cutwise-figures").inner_text()


def commanded(app: App, commands: list[dict[str, Any]], gaps_ms: list[int]) -> None:
    """Gives commands as components do, waiting so long after each."""
    app.page.evaluate(
        """async ([commands, gaps]) => {
          for (const [place, command] of commands.entries()) {
            window.cutwiseDesk.command(command)
            await new Promise(resolve => setTimeout(resolve, gaps[place]))
          }
        }""",
        [commands, gaps_ms],
    )


def opened_files(app: App, *paths: Path) -> None:
    """Opens files of the reader's by the button at the top."""
    app.page.locator(".st-key-open button").first.click()
    app.page.locator('input[type="file"]').first.set_input_files(list(paths))
    app.page.wait_for_timeout(300)
    app.idle()
    app.page.keyboard.press("Escape")
    app.idle()
