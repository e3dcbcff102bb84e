"""The page in a real browser: first useful view, slider to redrawn figures, and with a hostile neighbour.

The neighbour's browser would run on another machine: here it has a process and a low priority of its own,
so that what is timed is what the server and the timed browser do.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from playwright.sync_api import Page, sync_playwright

from tests.browser.bad_files import HEAVY
from tests.browser.conftest import CHANGED, FLAGS, IDLE, chromium

ROOT = Path(__file__).parents[2]
PORT = 8731
MOVES = 25
PAUSE_MS = 250
MOVES_BESIDE = 12


def run() -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(PORT),
         "--server.headless", "true"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        answering_s = _answering()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 1000})
            began = time.perf_counter()
            page.goto(f"http://127.0.0.1:{PORT}")
            page.get_by_text("Certified optimal").wait_for(timeout=60_000)
            page.locator("canvas").first.wait_for()
            first_s = time.perf_counter() - began
            page.wait_for_function(IDLE)
            page.wait_for_timeout(1000)
            figures, settled = _moves(page)
            elsewhere = playwright.chromium.launch(executable_path=_humble_chromium(), args=FLAGS)
            neighbour = elsewhere.new_page()
            neighbour.goto(f"http://127.0.0.1:{PORT}")
            neighbour.wait_for_function(IDLE)
            hostile = {name: _beside(neighbour, page, name, content()) for name, content in HEAVY.items()}
            browser.close()
            elsewhere.close()
    finally:
        server.terminate()
        server.wait(10)
    print(f"\nserver answers after {answering_s:.2f} s; first useful view {first_s:.2f} s after that")
    print(
        f"slider key to new headline figure: median {statistics.median(figures):.0f} ms, "
        f"largest {max(figures):.0f} ms; to the end of the run: median {statistics.median(settled):.0f} ms "
        f"({MOVES} moves, ResNet-18, five devices)"
    )
    print("\nslider key to new headline figure while another session's upload is read")
    for name, (answered, refused_s) in hostile.items():
        slow = sum(time_ms > 300 for time_ms in answered)
        times = f"median {statistics.median(answered):4.0f} ms, largest {max(answered):4.0f} ms"
        print(f"  {name:14} {times}, {slow} of {len(answered)} above 300 ms; refused after {refused_s:.1f} s")


def _answering() -> float:
    began = time.perf_counter()
    while time.perf_counter() - began < 60:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_stcore/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    return time.perf_counter() - began


def _moves(page: Page) -> tuple[list[float], list[float]]:
    """Milliseconds from a key on the uplink slider to a changed figure, and to the end of the run."""
    page.get_by_role("slider", name="Uplink").focus()
    figures, settled = [], []
    for move in range(MOVES):
        figure, end = _move(page, "ArrowLeft" if move < MOVES / 2 else "ArrowRight")
        figures.append(figure)
        settled.append(end)
        page.wait_for_timeout(PAUSE_MS)
    return figures, settled


def _move(page: Page, key: str) -> tuple[float, float]:
    before = page.get_by_test_id("stMetricValue").first.inner_text()
    began = time.perf_counter()
    page.keyboard.press(key)
    page.wait_for_function(CHANGED, arg=before, polling="raf")
    figure = 1e3 * (time.perf_counter() - began)
    page.wait_for_function(IDLE, polling="raf")
    return figure, 1e3 * (time.perf_counter() - began)


def _humble_chromium() -> str:
    """The browser at the lowest priority, as a command."""
    script = Path(mkdtemp()) / "chromium"
    script.write_text(f'#!/bin/sh\nexec nice -n 19 {chromium()} "$@"\n')
    script.chmod(0o755)
    return str(script)


def _beside(neighbour: Page, page: Page, name: str, content: bytes) -> tuple[list[float], float]:
    """Milliseconds of moves on `page` while `neighbour` has files refused, and the seconds a file takes."""
    answered: list[float] = []
    refused_s: list[float] = []
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        while len(answered) < MOVES_BESIDE:
            refused_s.append(_refused(neighbour, page, file, answered))
    return answered, statistics.median(refused_s)


def _refused(neighbour: Page, page: Page, file: Path, answered: list[float]) -> float:
    """Seconds until `neighbour` says why `file` is refused; moves on `page` meanwhile are added."""
    neighbour.reload()
    neighbour.wait_for_function(IDLE)
    neighbour.get_by_text("Your own model").click()
    page.wait_for_timeout(1000)
    page.get_by_role("slider", name="Uplink").focus()
    began = time.perf_counter()
    neighbour.locator('input[type="file"]').first.set_input_files(file)
    while not neighbour.get_by_role("alert").count():
        answered.append(_move(page, ("ArrowLeft", "ArrowRight")[len(answered) % 2])[0])
        page.wait_for_timeout(PAUSE_MS)
    return time.perf_counter() - began
