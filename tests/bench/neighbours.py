"""How fast a session answers while another one uploads what must be refused, beside the same session alone.

Each user's browser works on a machine of its own in life; here all share the cores with the server, so what
is timed in the browser is an upper bound. The uploader is a browser of the lowest priority.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.bench.served import IDLE, PAUSE_MS, move, opened, served, settled, with_slider
from tests.browser.bad_files import HEAVY
from tests.browser.conftest import FLAGS, chromium

MOVES = 10
GOAL_MS = 300


def run() -> None:
    with served(), sync_playwright() as playwright, TemporaryDirectory() as folder:
        neighbour = opened(_browser(playwright, _humble_chromium(Path(folder))).new_page())
        browser = _browser(playwright, chromium())
        page = with_slider(opened(browser.new_page()))
        settled(page)
        print("\nbrowser shows the new figure", flush=True)
        _timed(neighbour, lambda number: move(page, 2 - 4 * (number % 2))[0])
        browser.close()


def _timed(neighbour: Page, timed: Callable[[int], float]) -> None:
    """Prints milliseconds of moves alone and beside every hostile file, and how long each is read."""
    _print("alone", list(_moves(timed, neighbour, lambda number: number >= 2 * MOVES)))
    every: list[float] = []
    for name, content in HEAVY.items():
        times, refused_s = _beside(neighbour, timed, name, content())
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
    neighbour: Page, timed: Callable[[int], float], name: str, content: bytes
) -> tuple[list[float], float]:
    """Milliseconds of moves while the neighbour has the file refused, and the median seconds of a refusal."""
    times: list[float] = []
    refused_s: list[float] = []
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        while len(times) < MOVES:
            upload = _uploader(neighbour)
            began = time.perf_counter()
            upload.set_input_files(file)
            times += _moves(timed, neighbour, lambda number: neighbour.get_by_role("alert").count() > 0)
            refused_s.append(time.perf_counter() - began)
    return times, statistics.median(refused_s)


def _uploader(neighbour: Page) -> Any:
    neighbour.reload()
    neighbour.wait_for_function(IDLE)
    neighbour.locator(".st-key-open button").click()
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


def _print(name: str, times_ms: list[float], rest: str = "") -> None:
    under = sum(time_ms < GOAL_MS for time_ms in times_ms)
    middle, largest = statistics.median(times_ms), max(times_ms)
    told = f"median {middle:3.0f} ms, largest {largest:3.0f}, {under} of {len(times_ms)} under {GOAL_MS}"
    print(f"  {name:14} {told:48} {rest}", flush=True)
