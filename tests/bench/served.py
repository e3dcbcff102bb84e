"""A dashboard server and what a browser shows of it, for the benches that time both."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.browser.serving import serving

PORT = 8731
ADDRESS = f"http://127.0.0.1:{PORT}"
PAUSE_MS = 250
IDLE = """() => document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState === 'notRunning'"""
FIGURE, RANGE = ".cutwise-figure.first b", 'input[type=range][data-path="channel.uplink_bps"]'
MOVED = """async ([figure, range, by]) => {
  const found = (root, wanted) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches(wanted)) return element
      const inner = element.shadowRoot && found(element.shadowRoot, wanted)
      if (inner) return inner
    }
    return null
  }
  const frame = () => new Promise(requestAnimationFrame)
  const shown = () => found(document, figure)?.innerText
  const slider = found(document, range), before = shown(), began = performance.now()
  slider.value = Number(slider.value) + by
  slider.dispatchEvent(new Event('input', { bubbles: true }))
  slider.dispatchEvent(new Event('change', { bubbles: true }))
  while (shown() === before && performance.now() - began < 30000) await frame()
  const changed = performance.now() - began
  const app = document.querySelector('[data-testid="stApp"]')
  while (app.dataset.testScriptState !== 'notRunning') await frame()
  return [changed, performance.now() - began]
}"""
"""Moves a slider by some of its steps; milliseconds to a changed figure and to the end of the run."""


@contextmanager
def served() -> Iterator[float]:
    """A server at `ADDRESS`; gives the seconds until it answered."""
    began = time.perf_counter()
    with serving(PORT, subprocess.DEVNULL):
        yield time.perf_counter() - began


def opened(page: Page, path: str = "") -> Page:
    """`page` with the plan and its ruler drawn."""
    page.goto(f"{ADDRESS}/{path}")
    page.locator(FIGURE).wait_for(timeout=60_000)
    page.locator(".ruler svg").wait_for(timeout=60_000)
    return page


def settled(page: Page) -> None:
    """Waits until nothing runs or is drawn."""
    page.wait_for_function(IDLE)
    page.wait_for_timeout(1000)


def with_slider(page: Page) -> Page:
    """`page` with the tray open that holds the slider of the uplink."""
    page.locator(".chip[data-group=link]").click()
    page.locator(RANGE).wait_for()
    return page


def headline(page: Page) -> str:
    """The first figure of the plan."""
    return page.locator(FIGURE).inner_text()


def move(page: Page, by: int, *, figure: str = FIGURE, slider: str = RANGE) -> tuple[float, float]:
    """Milliseconds from a step of the slider to a changed figure, and to the end of the run."""
    changed, ended = page.evaluate(MOVED, [figure, slider, by])
    return changed, ended
