"""Reads FlatBuffers by offsets, every one of them checked against the file's end.

Format: flatbuffers.dev, internals. A table begins with the distance back to its list of fields; a field is
0 where it is absent. Nothing is copied but what is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cutwise.read_limits import NAME_CHARACTERS, TFLITE_ITEMS

TEXT_WIDTH = 4 * NAME_CHARACTERS


class FlatbufferError(ValueError):
    """Why the bytes are no such table."""


@dataclass(frozen=True, slots=True)
class FlatTable:
    """The table that begins at `at` in `data`."""

    data: memoryview
    at: int

    def number(self, field: int, form: str, default: int = 0) -> int:
        """The number in field `field`, as the struct module writes its kind."""
        place = self._place(field)
        return default if place is None else int(_unpack(self.data, place, form))

    def table(self, field: int) -> FlatTable | None:
        """The table in field `field`; None where it is absent."""
        place = self._place(field)
        return None if place is None else FlatTable(self.data, place + _unpack(self.data, place, "I"))

    def text(self, field: int) -> str:
        """The beginning of the text in field `field`; empty where it is absent."""
        start, count = self._vector(field)
        return bytes(self.data[start : start + min(count, TEXT_WIDTH)]).decode("utf-8", "replace")

    def length(self, field: int, item_width: int = 1) -> int:
        """How many items the list in field `field` has; raises `FlatbufferError` where they do not fit."""
        return self._vector(field, item_width)[1]

    def numbers(self, field: int, form: str, most: int = TFLITE_ITEMS) -> tuple[int, ...]:
        """The numbers in field `field`; raises `FlatbufferError` for more than `most`."""
        start, count = self._vector(field, struct.calcsize(form))
        if count > most:
            raise FlatbufferError(f"a list of {count:,} numbers")
        return struct.unpack_from(f"<{count}{form}", self.data, start)

    def tables(self, field: int) -> Iterator[FlatTable]:
        """The tables in field `field`, one by one."""
        start, count = self._vector(field, 4)
        if count > TFLITE_ITEMS:
            raise FlatbufferError(f"a list of {count:,} tables")
        for place in range(start, start + 4 * count, 4):
            yield FlatTable(self.data, place + _unpack(self.data, place, "I"))

    def _vector(self, field: int, item_width: int = 1) -> tuple[int, int]:
        place = self._place(field)
        if place is None:
            return 0, 0
        start = place + _unpack(self.data, place, "I")
        count = _unpack(self.data, start, "I")
        if start + 4 + count * item_width > len(self.data):
            raise FlatbufferError("a list that goes on behind the end of the file")
        return start + 4, count

    def _place(self, field: int) -> int | None:
        fields = self.at - _unpack(self.data, self.at, "i")
        if 4 + 2 * field >= _unpack(self.data, fields, "H"):
            return None
        offset = _unpack(self.data, fields + 4 + 2 * field, "H")
        return self.at + offset if offset else None


def root(data: memoryview) -> FlatTable:
    """The table that a file holds."""
    return FlatTable(data, _unpack(data, 0, "I"))


def _unpack(data: memoryview, at: int, form: str) -> int:
    if at < 0 or at + struct.calcsize(form) > len(data):
        raise FlatbufferError("a place behind the end of the file")
    found: int = struct.unpack_from(f"<{form}", data, at)[0]
    return found
