"""Runs of the page one after another: sessions share one interpreter, in which runs at once only wait longer.

Ten runs of 40 ms side by side all end after 400 ms; one after another they end after 40, 80, …, 400 ms.
Figures of all come before the rest of any: what was asked for is shown as soon as it can be.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

LONGEST_S = 0.15
"""Some three runs of a slider's step: whoever takes longer works on beside those that come after."""
REST_S = 0.5
"""The rest of a page lets others go first for so long."""


@dataclass(slots=True, eq=False)
class _Turn:
    called: threading.Event = field(default_factory=threading.Event)
    due_s: float = 0.0
    began_s: float = 0.0


class RunTurns:
    """First come, first served; nobody's turn lasts longer than `longest_s`, though the work may."""

    def __init__(self, *, longest_s: float = LONGEST_S) -> None:
        self._longest_s = longest_s
        self._waiting: list[_Turn] = []
        self._holder: _Turn | None = None
        self._lock = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Works in its turn."""
        self._take()
        try:
            yield
        finally:
            self._give()

    def let_others_first(self) -> None:
        """What was asked for is shown: those who wait for theirs come before the rest of this page."""
        if self._waiting and getattr(self._mine, "turn", None):
            self._give()
            self._take(rest_s=REST_S)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Lets others work while this thread, in its turn, waits for a process of its own."""
        if not getattr(self._mine, "turn", None):
            yield
            return
        self._give()
        try:
            yield
        finally:
            self._take()

    def _take(self, *, rest_s: float = 0.0) -> None:
        mine = self._mine.turn = _Turn(due_s=time.monotonic() + rest_s)
        with self._lock:
            self._waiting.append(mine)
            self._call()
        while not mine.called.wait(self._left_s()):
            with self._lock:
                self._call()

    def _give(self) -> None:
        mine, self._mine.turn = self._mine.turn, None
        with self._lock:
            if self._holder is mine:
                self._holder = None
                self._call()

    def _call(self) -> None:
        """Calls the next where nobody works, or somebody has for too long."""
        now_s = time.monotonic()
        is_free = self._holder is None or now_s - self._holder.began_s >= self._longest_s
        if self._waiting and is_free:
            self._holder = min(self._waiting, key=lambda turn: turn.due_s)
            self._waiting.remove(self._holder)
            self._holder.began_s = now_s
            self._holder.called.set()

    def _left_s(self) -> float:
        """Until when the turn that is under way is over, whatever its holder does."""
        holder = self._holder
        return max(0.001, holder.began_s + self._longest_s - time.monotonic()) if holder else 0.001


TURNS = RunTurns()
"""Those of this process."""
