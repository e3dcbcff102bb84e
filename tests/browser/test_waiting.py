"""While one answer takes long, a newer edit and another session are answered, and it can be given up."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.browser.conftest import FLAGS, chromium
from tests.browser.serving import wait_for

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


@pytest.fixture
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-m", "streamlit", "run", "tests/browser/waiting_page.py", "--server.port", str(port)]
    server = subprocess.Popen(
        [sys.executable, *words, "--server.headless", "true", "--server.address", "127.0.0.1"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.get_by_text("answer 0").wait_for(timeout=60_000)
    return page


@pytest.mark.browser
def test_a_long_answer_holds_up_neither_a_newer_edit_nor_another_session(
    playwright: Playwright, address: str
) -> None:
    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    page = opened(browser.new_page(), address)
    more, fewer = page.get_by_test_id("stNumberInputStepUp"), page.get_by_test_id("stNumberInputStepDown")
    more.click()
    cancel = page.get_by_role("button", name="Cancel")
    cancel.wait_for()
    assert page.get_by_text("strip 1").is_visible()
    opened(browser.new_page(), address)
    more.click()
    page.get_by_text("answer 2").wait_for()
    fewer.click()
    cancel.click()
    page.get_by_text("The plan was cancelled").wait_for()
    page.get_by_role("button", name="Ask again").click()
    cancel.wait_for()
    browser.close()
