"""The device's side of split training: the first ops here, the rest in the server's process."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tests.testbed.cpu_meter import Metered, metered
from tests.testbed.op_tables import INPUT, Batch, OpTable, loss_of, seeded, sgd, tensors_with_gradients
from tests.testbed.paced_link import PacedLink

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Bed:
    """What is trained, how slow the device is, and the rates of the link; None for no pacing."""

    model: str
    sizes: Mapping[str, int]
    slowdown: float = 1.0
    uplink_bps: float | None = None
    downlink_bps: float | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One training step: its loss, CPU seconds of both sides, seconds on the link, bytes both ways."""

    loss: float
    device_cpu_s: float
    server_cpu_s: float = 0.0
    link_s: float = 0.0
    up_bytes: int = 0
    down_bytes: int = 0
    wall_s: float


@contextmanager
def server_link() -> Iterator[PacedLink]:
    """A server in a process of its own at the other end of a socket pair."""
    here, there = socket.socketpair()
    command = [sys.executable, "-m", "tests.testbed.server_process", "--fd", str(there.fileno())]
    server = subprocess.Popen(command, cwd=ROOT, pass_fds=[there.fileno()])
    there.close()
    link = PacedLink(here, rate_bps=None)
    try:
        yield link
        link.send({"ask": "end"})
    finally:
        link.close()
        server.wait(timeout=PATIENCE_S)


@contextmanager
def server_at(address: str) -> Iterator[PacedLink]:
    """A server that waits at host:port, once it does; the wire between sets the rates."""
    host, port = address.rsplit(":", 1)
    end = _connected(host, int(port))
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link = PacedLink(end, rate_bps=None)
    try:
        yield link
        link.send({"ask": "end"})
    finally:
        link.close()


def _connected(host: str, port: int) -> socket.socket:
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return socket.create_connection((host, port), timeout=PATIENCE_S)
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.2)


def asked(link: PacedLink, ask: str, **header: Any) -> dict[str, Any]:
    """What the server says to a message without tensors."""
    link.send({"ask": ask, **header})
    return link.receive()[0]


class SplitTraining:
    """A fresh model cut behind its first `cut` ops, both sides from the same seed."""

    def __init__(self, link: PacedLink, bed: Bed, cut: int) -> None:
        self.table, self.cut, self._link, self._bed = seeded(bed.model, bed.sizes), cut, link, bed
        self._optimizer = sgd(self.table.parameters(slice(cut)))
        asked(link, "start", model=bed.model, sizes=dict(bed.sizes), cut=cut, rate_bps=bed.downlink_bps)
        link.rate_bps = bed.uplink_bps

    def step(self, batch: Batch) -> Step:
        """One mini-batch: forward here, the rest there, backward here."""
        if self.cut == len(self.table.ops):
            return whole_step(self.table, self._optimizer, batch, slowdown=self._bed.slowdown)
        data, labels = batch
        began_s, taken, values = time.perf_counter(), Metered(), {INPUT: data}
        with metered(taken, slowdown=self._bed.slowdown):
            self.table.run(range(self.cut), values)
        frontier = self.table.frontier(self.cut)
        sent_s = time.perf_counter()
        sent = [values[place] for place in frontier]
        up_bytes = self._link.send({"ask": "step", "frontier": frontier}, [*sent, labels])
        answer, gradients = self._link.receive()
        link_s = time.perf_counter() - sent_s - answer["wall_s"]
        with metered(taken, slowdown=self._bed.slowdown):
            if self._optimizer is not None:
                self._optimizer.zero_grad()
                torch.autograd.backward(tensors_with_gradients(values, frontier), gradients)
                self._optimizer.step()
        return Step(
            loss=answer["loss"], device_cpu_s=taken.cpu_s, server_cpu_s=answer["cpu_s"], link_s=link_s,
            up_bytes=up_bytes, down_bytes=sum(g.nbytes for g in gradients),
            wall_s=time.perf_counter() - began_s,
        )  # fmt: skip


def whole_step(table: OpTable, optimizer: Any, batch: Batch, *, slowdown: float = 1.0) -> Step:
    """The same step of the model in one piece."""
    data, labels = batch
    taken, values = Metered(), {INPUT: data}
    with metered(taken, slowdown=slowdown):
        table.run(range(len(table.ops)), values)
        loss = loss_of(values[len(table.ops) - 1], labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Step(loss=loss.item(), device_cpu_s=taken.cpu_s, wall_s=taken.wall_s)
