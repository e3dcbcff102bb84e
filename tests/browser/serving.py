"""`cutwise serve` in a process of its own, started from a folder that is not the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import IO

PATIENCE_S = 60
CHECKOUT = str(Path(__file__).parents[2])


@contextmanager
def serving(port: int, output: IO[str] | int, *, script: Path | None = None) -> Iterator[str]:
    """The address of a server on this port, once it answers; what it prints goes to `output`.

    It serves the page, or a script of its own.
    """
    process = started(port, output, script=script)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/_stcore/health")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def started(port: int, output: IO[str] | int, *, script: Path | None = None) -> subprocess.Popen[bytes]:
    """The process of such a server, which may not answer yet."""
    page = ["cutwise", "serve", "--port"] if script is None else ["streamlit", "run", script, "--server.port"]
    own = {} if script is None else {"STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"}
    return subprocess.Popen(
        [sys.executable, "-m", *page, str(port)],
        cwd=gettempdir(),
        env=os.environ | {"STREAMLIT_SERVER_HEADLESS": "true", "PYTHONPATH": CHECKOUT} | own,
        stdout=output,
        stderr=output,
    )


def wait_for(address: str) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
