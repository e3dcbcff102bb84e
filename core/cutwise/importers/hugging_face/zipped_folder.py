"""The folder of a published model as one zip file: its configuration is read, and headers of its weights."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.gate.zip_directory import entry_names
from cutwise.importers.hugging_face.config_file import CONFIG_NAME, read_files
from cutwise.importers.hugging_face.stored_files import in_zip
from cutwise.importers.importer import Importer
from cutwise.read_limits import ZIP_ENTRIES

KERAS_NAME = "metadata.json"


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph that the config.json in the zip file at `path` describes; nothing is unpacked to disk.

    Weights in the same folder are read by their headers only. Raises `ModelImportError` as the reader of
    a configuration does, and for an archive that is damaged, too large or lies about its sizes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > ZIP_ENTRIES:
                raise ModelImportError(
                    f"{path.name}: has {len(archive.infolist())} entries, at most {ZIP_ENTRIES} are read; "
                    f"pack {CONFIG_NAME} and the weights alone"
                )
            return read_files(in_zip(path, archive, CONFIG_NAME), dims)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ModelImportError(
            f"{path.name}: is a damaged zip file ({str(error)[:80]}); pack the folder again"
        ) from None


def is_zipped_folder(head: bytes, path: Path) -> bool:
    """True for a zip file with a config.json and without pickles; Keras archives have one too."""
    names = entry_names(head, path)
    files = {name.rpartition("/")[2] for name in names}
    return (
        CONFIG_NAME in files and KERAS_NAME not in files and not any(name.endswith(".pkl") for name in names)
    )


IMPORTER = Importer(
    name="hf_folder",
    about="a zip of its folder",
    suffixes=(".zip",),
    sniff=is_zipped_folder,
    read=read,
)
