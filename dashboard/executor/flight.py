"""An answer on its way: shared by all who asked for it, each of whom holds a `Job`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cutwise_dashboard.executor.errand import Errand
from cutwise_dashboard.executor.faults import cancelled
from cutwise_dashboard.format import quantity_text

MOST_SHARE = 0.95
"""Of an answer that takes longer than the last one of its kind, this much is said to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much is done, None where nobody knows, and in words."""

    share: float | None
    words: str


@dataclass(slots=True, eq=False, kw_only=True)
class Flight:
    """One answer that is waited for; it ends once, by `land`.

    `due_s` is by when it would be there if its turn came at once: those in line go by it.
    """

    errand: Errand
    words: str
    expected_s: float | None = None
    due_s: float = 0.0
    wanted: int = 0
    cancelled: bool = False
    began_s: float | None = None
    value: Any = None
    error: BaseException | None = None
    landed: threading.Event = field(default_factory=threading.Event)

    def land(self, value: Any = None, error: BaseException | None = None) -> None:
        if not self.landed.is_set():
            self.value, self.error = value, error
            self.landed.set()

    def begin(self) -> None:
        self.began_s = time.monotonic()


class Job:
    """One asker's hold on an answer.

    `cancel` gives it up; the work ends when nobody else wants it.
    """

    def __init__(self, flight: Flight, leave: Callable[[Flight], None]) -> None:
        self._flight, self._leave = flight, leave
        self._left = threading.Lock()
        self._cancelled = False

    @property
    def done(self) -> bool:
        """True once `result` answers at once."""
        return self._cancelled or self._flight.landed.is_set()

    def wait(self, timeout_s: float) -> bool:
        """True as soon as it is done, False after so long."""
        return self._cancelled or self._flight.landed.wait(timeout_s)

    def result(self, timeout_s: float | None = None) -> Any:
        """The answer; raises what the function raised, or that it was given up, lost or late."""
        if self._cancelled:
            raise cancelled(self._flight.words)
        if not self._flight.landed.wait(timeout_s):
            raise TimeoutError(f"{self._flight.words} has no answer after {timeout_s:g} s")
        if self._flight.error is not None:
            raise self._flight.error
        return self._flight.value

    @property
    def progress(self) -> Progress:
        """What there is to say while it is waited for."""
        return progress_of(self._flight)

    def cancel(self) -> None:
        """Gives the answer up, once; one that is there already stays there."""
        if self._left.acquire(blocking=False) and not self._flight.landed.is_set():
            self._cancelled = True
            self._leave(self._flight)


def progress_of(flight: Flight) -> Progress:
    if flight.landed.is_set():
        return Progress(share=1.0, words=flight.words)
    if flight.began_s is None:
        return Progress(share=0.0, words=f"{flight.words}: waits for its turn")
    spent_s = time.monotonic() - flight.began_s
    if not flight.expected_s:
        return Progress(share=None, words=f"{flight.words}: for {quantity_text(spent_s, 's')}")
    share = min(MOST_SHARE, spent_s / flight.expected_s)
    words = f"{quantity_text(spent_s, 's')} of about {quantity_text(flight.expected_s, 's')}"
    return Progress(share=share, words=f"{flight.words}: {words}")
