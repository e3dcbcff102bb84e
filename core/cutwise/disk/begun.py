"""What is begun and has to be undone when the process is told to end in the middle of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_UNDO: list[Callable[[], object]] = []


@contextmanager
def begun(undo: Callable[[], object]) -> Iterator[None]:
    """While the block runs, `undo` is among what a process that ends at once has to do first."""
    _UNDO.append(undo)
    try:
        yield
    finally:
        _UNDO.remove(undo)


def undo_begun() -> None:
    """Undoes what is begun, the last first; what cannot be undone is left to the next start.

    >>> from functools import partial
    >>> with begun(partial(print, "file")), begun(partial(print, "process")):
    ...     undo_begun()
    process
    file
    """
    for undo in reversed(_UNDO):
        with suppress(Exception):
            undo()
