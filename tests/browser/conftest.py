"""One server and one offline Chromium a session; a test fails on any outside request or page error."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
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
CALM = """() => {
  const app = document.querySelector('[data-testid="stApp"]')
  const isCalm = app?.dataset.testScriptState === 'notRunning' && !window.cutwiseDesk?.queue.length
    && !document.querySelector('[data-testid="stSkeleton"]')
  window.calm = isCalm ? (window.calm ?? 0) + 1 : 0
  return window.calm >= 4
}"""
LOOK_MS = 60
PATIENCE_MS = 60_000


def chromium() -> str:
    """The browser of this machine; the suite needs one."""
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    assert found, "no Chromium: install Debian's package chromium, or name one in CHROMIUM=/path"
    return found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, and a store that it and the tests share."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patch, (folder / "log").open("w") as log:
        patch.setenv(FOLDER_VARIABLE, str(folder / "store"))
        with serving(port, log) as address:
            yield address


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield opened
    opened.close()


class App:
    """A page of the dashboard and what it must not do."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.refused: list[str] = []
        page.on("request", self._note_request)
        page.on("console", self._note_policy)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_request(self, request: object) -> None:
        inside = (self.address, self.address.replace("http", "ws"), "data:", "blob:", "about:", "file:")
        if not request.url.startswith(inside):
            self.outside.append(request.url)

    def _note_policy(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.refused.append(message.text)

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.address}/{path}")
        self.page.wait_for_function("() => window.cutwiseDesk?.data", timeout=PATIENCE_MS)
        self.idle()
        return self.page

    def idle(self) -> None:
        """Waits until the script has run, every command was taken and the page has settled."""
        self.page.wait_for_selector('[data-testid="stApp"]', timeout=PATIENCE_MS)
        self.page.evaluate("window.calm = 0")
        self.page.wait_for_function(CALM, timeout=PATIENCE_MS, polling=LOOK_MS)

    def text(self) -> str:
        return self.page.locator('[data-testid="stMain"]').inner_text()

    def checked(self) -> None:
        assert not self.outside, f"the page asked the network for {self.outside[:3]}"
        assert not self.errors, self.errors[:3]
        assert not self.refused, f"the page's own policy stops {self.refused[:3]}"


NewApp = Callable[..., App]


@pytest.fixture
def new_app(browser: Browser, server: str) -> Iterator[NewApp]:
    """Browsers of their own, as other people or other screens have them."""
    made: list[App] = []

    def new(*, width: int = 1440, height: int = 900, **more: object) -> App:
        context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **more
        )
        made.append(App(context.new_page(), server))
        return made[-1]

    yield new
    for app in made:
        app.page.context.close()
    for app in made:
        app.checked()


@pytest.fixture
def app(new_app: NewApp) -> App:
    return new_app()
