"""ASGI layers that bound how many take part, how much they bring, and how long they may take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from cutwise.disk.written_files import NO_ROOM, why_not_written
from cutwise_dashboard.serving import serving_bounds as bounds
from cutwise_dashboard.serving.refusals import heard, refuse

FULL = f"{bounds.SESSIONS} people have this page open, as many as it serves at once; try again in a minute."
LATE = "Nothing arrived for too long; send it again."
BUSY = "Too many files are being sent at once; send this one again in a minute."
SESSION_FULL = "This page holds as many uploaded bytes as it may; reload it, and open the file again."
ALL_FULL = "The server holds as many uploaded bytes as it may; open the file again in a few minutes."
NO_PLACE = (
    "There is no place to receive this file ({}); whoever runs this server makes room on the disk of its "
    "temporary files."
)
FAULT = 500
SOON = {"retry_after": "60"}


def few_at_once(app: ASGIApp) -> ASGIApp:
    """So many open pages; whoever comes then is told so."""
    inside: set[int] = set()

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        full = len(inside) >= bounds.SESSIONS
        if scope["type"] == "websocket":
            if full:
                await heard(receive)
                await refuse(scope, send, 503, FULL, **SOON)
                return
            inside.add(id(scope))
            try:
                await app(scope, receive, send)
            finally:
                inside.discard(id(scope))
        elif full and _opens_a_page(scope):
            await refuse(scope, send, 503, FULL, **SOON)
        else:
            await app(scope, receive, send)

    return layer


def _opens_a_page(scope: Scope) -> bool:
    accepted = (value for name, value in scope.get("headers", ()) if name == b"accept")
    return scope["type"] == "http" and any(b"text/html" in value for value in accepted)


@dataclass(slots=True)
class UploadTurns:
    """Who may send a file now."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(bounds.UPLOADS_AT_ONCE))


def unhurried_but_bounded(app: ASGIApp) -> ASGIApp:
    """Files in turns and within bounds; nobody who takes or sends nothing is waited for."""
    turns = UploadTurns()

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["method"] == "PUT":
            await _upload(app, turns, scope, receive, send)
        else:
            await app(scope, receive, partial(_taken, send))

    return layer


async def _upload(app: ASGIApp, turns: UploadTurns, scope: Scope, receive: Receive, send: Send) -> None:
    if sentence := _no_room(scope["path"]):
        await refuse(scope, send, 413, sentence)
        return
    try:
        await asyncio.wait_for(turns.free.acquire(), bounds.UPLOAD_TURN_S)
    except TimeoutError:
        await refuse(scope, send, 503, BUSY, **SOON)
        return
    failed: list[Message] = []
    try:
        async with asyncio.timeout(bounds.UPLOAD_S):
            await app(scope, partial(_brought, receive), partial(_held_back, send, failed))
        for message in failed:
            await _taken(send, message)
    except TimeoutError:
        await refuse(scope, send, 408, LATE)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        await refuse(scope, send, 507, NO_PLACE.format(why_not_written(error)))
    except ClientDisconnect:
        pass  # nobody is there to be told
    finally:
        turns.free.release()


async def _brought(receive: Receive) -> Message:
    async with asyncio.timeout(bounds.STALL_S):
        return await receive()


async def _taken(send: Send, message: Message) -> None:
    async with asyncio.timeout(bounds.STALL_S):
        await send(message)


async def _held_back(send: Send, failed: list[Message], message: Message) -> None:
    """Sends an answer, but for that of a fault, which follows here and may be told better."""
    if failed or message.get("status", 0) >= FAULT:
        failed.append(message)
    else:
        await _taken(send, message)


def _no_room(path: str) -> str:
    """Why no further file is taken for the session in the path, empty where there is room."""
    kept = _kept()
    session = path.split("/")[3] if path.count("/") > 3 else ""
    own = kept.get(session, ())
    if sum(own) >= bounds.SESSION_UPLOAD_BYTES or len(own) >= bounds.SESSION_UPLOADS:
        return SESSION_FULL
    return ALL_FULL if sum(map(sum, kept.values())) >= bounds.ALL_UPLOAD_BYTES else ""


def _kept() -> dict[str, tuple[int, ...]]:
    """Session → the sizes of the files that are held for it."""
    if not runtime.exists():
        return {}
    manager = runtime.get_instance().uploaded_file_mgr
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    held = {session: list(files.values()) for session, files in list(manager.file_storage.items())}
    return {session: tuple(len(file.data) for file in files) for session, files in held.items()}
