"""What a file format is to Cutwise, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cutwise.graph.model_graph import ModelGraph
from cutwise.registry import Registry

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
    guarded. `reads_beside` is how much it reads of other files beside the one at a path.
    """

    name: str
    about: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes, Path], bool]
    read: Reader
    in_process_bytes: int = 0
    reads_beside: Callable[[Path], int] = lambda path: 0


IMPORTERS: Registry[Importer] = Registry("model format")
