"""The command that sweeps: a table, or files, and how far they are on the error stream."""

from __future__ import annotations

import argparse
import os
import time
from functools import partial

from cutwise.cli.printing import show, tell
from cutwise.cli.streams import note
from cutwise.disk.begun import begun
from cutwise.errors import CutwiseError

FIRST_S, EVERY_S = 2.0, 10.0
"""How far it is stands on the error stream after so many seconds, and then as often."""


def sweep_many(known: argparse.Namespace) -> int:
    """Prints a table of scenarios, or writes them to a file or folder and prints what is there."""
    from cutwise.pipeline import sweep_file, write_sweep_file
    from cutwise.plain import plain

    if not known.out:
        if known.workers or known.dask:
            raise CutwiseError("sweep: name a file or folder with --out, which workers write parts to")
        return tell(known, sweep_file(known.spec))
    progress = Told()
    stays = f"cutwise: {known.out}: whole parts stay; the same command goes on from them\n"
    with begun(partial(os.write, 2, stays.encode())):
        found = write_sweep_file(
            known.spec,
            known.out,
            workers=known.workers,
            dask=known.dask,
            foretell=lambda foretold: note(foretold.text),
            tell=progress.hear,
        )
    return show(known, plain(found)) if known.json else tell(known, found)


class Told:
    """Says how far a sweep is, now and then."""

    def __init__(self) -> None:
        self._next_s = time.monotonic() + FIRST_S

    def hear(self, progress: object) -> None:
        """Says it where it was said some time ago."""
        if time.monotonic() >= self._next_s:
            note(getattr(progress, "text", ""))
            self._next_s = time.monotonic() + EVERY_S
