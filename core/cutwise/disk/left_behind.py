"""Files and folders that last as long as who made them: held while in use, swept once nobody holds them.

Whoever makes one holds it by a lock of the system (flock), which ends with the process, however that ends,
and which other users, containers and tools that clear temporary folders see too. Neither a clock nor a
process id decides.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks; nothing is swept there
    fcntl = None  # type: ignore[assignment]


def hold(handle: int, path: Path) -> bool:
    """Holds the open file or folder at `path` until `handle` is closed; False where it was swept before."""
    if fcntl is not None:
        with suppress(OSError):  # some network drives lock nothing, and then nobody can sweep there
            fcntl.flock(handle, fcntl.LOCK_SH)
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def sweep(folder: Path, *prefixes: str) -> None:
    """Removes this user's files and folders in `folder` that begin so and that no living process holds."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for path in [entry.path for entry in entries if entry.name.startswith(prefixes)]:
            with suppress(OSError):
                _let_go(path)


def _let_go(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(handle)
        if facts.st_uid != os.geteuid():
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stat.S_ISDIR(facts.st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
    finally:
        os.close(handle)
