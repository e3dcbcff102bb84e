"""Reads a file nobody vouches for in a process of its own: limited in time, memory and reach.

The child sets its own limits before it looks at the file, has no environment to speak of, and hands
back JSON. Whatever ends the parent's wait, a cancelled page included, ends the child.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, TypedDict

from cutwise.disk.scratch_folders import scratch_folder
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.graph_wire import from_lines, to_lines
from cutwise.importers.gate.reader_ends import DISK_FULL, NO_MEMORY, RESULT_TOO_LARGE, why_it_ended
from cutwise.importers.gate.reading import read_head, read_here
from cutwise.importers.importer import SMALLER
from cutwise.read_limits import (
    READER_CPU_S,
    READER_MEMORY_BYTES,
    READER_OPEN_FILES,
    READER_RESULT_BYTES,
    READER_WALL_S,
)

# The page of whoever else is connected goes before a file nobody vouches for, from the first import on.
NICENESS = 10

POLL_S = 0.2
PROJECT = Path(__file__).resolve().parents[3]
GIVE_WAY = f"import os; hasattr(os, 'nice') and os.nice({NICENESS}); "
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from cutwise.importers.gate.guard import main; main(sys.argv[2])"
)
PR_SET_PDEATHSIG = 1


class Request(TypedDict):
    """What the parent asks of the child; `dims` are the sizes of open dimensions."""

    path: str
    dims: dict[str, int]
    memory_bytes: int
    cpu_s: int
    parent: int


def read_guarded(
    path: Path,
    *,
    dims: Mapping[str, int] | None = None,
    poll: Callable[[], None] | None = None,
    wall_s: float = READER_WALL_S,
    cpu_s: int = READER_CPU_S,
    memory_bytes: int = READER_MEMORY_BYTES,
) -> ModelGraph:
    """The graph of the model file at `path`, read by a guarded child process.

    `poll` is called every 0.2 s; whatever it raises ends the child and is passed on. `memory_bytes`
    comes on top of the file's own size. Raises `ModelImportError` when the file is refused, when the
    reader fails in any way, and when it needs more time or memory than it is given.
    """
    # Not resolved: what lies beside a link is beside the name it is called by, as in Hugging Face's cache.
    path = path.absolute()
    read_head(path)
    request: Request = {
        "path": os.fspath(path),
        "dims": dict(dims or {}),
        "memory_bytes": memory_bytes + path.stat().st_size,
        "cpu_s": cpu_s,
        "parent": os.getpid(),
    }
    with scratch_folder("read", fault=ModelImportError) as folder:
        result = folder / "result.json"
        with result.open("wb") as output:
            child = _start(request, folder, output)
        try:
            finished = _wait(child, poll, wall_s)
        finally:
            _end(child)
        if not finished:
            raise ModelImportError(f"{path.name}: takes more than {wall_s:g} s to read; {SMALLER}")
        return _graph(path, child.returncode, result, cpu_s)


def _start(request: Request, folder: Path, output: BinaryIO) -> subprocess.Popen[bytes]:
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if "SYSTEMROOT" in os.environ:
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-c", GIVE_WAY + START, os.fspath(PROJECT), json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        raise ModelImportError(
            f"no reader can be started for the file ({error.strerror or error}); try again when less runs"
        ) from error


def _wait(child: subprocess.Popen[bytes], poll: Callable[[], None] | None, wall_s: float) -> bool:
    """True when the child has ended by itself in time."""
    deadline = time.monotonic() + wall_s
    while time.monotonic() < deadline:
        try:
            child.wait(min(POLL_S, max(0.0, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            if poll is not None:
                poll()
        else:
            return True
    return False


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    child.wait()


def _graph(path: Path, code: int, result: Path, cpu_s: int) -> ModelGraph:
    text = result.read_text(encoding="utf-8", errors="replace")
    kind, _, body = text.partition("\n")
    if code == 0 and kind == "error":
        raise ModelImportError(json.loads(body))
    try:
        if code == 0 and kind == "graph":
            return from_lines(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ModelImportError(f"{path.name}: {why_it_ended(code, cpu_s)}")


def main(request: str) -> None:
    """Runs in the child: reads the file named in `request` and prints the graph, or one sentence."""
    order: Request = json.loads(request)
    _limit(order)
    path = Path(order["path"])
    try:
        kind, body = "graph", to_lines(read_here(path, order["dims"]))
    except ModelImportError as refusal:
        kind, body = "error", json.dumps(str(refusal))
    except MemoryError:
        kind, body = "error", json.dumps(f"{path.name}: {NO_MEMORY}")
    # The interpreter's own clean-up costs more than the answer, and nothing is left to clean up.
    os._exit(_handed_over(f"{kind}\n{body}"))


def _handed_over(answer: str) -> int:
    """Prints the answer; the exit code."""
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except OSError as error:
        return RESULT_TOO_LARGE if error.errno == errno.EFBIG else DISK_FULL
    return 0


def _limit(order: Request) -> None:
    try:
        import resource
    except ImportError:
        return
    # Where both limits are equal the system kills without a word; the lower one says why.
    cpu_s = order["cpu_s"]
    limits = {
        resource.RLIMIT_AS: (order["memory_bytes"], order["memory_bytes"]),
        resource.RLIMIT_CPU: (cpu_s, cpu_s + 1),
        resource.RLIMIT_FSIZE: (READER_RESULT_BYTES, READER_RESULT_BYTES),
        resource.RLIMIT_NOFILE: (READER_OPEN_FILES, READER_OPEN_FILES),
        resource.RLIMIT_CORE: (0, 0),
    }
    for limit, (soft, most) in limits.items():
        hard = resource.getrlimit(limit)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (min(soft, allowed), allowed))
    if sys.platform == "linux":
        _die_with(order["parent"])


def _die_with(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
