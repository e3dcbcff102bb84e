"""The page in a real browser: first useful view, and slider to redrawn figures."""

from __future__ import annotations

import statistics
import time

from playwright.sync_api import Page, sync_playwright

from tests.bench.served import PAUSE_MS, move, opened, served, settled
from tests.browser.conftest import FLAGS, chromium

MOVES = 25


def run() -> None:
    with served() as answering_s, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        began = time.perf_counter()
        opened(page)
        first_s = time.perf_counter() - began
        settled(page)
        figures, ends = _moves(page)
        browser.close()
    print(f"\nserver answers after {answering_s:.2f} s; first useful view {first_s:.2f} s after that")
    print(
        f"slider key to new headline figure: median {statistics.median(figures):.0f} ms, "
        f"largest {max(figures):.0f} ms; to the end of the run: median {statistics.median(ends):.0f} ms "
        f"({MOVES} moves, ResNet-18, five devices)"
    )


def _moves(page: Page) -> tuple[list[float], list[float]]:
    page.get_by_role("slider", name="Uplink").focus()
    figures, ends = [], []
    for number in range(MOVES):
        figure, end = move(page, "ArrowLeft" if number < MOVES / 2 else "ArrowRight")
        figures.append(figure)
        ends.append(end)
        page.wait_for_timeout(PAUSE_MS)
    return figures, ends
