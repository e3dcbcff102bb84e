"""Seconds of the processor that a stretch of work takes, and a slow device made of a fast one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Metered:
    """CPU seconds, and seconds by the clock with the stretch."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


@contextmanager
def metered(into: Metered, *, slowdown: float = 1.0) -> Iterator[None]:
    """Adds what the work inside takes; after c CPU seconds it waits (slowdown - 1) c more.

    CPU time does not count what others do on the machine. A quota would: it stops short work not at all.
    """
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    yield
    cpu_s = time.process_time() - began_cpu_s
    if slowdown > 1:
        time.sleep((slowdown - 1) * cpu_s)
    into.cpu_s += cpu_s
    into.wall_s += time.perf_counter() - began_s
