"""What is to be answered: a pure function with its arguments, by which it is told from any other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from zlib import crc32

from cutwise.caches import full_name
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import ModelGraph
from cutwise.question import Question, shown_scheme
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A function that a worker can import, with frozen arguments.

    `key` is the digest of both; `graph` the model's. `size` says how much there is to do: ops, devices.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    key: str
    graph: str
    scheme: str
    ops: int
    devices: int
    shape: str

    @property
    def name(self) -> str:
        """Module and name of the function."""
        return full_name(self.function)

    @property
    def kind(self) -> tuple[str, str, str, int, str]:
        """What takes about as long: function, model, scheme, devices to a power of two, rules and options."""
        return self.name, self.graph, self.scheme, self.devices.bit_length(), self.shape

    def preferred(self, workers: int) -> int:
        """The worker whose caches know this model under this scheme."""
        return crc32(f"{self.graph} {self.scheme}".encode()) % workers


def errand(function: Callable[..., Any], *args: Any) -> Errand:
    """The errand, its size read off the questions, models and scenarios among its arguments."""
    parts = tuple(_parts(args))
    graphs = [part for part in parts if isinstance(part, ModelGraph)]
    return Errand(
        function=function,
        args=args,
        key=_digest(full_name(function), args),
        graph=" ".join(graph.digest for graph in graphs),
        scheme=next((part for part in parts if isinstance(part, str) and part in SCHEMES), ""),
        ops=sum(map(len, graphs)),
        devices=max((len(part.devices) for part in parts if isinstance(part, Scenario)), default=1),
        shape=repr([_shape(given) for given in args]),
    )


def _shape(given: Any) -> Any:
    """What decides how hard a question is, beyond its size: its rules and options, not its rates."""
    if isinstance(given, Question):
        return _shape(given.scenario), sorted(given.options.items()), bool(given.cut)
    if isinstance(given, Scenario):
        names = (one.name for one in fields(given.limits))
        limits = [name for name in names if getattr(given.limits, name) is not None]
        return given.objective, given.sharing, given.privacy, limits
    return given if isinstance(given, tuple) else ""


def _parts(args: Iterable[Any]) -> Iterable[Any]:
    for given in args:
        if isinstance(given, Question):
            yield from (given.graph, given.scenario, shown_scheme(given))
        else:
            yield given


def _digest(name: str, args: tuple[Any, ...]) -> str:
    text = repr((name, *(SPOKEN.get(type(given), repr)(given) for given in args)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _spoken_question(asked: Question) -> tuple[str, ...]:
    options = repr(sorted(asked.options.items()))
    return (asked.graph.digest, repr(asked.scenario), asked.scheme, options, asked.cut, asked.baseline)


SPOKEN: Mapping[type, Callable[[Any], Any]] = FrozenDict(
    {ModelGraph: lambda graph: graph.digest, Question: _spoken_question}
)
"""How an argument is written into the key where its own `repr` would leave out or say too much."""
