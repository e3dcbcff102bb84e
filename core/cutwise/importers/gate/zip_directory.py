"""The list of entries at the end of a zip file, read only where it is small; nothing is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from cutwise.read_limits import ZIP_DIRECTORY_BYTES

# Records that end a zip file: the plain one, and before it the locator and the record of large files.
END, END_BYTES = b"PK\x05\x06", 22
LOCATOR, LOCATOR_BYTES = b"PK\x06\x07", 20
END_64, END_64_BYTES = b"PK\x06\x06", 56
COMMENT_BYTES = 2**16
ELSEWHERE = 2**32 - 1  # the plain record leaves the size to the other one


def entry_names(head: bytes, path: Path) -> tuple[str, ...]:
    """Names of the entries; none for what is no zip file, is damaged, or has a long directory."""
    if not head.startswith(b"PK") or not 0 <= _directory_bytes(path) <= ZIP_DIRECTORY_BYTES:
        return ()
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ()


def _directory_bytes(path: Path) -> int:
    """Bytes of the directory, the larger where two sizes are stated; -1 without a whole record at the end."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END_64_BYTES - LOCATOR_BYTES - END_BYTES - COMMENT_BYTES))
        tail = file.read()
    end = tail.rfind(END)
    if end < 0 or end + END_BYTES > len(tail):
        return -1
    plain = int.from_bytes(tail[end + 12 : end + 16], "little")
    locator, end_64 = end - LOCATOR_BYTES, end - LOCATOR_BYTES - END_64_BYTES
    if end_64 < 0 or not (tail.startswith(LOCATOR, locator) and tail.startswith(END_64, end_64)):
        return plain
    wide = int.from_bytes(tail[end_64 + 40 : end_64 + 48], "little")
    return wide if plain == ELSEWHERE else max(plain, wide)
