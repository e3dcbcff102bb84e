"""Temporary folders that end with their use, or with the next start where their process was killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from cutwise.disk.begun import begun
from cutwise.disk.bounded_files import Fault
from cutwise.disk.left_behind import hold, sweep
from cutwise.disk.written_files import NO_ROOM, why_not_written
from cutwise.errors import CutwiseError

Purpose = Literal["read", "text", "upload", "export", "sweep"]
PREFIXES = tuple(f"cutwise-{purpose}-held-" for purpose in get_args(Purpose))
NO_PLACE = (
    "there is no place for temporary files ({}); whoever runs this makes room on their disk, or names "
    "another folder in TMPDIR"
)


@contextmanager
def scratch_folder(purpose: Purpose, *, fault: Fault = CutwiseError) -> Iterator[Path]:
    """A new folder of this process's own, gone with all that is in it at the end of the block.

    Raises `fault` where none can be made, or the disk is full while the block writes.
    """
    sweep_scratch()
    try:
        path, handle = _held_folder(purpose)
    except OSError as error:
        raise fault(NO_PLACE.format(why_not_written(error))) from error
    try:
        with begun(partial(shutil.rmtree, path)):
            yield path
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise fault(NO_PLACE.format(why_not_written(error))) from error
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def sweep_scratch() -> None:
    """Removes what killed processes of this user left in the folder for temporary files."""
    with suppress(OSError):
        sweep(Path(tempfile.gettempdir()), *PREFIXES)


def _held_folder(purpose: Purpose) -> tuple[Path, int | None]:
    """A folder that nobody sweeps while it is open; another one where it was swept before it was held."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=f"cutwise-{purpose}-held-"))
        if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folders
            return path, None
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if hold(handle, path):
                return path, handle
            os.close(handle)
