"""Connections that say nothing are closed, others are served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import uvicorn

from cutwise_dashboard.serving import serving_bounds
from cutwise_dashboard.serving.patient_protocol import PatientProtocol
from tests.dashboard.serving.knocking import inner

WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


def talked(*talks: Talk) -> list[bytes]:
    """What each of several connections is told, all to one server."""

    async def all_of_them() -> list[bytes]:
        config = uvicorn.Config(inner, http=PatientProtocol, lifespan="off", log_level="critical")
        config.load()
        state = uvicorn.server.ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: PatientProtocol(config, state, {}, loop), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        told = []
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in talks]
        for talk, (reader, writer) in zip(talks, opened, strict=True):
            told.append(await asyncio.wait_for(talk(reader, writer), 5))
        for _, writer in opened:
            writer.close()
        server.close()
        await asyncio.sleep(0.05)
        return told

    return asyncio.run(all_of_them())


async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(WHOLE)
    return await reader.readuntil(b"\r\n0\r\n\r\n")


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:  # cut while something was on its way
        return b""


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(WHOLE[:20])
    return await reader.read()


async def whole_then_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    await whole(reader, writer)
    return await half(reader, writer)


async def slowly_but_often(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    for letter in WHOLE[:20]:
        if reader.at_eof():
            break
        writer.write(bytes([letter]))
        await asyncio.sleep(0.02)
    return await nothing(reader, writer)


@pytest.mark.parametrize("talk", [nothing, half, whole_then_half, slowly_but_often])
def test_whoever_keeps_the_server_waiting_is_let_go(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_bounds, "HEAD_S", 0.1)
    assert talked(talk) == [b""]


def test_a_request_is_answered() -> None:
    (answer,) = talked(whole)
    assert answer.startswith(b"HTTP/1.1 200")


def test_one_connection_too_many_is_cut_and_the_others_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_bounds, "CONNECTIONS", 1)

    first, second = talked(whole, nothing)
    assert first.startswith(b"HTTP/1.1 200")
    assert second == b""
