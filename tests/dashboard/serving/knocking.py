"""Requests to an ASGI application without a network: what is asked, and what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
Application = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What an application answered; status 101 for a websocket that was let in."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""


def finished(talk: Coroutine[Any, Any, T]) -> T:
    """What comes of it, in a thread of its own: the browser's tests leave a loop that runs in this one."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, talk).result()


async def knock(
    app: Application,
    path: str = "/",
    *,
    method: str = "GET",
    websocket: bool = False,
    headers: Sequence[tuple[str, str]] = (("host", "localhost"),),
    incoming: Sequence[dict[str, Any]] = (),
    extensions: dict[str, Any] | None = None,
) -> Heard:
    """One request; what comes in by it is `incoming`, and nothing after that."""
    sent: list[dict[str, Any]] = []
    waiting = [*([{"type": "websocket.connect"}] if websocket else []), *incoming]
    scope = {
        "type": "websocket" if websocket else "http",
        "path": path,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "extensions": {"websocket.http.response": {}} if extensions is None else extensions,
    }
    if not websocket:
        scope["method"] = method

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        return await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return _heard(sent)


def _heard(sent: Sequence[dict[str, Any]]) -> Heard:
    if sent[0]["type"] == "websocket.accept":
        return Heard(101)
    if sent[0]["type"] == "websocket.close":
        return Heard(403)
    named = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Heard(sent[0]["status"], named, b"".join(m.get("body", b"") for m in sent[1:]).decode())


async def inner(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """What stands behind the door: answers everything."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        return
    headers = [(b"server", b"uvicorn"), (b"access-control-allow-origin", b"*"), (b"etag", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"let in"})
