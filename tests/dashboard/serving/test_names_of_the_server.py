"""Which names a reader may give for the server, and when it refuses to start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cutwise.errors import CutwiseError
from cutwise_dashboard.serving import page_server
from cutwise_dashboard.serving.host_names import LOOPBACK_NAMES, public_name
from cutwise_dashboard.serving.page_server import serve


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("cutwise.example.org", "cutwise.example.org"), ("LAB", "lab"), ("a-1.b.", "a-1.b"),
        ("münchen.example", "xn--mnchen-3ya.example"), ("10.0.0.1", "10.0.0.1"),
        ("::1", "::1"), ("[::1]", "::1"), ("FD00:0:0::5", "fd00::5"),
    ],
)  # fmt: skip
def test_a_name_is_kept_as_browsers_send_it(given: str, name: str) -> None:
    assert public_name(given) == name


@pytest.mark.parametrize(
    "given",
    [
        "", " ", ".", "*", "*.example.org", "a*.example.org", "0.0.0.0", "::", "[::]", "https://example.org",
        "example.org:8501", "example.org/page", "user@example.org", "-a.example", "a-.example", "a..b", "a b",
        "a_b.example", "a" * 64, ".".join(["a" * 60] * 5), "1.2.3", "256.1.1.1", "a\nb", "a,b",
        "example.org\0",
    ],
)  # fmt: skip
def test_no_name_lets_in_more_than_one(given: str) -> None:
    with pytest.raises(CutwiseError, match="give each name") as told:
        public_name(given)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"public": True, "names": []}, "--public: also say by which name people open the page"),
        ({"public": True, "names": ["*"]}, "is no host name"),
        ({"public": True, "names": ["a.example", "0.0.0.0"]}, "means every address"),
        ({"public": False, "names": ["a.example"]}, "only with --public"),
        ({"public": False, "names": [], "address": "0.0.0.0"}, "add --public --host NAME"),
        ({"public": False, "names": [], "address": "192.168.1.5"}, "add --public --host NAME"),
        ({"public": False, "names": [], "address": "::"}, "add --public --host NAME"),
        ({"public": False, "names": [], "address": "everywhere"}, "is no address"),
        ({"public": True, "names": ["a.example"], "address": "198.51.100.1"}, "cannot be used"),
    ],
)  # fmt: skip
def test_it_refuses_to_start_unsafely_with_one_sentence(how: dict[str, object], sentence: str) -> None:
    with pytest.raises(CutwiseError) as told:
        serve(**({"port": 0, "address": None} | how))
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_a_busy_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(
            CutwiseError, match=f"^--port {port}: cannot be used .Address already in use.; give"
        ):
            serve(port=port, public=False, names=[], address=None)


@pytest.mark.parametrize(
    ("module", "name", "package"),
    [("page_server.file_util", "get_static_dir", "streamlit"), ("page_server", "HOME_OF_FONTS", "cutwise")],
)
def test_missing_browser_files_are_named(
    module: str, name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path if name.isupper() else lambda: str(tmp_path)
    monkeypatch.setattr(f"cutwise_dashboard.serving.{module}.{name}", empty)
    with pytest.raises(CutwiseError, match=rf"^{package}.*: its browser file .* is not installed") as told:
        serve(port=0, public=False, names=[], address=None)
    assert str(tmp_path) not in str(told.value)


@pytest.mark.parametrize(
    ("address", "url", "names"),
    [
        (None, "http://localhost:{port}", LOOPBACK_NAMES),
        ("127.0.0.1", "http://localhost:{port}", LOOPBACK_NAMES),
        ("127.0.0.2", "http://127.0.0.2:{port}", (*LOOPBACK_NAMES, "127.0.0.2")),
        ("::1", "http://[::1]:{port}", LOOPBACK_NAMES),
    ],
)
def test_it_says_where_it_listens_and_answers_to_that(
    address: str | None,
    url: str,
    names: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard: list[tuple[object, int]] = []
    monkeypatch.setattr(page_server, "layers", lambda known: heard.append((known, 0)) or [])
    monkeypatch.setattr(page_server, "_set", lambda *given, **how: None)
    monkeypatch.setattr(
        page_server, "_run", lambda server, sock: heard.append(("port", sock.getsockname()[1]))
    )
    monkeypatch.setattr(page_server.cli_util, "open_browser", lambda url: None)
    try:
        serve(port=0, public=False, names=[], address=address)
    except CutwiseError:
        pytest.skip("this machine has no such address")
    (known, _), (_, port) = heard
    assert known == names
    assert f"open at {url.format(port=port)} for this machine" in capsys.readouterr().out


def test_a_full_output_is_told_as_by_every_command() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "cutwise", "serve", "--port", "0"],
            env=os.environ
            | {"PYTHONPATH": str(Path(__file__).parents[3]), "STREAMLIT_SERVER_HEADLESS": "true"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "the output: cannot be written (the disk is full)" in line
