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
    """Seconds by kind of errand, for this process and for the workers.

    The two are apart because caches are: an answer that a worker gives in 8 ms, as it knows the model, can
    take this process 400 ms the first time. So where only a worker has answered yet, its first time counts.
    Here the longest counts: one slow answer sends its kind to the workers for good.
    """

    def __init__(self) -> None:
        self._here: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._first: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._there: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self._lock = threading.Lock()

    def here_s(self, errand: Errand) -> float:
        """Seconds that the answer takes in this process."""
        with self._lock:
            known = self._here.get(errand.kind, self._first.get(errand.kind))
        return prior_s(errand) if known is None or not errand.ops else known

    def there_s(self, errand: Errand) -> float | None:
        """Seconds that a worker took for the last answer of this kind."""
        with self._lock:
            return self._there.get(errand.kind)

    def note(self, errand: Errand, seconds: float, *, here: bool) -> None:
        with self._lock:
            if here:
                _put(self._here, errand.kind, max(seconds, self._here.get(errand.kind, 0.0)))
            else:
                _put(self._there, errand.kind, seconds)
                if errand.kind not in self._first:
                    _put(self._first, errand.kind, seconds)


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
