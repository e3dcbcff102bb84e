"""Tensors over a socket that sends no faster than a token bucket lets it."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

CHUNK_BYTES = 8192
LENGTH = struct.Struct("!I")
Message = tuple[dict[str, Any], list[Tensor]]


class PacedLink:
    """One end of a link: it may send `rate_bps`, or as fast as the socket takes it."""

    def __init__(self, end: socket.socket, *, rate_bps: float | None) -> None:
        self._end, self.rate_bps, self._free_at_s = end, rate_bps, 0.0

    def send(self, header: dict[str, Any], tensors: Sequence[Tensor] = ()) -> int:
        """How many bytes of tensors were sent, behind a header that says what they are."""
        arrays = [tensor.detach().contiguous().numpy() for tensor in tensors]
        about = json.dumps({**header, "tensors": [[str(a.dtype), list(a.shape)] for a in arrays]}).encode()
        self._paced(memoryview(LENGTH.pack(len(about)) + about))
        for array in arrays:
            self._paced(memoryview(array.reshape(-1)).cast("B"))
        return sum(array.nbytes for array in arrays)

    def receive(self) -> Message:
        """The next header, and its tensors."""
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        header = json.loads(bytes(self._exactly(length)))
        return header, [self._tensor(dtype, shape) for dtype, shape in header.pop("tensors")]

    def close(self) -> None:
        self._end.close()

    def _paced(self, content: memoryview) -> None:
        """A chunk goes out when the time that it takes at this rate has passed."""
        self._free_at_s = max(self._free_at_s, time.perf_counter())
        for start in range(0, len(content), CHUNK_BYTES):
            chunk = content[start : start + CHUNK_BYTES]
            if self.rate_bps is not None:
                self._free_at_s += 8 * len(chunk) / self.rate_bps
                time.sleep(max(0.0, self._free_at_s - time.perf_counter()))
            self._end.sendall(chunk)

    def _exactly(self, count: int) -> bytearray:
        content, got = bytearray(count), 0
        view = memoryview(content)
        while got < count:
            more = self._end.recv_into(view[got:])
            if not more:
                raise EOFError("the other end of the link is closed")
            got += more
        return content

    def _tensor(self, dtype: str, shape: list[int]) -> Tensor:
        kind = np.dtype(dtype)
        content = self._exactly(int(np.prod(shape)) * kind.itemsize)
        return torch.from_numpy(np.frombuffer(content, dtype=kind).reshape(shape))
