"""Whose file is taken now: few at once, no page more than its part, and none that does not arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.types import Message, Receive

from cutwise_dashboard.serving import serving_bounds as bounds


class StalledError(TimeoutError):
    """Somebody sends or takes too little to be waited for."""


@dataclass(slots=True)
class PageTurns:
    """The turns of one page: how many it has asked for, and those that are free."""

    asked: int = 0
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(bounds.UPLOADS_OF_A_PAGE))


@dataclass(slots=True)
class UploadTurns:
    """Who may send a file now: so many at once, and of each page so many."""

    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(bounds.UPLOADS_AT_ONCE))
    pages: dict[str, PageTurns] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, page: str) -> AsyncIterator[None]:
        """Waits for a turn of this page; nothing is kept of a page that has none."""
        own = self.pages.setdefault(page, PageTurns())
        own.asked += 1
        try:
            async with own.free, self.free:
                yield
        finally:
            own.asked -= 1
            if not own.asked:
                del self.pages[page]


@dataclass(slots=True)
class Arriving:
    """What arrives of a file, and how long it was waited for."""

    receive: Receive
    waited_s: float = 0.0
    brought_bytes: int = 0

    async def take(self) -> Message:
        """The next piece; raises `StalledError` where none comes, or too little for too long."""
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(bounds.STALL_S):
                message = await self.receive()
        except TimeoutError:
            raise StalledError from None
        self.waited_s += time.monotonic() - began_s
        self.brought_bytes += len(message.get("body", b""))
        least = self.waited_s * bounds.LEAST_BYTES_PER_S
        if self.waited_s > bounds.STALL_S and self.brought_bytes < least:
            raise StalledError
        return message
