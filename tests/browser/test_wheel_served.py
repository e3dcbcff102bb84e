"""The wheel in an environment of its own, served from an empty folder: who gets in, and what is told."""

from __future__ import annotations

import http.client
import re
import socket
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from email.message import Message
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.browser.conftest import App
from tests.browser.installed import ROOT, Started, installed_wheel, started

pytestmark = pytest.mark.browser
NAME = "cutwise.example.org"
HERE = "0100007F:"
"""127.0.0.1 as the kernel writes it, least byte first."""
WAYS = ("serve", "public", "streamlit")
FONTS = """async () => {
  await document.fonts.ready
  return [...document.fonts].filter(font => font.status == "loaded").map(font => font.family)
}"""
COLOUR = "selector => getComputedStyle(document.querySelector(selector)).backgroundColor"
PATH = re.compile(r"site-packages|Traceback|\.py\b|(?<![\w.])/(?:home|root|usr|tmp|work|opt|var|etc|proc)\b")
"""What tells where the server's files are."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Started]]:
    """The wheel served in each of the three ways, from the start at the same time."""
    folder = tmp_path_factory.mktemp("wheel")
    programs = installed_wheel(folder)
    (app,) = programs.parent.glob("lib/python*/site-packages/cutwise_dashboard/app.py")
    serve = (programs / "cutwise", "serve")
    commands = {
        "serve": (*serve, "--port"),
        "public": (*serve, "--public", "--host", NAME, "--address", "127.0.0.1", "--port"),
        "streamlit": (programs / "python", "-m", "streamlit", "run", app, "--server.port"),
    }
    with ExitStack() as stack:
        yield {way: stack.enter_context(started(folder / way, *command)) for way, command in commands.items()}


def own_name(way: str, server: Started) -> str:
    return f"{NAME if way == 'public' else 'localhost'}:{server.port}"


def asked_for(server: Started, path: str, host: str, **headers: str) -> tuple[int, Message, str]:
    """Status, headers and text of an answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.putrequest("GET", path, skip_host=True)
        for name, value in {"Host": host, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as answer:
            return answer.status, answer.headers, answer.read().decode(errors="replace")


def websocket_status(server: Started, host: str, origin: str | None) -> int:
    """101 where a websocket is let in."""
    with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
        try:
            with connect(f"ws://{host}/_stcore/stream", sock=sock, origin=origin, subprotocols=["streamlit"]):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


@pytest.mark.parametrize("way", WAYS)
def test_this_machine_alone_reaches_it_and_it_reaches_nobody(way: str, servers: dict[str, Started]) -> None:
    host = own_name(way, servers[way])
    assert asked_for(servers[way], "/", host)[0] == 200
    found = servers[way].sockets()
    assert {local for local, other in found if other == "listens"} == {f"{HERE}{servers[way].port:04X}"}
    assert all(local.startswith(HERE) for local, _ in found), found


@pytest.mark.parametrize("way", WAYS)
def test_strangers_get_neither_page_nor_websocket(way: str, servers: dict[str, Started]) -> None:
    server, own = servers[way], own_name(way, servers[way])
    stranger = f"evil.example:{server.port}"
    assert websocket_status(server, own, f"http://{own}") == 101
    for host, origin in ((stranger, f"http://{stranger}"), (own, f"http://{stranger}"), (stranger, None)):
        assert websocket_status(server, host, origin) == 403
        status, _, text = asked_for(server, "/", host, **({"Origin": origin} if origin else {}))
        assert (status, text.count("\n")) == (403, 1)


@pytest.mark.parametrize("way", WAYS)
def test_every_answer_is_under_the_policy_and_tells_no_path(way: str, servers: dict[str, Started]) -> None:
    own = own_name(way, servers[way])
    expected = {
        "/": 200, "/explore": 200, "/_stcore/health": 200, "/_stcore/metrics": 404, "/_stcore/agent/mcp": 404,
        "/app/static/../app.py": 400, "/app/static/%2e%2e/app.py": 400, "/app/static/nothing.woff2": 404,
        "/media/nothing": 404, "/metrics": 404, "/static/js/none.js": 404,
        "/component/a/b": 404, "/_stcore/bidi-components/a/../../app.py": 400,
    }  # fmt: skip
    answers = {path: asked_for(servers[way], path, own) for path in expected}
    assert {path: status for path, (status, _, _) in answers.items()} == expected
    for path, (status, headers, text) in answers.items():
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert f"ws://{own}" in headers["Content-Security-Policy"], path
        assert status == 200 or not PATH.search(text), path


def test_theme_and_fonts_are_its_own_and_nothing_comes_from_outside(
    browser: Browser, servers: dict[str, Started]
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    app = App(context.new_page(), f"http://localhost:{servers['serve'].port}")
    page = app.open()
    theme = tomllib.loads((ROOT / "dashboard" / ".streamlit" / "config.toml").read_text())["theme"]
    ground = bytes.fromhex(theme["light"]["backgroundColor"].removeprefix("#"))
    assert page.evaluate(COLOUR, '[data-testid="stApp"]') == f"rgb({', '.join(map(str, ground))})"
    assert {theme["font"], theme["codeFont"]} <= set(page.evaluate(FONTS))
    assert "ResNet-18" in page.locator(".chip[data-group=model]").inner_text()
    app.checked()
    context.close()


def test_no_error_of_the_page_tells_a_path(
    browser: Browser, servers: dict[str, Started], tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    app = App(context.new_page(), f"http://localhost:{servers['serve'].port}")
    damaged, scenario = tmp_path / "damaged.onnx", tmp_path / "mistaken.toml"
    damaged.write_bytes(b"\x08\x07" * 900)
    scenario.write_text('format = "cutwise-scenario/1"\n[[devices]]\nprofile = "/etc/passwd"\n')
    told = []
    for address, file, word in (
        ("?q=1.AAAA", damaged, "damaged"),
        ("?q=%2Fetc%2Fpasswd", scenario, "profile"),
    ):
        page = app.open(address)
        told.append(everything_said(app))
        page.locator(".st-key-open button").first.click()
        page.locator('input[type="file"]').first.set_input_files(file)
        page.get_by_role("alert").filter(has_text=word).first.wait_for(timeout=30_000)
        told.append(everything_said(app))
    context.close()
    for text in told:
        assert not PATH.search(text.replace("/etc/passwd", "").replace("scenario.toml", "")), PATH.search(
            text
        )
    assert "Traceback" not in servers["serve"].log.read_text()


def everything_said(app: App) -> str:
    return app.page.locator("body").inner_text()
