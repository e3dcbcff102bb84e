"""What a scene has shown, as numbers and as a row that is printed."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from tests.load.people import Seen
from tests.load.truth import Truth
from tests.load.watched_server import WatchedServer

MEBI = 2.0**20
SAMPLE_S, YARDSTICKS = 1.0, 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measured figure beside its limit; `limit` None where nothing is promised."""

    scene: str
    what: str
    value: float
    unit: str
    limit: float | None = None

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        beside = "" if self.limit is None else f"  of {self.limit:g} {self.unit}"
        verdict = "" if self.limit is None else ("  holds" if self.holds else "  MISSED")
        return f"  {self.what:<40} {self.value:10.1f} {self.unit}{beside}{verdict}"


@dataclass(slots=True, kw_only=True)
class Spent:
    """What the server computed while something went on, and for how long that was.

    `yardstick_s` is what the same little loop took to compute before and after: neighbours slow both down.
    """

    cpu_s: float = 0.0
    wall_s: float = 0.0
    yardstick_s: float = 0.0


@contextmanager
def spending(server: WatchedServer) -> Iterator[Spent]:
    """What is spent within."""
    before_s = yardstick_s()
    spent, cpu_s, began_s = Spent(), server.cpu_s(), time.perf_counter()
    yield spent
    spent.cpu_s, spent.wall_s = server.cpu_s() - cpu_s, time.perf_counter() - began_s
    spent.yardstick_s = (before_s + yardstick_s()) / 2


def yardstick_s() -> float:
    """Seconds of computing that a hundred thousand products take, the median of some."""
    return statistics.median(_products_s() for _ in range(YARDSTICKS))


def _products_s() -> float:
    began_s, total = time.thread_time(), 0
    for number in range(100_000):
        total += number * number % 7
    return time.thread_time() - began_s


@dataclass(slots=True)
class MemorySamples:
    """What the server holds, second by second, from `watch` to its end."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)

    async def watch(self, server: WatchedServer) -> None:
        while True:
            self.seconds.append(time.perf_counter())
            self.sizes.append(server.memory_bytes())
            await asyncio.sleep(SAMPLE_S)

    def slope_bytes_per_minute(self) -> float:
        """The steepness of the straight line through them, by least squares."""
        if len(self.seconds) < 2:
            return 0.0
        return 60.0 * float(np.polyfit(self.seconds, self.sizes, 1)[0])


def percentile_ms(seconds: Sequence[float], percent: float) -> float:
    """The smallest that so many percent do not exceed; endless where there are none."""
    if not seconds:
        return math.inf
    ranked = sorted(seconds)
    return 1000.0 * ranked[math.ceil(len(ranked) * percent / 100.0) - 1]


def rows_of_steps(
    scene: str, seen: Seen, spent: Spent, truth: Truth, *, most_ms: float | None = None
) -> Iterable[Row]:
    """How quick the steps of sliders were, what failed, what was wrong, and what a step costs to compute."""
    took_s = [answer.took_s for answer in seen.answers if answer.figures]
    wrong = [answer for answer in seen.answers if answer.figures and not truth.is_shown(answer)]
    yield Row(scene=scene, what="steps", value=len(took_s), unit="")
    for percent in (50, 95, 99):
        limit = most_ms if percent == 95 else None
        yield Row(
            scene=scene, what=f"p{percent} to the new figure", value=percentile_ms(took_s, percent),
            unit="ms", limit=limit,
        )  # fmt: skip
    figures = sum(len(answer.figures) for answer in seen.answers)
    yield Row(scene=scene, what=f"wrong figures of {figures}", value=len(wrong), unit="", limit=0)
    yield Row(scene=scene, what="errors", value=len(seen.errors), unit="", limit=0)
    if took_s:
        each_ms = 1000.0 * spent.cpu_s / len(took_s)
        yield Row(scene=scene, what="computing a step, server", value=each_ms, unit="ms")
        yield Row(scene=scene, what="the yardstick, beside it", value=1000.0 * spent.yardstick_s, unit="ms")
        yield Row(scene=scene, what="steps a second, server", value=len(took_s) / spent.wall_s, unit="")
