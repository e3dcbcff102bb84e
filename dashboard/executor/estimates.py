"""How long an answer takes in this process: as it was measured, else by how much there is to do."""

from __future__ import annotations

import threading
from collections import OrderedDict

from cutwise.budgets import beyond, most
from cutwise.schemes import SCHEMES
from cutwise.schemes.effort import expected_bytes, expected_s
from cutwise_dashboard.executor.errand import Errand

IN_PROCESS_S = 0.02
KINDS_KEPT = 4096
UNKNOWN_S = 1.0


class Estimates:
    """Seconds by kind of errand: what the last answer took, wherever that was.

    Caches make an answer quick the second time, in this process or in a worker. So one that was slow goes to
    a worker, and comes back when that has shown it to be quick; the first time here is then slow once.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._there: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._lock = threading.Lock()

    def here_s(self, errand: Errand) -> float:
        """Seconds that the answer takes in this process."""
        with self._lock:
            known = self._last.get(errand.kind)
        return prior_s(errand) if known is None or not errand.ops else known

    def there_s(self, errand: Errand) -> float | None:
        """Seconds that a worker took for the last answer of this kind."""
        with self._lock:
            return self._there.get(errand.kind)

    def note(self, errand: Errand, seconds: float, *, here: bool) -> None:
        with self._lock:
            _put(self._last, errand.kind, seconds)
            if not here:
                _put(self._there, errand.kind, seconds)


def prior_s(errand: Errand) -> float:
    """Seconds of a first answer.

    Where nobody can say, as without a model or where every split is tried, it is none for this process.
    """
    if not errand.ops or (errand.scheme and SCHEMES[errand.scheme].exhaustive):
        return UNKNOWN_S
    return expected_s(ops=errand.ops, devices=errand.devices, scheme=errand.scheme)


def beyond_budget(errand: Errand) -> str:
    """Why an answer is not begun: it would take more memory than one may have; empty where it may.

    How long it takes nobody knows so well that it could be refused: it is ended after `answer_s`.
    """
    held = expected_bytes(ops=errand.ops, devices=errand.devices)
    return beyond("answer_bytes") if held > most("answer_bytes") else ""


def _put(table: OrderedDict[tuple[object, ...], float], kind: tuple[object, ...], seconds: float) -> None:
    table[kind] = seconds
    table.move_to_end(kind)
    if len(table) > KINDS_KEPT:
        table.popitem(last=False)
