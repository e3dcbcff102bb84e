"""Files written whole or not at all: beside their place first, then put there at once."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cutwise.disk.begun import begun
from cutwise.disk.bounded_files import Fault, Name, shown_name
from cutwise.disk.left_behind import hold, sweep
from cutwise.errors import CutwiseError

PARTIAL = ".cutwise-partial-"
"""Names of files that are still being written begin so."""
REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is full",
    errno.EFBIG: "files may not be so large there",
    errno.EROFS: "the disk cannot be written to",
    errno.ENXIO: "nobody reads from it",
}
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
UNKNOWN_TO_SOME = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
"""What drives answer that cannot promise that a file outlasts a power cut."""
REFUSED = {
    stat.S_IFDIR: "cannot be written (it is a folder); name a file in it",
    stat.S_IFBLK: "cannot be written (it is a whole disk); name a file",
    stat.S_IFSOCK: "cannot be written (it is a socket); name a file",
}


def why_not_written(error: OSError) -> str:
    """Why nothing could be written.

    >>> why_not_written(OSError(errno.ENOSPC, "No space left on device"))
    'the disk is full'
    """
    return REASONS.get(error.errno or 0, error.strerror or str(error))


def unwritable(name: str, error: OSError) -> str:
    """The sentence about a file or stream called `name` that cannot be written, with what to do."""
    remedy = "make room on that disk, or name another" if error.errno in NO_ROOM else "name another one"
    return f"{name}: cannot be written ({why_not_written(error)}); {remedy}"


def write_file(path: Name, content: bytes, *, fault: Fault = CutwiseError) -> None:
    """Writes a file that somebody named, whole or not at all; raises `fault` where it cannot be.

    An older file at `path` is there until the new one is complete, and keeps its rights; a link stays a link.
    Terminals, pipes and other devices are written to as they are.
    """
    try:
        refused = _write(path, content)
    except OSError as error:
        raise fault(unwritable(shown_name(path), error)) from error
    except ValueError:
        refused = "cannot be written (no file can have this name); name another one"
    if refused:
        raise fault(f"{shown_name(path)}: {refused}")


def _write(path: Name, content: bytes) -> str:
    """Why it may not be written to, empty where it has been."""
    target = Path(os.path.realpath(path))
    try:
        older = os.stat(path)
    except FileNotFoundError:
        if not os.path.basename(path):
            return REFUSED[stat.S_IFDIR]
        put(target, content, mode=0o666, durable=True)
        return ""
    if refused := REFUSED.get(stat.S_IFMT(older.st_mode)):
        return refused
    if (stream := _stream_of_ours(older)) is not None or not stat.S_ISREG(older.st_mode):
        _pass_on(path, content, stream)
    elif not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    else:
        put(target, content, mode=stat.S_IMODE(older.st_mode), durable=True, older=older)
    return ""


def put(
    target: Path, content: bytes, *, mode: int, durable: bool, older: os.stat_result | None = None
) -> None:
    """Puts `content` at `target` at once, where something else or nothing was until then; raises `OSError`.

    What killed processes left of their own writing there is let go. `durable` outlasts a power cut too.
    Rights are `mode`, less what is usually withheld; those of an `older` file, and its owner, are kept.
    """
    sweep(target.parent, PARTIAL)
    spare, handle = _held_file(target.parent, mode)
    try:
        with begun(spare.unlink), os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if older:
                _take_over(file.fileno(), older)
            if durable:
                _outlast(file.fileno())
            if os.name == "nt":  # no open file can be moved there
                file.close()
            os.replace(spare, target)
    except BaseException:
        spare.unlink(missing_ok=True)
        raise


def _held_file(folder: Path, mode: int) -> tuple[Path, int]:
    """A new file that nobody sweeps while it is open; another one where it was swept before it was held."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    while True:
        spare = folder / f"{PARTIAL}{secrets.token_hex(8)}"
        handle = os.open(spare, flags, mode)
        if hold(handle, spare):
            return spare, handle
        os.close(handle)


def _take_over(handle: int, older: os.stat_result) -> None:
    """Gives a file the owner and rights of an older one, as far as this user and system may."""
    with suppress(OSError, AttributeError):
        os.fchown(handle, older.st_uid, older.st_gid)
    with suppress(OSError, AttributeError):
        os.fchmod(handle, stat.S_IMODE(older.st_mode))


def _outlast(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in UNKNOWN_TO_SOME:
            raise


def _stream_of_ours(older: os.stat_result) -> int | None:
    """Another handle of what this process prints on, where that is the file: one goes on after the other."""
    for stream in (1, 2):
        with suppress(OSError):
            if os.path.samestat(os.fstat(stream), older):
                return os.dup(stream)
    return None


def _pass_on(path: Name, content: bytes, stream: int | None) -> None:
    """Writes to a terminal, a pipe or another device; a pipe without a reader is said, not waited for."""
    if stream is None:
        stream = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
        if hasattr(os, "set_blocking"):
            os.set_blocking(stream, True)
    with os.fdopen(stream, "wb") as file:
        file.write(content)
