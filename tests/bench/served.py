"""A dashboard server and what a browser shows of it, for the benches that time both."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from tests.browser.conftest import CHANGED, IDLE
from tests.browser.serving import serving

PORT = 8731
ADDRESS = f"http://127.0.0.1:{PORT}"
PAUSE_MS = 250


@contextmanager
def served() -> Iterator[float]:
    """A server at `ADDRESS`; gives the seconds until it answered."""
    began = time.perf_counter()
    with serving(PORT, subprocess.DEVNULL):
        yield time.perf_counter() - began


def opened(page: Page) -> Page:
    """`page` with the plan drawn."""
    page.goto(ADDRESS)
    page.get_by_text("Certified optimal").wait_for(timeout=60_000)
    page.locator("canvas").first.wait_for()
    return page


def settled(page: Page) -> None:
    """Waits until nothing runs or is drawn."""
    page.wait_for_function(IDLE)
    page.wait_for_timeout(1000)


def headline(page: Page) -> str:
    """The first figure of the plan."""
    return page.get_by_test_id("stMetricValue").first.inner_text()


def move(page: Page, key: str) -> tuple[float, float]:
    """Milliseconds from a key on the focused slider to a changed figure, and to the end of the run."""
    before = headline(page)
    began = time.perf_counter()
    page.keyboard.press(key)
    page.wait_for_function(CHANGED, arg=before, polling="raf")
    figure = 1e3 * (time.perf_counter() - began)
    page.wait_for_function(IDLE, polling="raf")
    return figure, 1e3 * (time.perf_counter() - began)
