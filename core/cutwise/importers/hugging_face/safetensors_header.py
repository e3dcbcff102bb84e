"""Reads the header of safetensors files: names, dtypes and shapes of weights, never the weights.

Format: 8 bytes with the header's length (little-endian), the header as JSON, then the weights.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TypedDict, TypeGuard, cast

from cutwise.errors import ModelImportError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import FLOATING, Weight
from cutwise.importers.hugging_face.packed_tensors import weights_held
from cutwise.importers.hugging_face.stored_files import StoredFile, on_disk
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json
from cutwise.read_limits import SAFETENSORS_AXES, SAFETENSORS_HEADER_BYTES, SAFETENSORS_SIZE

LENGTH_BYTES = 8
NOTES = "__metadata__"

# Dtype: our name for it, bits of an element.
DTYPES: Mapping[str, tuple[str, int]] = FrozenDict({
    "F64": ("fp64", 64), "F32": ("fp32", 32), "F16": ("fp16", 16), "BF16": ("bf16", 16),
    "F8_E4M3": ("fp8", 8), "F8_E5M2": ("fp8", 8), "F8_E8M0": ("fp8", 8),
    "I64": ("int64", 64), "I32": ("int32", 32), "I16": ("int16", 16), "I8": ("int8", 8),
    "U64": ("uint64", 64), "U32": ("uint32", 32), "U16": ("uint16", 16), "U8": ("uint8", 8),
    "BOOL": ("bool", 8),
})  # fmt: skip

SUFFIX = ".safetensors"
# Tables some files carry beside their parameters: causal masks, positions and distances between them,
# frequencies of rotary positions, batches that a normalisation has seen.
BUFFERS = re.compile(
    r"(^|\.)(attn|attention)\.(masked_)?bias$"
    r"|(^|\.)(position_ids|inv_freq|relative_position_index|num_batches_tracked)$"
)
SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})(\.safetensors)")


@dataclass(frozen=True, kw_only=True)
class ParameterTable(Frozen):
    """Every tensor of one or more files, by name; `file` is what messages call them.

    `parameters` counts what all tensors hold that are no buffers, `size_bytes` what all take. `missing`
    names the files of the model that were not there.
    """

    file: str
    weights: Mapping[str, Weight]
    size_bytes: int
    missing: tuple[str, ...] = ()

    @cached_property
    def parameters(self) -> int:
        """Number of parameters; a tied weight that is stored twice counts twice, packed ones all count."""
        return weights_held(self.weights)

    @cached_property
    def dtypes(self) -> Mapping[str, int]:
        """Elements of each dtype, the most frequent first."""
        counts: Counter[str] = Counter()
        for weight in self.weights.values():
            counts[weight.dtype] += weight.elements
        return FrozenDict(counts.most_common())

    @property
    def dtype(self) -> str:
        """The floating dtype that most elements have; "fp32" where none has one."""
        return next((dtype for dtype in self.dtypes if dtype in FLOATING), "fp32")

    def __str__(self) -> str:
        facts = f"{', '.join(self.dtypes)}, {self.size_bytes:,} bytes"
        return f"{self.parameters:,} parameters in {len(self.weights):,} tensors ({facts})"


def read_header(path: Path, *shards: Path, most: int = SAFETENSORS_HEADER_BYTES) -> ParameterTable:
    """The tensors that the safetensors file at `path` lists, with `shards` those of all files together.

    Raises as `read_headers` does.
    """
    return read_headers([on_disk(file) for file in (path, *shards)], most=most)


def read_headers(
    files: Sequence[StoredFile], *, missing: tuple[str, ...] = (), most: int = SAFETENSORS_HEADER_BYTES
) -> ParameterTable:
    """The tensors that `files` list together; their data is not read. `missing` are files that are not there.

    `most` limits the bytes of all headers. Raises
    `ModelImportError` for a header that is longer than that or the file, is no JSON, or describes tensors
    that the file cannot hold.
    """
    weights: dict[str, Weight] = {}
    data_bytes = 0
    for file in files:
        text, data = _header(file, most)
        most -= len(text)
        data_bytes += data
        entries = _entries(file, text)
        weights |= {name: _weight(file, name, entry, data) for name, entry in entries.items()}
        _refuse_overlaps(file, entries)
    label = f"{files[0].name} and {len(files) - 1} more" if files[1:] else files[0].name
    return ParameterTable(file=label, weights=weights, size_bytes=data_bytes, missing=missing)


class TensorEntry(TypedDict):
    """What a header says of one tensor, once nothing is wrong with it."""

    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def shards_of(path: Path) -> tuple[Path, ...]:
    """The files that hold one model together with `path`, those that are there, in order; else `path`."""
    match = SHARD.fullmatch(path.name)
    if not match:
        return (path,)
    stem, _, count, suffix = match.groups()
    found = [
        other for other in path.parent.glob(f"*-of-{count}{suffix}") if other.name.startswith(f"{stem}-")
    ]
    return tuple(sorted(other for other in found if SHARD.fullmatch(other.name))) or (path,)


def looks_like_safetensors(head: bytes, path: Path) -> bool:
    """True for a length followed by a JSON object."""
    is_short = int.from_bytes(head[:LENGTH_BYTES], "little") < 2**32
    return head[8:9] == b"{" and (is_short or path.suffix == SUFFIX)


def _header(file: StoredFile, most: int) -> tuple[bytes, int]:
    """The header's text, and how many bytes of data follow it."""
    length = header_bytes(file)
    if not 2 <= length <= file.size_bytes - LENGTH_BYTES:
        raise ModelImportError(
            f"{file.name}: names a header of {length:,} bytes and is {file.size_bytes:,} bytes long; "
            "the file is damaged, download it again"
        )
    if length > most:
        raise ModelImportError(
            f"{file.name}: has a header of {length:,} bytes; at most {most:,} are read here"
        )
    text = file.first(LENGTH_BYTES + length)[LENGTH_BYTES:]
    return text, file.size_bytes - LENGTH_BYTES - length


def header_bytes(file: StoredFile) -> int:
    """How long a file says that its header is."""
    return int.from_bytes(file.first(LENGTH_BYTES), "little")


def _entries(file: StoredFile, text: bytes) -> dict[str, Json]:
    try:
        entries: Json = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:80]
        raise ModelImportError(
            f"{file.name}: its header is no JSON ({reason}); the file is damaged, download it again"
        ) from None
    if not isinstance(entries, dict):
        raise ModelImportError(f"{file.name}: its header is no JSON object; download the file again")
    return {name: entry for name, entry in entries.items() if name != NOTES}


def _refuse_overlaps(file: StoredFile, entries: Mapping[str, Json]) -> None:
    """Every byte belongs to one tensor, or a small file would hold any number of parameters."""
    places = sorted((*cast("TensorEntry", entry)["data_offsets"], name) for name, entry in entries.items())
    for (_, end, first), (start, _, second) in pairwise(places):
        if start < end:
            raise ModelImportError(
                f"{file.name}: tensors {shown(first)} and {shown(second)} lie on the same bytes; download "
                "the file again"
            )


def _weight(file: StoredFile, name: str, entry: Json, data_bytes: int) -> Weight:
    mistake = next(_mistakes(entry, data_bytes), "")
    if mistake:
        raise ModelImportError(f"{file.name}: tensor {shown(name)} {mistake}; download the file again")
    described = cast("TensorEntry", entry)
    role = "buffer" if BUFFERS.search(name) else "parameter"
    return Weight(id=name, shape=tuple(described["shape"]), dtype=DTYPES[described["dtype"]][0], role=role)


def _mistakes(entry: Json, data_bytes: int) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "is described by no JSON object"
        return
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        yield f"has dtype {shown(dtype)}; known are {', '.join(DTYPES)}"
        return
    if not _are_sizes(shape) or len(shape) > SAFETENSORS_AXES:
        yield f"has shape {shown(shape)}, which is no list of at most {SAFETENSORS_AXES} sizes"
        return
    if not _are_sizes(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= data_bytes:
        yield f"lies at {shown(offsets)}, outside the {data_bytes:,} bytes of data"
        return
    needed = math.prod(shape) * DTYPES[dtype][1] // 8
    if offsets[1] - offsets[0] != needed:
        yield f"takes {offsets[1] - offsets[0]:,} bytes, its shape and dtype take {shown(needed)}"


def _are_sizes(values: Json) -> TypeGuard[list[int]]:
    return isinstance(values, list) and all(
        isinstance(size, int) and not isinstance(size, bool) and 0 <= size < SAFETENSORS_SIZE
        for size in values
    )
