"""ASGI layers that bound how many take part, how much they bring, and how long they may take."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from cutwise.budgets import beyond, most
from cutwise.disk.written_files import NO_ROOM, why_not_written
from cutwise_dashboard.process_memory import given_bytes
from cutwise_dashboard.serving import serving_bounds as bounds
from cutwise_dashboard.serving.refusals import heard, refuse
from cutwise_dashboard.serving.seldom_log import SELDOM
from cutwise_dashboard.serving.upload_turns import Arriving, StalledError, UploadTurns

LATE = "Nothing arrived for too long; send it again."
BUSY = "Too many files are being sent at once; send this one again in a minute."
NO_PLACE = (
    "There is no place to receive this file ({}); whoever runs this server makes room on the disk of its "
    "temporary files."
)
FAULT = 500
TOO_MANY = "This page has been sent as many files as it may; reload it, and open the file again."
NOT_OPEN = "This page is not open any more; reload it, and open the file again."
NOT_TAKEN = f"an answer was not taken for {bounds.STALL_S} s, and is ended"
SOON = {"retry_after": "60"}


def few_at_once(app: ASGIApp) -> ASGIApp:
    """So many open pages; whoever comes then is told so."""
    inside: set[int] = set()

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        full = len(inside) >= most("open_pages")
        if scope["type"] == "websocket":
            if full:
                await heard(receive)
                await refuse(scope, send, 503, f"{beyond('open_pages')}.", **SOON)
                return
            inside.add(id(scope))
            try:
                await app(scope, receive, send)
            finally:
                inside.discard(id(scope))
        elif full and _opens_a_page(scope):
            await refuse(scope, send, 503, f"{beyond('open_pages')}.", **SOON)
        else:
            await app(scope, receive, send)

    return layer


def _opens_a_page(scope: Scope) -> bool:
    accepted = (value for name, value in scope.get("headers", ()) if name == b"accept")
    return scope["type"] == "http" and any(b"text/html" in value for value in accepted)


def unhurried_but_bounded(app: ASGIApp) -> ASGIApp:
    """Files in turns and within bounds; nobody who takes or sends nothing is waited for."""
    turns = UploadTurns()

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
        elif scope["method"] == "PUT":
            await _upload(app, turns, scope, receive, send)
        else:
            await _answer(app, scope, receive, send)

    return layer


async def _answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    stalled: list[str] = []
    try:
        await app(scope, receive, partial(_taken, send, stalled))
    except Exception:  # of whatever kind those between here and there have made of it
        if not stalled:
            raise


async def _upload(app: ASGIApp, turns: UploadTurns, scope: Scope, receive: Receive, send: Send) -> None:
    page = scope["path"].split("/")[3] if scope["path"].count("/") > 3 else ""
    if not _is_open(page):
        await refuse(scope, send, 400, NOT_OPEN)
        return
    if sentence := _no_room(page):
        await refuse(scope, send, 413, sentence)
        return
    async with AsyncExitStack() as turn:
        try:
            async with asyncio.timeout(bounds.UPLOAD_TURN_S):
                await turn.enter_async_context(turns.turn(page))
        except TimeoutError:
            await refuse(scope, send, 503, BUSY, **SOON)
            return
        await _brought(app, scope, receive, send)


async def _brought(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    failed: list[Message] = []
    try:
        async with asyncio.timeout(bounds.UPLOAD_S):
            await app(scope, Arriving(receive).take, partial(_held_back, send, failed))
        for message in failed:
            await _taken(send, [], message)
    except TimeoutError:
        await refuse(scope, send, 408, LATE)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        await refuse(scope, send, 507, NO_PLACE.format(why_not_written(error)))
    except ClientDisconnect:
        pass  # nobody is there to be told


async def _held_back(send: Send, failed: list[Message], message: Message) -> None:
    """Sends an answer, but for that of a fault, which follows here and may be told better."""
    if failed or message.get("status", 0) >= FAULT:
        failed.append(message)
    else:
        await _taken(send, [], message)


async def _taken(send: Send, stalled: list[str], message: Message) -> None:
    try:
        async with asyncio.timeout(bounds.STALL_S):
            await send(message)
    except TimeoutError:
        stalled.append(message["type"])
        SELDOM.tell(NOT_TAKEN)
        raise StalledError from None


def _is_open(page: str) -> bool:
    """True for the page of a session that is there; nobody takes turns under names made up."""
    return not runtime.exists() or runtime.get_instance().is_active_session(page)


def _no_room(session: str) -> str:
    """Why no further file is taken for the session, empty where there is room."""
    kept = _kept()
    own = kept.get(session, ())
    if len(own) >= bounds.SESSION_UPLOADS:
        return TOO_MANY
    if sum(own) >= most("page_upload_bytes"):
        return f"{beyond('page_upload_bytes', sum(own))}."
    every = sum(map(sum, kept.values()))
    return f"{beyond('all_upload_bytes', every)}." if every >= _all_upload_bytes() else ""


def _all_upload_bytes() -> int:
    given, wanted = given_bytes(), most("all_upload_bytes")
    return wanted if given is None else min(wanted, given // bounds.ALL_UPLOADS_SHARE)


def _kept() -> dict[str, tuple[int, ...]]:
    """Session → the sizes of the files that are held for it."""
    if not runtime.exists():
        return {}
    manager = runtime.get_instance().uploaded_file_mgr
    if not isinstance(manager, MemoryUploadedFileManager):
        return {}
    held = {session: list(files.values()) for session, files in list(manager.file_storage.items())}
    return {session: tuple(len(file.data) for file in files) for session, files in held.items()}
