"""Connections that say nothing are closed, others are served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
import uvicorn

from cutwise_dashboard.serving import patient_protocol, serving_bounds
from cutwise_dashboard.serving.page_server import _uvicorn_config
from cutwise_dashboard.serving.patient_protocol import PatientProtocol
from cutwise_dashboard.serving.seldom_log import SELDOM
from tests.dashboard.serving.knocking import finished, inner

WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


def talked(*talks: Talk) -> list[bytes]:
    """What each of several connections is told, all to one server."""

    async def all_of_them() -> list[bytes]:
        config = _uvicorn_config(inner)
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

    return finished(all_of_them())


async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(WHOLE)
    return await reader.readuntil(b"\r\n0\r\n\r\n")


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:  # cut while something was on its way
        return b""


async def whole_or_refused(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(WHOLE)
    return await nothing(reader, writer)


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


def test_one_connection_too_many_is_told_so_and_the_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving_bounds, "CONNECTIONS_A_PAGE", 1)
    monkeypatch.setattr(patient_protocol, "most", lambda name: 1)

    first, second, third = talked(whole, nothing, whole_or_refused)
    assert first.startswith(b"HTTP/1.1 200")
    for one in (second, third):
        assert one.startswith(b"HTTP/1.1 503")
        assert b"\r\nx-content-type-options: nosniff\r\n" in one
        assert b"try again in a minute." in one


def test_uvicorns_own_bound_which_has_no_words_is_never_met() -> None:
    assert _uvicorn_config(inner).limit_concurrency is None


def head_of(size: int) -> bytes:
    """A request whose line and headers have so many bytes, with the empty line that ends them."""
    start, end = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"\r\n\r\n"
    return start + b"x" * (size - len(start) - len(end)) + end


async def large(size: int, piece: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    head = head_of(size)
    try:
        for at in range(0, size, piece):
            writer.write(head[at : at + piece])
            await asyncio.sleep(0)
        return await reader.read(2000)
    except ConnectionError:  # it was closed while more was on its way
        return b""


@pytest.mark.parametrize("piece", [10**6, 5000, 999])
def test_a_head_has_as_many_bytes_as_is_said_however_it_comes(piece: int) -> None:
    most = serving_bounds.HEAD_BYTES
    sizes = (most, most + 2, 40_000, 70_000, 300_000)
    told = talked(*(partial(large, size, piece) for size in sizes))
    assert told[0].startswith(b"HTTP/1.1 200")
    assert all(one == b"" or one.startswith(b"HTTP/1.1 400") for one in told[1:])
    assert piece < sizes[-1] or b"at most 32,768 bytes" in told[1]


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"GARBAGE\r\n\r\n")
    return await reader.read()


async def request_after_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(WHOLE * 3)
    return b"".join([await reader.readuntil(b"\r\n0\r\n\r\n") for _ in range(3)])


def test_requests_that_come_together_are_all_answered() -> None:
    (told,) = talked(request_after_request)
    assert told.count(b"HTTP/1.1 200") == 3


def test_what_is_no_request_is_told_so_under_our_headers_and_seldom_in_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    SELDOM.last_s.clear()
    told = talked(garbage, garbage, garbage)
    for one in told:
        head, _, body = one.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        for name in (b"content-security-policy", b"x-frame-options", b"x-content-type-options"):
            assert name in head
        assert body.count(b"\n") == 1
    assert capsys.readouterr().err.count("turned away with 400") == 1


def test_a_half_request_that_is_given_up_stands_in_the_log_a_silent_connection_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving_bounds, "HEAD_S", 0.1)
    SELDOM.last_s.clear()
    talked(nothing)
    assert capsys.readouterr().err == ""
    talked(half, half)
    assert capsys.readouterr().err.count("closed a connection: line and headers") == 1
