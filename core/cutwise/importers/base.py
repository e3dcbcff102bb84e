"""From a file, an upload or a shipped sample to a ModelGraph: what is recognised, and by which reader."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.refused import refusal
from cutwise.registry import Registry

SAMPLE_PREFIX = "sample:"

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

    `sniff` looks, it never loads. `in_process_bytes` is the largest file that a library user's own
    path may be read from without the guard; uploads are always guarded.
    """

    name: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes, Path], bool]
    read: Reader
    in_process_bytes: int = 0


IMPORTERS: Registry[Importer] = Registry("model format")


def load_model(source: str | os.PathLike[str], *, dims: Mapping[str, int] | None = None) -> ModelGraph:
    """The graph of the model file at `source`, or of a shipped sample named "sample:resnet18".

    `dims` gives the sizes of dimensions the file leaves open, by their name or as
    "input_name:axis". Raises `ModelImportError` when the file cannot or must not be read and
    `UnknownNameError` for a sample that is not shipped.
    """
    text = os.fsdecode(source)
    if text.startswith(SAMPLE_PREFIX):
        from cutwise.importers.shipped import load_sample

        return load_sample(text.removeprefix(SAMPLE_PREFIX), checked_dims(dims))
    path = Path(text)
    importer = recognised(path)
    if path.stat().st_size <= importer.in_process_bytes:
        return read_here(path, checked_dims(dims))
    from cutwise.importers.gate.guard import read_guarded

    return read_guarded(path, dims=checked_dims(dims))


def load_bytes(
    name: str,
    data: bytes,
    dims: Mapping[str, int] | None = None,
    *,
    poll: Callable[[], None] | None = None,
) -> ModelGraph:
    """The graph of an uploaded file called `name`, read by a guarded process from a private copy.

    `poll` is called about five times a second while the reader works; whatever it raises ends the
    reader. Raises `ModelImportError`.
    """
    from cutwise.importers.gate.guard import read_guarded

    with tempfile.TemporaryDirectory(prefix="cutwise-upload-") as folder:
        path = Path(folder) / _safe_file_name(name)
        path.write_bytes(data)
        return read_guarded(path, dims=checked_dims(dims), poll=poll)


def samples() -> tuple[str, ...]:
    """Names of the shipped models, simple ones first: what `load_model("sample:…")` takes."""
    from cutwise.importers.shipped import SAMPLES

    return SAMPLES


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
    for count, most, what in ((len(graph.ops), OPS, "ops"), (links, LINKS, "inputs of ops")):
        if count > most:
            raise ModelImportError(f"{path.name}: has {count:,} {what}, at most {most:,} are read; {SMALLER}")
    return graph


def _one_line(text: str) -> str:
    """`text` with every run of white space as one blank: names in a file may hold line breaks."""
    return " ".join(text.split())


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
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ModelImportError(f"{path}: is a folder; give the model file inside it")
        if not stat.S_ISREG(mode):
            raise ModelImportError(f"{path}: is not a regular file; give a model file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise ModelImportError(f"{path}: no such file; check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelImportError(
            f"{path}: cannot be opened ({reason}); check the path and its rights"
        ) from None
    if not head:
        raise ModelImportError(f"{path.name}: is empty; export or download the model again")
    return head


def checked_dims(dims: Mapping[str, int] | None) -> dict[str, int]:
    """`dims` as a plain dictionary; raises `ModelImportError` unless every size is a whole number ≥ 1."""
    for name, size in (dims or {}).items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ModelImportError(f"dims: {name!r} is {size!r}; give a whole number of at least 1")
    return dict(dims or {})


def _safe_file_name(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "._- " else "_" for c in name.replace("\\", "/").split("/")[-1])
    return kept.strip(". ")[-120:] or "upload"
