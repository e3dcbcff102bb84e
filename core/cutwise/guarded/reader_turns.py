"""Guarded children in turns: so many at once for a whole process, whoever comes then waits in line."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FEWEST, MOST = 2, 4
"""A small file must not wait for one large one; each child may take half a gigabyte."""
LOOK_S = 0.2


class ReaderTurns:
    """First come, first served."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._line: deque[object] = deque()
        self._changed = threading.Condition()
        self._mine = threading.local()

    @property
    def waits(self) -> bool:
        """True while this thread is in line, which its `poll` may want to say."""
        return getattr(self._mine, "waits", False)

    @contextmanager
    def turn(self, poll: Callable[[], None] | None = None) -> Iterator[None]:
        """Works in its turn; `poll` is called while it waits, and whatever it raises leaves the line."""
        me = object()
        with self._changed:
            self._line.append(me)
        try:
            self._mine.waits = True
            while not self._entered(me):
                if poll is not None:
                    poll()
        finally:
            self._mine.waits = False
            with self._changed:
                if me in self._line:
                    self._line.remove(me)
                    self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _entered(self, me: object) -> bool:
        """True where it was the first one's turn before the next look; it has left the line then."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._free > 0 and self._line[0] is me, LOOK_S):
                return False
            self._line.popleft()
            self._free -= 1
            self._changed.notify_all()
            return True


READERS = ReaderTurns(max(FEWEST, min(MOST, os.cpu_count() or 1)))
"""Those of this process."""
