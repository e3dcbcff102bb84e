"""How long many rows will take, from those that are there; what would take too long ends early."""

from __future__ import annotations

import time

from cutwise.budgets import beyond, most
from cutwise.errors import ScenarioError

SETTLED_S = 2.0
"""The first rows import and fill caches; from then on the rest goes as they went, or quicker."""


class RowPace:
    """Counts the rows that are done, out of all that are asked, after `before_s` of other work for them."""

    def __init__(self, *, rows: int, before_s: float = 0.0) -> None:
        self._rows, self._done, self._began_s, self._before_s = rows, 0, time.monotonic(), before_s

    def followed_by(self, *, rows: int) -> RowPace:
        """The pace of what is done next for the same answer."""
        return RowPace(rows=rows, before_s=self._before_s + time.monotonic() - self._began_s)

    def note(self, rows: int) -> None:
        """So many more are done; raises `ScenarioError` once all would take longer than `sweep_s`."""
        self._done += rows
        if not rows:
            return
        taken_s = time.monotonic() - self._began_s
        expected_s = self._before_s + taken_s * self._rows / self._done
        if taken_s > SETTLED_S and expected_s > most("sweep_s"):
            raise ScenarioError([f"over: {beyond('sweep_s', expected_s)}"])
