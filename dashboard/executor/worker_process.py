"""One worker as the page's process sees it: started, asked, ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from cutwise_dashboard.executor.errand import Errand
from cutwise_dashboard.executor.faults import lost, too_large, unpacked_error
from cutwise_dashboard.executor.wire import GraphShelf, Reply, received, send, unpacked

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from cutwise_dashboard.executor.worker import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)


class WorkerProcess:
    """A process of its own, which has no copy of this one's threads and locks.

    It must be started by a thread that lives as long as it does: Linux ends a child with the thread that
    made it.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._shelf = GraphShelf()
        self._ended = False
        self._process = subprocess.Popen(
            # Isolated, so that no file of the folder the server was started in is taken for a module.
            [sys.executable, "-I", "-c", START, json.dumps(sys.path), str(memory_bytes), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl+C in the server's terminal is the server's alone
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._ended and self._process.poll() is None

    def answer(self, errand: Errand, what: str, begun: Callable[[], None]) -> tuple[Any, float]:
        """The answer and the seconds it took; `begun` is called when the worker has the order.

        Raises what the function raised; `EOFError` where the worker had ended before it began,
        `AnswerLostError` where it ended since.
        """
        orders, replies = self._process.stdin, self._process.stdout
        assert orders
        assert replies
        try:
            send(orders, self._shelf.order(errand.function, errand.args))
            received(replies)
        except OSError as error:
            raise EOFError("the worker has ended") from error
        begun()
        try:
            reply: Reply = received(replies)
        except (EOFError, OSError) as error:
            self._ended = True
            raise lost(what) from error
        if reply.too_large:
            self._ended = True  # what it has taken by now it would not give back
            raise too_large(what, self._memory_bytes)
        if reply.error:
            raise unpacked_error(reply.error)
        return unpacked(reply.answer, {}), reply.took_s

    def end(self) -> None:
        self._ended = True
        self._process.kill()

    def gone(self) -> None:
        """Ends it and waits until it has gone."""
        self.end()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
