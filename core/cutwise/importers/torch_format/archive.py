"""Takes the graph out of a torch.export archive: a zip file of which two or three JSON entries are read.

Weights, sample inputs and everything else that is stored as a pickle stays untouched, and nothing is
unpacked to disk. Loading such an archive with PyTorch itself can run code; reading its JSON cannot.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutwise.errors import ModelImportError
from cutwise.importers.gate.zip_directory import entry_names
from cutwise.importers.torch_format.schema import ExportDocument, Notes, Weights
from cutwise.read_limits import TORCH_JSON_BYTES, ZIP_ENTRIES, ZIP_RATIO
from cutwise.units import binary_text

# Programs saved since PyTorch 2.8 are "<name>/models/<model>.json", older ones stand at the top.
PROGRAM = re.compile(r"(^|/)(models/[^/]+\.json|serialized_exported_program\.json)$")
WEIGHTS_TABLE = re.compile(r"(^|/)data/weights/[^/]*weights_config\.json$")
NOTES_PATH = "extra/cutwise.json"
NOTES = re.compile(rf"(^|/){re.escape(NOTES_PATH)}$")


PLAIN_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class Archive:
    """The JSON of an archive: the exported program, the table of its weights, the notes our exporter adds."""

    program: ExportDocument
    weights: Weights = field(default_factory=Weights)
    notes: Notes = field(default_factory=Notes)


def looks_like_torch_export(head: bytes, path: Path) -> bool:
    """True for a zip file with a small directory that lists an exported program; nothing is unpacked."""
    return any(PROGRAM.search(name) for name in entry_names(head, path))


def read_archive(path: Path) -> Archive:
    """The JSON in the archive at `path`.

    Raises `ModelImportError` for an archive that is damaged, too large, lies about its sizes, or
    holds no program or several.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > ZIP_ENTRIES:
                raise ModelImportError(
                    f"{path.name}: has {len(entries)} entries, at most {ZIP_ENTRIES} are read; "
                    "export the model without its weights"
                )
            program = _only(entries, PROGRAM, path.name)
            if program is None:
                raise ModelImportError(
                    f"{path.name}: holds no exported program; save the model with torch.export.save"
                )
            tables = (_only(entries, wanted, path.name) for wanted in (WEIGHTS_TABLE, NOTES))
            weights, notes = (_json(archive, entry, path.name) if entry else {} for entry in tables)
            return Archive(_json(archive, program, path.name), weights, notes)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ModelImportError(
            f"{path.name}: is a damaged zip file ({str(error)[:80]}); export the model again"
        ) from None


def _only(entries: list[zipfile.ZipInfo], wanted: re.Pattern[str], file: str) -> zipfile.ZipInfo | None:
    found = [entry for entry in entries if wanted.search(entry.filename)]
    if len(found) > 1:
        names = ", ".join(repr(entry.filename[:60]) for entry in found[:3])
        raise ModelImportError(
            f"{file}: holds {len(found)} entries where one is expected ({names}); save one model in a file"
        )
    return found[0] if found else None


def _json(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: str) -> Any:
    """The JSON object in `entry`; sizes are checked as stated and again while reading."""
    place = f"{file}: entry {entry.filename[:80]!r}"
    if entry.file_size > TORCH_JSON_BYTES or entry.file_size > ZIP_RATIO * max(1, entry.compress_size):
        raise ModelImportError(
            f"{place} unpacks to {binary_text(entry.file_size)} from {entry.compress_size} bytes; at most "
            f"{binary_text(TORCH_JSON_BYTES)} and {ZIP_RATIO} times its own size are read: "
            "export the model again"
        )
    if entry.compress_type not in PLAIN_METHODS or entry.flag_bits & 1:
        raise ModelImportError(
            f"{place} is encrypted or packed in an unusual way; save the model with torch.export.save"
        )
    try:
        with archive.open(entry) as stream:
            text = stream.read(TORCH_JSON_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise ModelImportError(f"{place} is damaged ({str(error)[:80]}); export the model again") from None
    return _object(text, place)


def _object(text: bytes, place: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except RecursionError:
        raise ModelImportError(f"{place} nests lists or objects too deeply; export the model again") from None
    except ValueError as error:
        raise ModelImportError(
            f"{place} is no valid JSON ({str(error)[:80]}); export the model again"
        ) from None
    if not isinstance(document, dict):
        raise ModelImportError(f"{place} is no JSON object; save the model with torch.export.save")
    return document
