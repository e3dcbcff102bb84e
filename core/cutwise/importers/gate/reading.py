"""A file read in this process: recognised by its first bytes, and every fault one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cutwise.disk.bounded_files import first_bytes
from cutwise.errors import ModelImportError
from cutwise.fields.readable_names import readable_text
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.refused import refusal
from cutwise.importers.importer import (
    IMPORTERS,
    SMALLER,
    Importer,
)
from cutwise.read_limits import HEAD_BYTES, MODEL_LINKS, MODEL_OPS


def read_here(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph of the model file at `path`, read in this process.

    Raises `ModelImportError` for everything that goes wrong, so that no file can raise anything else.
    """
    importer = recognised(path)
    try:
        return _of_readable_size(importer.read(path, dims), path)
    except ModelImportError as error:
        raise ModelImportError(_one_line(str(error))) from error
    except MemoryError:
        raise ModelImportError(
            f"{path.name}: needs more memory to read than it is given; {SMALLER}"
        ) from None
    except RecursionError:
        raise ModelImportError(f"{path.name}: is nested too deeply to read; {SMALLER}") from None
    except Exception as error:
        cause = _one_line(f"{type(error).__name__}: {error}")[:160]
        raise ModelImportError(
            f"{path.name}: cannot be read as {importer.name} ({cause}); "
            "the file is damaged, or uses the format in a way unknown here: export the model again"
        ) from error


def _of_readable_size(graph: ModelGraph, path: Path) -> ModelGraph:
    links = sum(len(op.inputs) for op in graph.ops)
    for count, most, what in ((len(graph.ops), MODEL_OPS, "ops"), (links, MODEL_LINKS, "inputs of ops")):
        if count > most:
            raise ModelImportError(f"{path.name}: has {count:,} {what}, at most {most:,} are read; {SMALLER}")
    return graph


def _one_line(text: str) -> str:
    """`text` with every run of white space as one blank, and without what does not show in a file's names."""
    return readable_text(" ".join(text.split()))


def recognised(path: Path) -> Importer:
    """The importer that reads the file at `path`, judged by its first bytes.

    Raises `ModelImportError` with one sentence for everything that no importer reads.
    """
    head = read_head(path)
    for importer in IMPORTERS.values():
        if importer.sniff(head, path):
            return importer
    raise ModelImportError(f"{path.name}: {refusal(head, path)}")


def read_head(path: Path) -> bytes:
    """The first bytes of a regular, non-empty file; raises `ModelImportError` for anything else."""
    head = first_bytes(path, HEAD_BYTES, fault=ModelImportError)
    if not head:
        raise ModelImportError(f"{path.name}: is empty; export or download the model again")
    return head
