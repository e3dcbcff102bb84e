"""Files that somebody named: regular ones are read, up to so many bytes; anything else is one sentence."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from itertools import islice
from os import PathLike

from cutwise.errors import CutwiseError

Name = str | PathLike[str]
Fault = Callable[[str], CutwiseError]
"""The error that a sentence becomes."""
CHUNK_BYTES = 2**20
SHOWN_CHARACTERS = 200
KINDS = {
    stat.S_IFDIR: "cannot be read (it is a folder); give a file in it",
    stat.S_IFIFO: "cannot be read (it is a pipe); save what it gives as a file and give that",
    stat.S_IFSOCK: "cannot be read (it is a socket); give a file",
    stat.S_IFCHR: "cannot be read (it is a device); give a file",
    stat.S_IFBLK: "cannot be read (it is a device); give a file",
}
"""What is no file that ends by itself, and what to do."""


def bytes_in(path: Name, *, most_bytes: int, says: str = "", fault: Fault = CutwiseError) -> bytes:
    """All bytes of the regular file at `path`; raises `fault` where it is none or has more than `most_bytes`.

    `says` is what is said of a longer one, where a budget has a sentence for that.

    >>> bytes_in("nothing.toml", most_bytes=10)
    Traceback (most recent call last):
    cutwise.errors.CutwiseError: nothing.toml: cannot be read (No such file or directory); check the path
    """
    with opened(path, fault=fault) as file:
        known_bytes = os.fstat(file.fileno()).st_size
        content = b"" if known_bytes > most_bytes else _read(file, most_bytes + 1)
    if max(known_bytes, len(content)) > most_bytes:
        usual = f"has over {most_bytes:,} bytes, the most that is read; give less"
        raise fault(f"{shown_name(path)}: {says or usual}")
    return content


def first_bytes(path: Name, count: int, *, fault: Fault = CutwiseError) -> bytes:
    """Up to `count` bytes from the beginning of the regular file at `path`; or raises `fault`."""
    with opened(path, fault=fault) as file:
        return _read(file, count)


def text_in(path: Name, *, most_bytes: int, says: str = "", fault: Fault = CutwiseError) -> str:
    """The UTF-8 text of the file at `path`, without a byte order mark; raises `fault` as `bytes_in` does."""
    content = bytes_in(path, most_bytes=most_bytes, says=says, fault=fault)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault(
            f"{shown_name(path)}: is no text in UTF-8 at byte {error.start}; save it as UTF-8"
        ) from None


def files_in(folder: Name, *, most: int, fault: Fault = CutwiseError) -> list[str]:
    """Names of the files among the first `most` entries of a folder, sorted; raises `fault` for no folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in islice(entries, most) if entry.is_file())
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error, fault) from error


@contextmanager
def opened(path: Name, *, fault: Fault = CutwiseError) -> Iterator[FileIO]:
    """The regular file at `path`, open to be read; raises `fault` where it is none or reading it fails.

    What is no regular file is not even opened: some devices act on that, and a pipe may never answer.
    """
    with _opened(path, fault) as file:
        try:
            yield file
        except OSError as error:
            raise _unreadable(path, error, fault) from error


def _opened(path: Name, fault: Fault) -> FileIO:
    try:
        kind = KINDS.get(stat.S_IFMT(os.stat(path).st_mode), "")
        if not kind:
            return FileIO(path, opener=_at_once)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error, fault) from error
    raise fault(f"{shown_name(path)}: {kind}")


def _unreadable(path: Name, error: OSError | ValueError, fault: Fault) -> CutwiseError:
    """A `ValueError` is Python's word for a name with a zero byte or half a character in it."""
    reason = error.strerror or error if isinstance(error, OSError) else "no file can have this name"
    return fault(f"{shown_name(path)}: cannot be read ({reason}); check the path")


def shown_name(path: Name) -> str:
    """The path as a sentence begins with it; of a very long one the beginning and the end.

    >>> len(shown_name("a" * 100_000))
    200
    """
    text = os.fsdecode(path)
    half = SHOWN_CHARACTERS // 2
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:half]}…{text[1 - half :]}"


def _at_once(path: str, flags: int) -> int:
    """Opens without waiting: some files of the kernel that say they are regular keep a reader waiting."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _read(file: FileIO, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0:
        part = file.read(min(count, CHUNK_BYTES))
        if part is None:
            raise BlockingIOError(errno.EAGAIN, "it keeps its reader waiting")
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
