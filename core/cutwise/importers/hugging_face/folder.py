"""What lies beside a configuration: headers of the weights, in one file or many, and an adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutwise.errors import ModelImportError
from cutwise.frozen import Frozen
from cutwise.importers.hugging_face.safetensors_header import (
    SHARD,
    SUFFIX,
    ParameterTable,
    header_bytes,
    read_headers,
)
from cutwise.importers.hugging_face.stated.adapter import (
    ADAPTER_NAME,
    ADAPTER_WEIGHTS,
    adapter_options,
    not_counted,
)
from cutwise.importers.hugging_face.stated.stated_format import stated_text
from cutwise.importers.hugging_face.stored_files import StoredFile, StoredFiles, beside
from cutwise.importers.json_formats.document import object_of
from cutwise.plain import Json
from cutwise.read_limits import FOLDER_FILES, IN_PROCESS_BYTES

INDEX_NAME, WHOLE_NAME = "model.safetensors.index.json", "model.safetensors"
SHOWN_FILES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions(Frozen):
    """What was found beside a configuration, what it says of training, and what is to be said of it."""

    table: ParameterTable | None
    provenance: Mapping[str, str]
    warnings: tuple[str, ...]


def found_beside(files: StoredFiles) -> Companions:
    """The headers and the adapter among `files`; what cannot be read of them is a warning."""
    table, warnings = None, list[str]()
    try:
        table = _table(files)
    except (ModelImportError, OSError) as error:
        warnings.append(f"the weights beside the configuration are left aside: {error}")
    tuning: Mapping[str, Json] = {}
    if adapter := files.get(ADAPTER_NAME):
        try:
            config = object_of(ADAPTER_NAME, adapter.whole(IN_PROCESS_BYTES))
            tuning = adapter_options(config)
            warnings += filter(None, (_adapter_notice(files, tuning), not_counted(config)))
        except (ModelImportError, OSError) as error:
            warnings.append(f"the adapter beside the configuration is left aside: {error}")
    provenance = {"tuning": json.dumps(tuning, sort_keys=True)} if tuning else {}
    return Companions(table=table, provenance=provenance, warnings=tuple(warnings))


def header_bytes_beside(path: Path) -> int:
    """Bytes of the headers that are read with the configuration at `path`; 0 where none can be."""
    try:
        return sum(map(header_bytes, _weights_files(beside(path))[0]))
    except (ModelImportError, OSError):
        return 0


def _table(files: StoredFiles) -> ParameterTable | None:
    there, missing = _weights_files(files)
    return read_headers(there, missing=missing) if there else None


def _weights_files(files: StoredFiles) -> tuple[Sequence[StoredFile], tuple[str, ...]]:
    """The files of the weights that are there, and the names of those that are not."""
    for names in (_indexed(files), [WHOLE_NAME], _numbered(files)):
        there = [files[name] for name in names if name in files]
        if there:
            return there, tuple(name for name in names if name not in files)
    return (), ()


def _indexed(files: StoredFiles) -> list[str]:
    """The shards that the index of the weights names, in order."""
    if INDEX_NAME not in files:
        return []
    listed = object_of(INDEX_NAME, files[INDEX_NAME].whole(IN_PROCESS_BYTES)).get("weight_map")
    if not isinstance(listed, dict):
        raise ModelImportError(f"{INDEX_NAME}: has no weight_map; download it again")
    names = {name for name in listed.values() if isinstance(name, str) and name.endswith(SUFFIX)}
    if len(names) > FOLDER_FILES:
        raise ModelImportError(f"{INDEX_NAME}: names {len(names):,} files; at most {FOLDER_FILES:,} are read")
    return sorted(names)


def _numbered(files: StoredFiles) -> list[str]:
    """All shards of the model of which one is there, by what their names say: model-00001-of-00002."""
    for name in sorted(files):
        match = SHARD.fullmatch(name)
        if match and match[1] == "model" and 0 < int(match[3]) <= FOLDER_FILES:
            return [f"model-{number:05}-of-{match[3]}{SUFFIX}" for number in range(1, int(match[3]) + 1)]
    return []


def missing_text(table: ParameterTable, *, described: int) -> str:
    """What is to be said where shards are missing."""
    names = [name[:80] for name in table.missing[:SHOWN_FILES]]
    more = ", …" if len(table.missing) > SHOWN_FILES else ""
    return (
        f"{len(table.missing)} files of the weights are missing ({', '.join(names)}{more}): the others hold "
        f"{table.parameters:,} of the {described:,} parameters that the configuration describes"
    )


def _adapter_notice(files: StoredFiles, tuning: Mapping[str, Json]) -> str:
    held = ""
    if ADAPTER_WEIGHTS in files:
        table = read_headers([files[ADAPTER_WEIGHTS]])
        held = f" of {table.parameters:,} parameters"
    return (
        f"an adapter{held} lies beside the configuration and is trained where no scenario says otherwise: "
        f"[workload.tuning] {stated_text(tuning)}"
    )
