"""Workers and what waits for them: a thread a worker, which starts, feeds, hears and replaces it."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from cutwise.budgets import most
from cutwise_dashboard.executor.faults import AnswerLostError, cancelled, lost, too_slow
from cutwise_dashboard.executor.flight import Flight
from cutwise_dashboard.executor.worker_process import WorkerProcess
from cutwise_dashboard.process_memory import given_bytes

FEWEST, MOST = 2, 4
"""One long answer must not hold up the rest; beyond four the page's own process is what people wait for."""
LEAST_BYTES = 10**9
"""What a worker reserves before its first answer is some 500 MB; with less it would answer nothing."""
STARTS = 2
"""A worker that ends before it has begun an answer is replaced so often; it was ended while it idled."""
Landed = Callable[[Flight, Any, BaseException | None, float], None]


def workers_for(*, cores: int, memory_bytes: int, each_bytes: int) -> int:
    """How many workers there are: one a core, as far as half of the memory is enough for all.

    >>> workers_for(cores=64, memory_bytes=2**40, each_bytes=4 * 2**30)
    4
    >>> workers_for(cores=8, memory_bytes=24 * 2**30, each_bytes=4 * 2**30)
    3
    """
    return max(FEWEST, min(MOST, cores, memory_bytes // 2 // each_bytes))


def bytes_for(*, workers: int, memory_bytes: int, each_bytes: int) -> int:
    """How much memory each worker may take: as much as an answer may, as far as half of it all goes.

    >>> bytes_for(workers=2, memory_bytes=6 * 10**9, each_bytes=4 * 10**9)
    1500000000
    """
    return min(each_bytes, max(LEAST_BYTES, memory_bytes // 2 // workers))


def workers_here() -> tuple[int, int]:
    """How many workers there are here, and the memory of each; the fewest where nobody says how much is."""
    memory_bytes, each_bytes = given_bytes(), most("answer_bytes")
    if memory_bytes is None:
        return FEWEST, each_bytes
    workers = workers_for(cores=os.cpu_count() or 1, memory_bytes=memory_bytes, each_bytes=each_bytes)
    return workers, bytes_for(workers=workers, memory_bytes=memory_bytes, each_bytes=each_bytes)


class Pool:
    """Workers that start when they are first needed, or asked to warm up.

    `landed` is told of every flight that ends, by the thread of its worker. A flight goes to the worker that
    it prefers; another one takes it that has nothing else to do, so that no long answer holds up the rest.
    """

    def __init__(
        self,
        landed: Landed,
        *,
        workers: int = FEWEST,
        memory_bytes: int | None = None,
        longest_s: float | None = None,
    ) -> None:
        self._landed = landed
        self._memory_bytes = most("answer_bytes") if memory_bytes is None else memory_bytes
        self._longest_s = min(most("answer_s") if longest_s is None else longest_s, threading.TIMEOUT_MAX)
        self._changed = threading.Condition()
        self._waiting: list[Flight] = []
        self._running: list[Flight | None] = [None] * workers
        self._processes: list[WorkerProcess | None] = [None] * workers
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._started_s = math.inf

    @property
    def age_s(self) -> float:
        """Seconds since the workers were started, 0 before that."""
        return max(0.0, time.monotonic() - self._started_s)

    def start(self) -> None:
        """Starts the workers in the background; they import what answers need before they are asked."""
        with self._changed:
            if self._threads or self._closed:
                return
            self._started_s = time.monotonic()
            self._threads = [
                threading.Thread(target=self._serve, args=(place,), name=f"worker {place}", daemon=True)
                for place in range(len(self._running))
            ]
        for thread in self._threads:
            thread.start()

    def add(self, flight: Flight) -> None:
        """Puts a flight in line."""
        self.start()
        with self._changed:
            if self._closed:
                flight.land(error=cancelled(flight.words))
                return
            self._waiting.append(flight)
            self._changed.notify_all()

    def drop(self, flight: Flight) -> None:
        """Takes a flight out of line; one that is under way is ended with its worker."""
        with self._changed:
            flight.cancelled = True
            if flight in self._waiting:
                self._waiting.remove(flight)
                flight.land(error=cancelled(flight.words))
            elif flight in self._running and (process := self._processes[self._running.index(flight)]):
                process.end()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that are there."""
        with self._changed:
            return tuple(process.pid for process in self._processes if process and process.alive)

    def pid_of(self, flight: Flight) -> int | None:
        """The process that works on this flight, once it has begun."""
        with self._changed:
            working = flight.began_s is not None and flight in self._running
            process = self._processes[self._running.index(flight)] if working else None
            return process.pid if process else None

    def close(self) -> None:
        """Ends all workers and whatever they do; nothing is taken on any more."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            for process in self._processes:
                if process:
                    process.end()
            self._changed.notify_all()
        for flight in waiting:
            flight.land(error=cancelled(flight.words))
        for thread in self._threads:
            thread.join(timeout=5)

    def _serve(self, place: int) -> None:
        self._ready(place)
        while flight := self._next(place):
            value, error, took_s = self._answer(place, flight)
            with self._changed:
                self._running[place] = None
                dropped = flight.cancelled
            if dropped:
                error = cancelled(flight.words)
            self._ready(place)
            self._landed(flight, value, error, took_s)
        if process := self._processes[place]:
            process.gone()

    def _ready(self, place: int) -> WorkerProcess | None:
        """The worker, a fresh one where it has ended; None where none is wanted any more, or can be had."""
        with self._changed:
            process = self._processes[place]
            if process and process.alive:
                return process
            if process:
                process.gone()
            self._processes[place] = None
            if not self._closed:
                with suppress(OSError):
                    self._processes[place] = WorkerProcess(self._memory_bytes)
            return self._processes[place]

    def _next(self, place: int) -> Flight | None:
        """The flight to work on, once there is one: of those that prefer this worker, else of all others."""
        with self._changed:
            while not self._closed:
                mine = [flight for flight in self._waiting if self._preferred(flight) == place]
                stuck = (f for f in self._waiting if self._running[self._preferred(f)] is not None)
                if found := _most_urgent(mine) or _most_urgent(stuck):
                    self._waiting.remove(found)
                    self._running[place] = found
                    self._changed.notify_all()
                    return found
                self._changed.wait()
        return None

    def _preferred(self, flight: Flight) -> int:
        return flight.errand.preferred(len(self._running))

    def _answer(self, place: int, flight: Flight) -> tuple[Any, BaseException | None, float]:
        for _ in range(STARTS):
            process = self._ready(place)
            if process is None or flight.cancelled:
                break
            late = threading.Event()
            watch = threading.Timer(self._longest_s, _end_late, (process, late))
            watch.start()
            try:
                value, took_s = process.answer(flight.errand, flight.words, flight.begin)
            except (EOFError, AnswerLostError) as error:
                process.end()
                if late.is_set():
                    return None, too_slow(flight.words, self._longest_s), 0.0
                if isinstance(error, AnswerLostError):
                    return None, error, 0.0
            except Exception as error:  # whatever it is, it belongs to whoever asked
                return None, error, 0.0
            else:
                return value, None, took_s
            finally:
                watch.cancel()
        return None, lost(flight.words), 0.0


def _end_late(process: WorkerProcess, late: threading.Event) -> None:
    late.set()
    process.end()


def _most_urgent(flights: Iterable[Flight]) -> Flight | None:
    """A quick answer before a long one that came a little earlier."""
    return min(flights, key=lambda flight: flight.due_s, default=None)
