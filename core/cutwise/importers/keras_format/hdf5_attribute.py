"""Reads one text attribute of the root group of an HDF5 file, and nothing else of it.

Format: The HDF Group, HDF5 File Format Specification Version 3.0. A superblock names the root group's
object header, whose messages hold the attributes; texts of variable length lie in a global heap. Blocks are
followed by their addresses, each once, so that no file can make the reader go round in circles.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from cutwise.read_limits import HDF5_HEADER_BYTES, HDF5_MESSAGES, JSON_FILE_BYTES

SIGNATURE = b"\x89HDF\r\n\x1a\n"
ATTRIBUTE, ATTRIBUTE_INFO, CONTINUATION = 0x0C, 0x15, 0x10
FIXED_TEXT, VARIABLE = 3, 9
V1_MESSAGE, V1_PREFIX = 8, 16


class Hdf5Error(ValueError):
    """Why the attribute cannot be read."""


def text_attribute(path: Path, wanted: str) -> bytes | None:
    """The bytes of the root group's attribute called `wanted`; None where it has none.

    Raises `Hdf5Error` for a file that is damaged, or that keeps its attributes in a way unknown here.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = _Hdf5(data)
        for message in found.attributes():
            value = found.text_of(message, wanted)
            if value is not None:
                return value
    return None


class _Hdf5:
    """A file with the sizes of its addresses and lengths."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        version = self.number(8, 1)
        at = 9 if version >= 2 else 13
        if version > 3:
            raise Hdf5Error(f"its superblock has version {version}")
        self.address_bytes, self.length_bytes = self.number(at, 1), self.number(at + 1, 1)
        if not {self.address_bytes, self.length_bytes} <= {2, 4, 8}:
            raise Hdf5Error("its superblock is damaged")
        start = {0: 24, 1: 28}.get(version, 12)
        self.base = self.number(start, self.address_bytes)
        # Behind base, free space, end and driver stands the root's entry, whose first field is a name.
        root = start + (5 if version < 2 else 3) * self.address_bytes
        self.root = self.address(root)

    def slice_of(self, at: int, count: int) -> bytes:
        if at < 0 or count < 0 or at + count > len(self.data):
            raise Hdf5Error("it names places behind its end")
        return self.data[at : at + count]

    def number(self, at: int, count: int) -> int:
        return int.from_bytes(self.slice_of(at, count), "little")

    def address(self, at: int) -> int:
        return self.base + self.number(at, self.address_bytes)

    def attributes(self) -> Iterator[bytes]:
        """The attribute messages of the root group."""
        for kind, content in self._messages():
            if kind == ATTRIBUTE:
                yield content
            elif kind == ATTRIBUTE_INFO and self._has_heap(content):
                raise Hdf5Error("its attributes are stored densely")

    def _has_heap(self, content: bytes) -> bool:
        """Whether attributes lie in a heap of their own: an address that is not all ones."""
        at = 2 + 2 * (content[1] & 1) if len(content) > 1 else 0
        address = content[at : at + self.address_bytes]
        return len(address) == self.address_bytes and address != b"\xff" * self.address_bytes

    def _messages(self) -> Iterator[tuple[int, bytes]]:
        is_new = self.slice_of(self.root, 4) == b"OHDR"
        flags = self.number(self.root + 5, 1) if is_new else 0
        waiting, seen, count = [self._first_block(is_new, flags)], set[int](), 0
        while waiting:
            at, size = waiting.pop()
            if at in seen or size > HDF5_HEADER_BYTES:
                raise Hdf5Error("its header goes round in circles or is too long")
            seen.add(at)
            for kind, content in self._in_block(at, size, is_new, flags):
                count += 1
                if count > HDF5_MESSAGES:
                    raise Hdf5Error("its header has too many messages")
                if kind == CONTINUATION:
                    waiting.append(self._continued(content, is_new))
                else:
                    yield kind, content

    def _first_block(self, is_new: bool, flags: int) -> tuple[int, int]:
        """Where messages begin, and for how many bytes."""
        if not is_new:
            return self.root + V1_PREFIX, self.number(self.root + 8, 4)
        at = self.root + 6 + 16 * bool(flags & 0x20) + 4 * bool(flags & 0x10)
        width = 1 << (flags & 3)
        return at + width, self.number(at, width)

    def _continued(self, content: bytes, is_new: bool) -> tuple[int, int]:
        at = self.base + int.from_bytes(content[: self.address_bytes], "little")
        size = int.from_bytes(content[self.address_bytes : self.address_bytes + self.length_bytes], "little")
        # "OCHK" before, a checksum behind.
        return (at + 4, size - 8) if is_new else (at, size)

    def _in_block(self, at: int, size: int, is_new: bool, flags: int) -> Iterator[tuple[int, bytes]]:
        end = at + size
        prefix = 4 + 2 * bool(flags & 4) if is_new else V1_MESSAGE
        while at + prefix <= end:
            kind = self.number(at, 1 if is_new else 2)
            length = self.number(at + (1 if is_new else 2), 2)
            if at + prefix + length > end:
                return
            yield kind, self.slice_of(at + prefix, length)
            at += prefix + length

    def text_of(self, message: bytes, wanted: str) -> bytes | None:
        """The text in an attribute message, if it is of the attribute `wanted`."""
        if len(message) < 8 or message[0] not in (1, 2, 3):
            return None
        sizes = [int.from_bytes(message[at : at + 2], "little") for at in (2, 4, 6)]
        parts, at = [], 9 if message[0] == 3 else 8
        for size in sizes:
            parts.append(message[at : at + size])
            at += -(-size // 8) * 8 if message[0] == 1 else size
        name, kind = parts[0].rstrip(b"\0"), parts[1]
        if name != wanted.encode() or len(kind) < 8:
            return None
        if message[0] > 1 and message[1]:
            raise Hdf5Error("its attribute shares its type with others")
        return self._value(kind, message[at:])

    def _value(self, kind: bytes, value: bytes) -> bytes:
        family, size = kind[0] & 0x0F, int.from_bytes(kind[4:8], "little")
        if family == FIXED_TEXT:
            return value[:size].rstrip(b"\0")
        if family != VARIABLE or kind[1] & 0x0F != 1:
            raise Hdf5Error("its attribute is no text")
        length = int.from_bytes(value[:4], "little")
        heap = self.base + int.from_bytes(value[4 : 4 + self.address_bytes], "little")
        index = int.from_bytes(value[4 + self.address_bytes : 8 + self.address_bytes], "little")
        if length > JSON_FILE_BYTES:
            raise Hdf5Error(f"its attribute claims {length:,} bytes")
        return self._in_heap(heap, index)[:length]

    def _in_heap(self, at: int, wanted: int) -> bytes:
        if self.slice_of(at, 4) != b"GCOL":
            raise Hdf5Error("its heap of texts is damaged")
        end = at + self.number(at + 8, self.length_bytes)
        at += 8 + self.length_bytes
        for _ in range(HDF5_MESSAGES):
            if at + 8 + self.length_bytes > end:
                break
            index, size = self.number(at, 2), self.number(at + 8, self.length_bytes)
            if index == wanted:
                return self.slice_of(at + 8 + self.length_bytes, min(size, JSON_FILE_BYTES))
            if index == 0:
                break
            at += 8 + self.length_bytes + -(-size // 8) * 8
        raise Hdf5Error("its heap of texts does not hold the attribute")
