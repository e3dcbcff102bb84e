"""One session as a browser has it, without the browser: the messages of its websocket, and what they show."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse
from urllib.request import Request, urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from tests.load.heard import FILES, SETTLING, STRIP, heard

PATIENCE_S = 120.0
LONGEST_MESSAGE = 1 << 28
Figures = tuple[tuple[str, str, str], ...]
"""Label, value and what is said beneath of every headline figure."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What became of one command: the figures shown after it, and when; `failed` where the page said so."""

    question: str
    sent_s: float
    figures: Figures = ()
    shown_s: float = 0.0
    said: str = ""

    @property
    def took_s(self) -> float:
        return self.shown_s - self.sent_s


@dataclass(slots=True, eq=False)
class DrivenSession:
    """A tab at `address`, `path` being what follows it; it holds its own widgets, as a tab does.

    `command` sends what a control of the page sends, and waits for the headline that answers it.
    """

    address: str
    path: str = ""
    client: str = field(default_factory=lambda: secrets.token_hex(6))
    number: int = 0
    link: str = ""
    page: str = ""
    fragment: str = ""
    session: str = ""
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    cached: list[str] = field(default_factory=list)
    taken: int = 0
    figures: Figures = ()
    waits_for: str = ""
    errors: list[str] = field(default_factory=list)
    queries: str = ""
    runs: int = 0
    received_bytes: int = 0
    is_running: bool = True
    socket: ClientConnection = field(init=False)
    listening: asyncio.Task[None] = field(init=False)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    urls: list[Any] = field(default_factory=list)
    drawn: int = 0

    async def open(self) -> float:
        """Seconds until the first headline is shown."""
        began = time.perf_counter()
        place = urlparse(self.address)
        self.queries = urlparse(f"{self.address}/{self.path}").query
        self.socket = await connect(
            f"ws://{place.netloc}/_stcore/stream",
            origin=self.address,
            subprotocols=["streamlit"],
            max_size=LONGEST_MESSAGE,
            max_queue=4096,
        )
        self.listening = asyncio.create_task(self._hear())
        await self._rerun()
        await self.until(lambda: bool(self.figures or self.errors))
        shown = time.perf_counter() - began
        await self.until(lambda: not self.is_running)
        return shown

    async def close(self) -> None:
        """As a closed tab does."""
        self.listening.cancel()
        await self.socket.close(code=1001)

    async def step(self, path: str, value: Any) -> Answer:
        """A step of a slider: its value while it is held, then the same let go; the answer to the value."""
        moved = await self.command({"kind": "set", "path": path, "value": value, "live": True})
        moved.question = self.link
        await self.settled({"kind": "set", "path": path, "value": value})
        return moved

    async def settled(self, command: dict[str, Any]) -> None:
        """Lets go a value that was held, and waits until that was taken and nothing runs."""
        if SETTLING not in self.ids:
            await self.command(command, figures=False)
            return
        self.number += 1
        self._put_out(SETTLING, command)
        number = self.number
        await self._rerun(fragment=self.fragment)
        await self.until(lambda: self.taken >= number and not self.is_running)

    async def command(self, command: dict[str, Any], *, figures: bool = True) -> Answer:
        """One command of the page, and what is shown after it was taken."""
        self.number += 1
        number, drawn = self.number, self.drawn
        self._put_out(STRIP, command)
        answer = Answer(question="", sent_s=time.perf_counter())
        await self._rerun()
        await self.until(lambda: self.taken >= number)
        if figures:
            await self.until(lambda: self.drawn > drawn or not self.is_running)
            answer.shown_s = time.perf_counter()
            answer.figures = self.figures if self.drawn > drawn else ()
            answer.said = " ".join(self.errors)
        else:
            await self.until(lambda: not self.is_running)
        return answer

    def _put_out(self, place: str, command: dict[str, Any]) -> None:
        outbox = {"client": self.client, "commands": [{**command, "n": self.number}]}
        self.widgets[place] = WidgetState(id=self.ids[place], json_value=json.dumps({"outbox": outbox}))

    async def upload(self, name: str, content: bytes) -> Answer:
        """Opens a file by the button at the top; the answer is there when the page has run with it."""
        self.urls = []
        message = BackMsg()
        message.file_urls_request.request_id = secrets.token_hex(4)
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        await self.socket.send(message.SerializeToString())
        await self.until(lambda: bool(self.urls))
        url = self.urls[0]
        await asyncio.to_thread(_put, f"{self.address}{url.upload_url}", name, content)
        state = WidgetState(id=self.ids[FILES])
        told = state.file_uploader_state_value.uploaded_file_info.add()
        told.file_id, told.name, told.size = url.file_id, name, len(content)
        told.file_urls.CopyFrom(url)
        self.widgets[FILES] = state
        answer = Answer(question="", sent_s=time.perf_counter())
        runs = self.runs
        await self._rerun()
        await self.until(lambda: self.runs > runs and not self.is_running)
        answer.shown_s, answer.figures, answer.said = time.perf_counter(), self.figures, " ".join(self.errors)
        answer.question = self.link
        return answer

    async def until(self, holds: Any) -> None:
        """Waits for it; raises `TimeoutError`, or `EOFError` where the server has hung up."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            while not holds():
                if self.listening.done():
                    raise EOFError("the server has closed the session")
                await self.changed.wait()

    async def _rerun(self, *, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.fragment_id = fragment
        state.query_string, state.page_script_hash = self.queries, self.page
        state.widget_states.widgets.extend(self.widgets.values())
        state.cached_message_hashes.extend(self.cached[-8:])
        context = state.context_info
        context.timezone, context.locale, context.color_scheme = "UTC", "en-US", "light"
        context.url = f"{self.address}/{self.path}"
        self.is_running = True
        await self.socket.send(message.SerializeToString())

    async def _hear(self) -> None:
        try:
            async for content in self.socket:
                self.received_bytes += len(content)
                heard(self, ForwardMsg.FromString(content))
                async with self.changed:
                    self.changed.notify_all()
        finally:
            async with self.changed:
                self.changed.notify_all()


def _put(url: str, name: str, content: bytes) -> None:
    edge = secrets.token_hex(16)
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    token = secrets.token_hex(16)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Cookie": f"_streamlit_xsrf={token}",
        "X-Xsrftoken": token,
    }
    urlopen(Request(url, data=body, headers=headers, method="PUT"), timeout=PATIENCE_S).close()
