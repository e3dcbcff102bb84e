"""Reads an ONNX file without its weights, and refuses hostile ones before any parser sees them.

An ONNX file is a protobuf message. Its wire format (tag, length, payload) is walked in place on a
memory map; tensor payloads above 64 KB are left out, so that a 2 GB model needs no more memory than
its graph. Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cutwise.errors import ModelImportError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.read_limits import (
    GRAPH_DEPTH,
    GRAPH_NODES,
    ONNX_FILE_BYTES,
    ONNX_GRAPH_BYTES,
    ONNX_KEPT_PAYLOAD_BYTES,
    ONNX_SNIFFED_BYTES,
)
from cutwise.units import binary_text

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
FIXED_BYTES = FrozenDict({FIXED64: 8, FIXED32: 4})


@dataclass(frozen=True, slots=True)
class Message(Frozen):
    """What the walk needs of one message type: where it descends, and what it may leave out."""

    name: str
    children: Mapping[int, str] = field(default_factory=dict)
    payloads: frozenset[int] = frozenset()
    dropped: frozenset[int] = frozenset()


MESSAGES = FrozenDict(
    {
        message.name: message
        for message in (
            Message("model", {7: "graph", 25: "function"}, dropped=frozenset({6, 20})),
            Message("graph", {1: "node", 5: "tensor", 15: "sparse tensor"}, dropped=frozenset({10})),
            Message("node", {5: "attribute"}, dropped=frozenset({6})),
            Message(
                "attribute",
                {
                    5: "tensor",
                    6: "graph",
                    10: "tensor",
                    11: "graph",
                    22: "sparse tensor",
                    23: "sparse tensor",
                },
            ),
            Message("function", {7: "node", 11: "attribute"}, dropped=frozenset({8})),
            Message("sparse tensor", {1: "tensor", 2: "tensor"}),
            Message("tensor", payloads=frozenset({4, 5, 6, 7, 9, 10, 11})),
        )
    }
)
MODEL_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
GRAPH_FIELD = 7


def graph_bytes(path: Path) -> bytes:
    """The ONNX message in the file at `path` without large tensor payloads, documentation or training.

    Raises `ModelImportError` for a truncated or lying message and for one that is too large, too
    deep or has too many nodes.
    """
    size = path.stat().st_size
    if size > ONNX_FILE_BYTES:
        raise ModelImportError(
            f"{path.name}: is {binary_text(size, 'GB', digits=1)}; an ONNX file holds at most 2 GB: "
            "export it again with the weights in a second file, which is not needed here"
        )
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _Walk(data).message("model", 0, size, 0)
        except _DamageError as damage:
            raise ModelImportError(f"{path.name}: {damage}") from None


def looks_like_onnx(head: bytes, path: Path) -> bool:
    """True when the top-level fields are those of an ONNX model and one of them is a graph.

    A file that ends too early, and anything else called `.onnx`, counts as ONNX when it starts like
    a protobuf message, so that the reader can say what is wrong with it.
    """
    named = path.suffix.lower() == ".onnx"
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = 0
        try:
            while at < len(data) and at < ONNX_SNIFFED_BYTES:
                field, wire, _, end = _field(data, at, len(data))
                if field not in MODEL_FIELDS or (field == GRAPH_FIELD and wire != LENGTH):
                    return False
                if field == GRAPH_FIELD:
                    return True
                at = end
        except _DamageError:
            return named and head[:1] in {b"\x08", b"\x12", b"\x1a", b"\x3a"}
    return named


class _DamageError(Exception):
    """The second half of a sentence about what is wrong with the message."""


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift <= 63:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _DamageError(f"is damaged or cut off at byte {at}; download or export it again")


def _field(data: mmap.mmap, at: int, end: int) -> tuple[int, int, int, int]:
    """Field number, wire type, and where the payload starts and ends."""
    tag, start = _varint(data, at, end)
    field, wire = tag >> 3, tag & 7
    if wire == VARINT:
        _, stop = _varint(data, start, end)
    elif wire == LENGTH:
        length, start = _varint(data, start, end)
        stop = start + length
    elif wire in FIXED_BYTES:
        stop = start + FIXED_BYTES[wire]
    else:
        raise _DamageError(f"is not an ONNX file: byte {at} starts no protobuf field; export it again")
    if field == 0 or stop > end:
        raise _DamageError(f"is damaged or cut off at byte {at}; download or export it again")
    return field, wire, start, stop


class _Walk:
    """One walk over a message, with what it has counted so far."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.nodes = 0
        self.kept_bytes = 0

    def message(self, name: str, at: int, end: int, depth: int) -> bytes:
        """The message between bytes `at` and `end`, rebuilt without what is left out."""
        self._count(name, depth)
        kind = MESSAGES[name]
        parts: list[bytes] = []
        while at < end:
            field, wire, start, stop = _field(self.data, at, end)
            if wire == LENGTH and field in kind.children:
                inner = self.message(kind.children[field], start, stop, depth + 1)
                parts += (_varint_bytes(field << 3 | LENGTH), _varint_bytes(len(inner)), inner)
            elif not self._is_left_out(kind, field, stop - start):
                parts.append(self.data[at:stop])
                self._keep(stop - at)
            at = stop
        return b"".join(parts)

    def _is_left_out(self, kind: Message, field: int, length: int) -> bool:
        return field in kind.dropped or (field in kind.payloads and length > ONNX_KEPT_PAYLOAD_BYTES)

    def _count(self, name: str, depth: int) -> None:
        self.nodes += name == "node"
        if self.nodes > GRAPH_NODES:
            raise _DamageError(f"has more than {GRAPH_NODES} nodes; export a smaller part of the model")
        if depth > GRAPH_DEPTH:
            raise _DamageError(
                f"nests graphs more than {GRAPH_DEPTH} levels deep; export it without control flow"
            )

    def _keep(self, length: int) -> None:
        self.kept_bytes += length
        if self.kept_bytes > ONNX_GRAPH_BYTES:
            raise _DamageError(
                f"holds more than {binary_text(ONNX_GRAPH_BYTES)} besides its weights; export a smaller model"
            )


def _varint_bytes(value: int) -> bytes:
    coded = bytearray()
    while value > 0x7F:
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    coded.append(value)
    return bytes(coded)
