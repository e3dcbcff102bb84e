"""Reads the head of a GGUF file: its named values and the names, shapes and types of its tensors.

Format: "GGUF", a version, how many tensors and values there are, the values, the tensors, all little-endian
(github.com/ggml-org/ggml, docs/gguf.md). A file that ends before its head does gives what stands before.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

from cutwise.errors import ModelImportError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.importers.gguf_format.tensor_types import TENSOR_TYPES, TensorType
from cutwise.importers.json_formats.document import shown
from cutwise.read_limits import (
    GGUF_AXES,
    GGUF_ENTRIES,
    GGUF_KEPT_CHARACTERS,
    GGUF_KEPT_NUMBERS,
    GGUF_NAME_BYTES,
    GGUF_TEXTS,
    TENSOR_ELEMENTS,
)

MAGIC, VERSIONS = b"GGUF", (2, 3)
TEXT, ARRAY = 8, 9
# Kind of a value: how the struct module calls it.
NUMBERS: Mapping[int, str] = FrozenDict({
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
})  # fmt: skip
Value: TypeAlias = "int | float | bool | str | tuple[int | float | bool, ...] | Length"


@dataclass(frozen=True, slots=True)
class Length:
    """An array of which only the length is kept: tokens, merges, scores."""

    count: int


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor: its sizes, the fastest first, and how its elements are stored."""

    shape: tuple[int, ...]
    type: TensorType

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True, kw_only=True)
class GgufHead(Frozen):
    """What the head says, and how many tensors there should be; `is_whole` where the file ends behind it."""

    values: Mapping[str, Value]
    tensors: Mapping[str, TensorInfo]
    tensors_stated: int
    is_whole: bool


class _EndError(Exception):
    """The file ends here, inside an array of so many texts."""

    def __init__(self, inside: int | None = None) -> None:
        super().__init__()
        self.inside = inside


def read_head_of(path: Path) -> GgufHead:
    """The head of the GGUF file at `path`, as far as the file goes.

    Raises `ModelImportError` for another version, for kinds of values or tensors that do not exist, for a
    name that stands twice and for counts and lengths that no model has.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        cursor = _Cursor(data, path.name)
        values: dict[str, Value] = {}
        tensors: dict[str, TensorInfo] = {}
        tensor_count, is_whole, name = 0, False, ""
        try:
            tensor_count, value_count = _counts(cursor)
            for _ in range(value_count):
                name = cursor.name(values)
                values[name] = cursor.value(cursor.whole("<I"))
            for _ in range(tensor_count):
                name = cursor.name(tensors)
                tensors[name] = cursor.tensor(name)
            is_whole = True
        except _EndError as end:
            if end.inside is not None:
                values[name] = Length(end.inside)
    return GgufHead(values=values, tensors=tensors, tensors_stated=tensor_count, is_whole=is_whole)


def _counts(cursor: _Cursor) -> tuple[int, int]:
    """Of tensors and of values."""
    cursor.take(len(MAGIC))
    version = cursor.whole("<I")
    if version not in VERSIONS:
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        kind = "is written for big-endian machines" if swapped in VERSIONS else f"has version {version}"
        cursor.refuse(f"{kind}; little-endian files of versions 2 and 3 are read: convert it again")
    counts = cursor.whole("<Q"), cursor.whole("<Q")
    if max(counts) > GGUF_ENTRIES:
        cursor.refuse(
            f"claims {counts[0]:,} tensors and {counts[1]:,} values, at most {GGUF_ENTRIES:,} are read; the "
            "file is damaged, download it again"
        )
    return counts


class _Cursor:
    """A place in the file, and what can be read from it on."""

    def __init__(self, data: mmap.mmap, file: str) -> None:
        self.data, self.file, self.at, self.texts = data, file, 0, 0

    def take(self, count: int) -> bytes:
        """The next bytes; raises `_EndError` where there are fewer."""
        self.skip(count)
        return self.data[self.at - count : self.at]

    def skip(self, count: int) -> None:
        if count > len(self.data) - self.at:
            raise _EndError
        self.at += count

    def whole(self, form: str) -> int:
        number: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return number

    def name(self, known: Mapping[str, object]) -> str:
        length = self.whole("<Q")
        if length > GGUF_NAME_BYTES:
            self.refuse(f"has a name of {length:,} bytes; the file is damaged, download it again")
        name = self.take(length).decode("utf-8", "replace")
        if name in known:
            self.refuse(f"holds {shown(name)} twice; the file is damaged, download it again")
        return name

    def value(self, kind: int) -> Value:
        if kind == TEXT:
            length = self.whole("<Q")
            text = self.take(min(length, GGUF_KEPT_CHARACTERS))
            self.skip(max(0, length - GGUF_KEPT_CHARACTERS))
            return text.decode("utf-8", "replace")
        if kind == ARRAY:
            return self._array(self.whole("<I"), self.whole("<Q"))
        number: int | float | bool = struct.unpack(f"<{self._form(kind)}", self._bytes(kind, 1))[0]
        return number

    def tensor(self, name: str) -> TensorInfo:
        axes = self.whole("<I")
        if axes > GGUF_AXES:
            self.refuse(f"tensor {shown(name)} has {axes:,} axes; the file is damaged, download it again")
        shape = struct.unpack(f"<{axes}Q", self.take(8 * axes))
        kind = self.whole("<I")
        if kind not in TENSOR_TYPES:
            self.refuse(
                f"tensor {shown(name)} has type {kind}, which is not known here; convert the model to one of "
                f"{', '.join(row.name for row in TENSOR_TYPES.values())}"
            )
        self.skip(8)
        info = TensorInfo(shape, TENSOR_TYPES[kind])
        if info.elements > TENSOR_ELEMENTS:
            self.refuse(f"tensor {shown(name)} claims {info.elements:.3g} elements; download the file again")
        return info

    def refuse(self, fact: str) -> NoReturn:
        """Raises `ModelImportError`: a fact about this file, and what to do."""
        raise ModelImportError(f"{self.file}: {fact}")

    def _array(self, kind: int, count: int) -> Value:
        if kind == TEXT:
            self.texts += count
            if self.texts > GGUF_TEXTS:
                self.refuse(f"claims {self.texts:,} texts, at most {GGUF_TEXTS:,} are read")
            self._skip_texts(count)
            return Length(count)
        if kind == ARRAY:
            self.refuse("holds arrays of arrays, which the format's programs do not write; convert it again")
        if count > GGUF_KEPT_NUMBERS:
            self._skip_numbers(kind, count)
            return Length(count)
        return struct.unpack(f"<{count}{self._form(kind)}", self._bytes(kind, count))

    def _skip_texts(self, count: int) -> None:
        """Leaves the length known where the file ends among the texts: vocabularies are the longest."""
        try:
            for _ in range(count):
                self.skip(self.whole("<Q"))
        except _EndError:
            raise _EndError(count) from None

    def _skip_numbers(self, kind: int, count: int) -> None:
        self.skip(count * struct.calcsize(f"<{self._form(kind)}"))

    def _bytes(self, kind: int, count: int) -> bytes:
        return self.take(count * struct.calcsize(f"<{self._form(kind)}"))

    def _form(self, kind: int) -> str:
        if kind not in NUMBERS:
            self.refuse(f"holds a value of kind {kind}, which does not exist; download the file again")
        return NUMBERS[kind]
