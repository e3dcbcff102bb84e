"""A bounded folder of small files by key: whole or not there, the longest unused let go first."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from cutwise.disk.bounded_files import bytes_in
from cutwise.disk.written_files import NO_ROOM, PARTIAL, put, why_not_written
from cutwise.errors import CutwiseError
from cutwise_dashboard.stores.store_bounds import BOUNDS, FOLDER_VARIABLE, StoreBounds, store_folder

CLOCKS_DIFFER_S = 60.0
"""A drive's clock may be ahead of this machine's by so much."""
MAKE_ROOM = "has to make room"
OTHER_FOLDER = f"has to name a folder in {FOLDER_VARIABLE} that can be made and written to"
PROBE = "tried-at-start"


def keep(store: str, key: str, content: bytes) -> None:
    """Keeps `content` under `key`, whole or not at all.

    Raises `CutwiseError`, one sentence, where it is larger than the store or the disk has no room.
    """
    folder, bounds = store_folder(store), BOUNDS[store]
    if len(content) > bounds.bytes:
        raise CutwiseError(f"{len(content):,} bytes are more than the server keeps; keep the file at hand")
    try:
        _made(folder)
        if not _is_there(folder / key, content):
            _make_room(folder, bounds, key, len(content))
            put(folder / key, content, mode=0o600, durable=False)
    except OSError as error:
        raise CutwiseError(
            f"the server cannot keep this ({why_not_written(error)}); whoever runs it {_remedy(error)}, and "
            "until then a question can be saved as a file"
        ) from error


def why_nothing_is_kept() -> str:
    """Why the stores cannot be written to, and what mends it; empty where they can."""
    try:
        for store in BOUNDS:
            folder = store_folder(store)
            _made(folder)
            put(folder / PROBE, b"", mode=0o600, durable=False)
            forget(store, PROBE)
    except OSError as error:
        return f"{folder} cannot be written to ({why_not_written(error)}), whoever runs this {_remedy(error)}"
    return ""


def _made(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _remedy(error: OSError) -> str:
    return MAKE_ROOM if error.errno in NO_ROOM else OTHER_FOLDER


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
