"""The gate of load itself, in small: sessions are driven, their figures compared, what is left is counted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cutwise.importers import load_bytes
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
from tests.browser.bad_files import cyclic_onnx
from tests.dashboard.serving.knocking import finished
from tests.load.driven_session import DrivenSession
from tests.load.measured import MemorySamples, percentile_ms
from tests.load.people import Seen, huge_graph, move_sliders, opened, path_of, uploaded
from tests.load.truth import Truth
from tests.load.watched_server import WatchedServer, left_behind, watched_server

BEGUN, PATIENCE_S = ": for", 60


@pytest.fixture(scope="module")
def server() -> Iterator[WatchedServer]:
    with watched_server() as started:
        yield started


def test_two_sessions_show_the_librarys_figures_and_nothing_else(server: WatchedServer) -> None:
    seen, truth = Seen(), Truth()

    async def scene() -> None:
        tabs = await opened(server.address, seen, 2)
        await move_sliders(tabs, seen, 1.5, think_s=0.1)
        for tab in tabs:
            await tab.close()

    finished(scene())
    assert not seen.errors
    assert len({answer.question for answer in seen.answers}) >= 3
    assert all(map(truth.is_shown, seen.answers))


def test_a_bad_file_is_refused_in_a_sentence_and_leaves_nothing(server: WatchedServer) -> None:
    before = server.files()
    answer, _ = finished(uploaded(server.address, "cycle.onnx", cyclic_onnx()))
    assert "cycle.onnx" in answer.said
    assert not left_behind(server, before)


def test_a_large_file_is_planned_and_leaves_the_servers_memory(server: WatchedServer) -> None:
    content = huge_graph(30).ljust(24_000_000)
    truth = Truth({hashlib.sha256(content).hexdigest(): load_bytes("padded.json", content)})
    before = server.memory_bytes()
    answer, _ = finished(uploaded(server.address, "padded.json", content))
    assert answer.figures
    assert truth.is_shown(answer)
    assert server.memory_bytes() - before < len(content) / 2


def test_what_a_closed_tab_asked_for_is_worked_on_no_longer(
    server: WatchedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(server.folder / "store"))
    asked = StatedQuestion(model=ModelReference(sample="densenet121"), scheme="gsfl")
    devices = tuple(replace(asked.scenario.devices[0], name=f"d{number}") for number in range(2000))
    asked = replace(asked, scenario=replace(asked.scenario, devices=devices))

    async def scene() -> None:
        tab = DrivenSession(server.address, path_of(asked))
        opening = asyncio.create_task(tab.open())
        while BEGUN not in tab.waits_for:
            await asyncio.sleep(0.05)
        workers = server.children()
        opening.cancel()
        await tab.close()
        while workers <= server.children():
            await asyncio.sleep(0.05)

    finished(asyncio.wait_for(scene(), PATIENCE_S))


def test_percentiles_and_slopes_are_those_worked_out_by_hand() -> None:
    assert percentile_ms([0.004, 0.001, 0.003, 0.002], 50) == 2
    assert percentile_ms([0.004, 0.001, 0.003, 0.002], 95) == 4
    samples = MemorySamples(seconds=[0.0, 30.0, 60.0], sizes=[100.0, 150.0, 200.0])
    assert samples.slope_bytes_per_minute() == pytest.approx(100)
