"""How fast a session answers while another one uploads what must be refused, beside the same session alone.

Two times are taken of each move of a slider: until the server's answer with the new figure has arrived, and
until the browser shows it. Each user's browser works on a machine of its own in life; here both share the
cores with the server, so the neighbour's has the lowest priority, and the second time is an upper bound.
"""

from __future__ import annotations

import base64
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.served import PAUSE_MS, headline, move, opened, served, settled
from tests.browser.bad_files import HEAVY
from tests.browser.conftest import FLAGS, IDLE, chromium

MOVES = 20
GOAL_MS = 300


@dataclass
class Session:
    """A page whose moves are timed, with what its network process has seen of the page's socket."""

    page: Page
    sent_s: list[float] = field(default_factory=list)
    received: list[tuple[float, str]] = field(default_factory=list)
    answers_ms: list[float] = field(default_factory=list)
    figures_ms: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        wire = self.page.context.new_cdp_session(self.page)
        wire.send("Network.enable")
        wire.on("Network.webSocketFrameSent", lambda frame: self.sent_s.append(frame["timestamp"]))
        wire.on("Network.webSocketFrameReceived", self._note)

    def _note(self, frame: dict[str, Any]) -> None:
        self.received.append((frame["timestamp"], frame["response"]["payloadData"]))

    def move(self) -> None:
        self.sent_s.clear()
        self.received.clear()
        keys = ("ArrowLeft", "ArrowRight")
        self.figures_ms.append(move(self.page, keys[len(self.figures_ms) % 2])[0])
        shown = headline(self.page).encode()
        answered_s = next(at for at, payload in self.received if shown in base64.b64decode(payload))
        self.answers_ms.append(1e3 * (answered_s - self.sent_s[0]))
        self.page.wait_for_timeout(PAUSE_MS)

    def taken(self) -> tuple[list[float], list[float]]:
        """The times of the moves so far, which are forgotten."""
        times = self.answers_ms, self.figures_ms
        self.answers_ms, self.figures_ms = [], []
        return times


def run() -> None:
    with served(), sync_playwright() as playwright, TemporaryDirectory() as folder:
        session = Session(opened(_browser(playwright, chromium()).new_page()))
        settled(session.page)
        session.page.get_by_role("slider", name="Uplink").focus()
        for _ in range(MOVES):
            session.move()
        print(f"\n{'':14} {'server has answered':42} browser shows it")
        _print("alone", *session.taken())
        neighbour = opened(_browser(playwright, _humble_chromium(Path(folder))).new_page())
        every: tuple[list[float], list[float]] = [], []
        for name, content in HEAVY.items():
            refused_s = _beside(neighbour, session, name, content)
            times = session.taken()
            every = every[0] + times[0], every[1] + times[1]
            _print(name, *times, f"refused after {refused_s:.1f} s")
        _print("all files", *every)


def _browser(playwright: Any, command: str) -> Browser:
    browser: Browser = playwright.chromium.launch(executable_path=command, args=FLAGS)
    return browser


def _humble_chromium(folder: Path) -> str:
    """The browser at the lowest priority, as a command."""
    script = folder / "chromium"
    script.write_text(f'#!/bin/sh\nexec nice -n 19 {chromium()} "$@"\n')
    script.chmod(0o755)
    return str(script)


def _beside(neighbour: Page, session: Session, name: str, content: Callable[[], bytes]) -> float:
    """Moves the session's slider while the neighbour has the file refused; median seconds of a refusal."""
    refused_s: list[float] = []
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content())
        while len(session.figures_ms) < MOVES:
            refused_s.append(_refused(neighbour, session, file))
    return statistics.median(refused_s)


def _refused(neighbour: Page, session: Session, file: Path) -> float:
    neighbour.reload()
    neighbour.wait_for_function(IDLE)
    neighbour.get_by_text("Your own model").click()
    upload = neighbour.locator('input[type="file"]').first
    upload.wait_for(state="attached")
    settled(session.page)
    session.page.get_by_role("slider", name="Uplink").focus()
    began = time.perf_counter()
    upload.set_input_files(file)
    while not neighbour.get_by_role("alert").count():
        session.move()
    return time.perf_counter() - began


def _print(name: str, answers_ms: list[float], figures_ms: list[float], rest: str = "") -> None:
    print(f"{name:14} {_told(answers_ms):42} {_told(figures_ms)}  {rest}")


def _told(times_ms: list[float]) -> str:
    under = sum(time_ms < GOAL_MS for time_ms in times_ms)
    middle, largest = statistics.median(times_ms), max(times_ms)
    return f"{middle:3.0f} ms, at most {largest:3.0f}, {under} of {len(times_ms)} < {GOAL_MS}"
