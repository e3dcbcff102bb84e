"""Reads a model file nobody vouches for in a process of its own: limited in time, memory and reach."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.guarded.child_ends import why_it_ended
from cutwise.guarded.guarded_process import ChildLimits, GuardedEnd, run_guarded
from cutwise.importers.gate.graph_wire import from_lines, to_lines
from cutwise.importers.gate.reading import read_head, read_here
from cutwise.importers.importer import SMALLER
from cutwise.read_limits import (
    READER_CPU_S,
    READER_MEMORY_BYTES,
    READER_OPEN_FILES,
    READER_RESULT_BYTES,
    READER_WALL_S,
)

TASK = f"{__name__}:graph_of_order"


class GraphOrder(TypedDict):
    """What the parent asks of the child; `dims` are the sizes of open dimensions."""

    path: str
    dims: dict[str, int]


def read_guarded(
    path: Path,
    *,
    dims: Mapping[str, int] | None = None,
    poll: Callable[[], None] | None = None,
    wall_s: float = READER_WALL_S,
    cpu_s: int = READER_CPU_S,
    memory_bytes: int = READER_MEMORY_BYTES,
) -> ModelGraph:
    """The graph of the model file at `path`, read by a guarded child process.

    `poll` is called every 0.2 s; whatever it raises ends the child and is passed on. `memory_bytes`
    comes on top of the file's own size. Raises `ModelImportError` when the file is refused, when the
    reader fails in any way, and when it needs more time or memory than it is given.
    """
    # Not resolved: what lies beside a link is beside the name it is called by, as in Hugging Face's cache.
    path = path.absolute()
    read_head(path)
    limits = ChildLimits(
        wall_s=wall_s,
        cpu_s=cpu_s,
        memory_bytes=memory_bytes + path.stat().st_size,
        result_bytes=READER_RESULT_BYTES,
        open_files=READER_OPEN_FILES,
    )
    order: GraphOrder = {"path": os.fspath(path), "dims": dict(dims or {})}
    end = run_guarded(TASK, order, limits=limits, poll=poll, fault=ModelImportError)
    if not end.in_time:
        raise ModelImportError(f"{path.name}: takes more than {wall_s:g} s to read; {SMALLER}")
    return _graph(path, end, cpu_s)


def _graph(path: Path, end: GuardedEnd, cpu_s: int) -> ModelGraph:
    if end.code == 0 and end.word == "error":
        raise ModelImportError(json.loads(end.text))
    try:
        if end.code == 0 and end.word == "graph":
            return from_lines(end.text)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    why = why_it_ended(end.code, cpu_s=cpu_s, smaller=SMALLER, again="export the model again")
    raise ModelImportError(f"{path.name}: {why}")


def graph_of_order(order: GraphOrder) -> tuple[str, str]:
    """Runs in the child: "graph" and the graph of the file that was ordered, or "error" and one sentence."""
    try:
        return "graph", to_lines(read_here(Path(order["path"]), order["dims"]))
    except ModelImportError as refusal:
        return "error", json.dumps(str(refusal))
