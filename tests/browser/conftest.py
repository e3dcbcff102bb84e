"""One server a session and one offline Chromium a test, which fails on any outside request or page error."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright

from tests.browser.serving import serving

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
]
IDLE = """() => {
  const app = document.querySelector('[data-testid="stApp"]')
  return app && app.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"]')
}"""
CHANGED = """(before) => {
  const value = document.querySelector('[data-testid="stMetricValue"]')
  return value && value.innerText !== before
}"""


def chromium() -> str:
    """The browser of this machine; the suite needs one."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    assert found, "no Chromium: install Debian's package chromium, or name one in CHROMIUM=/path"
    return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        (tmp_path_factory.mktemp("server") / "log").open("w") as log,
        serving(port, log) as address,
    ):
        yield address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


class App:
    """A page of the dashboard and what it must not do."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._note_request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_request(self, request: object) -> None:
        inside = (self.address, self.address.replace("http", "ws"), "data:", "blob:", "about:")
        if not request.url.startswith(inside):
            self.outside.append(request.url)

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.address}/{path}")
        self.idle()
        return self.page

    def idle(self) -> None:
        """Waits until the script has run and the page has settled, twice: a busy machine starts late."""
        for _ in range(2):
            self.page.wait_for_timeout(250)
            self.page.wait_for_function(IDLE, timeout=60_000)

    def text(self) -> str:
        return self.page.locator('[data-testid="stMain"]').inner_text()


@pytest.fixture
def app(playwright: Playwright, server: str, tmp_path: Path) -> Iterator[App]:
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path / "profile"),
        executable_path=chromium(),
        args=FLAGS,
        viewport={"width": 1440, "height": 1000},
        reduced_motion="reduce",
    )
    opened = App(context.pages[0], server)
    yield opened
    context.close()
    assert not opened.outside, f"the page asked the network for {opened.outside[:3]}"
    assert not opened.errors, opened.errors[:3]
