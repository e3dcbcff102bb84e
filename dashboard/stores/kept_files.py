"""A bounded folder of small files by key: whole or not there, the longest unused let go first."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from cutwise.disk.bounded_files import bytes_in
from cutwise.disk.written_files import PARTIAL, put, why_not_written
from cutwise.errors import CutwiseError
from cutwise_dashboard.stores.store_bounds import BOUNDS, StoreBounds, store_folder

CLOCKS_DIFFER_S = 60.0
"""A drive's clock may be ahead of this machine's by so much."""


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
            put(folder / key, content, mode=0o600, durable=False)
    except OSError as error:
        raise CutwiseError(
            f"the server cannot keep this ({why_not_written(error)}); whoever runs it has to make room, and "
            "until then a question can be saved as a file"
        ) from error


def kept(store: str, key: str) -> bytes | None:
    """What is kept under `key`, None where nothing is; it then counts as used now."""
    path = store_folder(store) / key
    try:
        content = bytes_in(path, most_bytes=BOUNDS[store].bytes)
    except CutwiseError:
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

    What is still being written is left alone.
    """
    others = [entry for entry in os.scandir(folder) if entry.name != key]
    found = sorted(used for one in others if not one.name.startswith(PARTIAL) and (used := _used(one)))
    total, count = size + sum(size for _, size, _ in found), 1 + len(found)
    for _, one, path in found:
        if total > bounds.bytes or count > bounds.files:
            Path(path).unlink(missing_ok=True)
            total, count = total - one, count - 1


def _used(entry: os.DirEntry[str]) -> tuple[float, int, str] | None:
    """When it was last used, its size and its path; None where another process has let go of it.

    A time that is still to come is one of a clock that went wrong: such a file is as good as never used, or
    it would outlast all that are used from now on.
    """
    try:
        facts = entry.stat()
    except OSError:
        return None
    used_s = facts.st_mtime if facts.st_mtime <= time.time() + CLOCKS_DIFFER_S else 0.0
    return used_s, facts.st_size, entry.path
