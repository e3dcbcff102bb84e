"""The page in a real browser: first useful view, and slider to redrawn figures, beside an earlier page."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from cutwise.scenario.parties import Device
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.stores.link_store import address_of
from tests.bench.served import PAUSE_MS, move, opened, served, settled, with_slider
from tests.browser.conftest import FLAGS, chromium
from tests.browser.serving import wait_for

MOVES = 25
EARLIER, EARLIER_PORT = "ed723ac", 8732
"""The commit whose page was measured before this one was built, where the slider stood in a sidebar."""
EARLIER_FIGURE, EARLIER_SLIDER = '[data-testid="stMetricValue"]', 'input[aria-label="Uplink"]'
ROOT = Path(__file__).parents[2]


def run() -> None:
    with served() as answering_s, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        began = time.perf_counter()
        opened(page)
        first_s = time.perf_counter() - began
        print(f"\nserver answers after {answering_s:.2f} s; first useful view {first_s:.2f} s after that")
        with_slider(page)
        settled(page)
        with _earlier(browser) as earlier:
            _by_turns(page, earlier)
        fleet = with_slider(opened(browser.new_page(), f"?q={address_of(fleet_of(300))}"))
        settled(fleet)
        print(_told("300 devices", [move(fleet, by) for by in _steps(9)]))
        browser.close()


def _by_turns(page: Page, earlier: Page | None) -> None:
    """Each page moved in its turn, so that both meet the same machine."""
    here, before = [], []
    for by in _steps(MOVES):
        page.bring_to_front()
        here.append(move(page, by))
        page.wait_for_timeout(PAUSE_MS)
        if earlier:
            earlier.bring_to_front()
            before.append(move(earlier, by, figure=EARLIER_FIGURE, slider=EARLIER_SLIDER))
            earlier.wait_for_timeout(PAUSE_MS)
    print(_told("ResNet-18, five devices", here))
    if earlier:
        ratio = statistics.median(f for f, _ in here) / statistics.median(f for f, _ in before)
        print(f"{_told(f'page of {EARLIER}', before)}\nratio of the medians to a new figure: {ratio:.2f}")


def _steps(moves: int) -> list[int]:
    return [2 if number < moves / 2 else -2 for number in range(moves)]


def _told(what: str, moved: list[tuple[float, float]]) -> str:
    figures, ends = zip(*moved, strict=True)
    return (
        f"{what}: slider to new headline figure: median {statistics.median(figures):.0f} ms, "
        f"largest {max(figures):.0f} ms; to the end of the run: median {statistics.median(ends):.0f} ms"
    )


def fleet_of(count: int) -> StatedQuestion:
    """The first question with so many unlike devices."""
    draw = random.Random(1)
    first = StatedQuestion()
    devices = tuple(
        Device(
            name=f"device-{number:03d}",
            flops_per_s=float(f"{draw.uniform(1e10, 1e12):.3g}"),
            memory_bytes=float(f"{draw.uniform(2e9, 16e9):.3g}"),
            samples=draw.randrange(100, 5000),
        )
        for number in range(count)
    )
    return replace(first, scenario=replace(first.scenario, devices=devices))


@contextmanager
def _earlier(browser: Browser) -> Iterator[Page | None]:
    """The earlier page from the repository's history, with today's packages; None without that history."""
    packed = subprocess.run(["git", "archive", EARLIER], cwd=ROOT, capture_output=True)
    if packed.returncode:
        print(f"commit {EARLIER} is not here: no earlier page to compare with")
        yield None
        return
    with TemporaryDirectory() as folder:
        subprocess.run(["tar", "x", "-C", folder], input=packed.stdout, check=True)
        words = ["-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(EARLIER_PORT)]
        server = subprocess.Popen(
            [sys.executable, *words, "--server.headless", "true"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = f"http://127.0.0.1:{EARLIER_PORT}"
            wait_for(f"{address}/_stcore/health")
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            page.locator(EARLIER_FIGURE).first.wait_for(timeout=60_000)
            settled(page)
            yield page
        finally:
            server.terminate()
            server.wait(10)
