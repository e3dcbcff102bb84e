"""Who is let in, to what, and what every answer carries."""

from __future__ import annotations

import asyncio
import errno
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit import file_util

from cutwise_dashboard.serving import limits, serving_bounds
from cutwise_dashboard.serving.door import layers
from cutwise_dashboard.serving.front_door import only_by_name, only_what_there_is, with_headers
from cutwise_dashboard.serving.host_names import LOOPBACK_NAMES
from cutwise_dashboard.serving.seldom_log import EVERY_S, SELDOM
from tests.dashboard.pages import APP
from tests.dashboard.serving.knocking import Heard, finished, inner, knock

NAMES = ("cutwise.example.org", "192.0.2.7", "fd00::5")
LET_IN = (
    # host, origin
    ("cutwise.example.org", None),
    ("CUTWISE.example.org.", None),
    ("cutwise.example.org:8501", "http://cutwise.example.org:8501"),
    ("cutwise.example.org", "https://cutwise.example.org"),
    ("cutwise.example.org:443", "https://cutwise.example.org"),
    ("cutwise.example.org", "http://cutwise.example.org:80"),
    ("192.0.2.7:8501", "http://192.0.2.7:8501"),
    ("[fd00::5]:8501", "http://[fd00::5]:8501"),
    ("[fd00:0::5]", None),
)
STRANGERS = (
    ("evil.example", None),
    ("evil.example", "http://evil.example"),  # a stranger's name that leads here
    ("localhost:8501", "http://localhost:8501"),
    ("cutwise.example.org.evil.example", None),
    ("evilcutwise.example.org", None),
    ("cutwise.example.org@evil.example", None),
    ("evil.example/cutwise.example.org", None),
    ("cutwise.example.org, evil.example", None),
    ("cutwise.example.org\t", None),
    ("cutwise.example.org:port", None),
    ("cutwise.example.org:99999", None),
    ("", None),
    ("*", None),
    ("cutwise.example.org", "null"),
    ("cutwise.example.org", ""),
    ("cutwise.example.org", "http://evil.example"),
    ("cutwise.example.org", "https://cutwise.example.org:8443"),
    ("cutwise.example.org", "https://cutwise.example.org.evil.example"),
    ("cutwise.example.org", "ftp://cutwise.example.org"),
    ("cutwise.example.org", "https://cutwise.example.org/page"),
)


def asked(app: Any, path: str = "/", **how: Any) -> Heard:
    return finished(knock(app, path, **how))


def named(host: str, origin: str | None) -> list[tuple[str, str]]:
    return [("host", host), *([("origin", origin)] if origin is not None else [])]


@pytest.mark.parametrize("websocket", [False, True], ids=["http", "websocket"])
@pytest.mark.parametrize(("host", "origin"), LET_IN)
def test_whoever_calls_the_server_by_its_name_is_let_in(
    host: str, origin: str | None, websocket: bool
) -> None:
    heard = asked(only_by_name(inner, NAMES), websocket=websocket, headers=named(host, origin))
    assert heard.status == (101 if websocket else 200)


@pytest.mark.parametrize("websocket", [False, True], ids=["http", "websocket"])
@pytest.mark.parametrize(("host", "origin"), STRANGERS)
def test_a_stranger_is_turned_away_with_one_sentence(host: str, origin: str | None, websocket: bool) -> None:
    heard = asked(only_by_name(inner, NAMES), websocket=websocket, headers=named(host, origin))
    assert heard.status == 403
    assert heard.text.count("\n") == 1


@pytest.mark.parametrize("headers", [[], [("host", "localhost"), ("host", "evil.example")]])
def test_no_name_and_two_names_are_no_name(headers: list[tuple[str, str]]) -> None:
    assert asked(only_by_name(inner, LOOPBACK_NAMES), headers=headers).status == 403


def test_two_origins_have_to_be_ours_both() -> None:
    headers = [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://evil.example")]
    assert asked(only_by_name(inner, LOOPBACK_NAMES), headers=headers).status == 403


def test_a_websocket_is_turned_away_where_the_server_cannot_say_why() -> None:
    door = only_by_name(inner, LOOPBACK_NAMES)
    heard = asked(door, websocket=True, headers=named("evil.example", None), extensions={})
    assert heard == Heard(403)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 200), ("/explore", "GET", 200), ("/explore/", "GET", 200), ("/favicon.png", "HEAD", 200),
        ("/media/1.html", "GET", 200), ("/app/static/inter.woff2", "GET", 200),
        ("/_stcore/health", "GET", 200), ("/_stcore/host-config", "GET", 200),
        ("/_stcore/upload_file/a/b", "PUT", 200), ("/_stcore/upload_file/a/b", "DELETE", 200),
        ("/_stcore/upload_file/a/b", "GET", 405), ("/_stcore/upload_file/a/b", "OPTIONS", 405),
        ("/", "POST", 405), ("/", "OPTIONS", 405), ("/", "TRACE", 405), ("/_stcore/health", "DELETE", 405),
        ("/_stcore/metrics", "GET", 404), ("/_stcore/metrics?families=x", "GET", 404),
        ("/_stcore/agent/interact", "POST", 404), ("/_stcore/agent/openapi.json", "GET", 404),
        ("/_stcore/agent/mcp", "POST", 404), ("/_stcore/script-health-check", "GET", 404),
        ("/_stcore/stream", "GET", 404), ("/_stcore/new", "GET", 404), ("/component/a/b", "GET", 404),
        ("/auth/login", "GET", 404), ("/oauth2callback", "GET", 404),
        ("http://evil.example/", "GET", 404), ("*", "OPTIONS", 404),
        ("/metrics", "GET", 404), ("/healthz", "GET", 404), ("/docs", "GET", 404),
        ("/static/js/none.js", "GET", 404), ("/static/", "GET", 404), ("/explore/x", "GET", 404),
        ("/app_pages/explore.py", "GET", 404), ("/index.html", "GET", 200), ("/.env", "GET", 404),
    ],
)  # fmt: skip
def test_only_what_the_page_needs_is_there(path: str, method: str, status: int) -> None:
    assert asked(only_what_there_is(inner), path, method=method).status == status


def test_every_page_and_every_file_that_its_first_answer_names_is_there() -> None:
    names = set(re.findall(r'st\.Page\("app_pages/(\w+)\.py"', Path(APP).read_text("utf-8")))
    index = (Path(file_util.get_static_dir()) / "index.html").read_text("utf-8")
    files = {one for one in re.findall(r'(?:href|src)="\./([^"]+)"', index) if not one.startswith("_stcore")}
    assert len(names) >= 9
    assert len(files) >= 10
    door = only_what_there_is(inner)
    assert {one for one in names | files if asked(door, f"/{one}").status != 200} == set()


def test_only_one_path_takes_a_websocket() -> None:
    door = only_what_there_is(inner)
    found = {path: asked(door, path, websocket=True).status for path in ("/_stcore/stream", "/", "/media/1")}
    assert found == {"/_stcore/stream": 101, "/": 405, "/media/1": 405}


async def broken(scope: Any, receive: Any, send: Any) -> None:
    raise OSError("/home/somebody/secret.txt")


def test_a_fault_is_a_sentence_with_a_number_and_no_path(capsys: pytest.CaptureFixture[str]) -> None:
    heard = asked(with_headers(broken))
    assert heard.status == 500
    assert "reference" in heard.text
    assert "secret" not in heard.text
    assert "secret.txt" in capsys.readouterr().err  # the log of the server has it


@pytest.mark.parametrize(
    "app", [inner, broken, only_by_name(inner, ("a.example",))], ids=["200", "500", "403"]
)
def test_every_answer_carries_the_safe_headers_and_none_that_open_it(app: Any) -> None:
    heard = asked(with_headers(app), headers=[("host", "localhost:8501")]).headers
    assert heard["x-content-type-options"] == "nosniff"
    assert heard["x-frame-options"] == "DENY"
    assert heard["referrer-policy"] == "no-referrer"
    assert not [name for name in heard if name == "server" or name.startswith("access-control")]
    policy = dict(part.split(" ", 1) for part in heard["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert policy["connect-src"] == "'self' ws://localhost:8501 wss://localhost:8501"
    assert "unsafe" not in policy["script-src"]
    assert not [
        source for part in policy.values() for source in part.split() if source in ("*", "http:", "https:")
    ]


def test_a_stranger_writes_nothing_into_the_policy() -> None:
    heard = asked(with_headers(inner), headers=[("host", "a; script-src *")]).headers
    assert "script-src *" not in heard["content-security-policy"]


def test_a_full_house_says_so_and_lets_in_whoever_comes_when_one_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "most", lambda name: 1)

    async def told() -> tuple[list[int], str]:
        leave = asyncio.Event()

        async def stays(scope: Any, receive: Any, send: Any) -> None:
            await inner(scope, receive, send)
            if scope["type"] == "websocket":
                await leave.wait()

        door = limits.few_at_once(stays)
        page = partial(knock, door, headers=[("host", "a"), ("accept", "text/html,*/*")])
        first = asyncio.create_task(knock(door, websocket=True))
        await asyncio.sleep(0)
        full, second = await page(), await knock(door, websocket=True)
        script = await knock(door)
        leave.set()
        await first
        return [full.status, second.status, script.status, (await page()).status], full.text

    statuses, sentence = finished(told())
    assert statuses == [503, 503, 200, 200]
    assert sentence.count("\n") == 1


def body(*parts: bytes) -> list[dict[str, Any]]:
    return [{"type": "http.request", "body": part, "more_body": True} for part in parts]


async def takes_it_all(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["more_body"]:
        pass
    await inner(scope, receive, send)


@pytest.mark.parametrize("bound", ["STALL_S", "UPLOAD_S"])
def test_a_file_that_stops_arriving_or_trickles_is_not_waited_for(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_bounds, bound, 0.01)
    heard = asked(
        limits.unhurried_but_bounded(takes_it_all),
        "/_stcore/upload_file/a/b",
        method="PUT",
        incoming=body(b"x"),
    )
    assert heard.status == 408


def test_files_come_in_turns_and_whoever_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_bounds, "UPLOAD_TURN_S", 0.01)
    monkeypatch.setattr(serving_bounds, "UPLOADS_AT_ONCE", 2)
    monkeypatch.setattr(serving_bounds, "UPLOAD_S", 5)

    async def told() -> list[int]:
        done = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await done.wait()
            await inner(scope, receive, send)

        put = partial(knock, limits.unhurried_but_bounded(slow), "/_stcore/upload_file/a/b", method="PUT")
        sent = [asyncio.create_task(put()) for _ in range(2)]
        await asyncio.sleep(0)
        late = await put()
        done.set()
        return [late.status, *[(await task).status for task in sent], (await put()).status]

    assert finished(told()) == [503, 200, 200, 200]


@pytest.mark.parametrize(
    ("kept", "status"),
    [
        ({"a": (9,)}, 200), ({"a": (6, 4)}, 413), ({"a": (1, 1, 1)}, 413),
        ({"b": (9,), "c": (9,), "d": (2,)}, 413),
    ],
    ids=["room", "bytes of one page", "files of one page", "bytes of all pages"],
)  # fmt: skip
def test_uploads_of_a_page_and_of_all_pages_are_bounded(
    kept: dict[str, tuple[int, ...]], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_bounds, "SESSION_UPLOADS", 3)
    monkeypatch.setattr(limits, "most", {"page_upload_bytes": 10, "all_upload_bytes": 20}.__getitem__)
    monkeypatch.setattr(limits, "_kept", lambda: kept)
    heard = asked(limits.unhurried_but_bounded(inner), "/_stcore/upload_file/a/x", method="PUT")
    assert heard.status == status


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EIO, 500)])
def test_a_full_disk_is_told_as_one(number: int, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    async def spools(scope: Any, receive: Any, send: Any) -> None:
        """As Streamlit does: it answers the fault, and raises it too."""
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"Internal Server Error"})
        raise OSError(number, "no")

    door = with_headers(limits.unhurried_but_bounded(spools))
    heard = asked(door, "/_stcore/upload_file/a/b", method="PUT", incoming=body(b"x"))
    assert heard.status == status
    assert ("There is no place to receive this file" in heard.text) == (status == 507)
    assert ("reference" in heard.text) == (status == 500)
    assert ("Traceback" in capsys.readouterr().err) == (status == 500)


def test_a_fault_that_is_answered_and_not_raised_is_passed_on() -> None:
    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"later"})

    heard = asked(limits.unhurried_but_bounded(answers), "/_stcore/upload_file/a/b", method="PUT")
    assert (heard.status, heard.text) == (503, "later")


async def drip(seconds: float, piece: bytes, count: int = 200) -> Any:
    """What takes a while each time, as a slow sender's pieces do."""
    for _ in range(count):
        await asyncio.sleep(seconds)
        yield {"type": "http.request", "body": piece, "more_body": True}


@pytest.mark.parametrize(
    ("piece", "status"), [(b"x", 408), (b"x" * 4000, 200)], ids=["a byte", "a poor link"]
)
def test_a_byte_now_and_then_keeps_no_turn(
    piece: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_bounds, "STALL_S", 0.1)
    monkeypatch.setattr(serving_bounds, "LEAST_BYTES_PER_S", 10_000)

    async def told() -> int:
        pieces = drip(0.02, piece, count=20)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            for _ in range(20):
                await receive()
            await inner(scope, receive, send)

        async def brought(scope: Any, receive: Any, send: Any) -> None:
            await limits.unhurried_but_bounded(app)(scope, pieces.__anext__, send)

        return (await knock(brought, "/_stcore/upload_file/a/b", method="PUT")).status

    assert finished(told()) == status


def test_a_page_that_is_not_open_has_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    there = SimpleNamespace(is_active_session=lambda page: page == "here", uploaded_file_mgr=None)
    monkeypatch.setattr(limits, "runtime", SimpleNamespace(exists=lambda: True, get_instance=lambda: there))
    door = limits.unhurried_but_bounded(inner)
    statuses = {
        page: asked(door, f"/_stcore/upload_file/{page}/1", method="PUT").status for page in ("here", "")
    }
    assert statuses == {"here": 200, "": 400}


def test_the_slow_files_of_one_page_keep_no_other_page_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_bounds, "UPLOAD_TURN_S", 0.2)

    async def told() -> tuple[int, set[int]]:
        done = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            if "/slow/" in scope["path"]:
                await done.wait()
            await inner(scope, receive, send)

        put = partial(knock, limits.unhurried_but_bounded(slow), method="PUT")
        sent = [asyncio.create_task(put(f"/_stcore/upload_file/slow/{n}")) for n in range(8)]
        await asyncio.sleep(0.01)
        other = await put("/_stcore/upload_file/other/1")
        await asyncio.sleep(0.3)
        done.set()
        return other.status, {(await task).status for task in sent}

    assert finished(told()) == (200, {200, 503})


def test_an_answer_that_nobody_takes_is_given_up_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving_bounds, "STALL_S", 0.01)
    SELDOM.last_s.clear()

    async def never(message: Any) -> None:
        await asyncio.Future()

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}

    async def told() -> None:
        for _ in range(3):
            await with_headers(limits.unhurried_but_bounded(inner))(scope, never, never)

    finished(told())
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cutwise: an answer was not taken")


def test_the_log_hears_once_a_minute_of_each_kind_why_and_how_many_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    SELDOM.last_s.clear()
    door = only_by_name(inner, LOOPBACK_NAMES)
    for number in range(50):
        asked(door, headers=named(f"evil{number}.example\x1b[31m\n" + "x" * 500, None))
    asked(door, headers=named("localhost", "http://evil.example"))
    asked(only_what_there_is(inner), "/explore/_stcore/health")  # as Streamlit's page asks for its server
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "turned away with 403: This server does not answer to the name" in lines[0]
    assert "evil0.example" in lines[0]
    assert "\x1b" not in lines[0]
    assert len(lines[0]) < 400
    assert "Host 'localhost', Origin 'http://evil.example'" in lines[1]
    before = SELDOM.last_s.copy()
    SELDOM.last_s.update({kind: at - EVERY_S for kind, at in before.items()})
    asked(door, headers=named("evil.example", None))
    assert "[and 49 more since the last such line]" in capsys.readouterr().err


def test_a_port_that_a_proxy_loses_is_named_with_what_passes_it_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    SELDOM.last_s.clear()
    door = only_by_name(inner, ("cutwise.example.org",))
    heard = asked(door, headers=named("cutwise.example.org", "https://cutwise.example.org:8443"))
    assert heard.status == 403
    assert "proxy_set_header Host $http_host" in heard.text
    assert "https://cutwise.example.org:8443" in capsys.readouterr().err
    assert "$http_host" not in asked(door, headers=named("cutwise.example.org", "https://a.example")).text


def test_every_layer_is_there_outermost_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "most", lambda name: 0)
    monkeypatch.setattr(serving_bounds, "SESSION_UPLOADS", 0)
    door: Any = inner
    for layer in reversed(layers(LOOPBACK_NAMES)):
        door = layer.cls(door, *layer.args, **layer.kwargs)
    here = ("host", "localhost")
    stranger = asked(door, headers=named("evil.example", None))
    assert stranger.status == 403
    assert stranger.headers["x-frame-options"] == "DENY"
    assert asked(door, "/metrics").status == 404
    assert asked(door, headers=[here, ("accept", "text/html")]).status == 503
    assert asked(door, "/_stcore/upload_file/a/b", method="PUT").status == 413
    assert asked(door).status == 200
