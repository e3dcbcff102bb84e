"""Reads GGUF files: the graph follows from their named values, parameters are compared with their tensors."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph, Weight
from cutwise.importers.gguf_format.architectures import (
    ARCHITECTURES,
    COMMON,
    NEEDED,
    GgufSizes,
    configuration,
)
from cutwise.importers.gguf_format.header import MAGIC, GgufHead, TensorInfo, Value, read_head_of
from cutwise.importers.gguf_format.tensor_types import TensorType, weights_dtype_of
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.importers.hugging_face.safetensors_header import ParameterTable
from cutwise.importers.importer import Importer
from cutwise.importers.json_formats.document import shown
from cutwise.read_limits import FOLDER_FILES, GGUF_HASHED_BYTES, NAME_CHARACTERS
from cutwise.units import percent

FORMAT, PLAIN = "gguf", "fp32"
SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
# Tables that are worked out, not trained: factors of rotary positions.
BUFFERS = re.compile(r"^rope_(freqs|factors_long|factors_short)\.weight$|\.rope_freqs\.weight$")
NO_MODEL = {
    "adapter": "a LoRA adapter",
    "imatrix": "a table of importances",
    "mmproj": "the projector of images",
}


def read(path: Path, dims: Mapping[str, int]) -> ModelGraph:
    """The graph of the model whose sizes the GGUF file at `path` holds; its tensors are never read.

    A file that was cut off behind its first values is enough. `dims` may hold "sequence". Raises
    `ModelImportError` for an architecture that is not built here and for values that are missing.
    """
    head = read_head_of(path)
    sizes = GgufSizes(path.name, _architecture(path, head), head)
    tensors, missing = _of_all_shards(path, head)
    _check_needed(sizes)
    table = _table(path.name, tensors, missing) if tensors and head.is_whole else None
    graph = from_config(configuration(sizes), dims, name=_name(head), file=path.name, table=table)
    stored = _stored(tensors)
    return replace(
        graph,
        provenance={
            **graph.provenance,
            "format": FORMAT,
            "sha256_of_head": _digest(path),
            **({"workload": json.dumps({"weights_dtype": stored})} if stored else {}),
        },
        warnings=(*graph.warnings, *_notices(head, tensors, stored)),
    )


def _architecture(path: Path, head: GgufHead) -> str:
    kind = head.values.get("general.type")
    if isinstance(kind, str) and kind in NO_MODEL:
        raise ModelImportError(f"{path.name}: is {NO_MODEL[kind]}; give the GGUF file of the model itself")
    name = head.values.get("general.architecture")
    if not isinstance(name, str):
        raise ModelImportError(
            f"{path.name}: does not say its general.architecture; the file is damaged, download it again"
        )
    if name not in ARCHITECTURES:
        raise ModelImportError(
            f"{path.name}: is a GGUF file of the architecture {shown(name)}; read are "
            f"{', '.join(sorted(ARCHITECTURES))}: give the config.json of the original model"
        )
    return name


def _check_needed(sizes: GgufSizes) -> None:
    """Raises `ModelImportError` with what is there and what is not."""
    own = {name: sizes.value(name) for name in COMMON.values()}
    lacking = [COMMON[key] for key in NEEDED if own[COMMON[key]] is None]
    if lacking:
        said = ", ".join(
            f"{sizes.architecture}.{name} = {shown(v)}" for name, v in own.items() if v is not None
        )
        raise ModelImportError(
            f"{sizes.file}: says {said or 'no size'}, but not {', '.join(lacking)}; the file is cut off or "
            "was not written whole: give one with all its values, or the config.json of the original model"
        )


def _of_all_shards(path: Path, head: GgufHead) -> tuple[Mapping[str, TensorInfo], tuple[str, ...]]:
    """Tensors of all files of a split model that are there, and the names of those that are not."""
    match = SHARD.fullmatch(path.name)
    count = int(match[3]) if match else 1
    if not match or not 1 < count <= FOLDER_FILES:
        return head.tensors, ()
    tensors, missing = dict(head.tensors), []
    for number in range(1, count + 1):
        other = path.with_name(f"{match[1]}-{number:05}-of-{match[3]}.gguf")
        if other.name == path.name:
            continue
        if other.is_file():
            tensors |= read_head_of(other).tensors
        else:
            missing.append(other.name)
    return tensors, tuple(missing)


def _table(file: str, tensors: Mapping[str, TensorInfo], missing: tuple[str, ...]) -> ParameterTable:
    weights = {name: _weight(name, info) for name, info in tensors.items()}
    return ParameterTable(file=file, weights=weights, size_bytes=_size_bytes(tensors), missing=missing)


def _weight(name: str, info: TensorInfo) -> Weight:
    role = "buffer" if BUFFERS.search(name) else "parameter"
    return Weight(id=name[:NAME_CHARACTERS], shape=info.shape[::-1], dtype=info.type.dtype, role=role)


def _size_bytes(tensors: Mapping[str, TensorInfo]) -> int:
    return sum(
        math.ceil(info.elements / info.type.block) * info.type.bytes_a_block for info in tensors.values()
    )


def _stored(tensors: Mapping[str, TensorInfo]) -> str:
    """How most weights are stored, as `workload.weights_dtype` calls it; empty where that is as usual."""
    kinds = _kinds(tensors)
    word = weights_dtype_of(kinds) if kinds else PLAIN
    return "" if word == PLAIN else word


def _kinds(tensors: Mapping[str, TensorInfo]) -> Counter[TensorType]:
    kinds: Counter[TensorType] = Counter()
    for info in tensors.values():
        kinds[info.type] += info.elements
    return kinds


def _notices(head: GgufHead, tensors: Mapping[str, TensorInfo], stored: str) -> Iterator[str]:
    if not head.is_whole:
        there = f"{len(head.tensors):,} of {head.tensors_stated:,}" if head.tensors else "none"
        yield (
            f"the file ends inside its list of tensors ({there} are there): their number and their types "
            "are not checked"
        )
    if stored:
        kinds = _kinds(tensors)
        whole = sum(kinds.values()) or 1
        parts = ", ".join(
            f"{percent(count / whole):.3g} % {kind.name}" for kind, count in kinds.most_common(3)
        )
        yield (
            f"its weights take {_size_bytes(tensors):,} bytes ({parts}), which a workload calls "
            f'weights_dtype = "{stored}"'
        )


def _name(head: GgufHead) -> str:
    name: Value | None = head.values.get("general.name")
    return " ".join(name.split())[:NAME_CHARACTERS] if isinstance(name, str) else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(GGUF_HASHED_BYTES)).hexdigest()


IMPORTER = Importer(
    name=FORMAT,
    about="GGUF (its head is enough)",
    suffixes=(".gguf",),
    sniff=lambda head, path: head.startswith(MAGIC),
    read=read,
)
