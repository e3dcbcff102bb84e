"""The other process: answers one order after another until the page's own process has gone."""

from __future__ import annotations

import importlib
import os
import pickle
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import IO

from cutwise.graph.model_graph import ModelGraph
from cutwise.guarded.guarded_process import die_with
from cutwise_dashboard.executor.faults import packed_error
from cutwise_dashboard.executor.wire import Begun, Reply, WorkOrder, received, send, unpacked

WARM = (
    "cutwise.pipeline",
    "cutwise.analyses",
    "cutwise_dashboard.executor.questions",
    "networkx",
    "ortools.graph.python.max_flow",
    "ortools.sat.python.cp_model",
    "pandas",
)
"""What answers import when they first need it, a second or two: done while nobody waits."""


def main(memory_bytes: int, parent: int) -> None:
    """Runs in the worker."""
    _limit(memory_bytes)
    die_with(parent)
    orders, replies = _own_streams()
    waiting: SimpleQueue[WorkOrder] = SimpleQueue()
    threading.Thread(target=_listen, args=(orders, waiting), daemon=True).start()
    with suppress(OSError):  # nobody hears the reply any more
        _serve(waiting, replies)


def _serve(waiting: SimpleQueue[WorkOrder], replies: IO[bytes]) -> None:
    graphs: dict[str, ModelGraph] = {}
    cold = deque(WARM)
    while True:
        while cold and waiting.empty():
            importlib.import_module(cold.popleft())
        order = waiting.get()
        send(replies, Begun())
        graphs.update(order.graphs)
        send(replies, _reply(order, graphs))
        for digest in order.forgotten:
            graphs.pop(digest, None)


def _reply(order: WorkOrder, graphs: Mapping[str, ModelGraph]) -> Reply:
    began = time.perf_counter()
    try:
        function, args = unpacked(order.call, graphs)
        answer = pickle.dumps(function(*args), protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return Reply(too_large=True)
    except Exception as error:  # whatever it is, it belongs to whoever asked
        return Reply(error=packed_error(error))
    return Reply(answer=answer, took_s=time.perf_counter() - began)


def _own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Orders and replies on streams that nothing else prints on or reads."""
    orders, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return orders, replies


def _listen(orders: IO[bytes], waiting: SimpleQueue[WorkOrder]) -> None:
    """Hands orders on, and ends this process when the one that sends them has ended, amid an answer too."""
    with suppress(EOFError, OSError):
        while True:
            waiting.put(received(orders))
    os._exit(0)


def _limit(memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for limit, value in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (allowed, allowed))
