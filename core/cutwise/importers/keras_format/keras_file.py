"""Reads Keras models: the config.json of a .keras archive, or the text `model_config` in an HDF5 file."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cutwise.disk.bounded_files import first_bytes
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.zip_directory import entry_names
from cutwise.importers.hugging_face.stored_files import in_zip
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import object_of, read_object
from cutwise.importers.keras_format.graph import graph_of
from cutwise.importers.keras_format.hdf5_attribute import SIGNATURE, Hdf5Error, text_attribute
from cutwise.plain import Json
from cutwise.read_limits import IN_PROCESS_BYTES, JSON_FILE_BYTES, ZIP_ENTRIES

FORMAT = "keras"
CONFIG, METADATA, ATTRIBUTE = "config.json", "metadata.json", "model_config"
OWN_KEYS = re.compile(rb'"class_name"\s*:\s*"(Functional|Sequential|Model)"')
SAVE = "save the whole model with model.save('model.keras')"


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph of the Keras model at `path`: Functional and Sequential models, of usual layers.

    `dims` gives sizes that the file leaves open, as "input_name:axis". Neither weights nor code are read.
    Raises `ModelImportError` for a file without a graph and for layers that are not known.
    """
    text, document = _document(path)
    graph = graph_of(path.name, document, dims, name=path.stem)
    provenance = {
        "format": FORMAT,
        "file": path.name,
        "keras_version": str(document.get("keras_version", "not stated"))[:40],
        "sha256_of_config": hashlib.sha256(text).hexdigest(),
    }
    return replace(graph, provenance=provenance)


def _document(path: Path) -> tuple[bytes, Mapping[str, Json]]:
    """The text of the model's configuration, and what it says."""
    with path.open("rb") as file:
        start = file.read(len(SIGNATURE))
    if start == SIGNATURE:
        text = _in_hdf5(path)
    elif start.startswith(b"PK"):
        text = _in_zip(path)
    else:
        return first_bytes(path, IN_PROCESS_BYTES), read_object(path)
    return text, object_of(path.name, text)


def _in_zip(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > ZIP_ENTRIES:
                raise ModelImportError(f"{path.name}: has more than {ZIP_ENTRIES} entries; {SAVE}")
            return in_zip(path, archive, METADATA)[CONFIG].whole(JSON_FILE_BYTES)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError) as error:
        raise ModelImportError(
            f"{path.name}: is a damaged Keras archive ({str(error)[:80]}); {SAVE}"
        ) from None


def _in_hdf5(path: Path) -> bytes:
    try:
        text = text_attribute(path, ATTRIBUTE)
    except Hdf5Error as error:
        raise ModelImportError(f"{path.name}: cannot be read as HDF5 ({error}); {SAVE}") from None
    if text is None:
        raise ModelImportError(
            f"{path.name}: is an HDF5 file without a Keras model in it, such as weights; {SAVE}"
        )
    return text


def is_keras(head: bytes, path: Path) -> bool:
    """True for a Keras archive by its names, for any HDF5 file, and for the JSON of `model.to_json()`."""
    if head.startswith(SIGNATURE):
        return True
    names = {name.rpartition("/")[2] for name in entry_names(head, path)}
    if {CONFIG, METADATA} <= names:
        return True
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{") and bool(OWN_KEYS.search(head[:512]))


IMPORTER = Importer(
    name=FORMAT,
    about="Keras (.keras, .h5, .hdf5)",
    suffixes=(".keras", ".h5", ".hdf5"),
    sniff=is_keras,
    read=read,
)
