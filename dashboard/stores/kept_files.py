"""A bounded folder of small files by key: whole or not there, the longest unused let go first."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from cutwise.errors import CutwiseError
from cutwise_dashboard.stores.store_bounds import BOUNDS, StoreBounds, store_folder

PARTIAL = ".partial-"
PARTIAL_S = 3600.0
"""After this long nobody still writes a partial file."""


def keep(store: str, key: str, content: bytes) -> None:
    """Keeps `content` under `key`, whole or not at all.

    Raises `CutwiseError`, one sentence, where it is larger than the store or the disk has no room.
    """
    folder, bounds = store_folder(store), BOUNDS[store]
    if len(content) > bounds.bytes:
        raise CutwiseError(f"{len(content):,} bytes are more than the server keeps; keep the file at hand")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if not _is_there(folder / key, content):
            _make_room(folder, bounds, key, len(content))
            _write(folder, key, content)
    except OSError as error:
        reason = error.strerror or error
        raise CutwiseError(f"the server cannot keep this ({reason}); save the question as a file") from error


def kept(store: str, key: str) -> bytes | None:
    """What is kept under `key`, None where nothing is; it then counts as used now."""
    path = store_folder(store) / key
    try:
        content = path.read_bytes()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(path)
    return content


def is_there(store: str, key: str) -> bool:
    """True where something is kept under `key`."""
    return (store_folder(store) / key).is_file()


def forget(store: str, key: str) -> None:
    """Lets go of what is kept under `key`."""
    with suppress(OSError):
        (store_folder(store) / key).unlink(missing_ok=True)


def _is_there(path: Path, content: bytes) -> bool:
    """True where just this is kept already, which then counts as used now."""
    try:
        same = path.stat().st_size == len(content) and path.read_bytes() == content
        os.utime(path)
    except OSError:
        return False
    return same


def _make_room(folder: Path, bounds: StoreBounds, key: str, size: int) -> None:
    """Lets go of the longest unused until one more file of this size keeps the bounds.

    What another process is still writing is left alone.
    """
    files = [used for entry in os.scandir(folder) if entry.name != key and (used := _used(entry))]
    writing = [one for one in files if PARTIAL in one[2] and time.time() - one[0] <= PARTIAL_S]
    found = sorted(set(files) - set(writing))
    total, count = size + sum(size for _, size, _ in found), 1 + len(found)
    for _, one, path in found:
        if PARTIAL in path or total > bounds.bytes or count > bounds.files:
            Path(path).unlink(missing_ok=True)
            total, count = total - one, count - 1


def _used(entry: os.DirEntry[str]) -> tuple[float, int, str] | None:
    """When it was last used, its size and its path; None where another process has let go of it."""
    try:
        facts = entry.stat()
    except OSError:
        return None
    return facts.st_mtime, facts.st_size, entry.path


def _write(folder: Path, key: str, content: bytes) -> None:
    handle, spare = tempfile.mkstemp(prefix=PARTIAL, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(spare).replace(folder / key)
    except BaseException:
        Path(spare).unlink(missing_ok=True)
        raise
