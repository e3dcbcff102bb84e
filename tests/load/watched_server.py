"""`cutwise serve` in a process of its own, with what it and its children take of the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
from tests.browser.serving import CHECKOUT, wait_for

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
ONLY_THE_PEAK = "5"
"""What is written into `clear_refs` so that the largest memory counts anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedServer:
    """Where it answers, its process, and the only folder that it writes to."""

    address: str
    pid: int
    folder: Path

    def memory_bytes(self) -> int:
        """What the page's own process holds now."""
        return _status_bytes(self.pid, "VmRSS")

    def peak_bytes(self) -> int:
        """The most that it held since `watch_peak`."""
        return _status_bytes(self.pid, "VmHWM")

    def watch_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text(ONLY_THE_PEAK)

    def cpu_s(self) -> float:
        """Seconds of computing of the page's own process."""
        return cpu_s(self.pid)

    def whole_cpu_s(self) -> float:
        """The same with its workers and readers, as far as they are there."""
        return sum(map(cpu_s, (self.pid, *self.children())))

    def children(self) -> frozenset[int]:
        """Its workers and readers."""
        return frozenset(_below(self.pid))

    def files(self) -> frozenset[str]:
        """What lies in its folder."""
        return frozenset(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))


@contextmanager
def watched_server() -> Iterator[WatchedServer]:
    """A server with a store and a temporary folder of its own, until it is left."""
    with TemporaryDirectory(prefix="cutwise-load-") as name, open(Path(name) / "log", "w") as log:
        folder, port = Path(name) / "written", _free_port()
        (folder / "tmp").mkdir(parents=True)
        own = {FOLDER_VARIABLE: str(folder / "store"), "TMPDIR": str(folder / "tmp")}
        process = subprocess.Popen(
            [sys.executable, "-m", "cutwise", "serve", "--port", str(port)],
            cwd=name,
            env=os.environ | own | {"STREAMLIT_SERVER_HEADLESS": "true", "PYTHONPATH": CHECKOUT},
            stdout=log,
            stderr=log,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(f"{address}/_stcore/health")
            yield WatchedServer(address=address, pid=process.pid, folder=folder)
        finally:
            process.terminate()
            process.wait(20)


def left_behind(server: WatchedServer, before: frozenset[str]) -> list[str]:
    """Files that are there since; questions that were asked are kept for their links, and folders stay."""
    more = server.files() - before
    return [name for name in more if not name.startswith("store/links") and (server.folder / name).is_file()]


def cpu_s(pid: int) -> float:
    """Seconds that a process has computed, 0 where it has gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(words[11]) + int(words[12])) / TICKS_A_SECOND


def _status_bytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def _below(pid: int) -> Iterator[int]:
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = [int(word) for word in path.read_text().split()]
        except OSError:
            continue
        for child in found:
            yield child
            yield from _below(child)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
