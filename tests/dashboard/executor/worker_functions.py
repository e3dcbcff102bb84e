"""Functions that a worker imports in tests: slow ones, wrong ones, hungry ones."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.graph.model_graph import ModelGraph


def doubled(value: float) -> float:
    return 2 * value


def pid_of(graph: ModelGraph, scheme: str, number: int) -> int:
    return os.getpid()


def graph_is(graph: ModelGraph, scheme: str, number: int) -> int:
    """The identity of the worker's own copy."""
    return id(graph)


def slept(seconds: float, note: str = "") -> str:
    time.sleep(seconds)
    return note


def counted(file: str, seconds: float) -> int:
    """How often it was called, by the bytes of a file."""
    with Path(file).open("ab") as calls:
        calls.write(b".")
    time.sleep(seconds)
    return Path(file).stat().st_size


def unknown_name() -> None:
    raise UnknownNameError("scheme", "gsfll", ["gsfl"])


def two_mistakes() -> None:
    raise ScenarioError(["rounds: too few", "devices: too many"])


def hungry(size_bytes: int) -> int:
    return len(bytearray(size_bytes))


def endless(depth: int = 0) -> int:
    return endless(depth + 1)


def bug() -> None:
    raise ZeroDivisionError("a bug of ours")


def unsendable() -> None:
    raise ValueError(lambda: None)


def suicide() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def list_of_one() -> list[Any]:
    return [1]
