"""How long an answer takes in this process: as it was measured, else by how much there is to do."""

from __future__ import annotations

import threading
from collections import OrderedDict

from cutwise.schemes import SCHEMES
from cutwise_dashboard.executor.errand import Errand

IN_PROCESS_S = 0.02
KINDS_KEPT = 4096
PRIOR_S, PER_OP_S, PER_DEVICE_S, PER_SPLIT_S = 0.005, 0.001, 0.0005, 1e-6
MOST_OPS, UNKNOWN_S = 60, 1.0
"""What a first answer takes for a model that nobody has asked about: of the order measured on the samples."""


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
    """Seconds of a first answer by ops and devices, and by splits where the scheme tries every one.

    A question without a model has no size that is known, and is none for this process.
    """
    if not errand.ops:
        return UNKNOWN_S
    splits = 2 ** min(errand.ops, MOST_OPS) if errand.scheme and SCHEMES[errand.scheme].exhaustive else 0
    return PRIOR_S + PER_OP_S * errand.ops + PER_DEVICE_S * errand.devices + PER_SPLIT_S * splits


def _put(table: OrderedDict[tuple[object, ...], float], kind: tuple[object, ...], seconds: float) -> None:
    table[kind] = seconds
    table.move_to_end(kind)
    if len(table) > KINDS_KEPT:
        table.popitem(last=False)
