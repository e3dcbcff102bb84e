"""One function run in a process of its own: limited in time, memory and reach, and ended with whoever waits.

The child sets its own limits before it looks at its order, has no environment to speak of, and hands back
one word and a text. Whatever ends the parent's wait, a cancelled page included, ends the child.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from cutwise.budgets import VARIABLE
from cutwise.disk.begun import begun
from cutwise.disk.bounded_files import Fault
from cutwise.disk.scratch_folders import scratch_folder
from cutwise.errors import CutwiseError
from cutwise.frozen import Frozen
from cutwise.guarded.child_ends import ANSWER_TOO_LARGE, DISK_FULL, NO_MEMORY
from cutwise.guarded.reader_turns import READERS

# The page of whoever else is connected goes before what nobody vouches for, from the first import on.
NICENESS = 10

POLL_S = 0.2
PROJECT = Path(__file__).resolve().parents[2]
GIVE_WAY = f"import os; hasattr(os, 'nice') and os.nice({NICENESS}); "
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from cutwise.guarded.guarded_process import main; main(sys.argv[2])"
)
PR_SET_PDEATHSIG = 1
NO_CHILD = "no process can be started to read the file ({}); try again when less runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits(Frozen):
    """What one child may use at most."""

    wall_s: float
    cpu_s: int
    memory_bytes: int
    result_bytes: int
    open_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedEnd(Frozen):
    """How a child ended: in time or not, its exit code, and the word and text that it handed back."""

    in_time: bool
    code: int
    word: str
    text: str


def run_guarded(
    task: str,
    order: Mapping[str, Any],
    *,
    limits: ChildLimits,
    poll: Callable[[], None] | None = None,
    fault: Fault = CutwiseError,
) -> GuardedEnd:
    """How the child ended that ran `task`, a "module:function" of ours, on `order`.

    The function takes the order and answers a word and a text. Few children run at once, the others wait for
    their turn. `poll` is called every 0.2 s, in line too; whatever it raises ends the child and is passed on.
    Raises `fault` where no child can be started.
    """
    request = {
        "task": task,
        "order": order,
        "memory_bytes": limits.memory_bytes,
        "cpu_s": limits.cpu_s,
        "result_bytes": limits.result_bytes,
        "open_files": limits.open_files,
        "parent": os.getpid(),
    }
    with READERS.turn(poll), scratch_folder("read", fault=fault) as folder:
        result = folder / "result.json"
        with result.open("wb") as output:
            try:
                child = _start(request, folder, output)
            except OSError as error:
                raise fault(NO_CHILD.format(error.strerror or error)) from error
        try:
            with begun(partial(_kill, child)):
                in_time = _wait(child, poll, limits.wall_s)
        finally:
            _end(child)
        text = result.read_text(encoding="utf-8", errors="replace") if in_time else ""
    word, _, body = text.partition("\n")
    return GuardedEnd(in_time=in_time, code=child.returncode, word=word, text=body)


def _start(request: Mapping[str, Any], folder: Path, output: BinaryIO) -> subprocess.Popen[bytes]:
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if "SYSTEMROOT" in os.environ:
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    if os.environ.get(VARIABLE):
        environment[VARIABLE] = os.path.abspath(os.environ[VARIABLE])
    return subprocess.Popen(
        [sys.executable, "-I", "-c", GIVE_WAY + START, os.fspath(PROJECT), json.dumps(request)],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
        start_new_session=True,
    )


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
    _kill(child)
    child.wait()


def _kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()


def main(request: str) -> None:
    """Runs in the child: the task named in `request`, whose word and text are printed."""
    asked: dict[str, Any] = json.loads(request)
    _limit(asked)
    module, _, function = asked["task"].partition(":")
    try:
        word, text = getattr(importlib.import_module(module), function)(asked["order"])
        code = _handed_over(f"{word}\n{text}")
    except MemoryError:
        code = NO_MEMORY
    # The interpreter's own clean-up costs more than the answer, and nothing is left to clean up.
    os._exit(code)


def _handed_over(answer: str) -> int:
    """Prints the answer; the exit code."""
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except OSError as error:
        return ANSWER_TOO_LARGE if error.errno == errno.EFBIG else DISK_FULL
    return 0


def _limit(asked: Mapping[str, Any]) -> None:
    try:
        import resource
    except ImportError:
        return
    limits = {
        resource.RLIMIT_AS: asked["memory_bytes"],
        resource.RLIMIT_CPU: asked["cpu_s"],
        resource.RLIMIT_FSIZE: asked["result_bytes"],
        resource.RLIMIT_NOFILE: asked["open_files"],
        resource.RLIMIT_CORE: 0,
    }
    # Of computing the system tells at the lower limit, and kills without a word where both are equal.
    more = {resource.RLIMIT_CPU: 1}
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        most = value + more.get(limit, 0)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (min(value, allowed), allowed))
    die_with(asked["parent"])


def die_with(parent: int) -> None:
    """Ends this process with its parent, while something that lets no other thread run is at work too."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
