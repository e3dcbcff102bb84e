"""The gate of load itself, in small: sessions are driven, their figures compared, what is left is counted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator

import pytest

from cutwise.importers import load_bytes
from tests.browser.bad_files import cyclic_onnx
from tests.load.measured import MemorySamples, percentile_ms
from tests.load.people import Seen, huge_graph, move_sliders, opened, uploaded
from tests.load.truth import Truth
from tests.load.watched_server import WatchedServer, left_behind, watched_server


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

    asyncio.run(scene())
    assert not seen.errors
    assert len({answer.question for answer in seen.answers}) >= 3
    assert all(map(truth.is_shown, seen.answers))


def test_a_bad_file_is_refused_in_a_sentence_and_leaves_nothing(server: WatchedServer) -> None:
    before = server.files()
    answer, _ = asyncio.run(uploaded(server.address, "cycle.onnx", cyclic_onnx()))
    assert "cycle.onnx" in answer.said
    assert not left_behind(server, before)


def test_a_large_file_is_planned_and_leaves_the_servers_memory(server: WatchedServer) -> None:
    content = huge_graph(30).ljust(24_000_000)
    truth = Truth({hashlib.sha256(content).hexdigest(): load_bytes("padded.json", content)})
    before = server.memory_bytes()
    answer, _ = asyncio.run(uploaded(server.address, "padded.json", content))
    assert answer.figures
    assert truth.is_shown(answer)
    assert server.memory_bytes() - before < len(content) / 2


def test_percentiles_and_slopes_are_those_worked_out_by_hand() -> None:
    assert percentile_ms([0.004, 0.001, 0.003, 0.002], 50) == 2
    assert percentile_ms([0.004, 0.001, 0.003, 0.002], 95) == 4
    samples = MemorySamples(seconds=[0.0, 30.0, 60.0], sizes=[100.0, 150.0, 200.0])
    assert samples.slope_bytes_per_minute() == pytest.approx(100)
