"""What the page's process does about its own memory: what is there for good, and what is given back."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
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
