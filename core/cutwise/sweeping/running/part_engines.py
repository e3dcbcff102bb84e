"""Who makes the parts: this process, or the workers of a Dask client; the bytes are the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from cutwise.errors import CutwiseError
from cutwise.scenario.versions import Versions, versions
from cutwise.sweeping.files.part_files import GO_ON, write_part
from cutwise.sweeping.running.sweep_progress import PartOutcome
from cutwise.sweeping.whole_sweep import Sweep

IN_FLIGHT = 4
"""Parts that each worker has waiting, so that it never waits for the next."""
_ONE_AT_A_TIME = threading.Lock()
"""A worker of several threads makes one part after another: a part is what bounds its memory."""


class Engine(Protocol):
    """Makes parts, in any order, and tells what came of each."""

    @property
    def workers(self) -> int:
        """How many make parts beside this process, 0 for none."""
        ...

    def made(self, sweep: Sweep, folder: Path, numbers: Sequence[int]) -> Iterator[PartOutcome]:
        """Writes the parts with these numbers."""
        ...


def outcome_of(sweep: Sweep, folder: Path, number: int, *, asked: Versions) -> PartOutcome:
    """Writes one part where this runs; what a user can put right comes back as a sentence."""
    if versions() != asked:
        return PartOutcome(
            number=number,
            mistake=f"a worker has {versions().text}, this is {asked.text}; install the same on both",
        )
    began_s = time.perf_counter()
    try:
        with _ONE_AT_A_TIME:
            write_part(sweep, number, folder)
    except CutwiseError as error:
        return PartOutcome(number=number, mistake=str(error))
    return PartOutcome(number=number, took_s=time.perf_counter() - began_s)


class InProcess:
    """Makes one part after another, here."""

    workers = 0

    def made(self, sweep: Sweep, folder: Path, numbers: Sequence[int]) -> Iterator[PartOutcome]:
        """Writes the parts with these numbers, in their order."""
        return (outcome_of(sweep, folder, number, asked=versions()) for number in numbers)


class OnDask:
    """Hands parts to the workers of a Dask client; a worker that dies costs the parts it was at."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def workers(self) -> int:
        """How many there are at present."""
        return len(self._client.nthreads())

    def made(self, sweep: Sweep, folder: Path, numbers: Sequence[int]) -> Iterator[PartOutcome]:
        """Writes the parts with these numbers, a few of every worker's at a time."""
        from distributed import as_completed

        held = self._client.submit(_same, sweep, key=f"sweep-{sweep.digest}", pure=False)
        waiting = iter(numbers)
        done = as_completed(loop=self._client.loop)
        in_flight = 0
        while True:
            for number in waiting:
                task = self._client.submit(outcome_of, held, folder, number, asked=versions(), pure=False)
                done.add(task)
                in_flight += 1
                if in_flight >= IN_FLIGHT * max(1, self.workers):
                    break
            if not in_flight:
                return
            yield _result(next(done))
            in_flight -= 1


def _same(sweep: Sweep) -> Sweep:
    """Kept by the cluster once, and made again by it where the worker that held it is gone."""
    return sweep


def _result(task: Any) -> PartOutcome:
    from distributed import CancelledError, KilledWorker

    try:
        found: PartOutcome = task.result()
    except KilledWorker as error:
        raise CutwiseError(
            f"a part ended each worker that took it ({error.last_worker.address}), most likely for want of "
            f"memory; give a smaller part_rows; {GO_ON}"
        ) from error
    except (CancelledError, OSError) as error:
        _gone(error)
    except ImportError as error:
        raise CutwiseError(
            f"a worker cannot load cutwise ({error}); install there what is installed here"
        ) from error
    else:
        return found


def _gone(error: BaseException) -> NoReturn:
    raise CutwiseError(f"the cluster is gone; {GO_ON}") from error
