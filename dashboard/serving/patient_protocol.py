"""HTTP/1.1 whose requests have to arrive, and within bounds: what does not is told why, and closed."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cutwise.budgets import most
from cutwise_dashboard.serving import serving_bounds as bounds
from cutwise_dashboard.serving.response_headers import without_page
from cutwise_dashboard.serving.seldom_log import SELDOM

NO_REQUEST = (
    "This is no HTTP request whose line and headers have at most {most:,} bytes; open the page in a browser, "
    "and take cookies away if it has many for this name."
)
CROWDED = "As many connections are open as this server serves at once; try again in a minute."
SLOW = "closed a connection: line and headers of its request had not arrived within {seconds} s"
ANSWERS = frozenset({h11.IDLE, h11.SEND_RESPONSE})
"""The states in which a whole answer may still be written."""


class PatientProtocol(H11Protocol):
    """Uvicorn's protocol with bounds on the time and the bytes until line and headers of a request are there.

    Uvicorn has one for the pause between two requests, which the first byte of the second ends, and one for
    the bytes of a head that is not complete, which one that comes at once never is.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > bounds.CONNECTIONS_A_PAGE * most("open_pages"):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, CROWDED)
        else:
            self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        while data and self._is_served_here():
            piece = data[: self._room()] if self.conn.their_state is h11.IDLE else data
            data = data[len(piece) :]
            super().data_received(piece)
        if self.conn.their_state is not h11.IDLE:
            self._end_patience()
        elif self._patience is None:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_patience()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no request is told so in our words, under our headers."""
        self._refuse(HTTPStatus.BAD_REQUEST, NO_REQUEST.format(most=bounds.HEAD_BYTES))

    def _is_served_here(self) -> bool:
        """False once the connection is a websocket's, or is being closed."""
        return self.transport.get_protocol() is self and not self.transport.is_closing()

    def _room(self) -> int:
        """How much of a head may still come; one byte more than the bound is what h11 refuses."""
        return max(1, bounds.HEAD_BYTES + 1 - len(self.conn.trailing_data[0]))

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        SELDOM.tell(f"turned away with {status.value}: {sentence}")
        if self.conn.our_state in ANSWERS:
            body = f"{sentence}\n".encode()
            headers = {
                **without_page(),
                "content-type": "text/plain; charset=utf-8",
                "content-length": str(len(body)),
                "connection": "close",
            }
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            start = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            self.transport.write(f"{start}{head}\r\n".encode("ascii") + body)
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._patience = self.loop.call_later(bounds.HEAD_S, self._run_out)

    def _run_out(self) -> None:
        if self.conn.trailing_data[0]:  # a browser's spare connection says nothing, and is nobody's fault
            SELDOM.tell(SLOW.format(seconds=bounds.HEAD_S))
        self.transport.close()

    def _end_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
