"""Files chosen together as one upload: a published model's configuration, shards and adapter."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import PurePosixPath

from cutwise.errors import ModelImportError
from cutwise.importers.importer import IMPORTERS

CONFIG = "config.json"
BESIDE_CONFIG = frozenset({".json", ".safetensors"})
PACKED_NAME = "model.zip"


def one_upload(
    files: Sequence[tuple[str, bytes]], earlier: Sequence[tuple[str, bytes]] = ()
) -> tuple[str, bytes]:
    """Name and content of the one file that `files`, names and contents, are read as.

    Several with a config.json among them become a zip file of their folder; of others the only model file
    is taken, whose weights may lie in a second one. `earlier` files are taken along where the new ones alone
    are no model. Raises `ModelImportError` where it is not clear which is meant.

    >>> one_upload([("net.onnx", b"..."), ("net.onnx.data", b"...")])
    ('net.onnx', b'...')
    >>> one_upload([("model.safetensors", b"...")], earlier=[("config.json", b"{}"), ("old.onnx", b"")])[0]
    'model.zip'
    """
    if earlier and not (_has_config(files) or _models(files)):
        files = list(dict([*earlier, *files]).items())
    if len(files) == 1:
        return files[0]
    if _has_config(files):
        return PACKED_NAME, _packed(files)
    models = _models(files)
    if len(models) != 1:
        names = ", ".join(name for name, _ in (models or files)[:3])
        wanted = "choose one of them" if models else f"choose a model file or a folder's {CONFIG} too"
        raise ModelImportError(f"{names}: {len(models)} of the files chosen are models; {wanted}")
    return models[0]


def _has_config(files: Sequence[tuple[str, bytes]]) -> bool:
    return any(name == CONFIG for name, _ in files)


def _models(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Those that are models by themselves, by their names."""
    suffixes = {suffix for known in IMPORTERS.values() for suffix in known.suffixes} - BESIDE_CONFIG
    return [file for file in files if PurePosixPath(file[0]).suffix.lower() in suffixes]


def _packed(files: Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(dict(files).items()):
            # The same files are the same upload, whenever they are chosen: a new entry has a fixed date.
            archive.writestr(zipfile.ZipInfo(name.replace("\\", "/").rpartition("/")[2]), content)
    return buffer.getvalue()
