"""The seam that every answer goes through: kept, on its way, worked out here, or by a worker."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import Any

from cutwise.errors import CutwiseError
from cutwise_dashboard.caches import kept
from cutwise_dashboard.executor.errand import Errand
from cutwise_dashboard.executor.estimates import IN_PROCESS_S, Estimates, beyond_budget, prior_s
from cutwise_dashboard.executor.flight import Flight, Job
from cutwise_dashboard.executor.kept_answers import KeptAnswer, answer_of
from cutwise_dashboard.executor.pool import FEWEST, Pool, workers_here

LONGEST_S = 10.0
"""Nobody waits longer than this for quicker answers that came after."""
WARMING_S, WARMING_HERE_S = 6.0, 0.75
"""After their start workers import for so long; what seems to take up to the second here does not wait."""
Answers = Callable[[str, str], KeptAnswer]
At = tuple[str, str]


class Executor:
    """Answers errands: at once where the answer is kept or takes up to 20 ms, else by one of its workers.

    Equal errands that are under way are answered once. Safe to use from many threads.
    """

    def __init__(
        self,
        *,
        answers: Answers = answer_of,
        workers: int = FEWEST,
        memory_bytes: int | None = None,
        longest_s: float | None = None,
        in_process_s: float = IN_PROCESS_S,
        warming_s: float = 0.0,
    ) -> None:
        self.estimates = Estimates()
        self.pool = Pool(self._landed, workers=workers, memory_bytes=memory_bytes, longest_s=longest_s)
        self._answers, self._in_process_s, self._warming_s = answers, in_process_s, warming_s
        self._flying: dict[At, Flight] = {}
        self._lock = threading.Lock()

    def ask(self, errand: Errand, words: str = "This answer") -> Job:
        """A job for the answer; `words` name it in progress and errors."""
        at = (errand.name, errand.key)
        place = self._answers(*at)
        if place.found:
            return _landed_job(errand, words, place.value)
        if refusal := beyond_budget(errand):
            return _landed_job(errand, words, error=CutwiseError(f"{words} {refusal}"))
        with self._lock:
            if (flight := self._flying.get(at)) is not None:
                flight.wanted += 1
                return Job(flight, self._leave)
            if self.estimates.here_s(errand) > self._most_here_s():
                flight = self._flying[at] = self._taking_off(errand, words)
                self.pool.add(flight)
                return Job(flight, self._leave)
        return self._answered_here(errand, words, place)

    def _most_here_s(self) -> float:
        """Up to how many seconds are answered here: more while workers still import what they need."""
        return WARMING_HERE_S if self.pool.age_s < self._warming_s else self._in_process_s

    def _taking_off(self, errand: Errand, words: str) -> Flight:
        expected_s = self.estimates.there_s(errand)
        takes_s = min(LONGEST_S, prior_s(errand) if expected_s is None else expected_s)
        due_s = time.monotonic() + takes_s
        return Flight(errand=errand, words=words, expected_s=expected_s, due_s=due_s, wanted=1)

    def _answered_here(self, errand: Errand, words: str, place: KeptAnswer) -> Job:
        flight = Flight(errand=errand, words=words)
        began = time.perf_counter()
        try:
            place.put(errand.function(*errand.args))
        except Exception as error:  # told to whoever asks for the result, as from a worker
            flight.land(error=error)
        else:
            flight.land(place.value)
        self.estimates.note(errand, time.perf_counter() - began, here=True)
        return Job(flight, _stay)

    def _leave(self, flight: Flight) -> None:
        """One asker less; after the last one the work is ended."""
        with self._lock:
            flight.wanted -= 1
            if flight.wanted or flight.landed.is_set():
                return
            self._forget(flight)
            self.pool.drop(flight)

    def _landed(self, flight: Flight, value: Any, error: BaseException | None, took_s: float) -> None:
        if error is None:
            place = self._answers(flight.errand.name, flight.errand.key)
            place.put(value)
            self.estimates.note(flight.errand, took_s, here=False)
            value = place.value
        with self._lock:
            self._forget(flight)
            flight.land(value, error)

    def _forget(self, flight: Flight) -> None:
        at = (flight.errand.name, flight.errand.key)
        if self._flying.get(at) is flight:
            del self._flying[at]

    def close(self) -> None:
        """Ends the workers; errands that wait are cancelled."""
        self.pool.close()


def _landed_job(errand: Errand, words: str, value: Any = None, error: CutwiseError | None = None) -> Job:
    flight = Flight(errand=errand, words=words)
    flight.land(value, error)
    return Job(flight, _stay)


def _stay(flight: Flight) -> None:
    """Nobody works on it."""


@kept
def shared_executor() -> Executor:
    """The one executor of this process; its workers end with it."""
    workers, memory_bytes = workers_here()
    made = Executor(workers=workers, memory_bytes=memory_bytes, warming_s=WARMING_S)
    atexit.register(made.close)
    return made
