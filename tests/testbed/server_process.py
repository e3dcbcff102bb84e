"""The server's process: it trains the ops behind the cut that the device asks for.

--fd 5 is an end of a socket pair; --at 10.0.0.2:5555 waits for a device that connects, maybe from another
network namespace.
"""

from __future__ import annotations

import argparse
import hashlib
import socket
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.testbed.cpu_meter import Metered, metered
from tests.testbed.op_profile import op_profile
from tests.testbed.op_tables import INPUT, OpTable, loss_of, seeded, sgd, tensors_with_gradients
from tests.testbed.paced_link import Message, PacedLink


class Server:
    """A fresh model for every cut; it answers one message with one."""

    def __init__(self, link: PacedLink) -> None:
        self._link = link
        self._table: OpTable
        self._cut = 0

    def serve(self) -> None:
        answers: dict[str, Callable[..., Message]] = {
            "start": self._start, "step": self._step, "echo": self._echo, "weights": self._weights,
            "profile": self._profile,
        }  # fmt: skip
        while True:
            header, tensors = self._link.receive()
            asked = header.pop("ask")
            if asked == "end":
                return
            self._link.send(*answers[asked](tensors, **header))

    def _start(self, _: list[Tensor], *, model: str, sizes: dict[str, int], cut: int, rate_bps: float | None):
        self._table, self._cut = seeded(model, sizes), cut
        self._optimizer = sgd(self._table.parameters(slice(cut, None)))
        self._link.rate_bps = rate_bps
        return {}, []

    def _step(self, tensors: list[Tensor], *, frontier: list[int]) -> Message:
        *sent, labels = tensors
        taken = Metered()
        with metered(taken):
            values = {
                place: tensor.requires_grad_() if place != INPUT else tensor
                for place, tensor in zip(frontier, sent, strict=True)
            }
            self._table.run(range(self._cut, len(self._table.ops)), values)
            loss = loss_of(values[len(self._table.ops) - 1], labels)
            if self._optimizer is not None:
                self._optimizer.zero_grad()
            loss.backward()
            if self._optimizer is not None:
                self._optimizer.step()
            gradients = [tensor.grad for tensor in tensors_with_gradients(values, frontier)]
        return {"loss": loss.item(), "cpu_s": taken.cpu_s, "wall_s": taken.wall_s}, gradients

    def _echo(self, _: list[Tensor], *, back_bytes: int) -> Message:
        return {}, [torch.zeros(back_bytes, dtype=torch.uint8)]

    def _weights(self, _: list[Tensor]) -> Message:
        return {"digest": weights_digest(self._table, slice(self._cut, None))}, []

    def _profile(self, _: list[Tensor], *, seed: int, batch: int, rounds: int) -> Message:
        drawn = self._table.draw(torch.Generator().manual_seed(seed), batch)
        return {"ops": op_profile(self._table, drawn, rounds=rounds)}, []


def weights_digest(table: OpTable, part: slice) -> str:
    """Weights and running statistics of some of the ops, to the last bit."""
    digest = hashlib.sha256()
    for op in table.ops[part]:
        for tensor in op.module.state_dict().values():
            digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed.server_process", description=__doc__)
    parser.add_argument("--fd", type=int)
    parser.add_argument("--at")
    asked: Any = parser.parse_args()
    torch.set_num_threads(1)
    if asked.fd is not None:
        end = socket.socket(fileno=asked.fd)
    else:
        host, port = asked.at.rsplit(":", 1)
        with socket.create_server((host, int(port))) as door:
            end, _ = door.accept()
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Server(PacedLink(end, rate_bps=None)).serve()


if __name__ == "__main__":
    main()
