"""Who is let in and to what: ASGI layers that every request of the page passes, outermost first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

from cutwise.errors import shown
from cutwise.frozen import FrozenDict
from cutwise_dashboard.boundary import told
from cutwise_dashboard.serving.host_names import is_from_here, is_one_of, named_host
from cutwise_dashboard.serving.refusals import heard, refuse
from cutwise_dashboard.serving.response_headers import inline_scripts, with_own
from cutwise_dashboard.serving.settings import HOME

OTHER_NAME = (
    "This server does not answer to the name in the request; open it by the name it was started for, "
    "which a proxy has to pass on as the Host."
)
OTHER_PAGE = (
    "This server answers its own pages only; a proxy has to pass on Host and Origin as the browser sent them."
)
LOST_PORT = (
    "The port in the address bar is not the one in the Host that arrived here; a proxy has to pass on the "
    "Host with its port, nginx with: proxy_set_header Host $http_host;"
)
MOST_SEEN = 2
READ = frozenset({"GET", "HEAD"})
CLOSED = frozenset[str]()
ROUTES: Mapping[str, frozenset[str]] = FrozenDict(
    {
        "/_stcore/stream": frozenset({"WEBSOCKET"}),
        "/_stcore/health": READ,
        "/_stcore/host-config": READ,
        "/_stcore/upload_file/": frozenset({"PUT", "DELETE"}),
        "/_stcore/bidi-components/": READ,
        "/_stcore": CLOSED,  # metrics, the agent API, and whatever Streamlit adds
        "/component": CLOSED,
        "/auth": CLOSED,
        "/oauth2callback": CLOSED,
        "/app/static/": READ,
        "/media/": READ,
    }
)
"""The head of a path → what may be done there; the first one that fits, else a page or a browser's file."""


def with_headers(app: ASGIApp) -> ASGIApp:
    """The safe headers on every answer, and a sentence instead of a fault."""
    scripts = inline_scripts()

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        host = named_host(scope["headers"])
        sending = partial(_sent, send, host.netloc if host else "", scripts, began := [])
        try:
            await app(scope, receive, sending)
        except Exception as error:  # nobody above can tell it without ending the connection
            sentence = told("What was asked for", error)
            if not began:
                await refuse(scope, sending, 500, sentence)

    return layer


async def _sent(send: Send, host: str, scripts: str, began: list[str], message: Message) -> None:
    if message["type"].endswith(".start"):
        message = {**message, "headers": with_own(message.get("headers", ()), host, scripts)}
    began.append(message["type"])
    await send(message)


def only_by_name(app: ASGIApp, names: Sequence[str]) -> ASGIApp:
    """Requests that call the server by one of its names, from pages of its own.

    A stranger's name that leads here brings a stranger's page, which a browser takes for one of ours.
    """

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (found := _stranger(scope, names)):
            sentence, seen = found
            await _turned_away(scope, receive, send, 403, sentence, seen=seen)
        else:
            await app(scope, receive, send)

    return layer


def _stranger(scope: Scope, names: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with who asks, and what was seen of that; None if nothing is."""
    host, hosts = named_host(scope["headers"]), _given(scope, b"host")
    if host is None or not is_one_of(host, names):
        return OTHER_NAME, f"Host {' and '.join(hosts) or 'missing'}"
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    strange = [origin for origin in origins if not is_from_here(origin, host)]
    if not strange:
        return None
    lost = all(is_from_here(origin, host, any_port=True) for origin in strange)
    seen = f"Host {' and '.join(hosts)}, Origin {' and '.join(_given(scope, b'origin'))}"
    return (LOST_PORT if lost else OTHER_PAGE), seen


def _given(scope: Scope, header: bytes) -> list[str]:
    return [shown(value.decode("latin-1")) for name, value in scope["headers"] if name == header][:MOST_SEEN]


def only_what_there_is(app: ASGIApp) -> ASGIApp:
    """Paths and methods of the table, the page's own pages, and nothing else that Streamlit offers.

    Whatever it does not know Streamlit answers with its page, as if it were there.
    """
    there = pages() | browser_files()

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        allowed = _allowed(scope["path"], there)
        if scope.get("method", "WEBSOCKET") in allowed:
            await app(scope, receive, send)
        elif allowed >= READ or "PUT" in allowed:
            sentence = "This can only be done in another way; open the page in a browser."
            await _turned_away(scope, receive, send, 405, sentence, allow=", ".join(sorted(allowed)))
        else:
            await _turned_away(scope, receive, send, 404, "There is nothing here; open the page at /.")

    return layer


def pages() -> frozenset[str]:
    """The path of every page, the first one's own too."""
    return frozenset({"/", *(f"/{file.stem}" for file in (HOME / "app_pages").glob("*.py"))})


def browser_files() -> frozenset[str]:
    """The path of every file that Streamlit gives a browser."""
    folder = Path(file_util.get_static_dir())
    return frozenset(
        f"/{file.relative_to(folder).as_posix()}" for file in folder.rglob("*") if file.is_file()
    )


def _allowed(path: str, there: frozenset[str]) -> frozenset[str]:
    known = READ if (path.removesuffix("/") or "/") in there else CLOSED
    return next((methods for head, methods in ROUTES.items() if path.startswith(head)), known)


async def _turned_away(
    scope: Scope, receive: Receive, send: Send, status: int, sentence: str, **headers: str
) -> None:
    if scope["type"] == "websocket":
        await heard(receive)
    await refuse(scope, send, status, sentence, **headers)
