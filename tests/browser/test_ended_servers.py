"""A server that is killed under an open page: it says so, and comes back with its question."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.stores.link_store import KEYED, address_of
from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
from tests.browser.conftest import PATIENCE_MS, App, NewApp
from tests.browser.hands import asked
from tests.browser.serving import started, wait_for

pytestmark = pytest.mark.browser
MANY = StatedQuestion(
    scenario=Scenario(
        devices=tuple(Device(name=f"d{n * n}", samples=100 + n * n * n % 997) for n in range(400))
    )
)
DAMAGED = (
    "",
    "{",
    "null",
    "7",
    '"links"',
    "[]",
    "{}",
    '{"links": 7, "at": 0}',
    '{"links": [1, 2], "at": "x"}',
)


def workers_of(server: subprocess.Popen[bytes]) -> list[Path]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [Path("/proc", child) for child in children]


def test_a_killed_server_is_told_takes_its_workers_along_and_the_page_comes_back_with_its_question(
    new_app: NewApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = new_app()
    app.address = f"http://127.0.0.1:{port}"
    app.errors = []
    address = address_of(MANY)
    assert address.startswith(KEYED)
    server = started(port, subprocess.DEVNULL)
    try:
        wait_for(f"{app.address}/_stcore/health")
        page = app.open(f"?q={address}")
        workers = workers_of(server)
        server.kill()
        server.wait()
        page.get_by_text("Connection error").wait_for(timeout=PATIENCE_MS)
        page.get_by_text("Cutwise does not answer: its server was ended").wait_for(timeout=PATIENCE_MS)
        assert "Streamlit" not in page.get_by_role("dialog").inner_text()
        server = started(port, subprocess.DEVNULL)
        page.get_by_text("Connection error").wait_for(state="hidden", timeout=PATIENCE_MS)
        app.idle()
        assert asked(app) == MANY
        assert page.get_by_test_id("stException").count() == 0
        deadline = time.monotonic() + 5
        while any(map(os.path.exists, workers)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(os.path.exists, workers))
    finally:
        server.kill()
        server.wait()


def test_what_is_damaged_in_the_browsers_store_costs_the_steps_and_not_the_question(app: App) -> None:
    page = app.open()
    before, link = asked(app), page.evaluate("window.cutwiseDesk.data.link")
    half = json.dumps({"links": [link, "1.damaged", 7, None], "at": 0})
    for text in (*DAMAGED, half):
        page.evaluate("text => sessionStorage.setItem('cutwise.trail', text)", text)
        page.reload()
        page.wait_for_function("() => window.cutwiseDesk?.data", timeout=PATIENCE_MS)
        app.idle()
        assert asked(app) == before, text
        assert page.get_by_test_id("stException").count() == 0, text
