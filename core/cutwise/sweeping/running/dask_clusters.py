"""Workers that Dask starts on this machine, or a cluster that runs; nothing of them outlives the sweep."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from typing import Any

from cutwise.disk.scratch_folders import scratch_folder
from cutwise.errors import CutwiseError, shown
from cutwise.frozen import FrozenDict
from cutwise.sweeping.running.part_engines import Engine, OnDask

NO_DASK = "needs Dask, which is not installed; install it with: pip install 'cutwise[scale]'"
PATIENCE_S = 30
UNGUARDED = (
    "workers: none starts, most likely as each of them runs this file first; put the call under "
    'if __name__ == "__main__":'
)
SILENT = 100
"""Above every level of what Dask logs."""
WARNINGS = "PYTHONWARNINGS"
LOOPBACK = "127.0.0.1"
"""Nobody on another machine reaches it."""
SILENT_PAGES: Mapping[str, Any] = FrozenDict({"dashboard": False, "dashboard_address": f"{LOOPBACK}:0"})
"""Dask serves pages whether asked to or not: at a port that is free, where another sweep may run too, and"""
UNUSED: Mapping[str, Any] = FrozenDict(
    {
        "distributed.scheduler.http.routes": (),
        "distributed.worker.http.routes": (),
        "distributed.worker.profile.enabled": False,
    }
)
"""none of them; nor does it look a hundred times a second at what its workers do."""


@contextmanager
def local_workers(count: int) -> Iterator[Engine]:
    """Workers of this machine, a process each, that end with the block.

    They listen on this machine only, to who holds a certificate that is made for them and kept in memory.
    """
    if multiprocessing.parent_process():
        raise CutwiseError(UNGUARDED)
    try:
        from dask import config
        from distributed import Client, LocalCluster
        from distributed.security import Security

        security = Security.temporary()
    except ImportError as error:
        raise CutwiseError(f"workers: {NO_DASK}") from error
    with scratch_folder("sweep") as folder, ExitStack() as stack:
        _track_quietly()
        how = {"host": LOOPBACK, "protocol": "tls://", "security": security, "scheduler_kwargs": SILENT_PAGES}
        room = {"threads_per_worker": 1, "memory_limit": 0, "local_directory": str(folder)}
        try:
            with config.set(UNUSED):
                made = LocalCluster(n_workers=count, silence_logs=SILENT, **how, **room)
            cluster = stack.enter_context(made)
        except RuntimeError as error:
            raise CutwiseError(UNGUARDED) from error
        yield OnDask(stack.enter_context(Client(cluster, set_as_default=False)))


def _track_quietly() -> None:
    """What a process that is told to stop leaves of its semaphores is let go without a word about it."""
    before = os.environ.get(WARNINGS)
    os.environ[WARNINGS] = "ignore"
    try:
        resource_tracker.ensure_running()
    finally:
        del os.environ[WARNINGS]
        if before is not None:
            os.environ[WARNINGS] = before


@contextmanager
def running_cluster(address: str) -> Iterator[Engine]:
    """The workers of a cluster that runs at `address`; raises `CutwiseError` where none answers."""
    try:
        from distributed import Client
    except ImportError as error:
        raise CutwiseError(f"dask: {NO_DASK}") from error
    if fault := _fault_at(address):
        raise CutwiseError(
            f"dask: no scheduler answers at {shown(address)}; start one, or see docs/scale.md"
        ) from fault
    with Client(address, timeout=PATIENCE_S, set_as_default=False) as client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_S)
        except TimeoutError as error:
            raise CutwiseError(f"dask: the cluster at {shown(address)} has no worker; start one") from error
        yield OnDask(client)


def _fault_at(address: str) -> Exception | None:
    """Why no scheduler answers there, None where one does.

    Asked beforehand in an event loop that ends with the question: a client that fails to start keeps its
    thread, and waits without end for what takes the connection and says nothing.
    """
    found: list[Exception] = []

    def ask() -> None:
        try:
            asyncio.run(_reached(address))
        except Exception as error:  # whatever a stranger's answer leads to
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join()
    return found[0] if found else None


async def _reached(address: str) -> None:
    from distributed import Client

    client = Client(address, timeout=PATIENCE_S, asynchronous=True, set_as_default=False)

    async def started() -> None:
        await client

    try:
        await asyncio.wait_for(started(), 2 * PATIENCE_S)
    finally:
        await client.close()
