"""What a file format is to Cutwise, the table of them, and the bounds that all keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cutwise.graph.model_graph import ModelGraph
from cutwise.registry import Registry

# Long enough to hold every magic number, the tar one at byte 257 being the furthest.
HEAD_BYTES = 4096

# The largest exported language models have about 10,000; planning more takes minutes of a shared server.
OPS = 50_000

# Concatenations read many ops, all others few.
LINKS = 10 * OPS

# A file held in memory as text: 50,000 hand-written ops are about 12 MB.
JSON_FILE_BYTES = 64 * 2**20

# Parsed JSON takes up to 30 times its text; above this size it is parsed where memory is limited.
IN_PROCESS_BYTES = 8 * 2**20

SMALLER = "export a smaller part of the model, or with fixed sizes"


class Reader(Protocol):
    """Reads a whole file that the importer has recognised; raises `ModelImportError`."""

    def __call__(self, path: Path, dims: Mapping[str, int]) -> ModelGraph:
        """The graph in the file at `path`, open dimensions taken from `dims`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One file format: how it is recognised from its first bytes, and what reads it.

    `about` is what the format is to people. `sniff` looks, it never loads. `in_process_bytes` is the
    largest file that a library user's own path may be read from without the guard; uploads are always
    guarded.
    """

    name: str
    about: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes, Path], bool]
    read: Reader
    in_process_bytes: int = 0


IMPORTERS: Registry[Importer] = Registry("model format")
