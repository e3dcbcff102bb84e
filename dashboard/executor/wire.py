"""What goes to a worker and back: pickles in which a model that the worker has is named by its digest."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise_dashboard.executor.faults import PackedError

GRAPHS_KEPT = 32
"""Models that a worker holds at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder(Frozen):
    """What a worker is to do: models it has not seen, those to forget, the packed function and arguments."""

    graphs: Mapping[str, ModelGraph]
    forgotten: tuple[str, ...]
    call: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The worker has the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Frozen):
    """The answer, packed, or the error; `too_large` where memory ran out."""

    answer: bytes = b""
    error: PackedError | None = None
    too_large: bool = False
    took_s: float = 0.0


class GraphShelf:
    """Which models a worker holds, the least recently used first."""

    def __init__(self) -> None:
        self._digests: OrderedDict[str, None] = OrderedDict()

    def order(self, function: Callable[..., Any], args: tuple[Any, ...]) -> WorkOrder:
        """The order for this call; from now on the worker holds its models."""
        call, named = _packed((function, args))
        new = {digest: graph for digest, graph in named.items() if digest not in self._digests}
        for digest in named:
            self._digests[digest] = None
            self._digests.move_to_end(digest)
        kept = max(GRAPHS_KEPT, len(named))
        surplus = [self._digests.popitem(last=False)[0] for _ in range(len(self._digests) - kept)]
        return WorkOrder(graphs=new, forgotten=tuple(surplus), call=call)


class _Packer(pickle.Pickler):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.named: dict[str, ModelGraph] = {}

    def persistent_id(self, value: Any) -> str | None:
        if type(value) is not ModelGraph:
            return None
        self.named[value.digest] = value
        return value.digest


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: IO[bytes], graphs: Mapping[str, ModelGraph]) -> None:
        super().__init__(file)
        self._graphs = graphs

    def persistent_load(self, digest: str) -> ModelGraph:
        return self._graphs[digest]


def _packed(value: Any) -> tuple[bytes, Mapping[str, ModelGraph]]:
    file = io.BytesIO()
    packer = _Packer(file)
    packer.dump(value)
    return file.getvalue(), packer.named


def unpacked(content: bytes, graphs: Mapping[str, ModelGraph]) -> Any:
    """The value, its models being those of `graphs`."""
    return _Unpacker(io.BytesIO(content), graphs).load()


def send(file: IO[bytes], value: Any) -> None:
    pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    file.flush()


def received(file: IO[bytes]) -> Any:
    """The next value; raises `EOFError` where the other side has ended."""
    try:
        return pickle.load(file)
    except pickle.UnpicklingError as error:
        raise EOFError("the other side ended amid a message") from error
