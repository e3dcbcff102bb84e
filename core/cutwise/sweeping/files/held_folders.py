"""One process at a time fills a folder: who comes second is told so."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cutwise.disk.bounded_files import shown_name
from cutwise.disk.written_files import why_not_written
from cutwise.errors import CutwiseError

try:
    import fcntl
except ImportError:  # Windows has no such locks; two there write the same bytes twice
    fcntl = None  # type: ignore[assignment]

HELD = ".cutwise-sweep-held"
"""A file that the system locks for as long as the process lives that fills the folder."""
TAKEN = {errno.EWOULDBLOCK, errno.EACCES}


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone until the block ends.

    Raises `CutwiseError` where another process fills it, or where nothing can be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _held(folder / HELD)
    except OSError as error:
        raise CutwiseError(
            f"{shown_name(folder)}: cannot be written ({why_not_written(error)}); name another"
        ) from error
    if handle is None:
        raise CutwiseError(
            f"{shown_name(folder)}: another process is filling it; wait until that has ended, or name another"
        )
    try:
        yield
    finally:
        (folder / HELD).unlink(missing_ok=True)
        os.close(handle)


def _held(path: Path) -> int | None:
    """The locked file, None where another process has it; a new one where it was let go meanwhile."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        if not _is_free(handle):
            os.close(handle)
            return None
        try:
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except FileNotFoundError:
            pass
        os.close(handle)


def _is_free(handle: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # some network drives lock nothing
        return error.errno not in TAKEN
    return True
