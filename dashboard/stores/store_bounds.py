"""How much is kept on the server, and where: the one place where that is set."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cutwise.frozen import FrozenDict

FOLDER_VARIABLE = "CUTWISE_STORE"
LONGEST_ADDRESS = 1800
LONGEST_UNKEPT = 30_000
"""Characters that mail programs, chats and proxies pass on without cutting; longer links are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBounds:
    """At most so many files, and so many bytes of all together."""

    files: int
    bytes: int


BOUNDS = FrozenDict(
    {
        # 300 devices are 5 to 14 kB, 10,000 up to 430 kB.
        "links": StoreBounds(files=4096, bytes=256 * 2**20),
        # Graphs without weights are some megabytes; whole models up to what the page takes.
        "uploads": StoreBounds(files=128, bytes=4 * 2**30),
    }
)
"""Store → its bounds; the oldest are let go."""


def store_folder(store: str) -> Path:
    """Where a store keeps its files: under the folder that CUTWISE_STORE names, else the user's cache."""
    given = os.environ.get(FOLDER_VARIABLE)
    return (Path(given) if given else _user_cache()) / store


def _user_cache() -> Path:
    """The user's cache folder; a temporary one where there is no home."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        return Path(given) / "cutwise"
    try:
        return Path.home() / ".cache" / "cutwise"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"cutwise-{os.getuid()}"
