"""Seconds that a call takes: of the processor where it runs, so that a busy machine does not spoil them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

LEAST_TURNS, MOST_TURNS = 3, 100
BATCHED_S = 5e-4
"""Calls shorter than this are timed several at once: a clock's own call takes some 0.1 µs."""


def seconds_of(
    call: Callable[[], Any], *, device: str = "cpu", most_s: float = 0.05, threads: int = 1
) -> float:
    """Seconds of a call, the least over some `most_s` of turns, after one that is not counted.

    On a processor they are counted in computing, so that what other programs take is not in them: what the
    calling thread computes, or where helpers do more of it, all of it shared evenly among `threads`. On an
    accelerator they are those between two of its events.
    """
    clock = _cuda_s if device.startswith("cuda") else partial(_computing_s, threads=threads)
    first = min(clock(call, 1) for _ in range(2))
    at_once = max(1, min(1000, round(BATCHED_S / max(first, 1e-9))))
    turns = min(MOST_TURNS, max(LEAST_TURNS, int(most_s / max(at_once * first, 1e-9))))
    return min(clock(call, at_once) for _ in range(turns))


def _computing_s(call: Callable[[], Any], times: int, *, threads: int) -> float:
    own, whole = time.thread_time(), time.process_time()
    for _ in range(times):
        call()
    return max(time.thread_time() - own, (time.process_time() - whole) / threads) / times


def _cuda_s(call: Callable[[], Any], times: int) -> float:
    import torch

    event: Any = torch.cuda.Event
    start, end = (event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(times):
        call()
    end.record()
    torch.cuda.synchronize()
    return float(start.elapsed_time(end)) / 1e3 / times
