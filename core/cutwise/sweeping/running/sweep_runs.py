"""A sweep into files from beginning to end: what is there is kept, what is missing is made, in parts."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from cutwise.budgets import amount
from cutwise.disk.bounded_files import shown_name
from cutwise.errors import CutwiseError
from cutwise.frozen import Frozen
from cutwise.sweeping.files.arrow_tables import with_units
from cutwise.sweeping.files.held_folders import held_folder
from cutwise.sweeping.files.joined_file import is_joined, join_parts
from cutwise.sweeping.files.part_files import missing_parts, opened_folder, part_files
from cutwise.sweeping.files.read_rows import table_of
from cutwise.sweeping.running.dask_clusters import local_workers, running_cluster
from cutwise.sweeping.running.part_engines import Engine, InProcess
from cutwise.sweeping.running.sweep_estimates import SweepEstimate, estimate_of
from cutwise.sweeping.running.sweep_progress import Pair, SweepPace, Tell
from cutwise.sweeping.sweep_parts import pairs_of, part_count, part_of, rows_left
from cutwise.sweeping.whole_sweep import Sweep

if TYPE_CHECKING:
    import pandas
    import pyarrow

ONE_FILE = ".parquet"
"""A name that ends so is one file; any other is a folder with a file a part."""
PARTS = ".parts"
"""Beside one file its parts lie in a folder of its name with this, until they are joined."""
Foretell: TypeAlias = Callable[[SweepEstimate], None]
MOST_WORKERS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSweep(Frozen):
    """Where the rows of a sweep are, how many, and what they took; `made` parts of all were made just now."""

    out: str
    rows: int
    parts: int
    made: int
    size_bytes: int
    took_s: float

    def to_arrow(self, columns: Sequence[str] | None = None) -> pyarrow.Table:
        """All rows, with units and titles in the schema; of some `columns` alone where they are named.

        Raises `UnknownNameError` for a column that is not there, `CutwiseError` for more than `table_bytes`.
        """
        return table_of(self.out, columns)

    def to_frame(self, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """The same as a DataFrame; names are categories, and units stand in `attrs`."""
        return with_units(table_of(self.out, columns).to_pandas(split_blocks=True, self_destruct=True))

    def plain(self) -> dict[str, Any]:
        """Its fields."""
        return {
            "out": self.out, "rows": self.rows, "parts": self.parts, "made": self.made,
            "size_bytes": self.size_bytes, "took_s": self.took_s,
        }  # fmt: skip

    def summary(self) -> str:
        """One sentence."""
        kept = self.parts - self.made
        there = f", {kept:,} parts of them were there" if kept else ""
        return (
            f"{self.out}: {self.rows:,} rows{there}; {amount('text_bytes', self.size_bytes)}, "
            f"{amount('answer_s', self.took_s)}"
        )

    def text(self) -> str:
        """The sentence."""
        return self.summary()


def written_sweep(
    sweep: Sweep,
    out: str | os.PathLike[str],
    *,
    workers: int = 0,
    dask: str | None = None,
    foretell: Foretell | None = None,
    tell: Tell | None = None,
) -> WrittenSweep:
    """Writes the rows of a sweep to the Parquet file or the folder `out`, parts that are there being kept.

    `foretell` hears what is to be done before it starts, `tell` how far it is after every part. Raises
    `CutwiseError` where `out` holds something else, or a part cannot be made; whole parts stay.
    """
    began_s, target = time.monotonic(), Path(out)
    _refuse(workers, dask)
    if target.suffix != ONE_FILE:
        with held_folder(target):
            made = _filled(sweep, target, _engine(workers, dask), foretell, tell)
        return _record(sweep, target, made, began_s)
    if is_joined(sweep, target):
        return _record(sweep, target, 0, began_s)
    folder = target.with_name(target.name + PARTS)
    with held_folder(folder):
        made = _filled(sweep, folder, _engine(workers, dask), foretell, tell, joined=True)
        join_parts(sweep, folder, target)
        shutil.rmtree(folder)
    return _record(sweep, target, made, began_s)


def _refuse(workers: int, dask: str | None) -> None:
    if isinstance(workers, bool) or not isinstance(workers, int) or not 0 <= workers <= MOST_WORKERS:
        raise CutwiseError(f"workers: give a whole number of 0 to {MOST_WORKERS:,}, not {workers!r}")
    if workers and dask:
        raise CutwiseError("workers: leave them out where a cluster runs; dask has workers of its own")


def _engine(workers: int, dask: str | None) -> AbstractContextManager[Engine]:
    if dask:
        return running_cluster(dask)
    return local_workers(workers) if workers else nullcontext(InProcess())


def _filled(
    sweep: Sweep,
    folder: Path,
    engine: AbstractContextManager[Engine],
    foretell: Foretell | None,
    tell: Tell | None,
    *,
    joined: bool = False,
) -> int:
    """How many parts were made: those that were missing."""
    opened_folder(folder, sweep)
    numbers = missing_parts(sweep, folder)
    if not numbers:
        return 0
    with engine as makers, _said_when_interrupted(folder):
        left = rows_left(sweep, numbers)
        row_s: Mapping[Pair, float] = {}
        if foretell:
            free_bytes = shutil.disk_usage(folder).free
            foretold = estimate_of(
                sweep, numbers=numbers, workers=makers.workers, joined=joined, free_bytes=free_bytes
            )
            row_s = foretold.row_s
            foretell(foretold)
        pace = SweepPace(left=left, rows=sweep.rows * len(left), row_s=row_s)
        for outcome in makers.made(sweep, folder, numbers):
            if outcome.mistake:
                raise CutwiseError(outcome.mistake)
            part = part_of(sweep, outcome.number)
            pace.note((part.model, part.scheme), rows=part.rows, took_s=outcome.took_s)
            if tell:
                tell(pace.now(makers.workers))
    return len(numbers)


@contextmanager
def _said_when_interrupted(folder: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as stopped:
        stopped.add_note(f"{shown_name(folder)}: whole parts stay; the same call goes on from them")
        raise


def _record(sweep: Sweep, target: Path, made: int, began_s: float) -> WrittenSweep:
    files = part_files(sweep, target) if target.is_dir() else iter([target])
    return WrittenSweep(
        out=os.fspath(target),
        rows=sweep.rows * len(list(pairs_of(sweep))),
        parts=part_count(sweep),
        made=made,
        size_bytes=sum(file.stat().st_size for file in files),
        took_s=time.monotonic() - began_s,
    )
