"""From a file, an upload or a shipped sample to a ModelGraph."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from cutwise.budgets import beyond, most
from cutwise.disk.scratch_folders import scratch_folder
from cutwise.errors import LONGEST_NAME, ModelImportError, QuantityError, shown
from cutwise.fields.typed_number import typed_number
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.folders import model_file_in
from cutwise.importers.gate.reading import read_here, recognised

SAMPLE_PREFIX = "sample:"

LARGEST_SIZE = 1e15


def sample_named(text: str) -> str | None:
    """The name of the shipped sample that `text` asks for, or None where it is a path.

    >>> sample_named("sample:vgg16"), sample_named("vgg16.onnx")
    ('vgg16', None)
    """
    return text.removeprefix(SAMPLE_PREFIX) if text.startswith(SAMPLE_PREFIX) else None


def load_model(source: str | os.PathLike[str], *, dims: Mapping[str, int] | None = None) -> ModelGraph:
    """The graph of the model file or folder at `source`, or of a shipped sample named "sample:resnet18".

    `dims` gives the sizes of dimensions the file leaves open, by their name or as
    "input_name:axis". Raises `ModelImportError` when the file cannot or must not be read and
    `UnknownNameError` for a sample that is not shipped.
    """
    text = os.fsdecode(source)
    sample = sample_named(text)
    if sample is not None:
        from cutwise.importers.shipped import load_sample

        return load_sample(sample, checked_dims(dims))
    path = Path(text)
    if os.path.isdir(path):
        path = model_file_in(path)
    importer = recognised(path)
    if path.stat().st_size + importer.reads_beside(path) <= importer.in_process_bytes:
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

    with scratch_folder("upload", fault=ModelImportError) as folder:
        path = folder / _safe_file_name(name)
        path.write_bytes(data)
        return read_guarded(path, dims=checked_dims(dims), poll=poll)


def samples() -> tuple[str, ...]:
    """Names of the shipped models, simple ones first: what `load_model("sample:…")` takes."""
    from cutwise.importers.shipped import SAMPLES

    return SAMPLES


def checked_dims(dims: Mapping[str, int] | None) -> dict[str, int]:
    """`dims` as a plain dictionary; raises `ModelImportError` unless every size is a whole number ≥ 1."""
    if len(dims or ()) > most("table_keys"):
        raise ModelImportError(f"dims: {beyond('table_keys', len(dims or ()))}")
    for name, size in (dims or {}).items():
        if len(str(name)) > LONGEST_NAME:
            raise ModelImportError(f"dims: {shown(name)}: no dimension has so long a name; take it out")
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ModelImportError(f"dims: {shown(name)} is {shown(size)}; give a whole number of at least 1")
    return dict(dims or {})


def size_given(text: str, *, given_as: str) -> tuple[str, int]:
    """The name and size in "height=320"; raises `ModelImportError`, which names how it was given.

    >>> size_given("height = 320", given_as="--dim")
    ('height', 320)
    """
    name, _, size = (part.strip() for part in text.partition("="))
    try:
        count = typed_number(size, "count", whole=True)
    except QuantityError:
        count = 0.0
    if not name or not 1 <= count < LARGEST_SIZE:
        raise ModelImportError(f"{given_as} {text[:80]}: write NAME=SIZE with a whole size of at least 1")
    return name, round(count)


def _safe_file_name(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "._- " else "_" for c in name.replace("\\", "/").split("/")[-1])
    # A file system counts bytes, and up to 255 of them.
    return kept.strip(". ").encode()[-120:].decode(errors="ignore").strip(". ") or "upload"
