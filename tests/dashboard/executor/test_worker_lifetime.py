"""No worker outlives the process that started it, however that one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import sys, time
from cutwise_dashboard.executor.errand import errand
from cutwise_dashboard.executor.executor import shared_executor
from tests.dashboard.executor.worker_functions import slept
executor = shared_executor()
jobs = [executor.ask(errand(slept, 600.0, note)) for note in "ab"]
while not all(executor.pool.pid_of(job._flight) for job in jobs):
    time.sleep(0.01)
print(*executor.pool.pids, flush=True)
if sys.argv[1] == "waits":
    sys.stdin.read()
"""
ROOT = Path(__file__).resolve().parents[3]


def ended(pid: int) -> bool:
    """True where the process has gone, or is only still counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize(
    ("how", "signal_number"), [("ends", None), ("waits", signal.SIGTERM), ("waits", signal.SIGKILL)]
)
def test_workers_end_with_the_server(how: str, signal_number: int | None) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with server:
        assert server.stdout
        pids = [int(word) for word in server.stdout.readline().split()]
        if signal_number:
            os.kill(server.pid, signal_number)
        server.wait(30)
    assert len(pids) == 2
    until = time.monotonic() + 5
    while not all(map(ended, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert all(map(ended, pids))
