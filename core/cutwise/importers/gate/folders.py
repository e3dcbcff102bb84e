"""Which file of a folder is the model."""

from __future__ import annotations

from pathlib import Path

from cutwise.disk.bounded_files import files_in
from cutwise.errors import ModelImportError
from cutwise.importers.importer import IMPORTERS
from cutwise.read_limits import FOLDER_FILES

CONFIG, WEIGHTS = "config.json", ".safetensors"
# Files that say what their folder is, in the order in which they are looked for.
TELLING = (
    CONFIG,
    "params.json",
    "model_index.json",
    "adapter_config.json",
    "saved_model.pb",
    "inference.pdmodel",
)
NO_MODELS = frozenset({".json", WEIGHTS, ".zip"})


def model_file_in(folder: Path) -> Path:
    """The file by which the model in `folder` is read: its configuration, or its only model file.

    Raises `ModelImportError` for a folder with several models and for one without any.
    """
    names = files_in(folder, most=FOLDER_FILES, fault=ModelImportError)
    if CONFIG in names and any(name.endswith(WEIGHTS) for name in names):
        return folder / CONFIG
    models = [name for name in names if Path(name).suffix.lower() in _suffixes()]
    if len(models) == 1:
        return folder / models[0]
    for name in TELLING:
        if name in names:
            return folder / name
    if models:
        shown = ", ".join(models[:3])
        raise ModelImportError(f"{folder}: holds {len(models)} models ({shown}); give one of them")
    known = ", ".join((CONFIG, *sorted(_suffixes())))
    raise ModelImportError(
        f"{folder}: is a folder without a model that is read here ({known}); give the folder that holds one"
    )


def _suffixes() -> frozenset[str]:
    return frozenset(suffix for known in IMPORTERS.values() for suffix in known.suffixes) - NO_MODELS
