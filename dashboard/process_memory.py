"""What the page's process does about its own memory: what is there for good, and what is given back."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
GIVEN_BACK = {M_MMAP_THRESHOLD: 2**18, M_TRIM_THRESHOLD: 2**18, M_ARENA_MAX: 2}
"""Of the C library: its own thresholds grow with what is freed, so that a file of 30 MB stays for ever."""

_once, _first = Lock(), Lock()


def give_back() -> None:
    """From the first run on, what is freed in pieces over 256 kB goes back to the machine."""
    if not _first.acquire(blocking=False) or sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # a C library without it
        for option, value in GIVEN_BACK.items():
            ctypes.CDLL(None).mallopt(option, value)


def set_aside() -> None:
    """What is there after the first run is there for good: collections leave it out, which took 100 ms."""
    if _once.acquire(blocking=False):
        gc.collect()
        gc.freeze()


def given_bytes(root: Path = Path("/")) -> int | None:
    """How much memory this process and its workers may take together; None where nobody says.

    That of the machine, or less where a service manager or a container holds them to it.
    """
    found = [_whole_number(path) for path in _limits_of_groups(root)]
    with suppress(AttributeError, ValueError, OSError):  # not on Windows
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return min((one for one in found if one), default=None)


def _limits_of_groups(root: Path) -> Iterator[Path]:
    """Where the kernel says the limits of the groups that this process is in, each group within another."""
    try:
        groups = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    for _, kinds, path in (line.split(":", 2) for line in groups if line.count(":") >= 2):
        for inside in (path, *map(str, Path(path).parents)):
            if not kinds:
                yield root / "sys/fs/cgroup" / inside.lstrip("/") / "memory.max"
            elif "memory" in kinds.split(","):
                yield root / "sys/fs/cgroup/memory" / inside.lstrip("/") / "memory.limit_in_bytes"


def _whole_number(path: Path) -> int | None:
    """The number in the file; None where it says another word, as where there is no limit."""
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
