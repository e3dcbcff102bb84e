"""A request that is not answered is told why, in one sentence of plain text."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from cutwise_dashboard.serving.seldom_log import SELDOM

UNSAID = frozenset({404, 500})
"""A fault of ours is in the log with its number; Streamlit's page looks for its server at every path."""
DENIAL = "websocket.http.response"
"""What a server calls that it can answer a websocket's request as any other."""


async def refuse(
    scope: Scope, send: Send, status: int, sentence: str, *, seen: str = "", **headers: str
) -> None:
    """Answers with this status and sentence, and ends the connection; the log hears what was `seen`."""
    if status not in UNSAID:
        SELDOM.tell(f"turned away with {status}: {sentence}", seen)
    if scope["type"] == "websocket" and DENIAL not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    kind = DENIAL if scope["type"] == "websocket" else "http.response"
    body = f"{sentence}\n".encode()
    given = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "connection": "close",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    encoded = [(name.encode(), value.encode()) for name, value in given.items()]
    await send({"type": f"{kind}.start", "status": status, "headers": encoded})
    await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else body})


async def heard(receive: Receive) -> None:
    """Takes the greeting of a websocket, before which nothing may be said."""
    await receive()
