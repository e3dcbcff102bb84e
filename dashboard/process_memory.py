"""What the page's process does about its own memory: what is there for good, and what is given back."""

from __future__ import annotations

import gc
from threading import Lock

_once = Lock()


def set_aside() -> None:
    """What is there after the first run is there for good: collections leave it out, which took 100 ms."""
    if _once.acquire(blocking=False):
        gc.collect()
        gc.freeze()
