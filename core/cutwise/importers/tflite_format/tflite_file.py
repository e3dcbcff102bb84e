"""Reads TensorFlow Lite files: sizes and types of all tensors are in them; operators get our names."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import refuse_dims
from cutwise.importers.tflite_format.flatbuffer import FlatbufferError, root
from cutwise.importers.tflite_format.graph import graph_of
from cutwise.importers.tflite_format.schema_tables import main_graph

FORMAT, IDENTIFIER = "tflite", b"TFL3"
RUN_ONLY = (
    'a TensorFlow Lite file is made to be run, not trained: plan it with mode = "inference", and train the '
    "model that it was made from"
)


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph of the TensorFlow Lite file at `path`: its main graph, with the file's own number formats.

    Raises `ModelImportError` for a damaged file and for offsets that lead out of it.
    """
    refuse_dims(path, dims)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            digest = hashlib.sha256(data).hexdigest()
            with memoryview(data) as view:
                graph = graph_of(path.name, main_graph(root(view)), name=path.stem)
    except FlatbufferError as error:
        raise ModelImportError(
            f"{path.name}: cannot be read as TensorFlow Lite ({error}); the file is damaged, get it again"
        ) from None
    provenance = {"format": FORMAT, "file": path.name, "sha256": digest}
    return replace(graph, provenance=provenance, warnings=(RUN_ONLY, *graph.warnings))


IMPORTER = Importer(
    name=FORMAT,
    about="TensorFlow Lite (.tflite)",
    suffixes=(".tflite",),
    sniff=lambda head, path: head[4:8] == IDENTIFIER,
    read=read,
)
