"""The wheel of this checkout in an environment of its own, and servers started from it in an empty folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from tests.browser.serving import PATIENCE_S

ROOT = Path(__file__).parents[2]
PACKED = (
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "core",
    "assets",
    "sample_models",
    "dashboard",
)
LISTENS = "0A"
"""The state of a socket that listens, in the kernel's table of sockets."""
ELSEWHERE = """[server]
address = "0.0.0.0"
enableCORS = false
enableXsrfProtection = false
[browser]
gatherUsageStats = true
[client]
showErrorDetails = "full"
[theme]
primaryColor = "#ff0000"
backgroundColor = "#00ff00"
"""
"""What a reader may have set for other pages of Streamlit's."""


@dataclass(frozen=True, slots=True)
class Started:
    """A server of the installed wheel, the process it runs in and what it has printed."""

    port: int
    process: int
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sockets(self) -> set[tuple[str, str]]:
        """The local and the other address of every TCP socket of the process, as the kernel writes them."""
        held = {os.readlink(file) for file in Path(f"/proc/{self.process}/fd").iterdir() if file.is_symlink()}
        rows = [
            line.split()
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/{self.process}/net/{table}").read_text().splitlines()[1:]
        ]
        mine = [row for row in rows if f"socket:[{row[9]}]" in held]
        return {(row[1], "listens" if row[3] == LISTENS else row[2]) for row in mine}


def installed_wheel(folder: Path) -> Path:
    """The programs of a fresh environment that holds the wheel; what it needs is that of the tests."""
    copy, wheels, venv = folder / "copy", folder / "wheels", folder / "venv"
    copy.mkdir()
    _done("cp", "-r", *PACKED, copy)
    pip = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
    _done(*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", wheels, copy)
    _done(sys.executable, "-m", "venv", "--without-pip", venv)
    (wheel,) = wheels.glob("*.whl")
    _done(*pip, "--python", venv / "bin" / "python", "install", "--no-deps", "--no-index", wheel)
    (packages,) = venv.glob("lib/python*/site-packages")
    others = {str(Path(module.__file__).parents[1]) for module in (np, st)}
    (packages / "others.pth").write_text("\n".join(others))
    return venv / "bin"


def _done(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _wait_until_it_listens(port: int) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)


@contextmanager
def started(folder: Path, *command: object) -> Iterator[Started]:
    """A server in an empty folder, of a reader who has settings for other pages; the port comes last."""
    work, home = folder / "empty", folder / "home"
    work.mkdir(parents=True)
    (home / ".streamlit").mkdir(parents=True)
    (home / ".streamlit" / "config.toml").write_text(ELSEWHERE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*map(str, command), str(port)],
            cwd=work,
            env=kept | {"HOME": str(home), "STREAMLIT_SERVER_HEADLESS": "true"},
            stdout=log,
            stderr=log,
        )
        try:
            server = Started(port, process.pid, folder / "log")
            _wait_until_it_listens(port)
            yield server
        finally:
            process.terminate()
            process.wait(10)
    assert not list(work.iterdir()), "the folder it was started in is as it was"
