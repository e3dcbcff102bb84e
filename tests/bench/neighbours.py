"""How fast a session answers while another one uploads what must be refused, beside the same session alone.

Each user's browser works on a machine of its own in life; here all share the cores with the server. So two
times are taken. The server's answer is timed for a session without a browser, which sends what a browser sent
for a moved slider, until the new figure has come. The same move is timed in a browser too, until it shows the
figure: an upper bound. The uploader is a browser of the lowest priority in both.
"""

from __future__ import annotations

import base64
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from websockets.sync.client import ClientConnection, connect

from tests.bench.served import ADDRESS, PAUSE_MS, headline, move, opened, served, settled
from tests.browser.bad_files import HEAVY
from tests.browser.conftest import FLAGS, IDLE, chromium

MOVES = 10
GOAL_MS = 300
KEYS = ("ArrowLeft", "ArrowRight")


def run() -> None:
    with served(), sync_playwright() as playwright, TemporaryDirectory() as folder:
        neighbour = opened(_browser(playwright, _humble_chromium(Path(folder))).new_page())
        browser = _browser(playwright, chromium())
        page = browser.new_page()
        sent = _listened(page)
        settled(opened(page))
        slider = page.get_by_role("slider", name="Uplink")
        slider.focus()
        words = _recorded(page, sent)
        print("\nbrowser shows the new figure", flush=True)
        _timed(neighbour, lambda number: move(page, KEYS[number % 2])[0], slider.focus)
        browser.close()
        print("\nserver has answered with it, no browser but the uploader's", flush=True)
        with closing(_joined(sent["handshake"], sent["first"])) as wire:
            _timed(neighbour, lambda number: _asked(wire, *words[number % 2]), lambda: None)


def _timed(neighbour: Page, timed: Callable[[int], float], ready: Callable[[], None]) -> None:
    """Prints milliseconds of moves alone and beside every hostile file, and how long each is read."""
    ready()
    _print("alone", list(_moves(timed, neighbour, lambda number: number >= 2 * MOVES)))
    every: list[float] = []
    for name, content in HEAVY.items():
        times, refused_s = _beside(neighbour, timed, ready, name, content())
        _print(name, times, f"refused after {refused_s:.1f} s")
        every += times
    _print("all files", every)


def _moves(timed: Callable[[int], float], clock: Page, ended: Callable[[int], bool]) -> Iterator[float]:
    number = 0
    while not ended(number):
        yield timed(number)
        clock.wait_for_timeout(PAUSE_MS)
        number += 1


def _beside(
    neighbour: Page, timed: Callable[[int], float], ready: Callable[[], None], name: str, content: bytes
) -> tuple[list[float], float]:
    """Milliseconds of moves while the neighbour has the file refused, and the median seconds of a refusal."""
    times: list[float] = []
    refused_s: list[float] = []
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        while len(times) < MOVES:
            upload = _uploader(neighbour)
            ready()
            began = time.perf_counter()
            upload.set_input_files(file)
            times += _moves(timed, neighbour, lambda number: neighbour.get_by_role("alert").count() > 0)
            refused_s.append(time.perf_counter() - began)
    return times, statistics.median(refused_s)


def _uploader(neighbour: Page) -> Any:
    neighbour.reload()
    neighbour.wait_for_function(IDLE)
    neighbour.get_by_text("Your own model").click()
    upload = neighbour.locator('input[type="file"]').first
    upload.wait_for(state="attached")
    settled(neighbour)
    return upload


def _browser(playwright: Playwright, command: str) -> Browser:
    return playwright.chromium.launch(executable_path=command, args=FLAGS)


def _humble_chromium(folder: Path) -> str:
    """The browser at the lowest priority, as a command."""
    script = folder / "chromium"
    script.write_text(f'#!/bin/sh\nexec nice -n 19 {chromium()} "$@"\n')
    script.chmod(0o755)
    return str(script)


def _listened(page: Page) -> dict[str, Any]:
    """What the page sends from now on: the handshake's headers, the first frame and the latest one."""
    sent: dict[str, Any] = {}

    def note(frame: dict[str, Any]) -> None:
        sent["latest"] = base64.b64decode(frame["response"]["payloadData"])
        sent.setdefault("first", sent["latest"])

    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.on("Network.webSocketFrameSent", note)
    tools.on(
        "Network.webSocketWillSendHandshakeRequest",
        lambda request: sent.setdefault("handshake", request["request"]["headers"]),
    )
    sent["tools"] = tools
    return sent


def _recorded(page: Page, sent: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """For a step back and forth of the slider: what the browser sends, and the figure that answers it."""
    found = []
    for key in KEYS:
        move(page, key)
        settled(page)
        found.append((sent["latest"], headline(page).encode()))
    sent["tools"].detach()
    return found


def _joined(handshake: Mapping[str, str], first: bytes) -> ClientConnection:
    """A session of its own, opened as the browser opened it, after its first run."""
    wire = connect(
        ADDRESS.replace("http", "ws") + "/_stcore/stream",
        subprotocols=[word.strip() for word in handshake["Sec-WebSocket-Protocol"].split(",")],
        additional_headers={"Cookie": handshake["Cookie"]},
        max_size=None,
    )
    wire.send(first)
    _drained(wire, pause_s=2.0)
    return wire


def _asked(wire: ClientConnection, message: bytes, figure: bytes) -> float:
    """Milliseconds until the figure has come that answers a message."""
    began = time.perf_counter()
    wire.send(message)
    while figure not in wire.recv(timeout=30):
        pass
    answered_ms = 1e3 * (time.perf_counter() - began)
    _drained(wire, pause_s=0.1)
    return answered_ms


def _drained(wire: ClientConnection, *, pause_s: float) -> None:
    with suppress(TimeoutError):
        while True:
            wire.recv(timeout=pause_s)


def _print(name: str, times_ms: list[float], rest: str = "") -> None:
    under = sum(time_ms < GOAL_MS for time_ms in times_ms)
    middle, largest = statistics.median(times_ms), max(times_ms)
    told = f"median {middle:3.0f} ms, largest {largest:3.0f}, {under} of {len(times_ms)} under {GOAL_MS}"
    print(f"  {name:14} {told:48} {rest}", flush=True)
