"""Files of a published model as they lie in a folder or in a zip file: name, size, first bytes."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cutwise.disk.bounded_files import first_bytes
from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.read_limits import FOLDER_FILES, ZIP_RATIO
from cutwise.units import binary_text

SUFFIXES = (".json", ".safetensors")
PLAIN_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file: `first` answers as many of its first bytes as are asked for, fewer where it ends before."""

    name: str
    size_bytes: int
    first: Callable[[int], bytes]

    def whole(self, most: int) -> bytes:
        """All of it; raises `ModelImportError` where that is more than `most` bytes."""
        if self.size_bytes > most:
            raise ModelImportError(
                f"{self.name}: is {binary_text(self.size_bytes)}; at most {binary_text(most)} are read"
            )
        return self.first(most)


StoredFiles = Mapping[str, StoredFile]
"""The files of one folder, without those of folders in it, by name."""


def on_disk(path: Path) -> StoredFile:
    """The file at `path`."""

    def first(count: int) -> bytes:
        return first_bytes(path, count, fault=ModelImportError)

    return StoredFile(path.name, path.stat().st_size, first)


def beside(path: Path) -> StoredFiles:
    """The JSON and safetensors files in the folder of `path`, the first ten thousand of more."""
    found = sorted(entry for entry in path.parent.iterdir() if entry.name.endswith(SUFFIXES))
    return FrozenDict({entry.name: on_disk(entry) for entry in found[:FOLDER_FILES] if entry.is_file()})


def in_zip(path: Path, archive: zipfile.ZipFile, wanted: str) -> StoredFiles:
    """The files of the outermost folder in `archive` that holds a file called `wanted`; empty without one."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    folders = [folder for entry in entries for folder, name in (_split(entry),) if name == wanted]
    if not folders:
        return FrozenDict({})
    outermost = min(folders, key=lambda folder: (folder.count("/"), folder))
    inside = [(entry, name) for entry in entries for folder, name in (_split(entry),) if folder == outermost]
    found: dict[str, StoredFile] = {}
    for entry, name in inside:
        if name in found:
            raise ModelImportError(f"{path.name}: holds {name[:80]!r} twice; pack the folder again")
        found[name] = _entry(path, archive, entry, name)
    return FrozenDict(found)


def _split(entry: zipfile.ZipInfo) -> tuple[str, str]:
    folder, _, name = entry.filename.rpartition("/")
    return folder, name


def _entry(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> StoredFile:
    place = f"{path.name}: entry {entry.filename[:80]!r}"

    def first(count: int) -> bytes:
        if entry.compress_type not in PLAIN_METHODS or entry.flag_bits & 1:
            raise ModelImportError(f"{place} is encrypted or packed in an unusual way; pack the folder again")
        if min(count, entry.file_size) > ZIP_RATIO * max(1, entry.compress_size):
            raise ModelImportError(
                f"{place} unpacks to {binary_text(entry.file_size)} from {entry.compress_size:,} bytes, more "
                f"than {ZIP_RATIO} times as much; pack the folder again"
            )
        try:
            with archive.open(entry) as stream:
                return stream.read(count)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise ModelImportError(f"{place} is damaged ({str(error)[:80]}); pack the folder again") from None

    return StoredFile(name, entry.file_size, first)
