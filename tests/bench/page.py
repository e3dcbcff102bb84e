"""The page in a real browser: first useful view, and slider to redrawn figures."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS, IDLE, chromium

ROOT = Path(__file__).parents[2]
PORT = 8731
MOVES = 25
CHANGED = """(before) => {
  const value = document.querySelector('[data-testid="stMetricValue"]')
  return value && value.innerText !== before
}"""


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
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
    print(f"\nserver answers after {answering_s:.2f} s; first useful view {first_s:.2f} s after that")
    print(
        f"slider key to new headline figure: median {statistics.median(figures):.0f} ms, "
        f"largest {max(figures):.0f} ms; to the end of the run: median {statistics.median(settled):.0f} ms "
        f"({MOVES} moves, ResNet-18, five devices)"
    )


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
    slider = page.get_by_role("slider", name="Uplink")
    slider.focus()
    figures, settled = [], []
    for move in range(MOVES):
        before = page.get_by_test_id("stMetricValue").first.inner_text()
        began = time.perf_counter()
        page.keyboard.press("ArrowLeft" if move < MOVES / 2 else "ArrowRight")
        page.wait_for_function(CHANGED, arg=before, polling="raf")
        figures.append(1e3 * (time.perf_counter() - began))
        page.wait_for_function(IDLE, polling="raf")
        settled.append(1e3 * (time.perf_counter() - began))
        page.wait_for_timeout(250)
    return figures, settled
