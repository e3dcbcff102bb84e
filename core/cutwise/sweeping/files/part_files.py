"""The folder that a sweep fills: its description, a file a part, and whose folder it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from cutwise.disk.bounded_files import shown_name, text_in
from cutwise.disk.written_files import NO_ROOM, put, why_not_written
from cutwise.errors import CutwiseError
from cutwise.sweeping.answered_rows import answered_rows
from cutwise.sweeping.files.arrow_tables import KEY, parquet_bytes, part_table
from cutwise.sweeping.sweep_parts import part_count, part_of
from cutwise.sweeping.whole_sweep import FORMAT, Sweep, described

DESCRIPTION = "_sweep.json"
"""Names that begin so are passed over by what reads a folder of Parquet files."""
DESCRIPTION_BYTES = 8_000_000
HIDDEN = (".", "_")
GO_ON = "the parts that are there are whole; the same command goes on from them"


def part_path(folder: Path, number: int) -> Path:
    """Where a part's file stands."""
    return folder / f"part-{number:06d}.parquet"


def opened_folder(folder: Path, sweep: Sweep) -> None:
    """Makes a folder this sweep's; raises `CutwiseError` where it is another's or cannot be written."""
    name = shown_name(folder)
    try:
        kept = [entry for entry in os.listdir(folder) if not entry.startswith(HIDDEN)]
        if (folder / DESCRIPTION).exists():
            _refuse_other(folder, sweep)
        elif kept:
            raise CutwiseError(f"{name}: has files in it and is no sweep; name a new folder, or an empty one")
        else:
            text = json.dumps({"digest": sweep.digest, **described(sweep)}, indent=1)
            put(folder / DESCRIPTION, text.encode(), mode=0o666, durable=True)
    except OSError as error:
        raise CutwiseError(f"{name}: cannot be written ({why_not_written(error)}); name another") from error


def _refuse_other(folder: Path, sweep: Sweep) -> None:
    there = _described_in(folder)
    if there.get("digest") == sweep.digest:
        return
    ours = described(sweep)
    differing = [key for key, value in ours.items() if json.dumps(there.get(key)) != json.dumps(value)]
    words = ", ".join(differing) or "its description"
    raise CutwiseError(
        f"{shown_name(folder)}: holds another sweep ({words} differ); name another folder, or remove this one"
    )


def _described_in(folder: Path) -> dict[str, Any]:
    with suppress(ValueError, CutwiseError):
        found = json.loads(text_in(folder / DESCRIPTION, most_bytes=DESCRIPTION_BYTES))
        if isinstance(found, dict) and found.get("format") == FORMAT:
            return found
    return {}


def write_part(sweep: Sweep, number: int, folder: Path) -> int:
    """Writes the part with this number, whole or not at all, and tells its rows.

    Raises `CutwiseError` where it cannot be written.
    """
    part = part_of(sweep, number)
    columns = sweep.columns(part.first, part.last)
    content = parquet_bytes(sweep, part_table(sweep, part, columns, answered_rows(sweep, part, columns)))
    try:
        put(part_path(folder, number), content, mode=0o666, durable=True)
    except OSError as error:
        remedy = "make room on that disk" if error.errno in NO_ROOM else "see to that folder"
        raise CutwiseError(
            f"{shown_name(folder)}: cannot be written ({why_not_written(error)}); {remedy}: {GO_ON}"
        ) from error
    return part.rows


def missing_parts(sweep: Sweep, folder: Path) -> list[int]:
    """Numbers of the parts that are not there, or not whole."""
    return [number for number in range(part_count(sweep)) if not _is_there(sweep, number, folder)]


def _is_there(sweep: Sweep, number: int, folder: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        said = json.loads((pq.read_schema(part_path(folder, number)).metadata or {}).get(KEY.encode(), b"{}"))
    except (OSError, pa.ArrowException):
        return False
    return (said.get("sweep"), said.get("part")) == (sweep.digest, number)


def part_files(sweep: Sweep, folder: Path) -> Iterator[Path]:
    """Every part's file in the order of their rows."""
    return (part_path(folder, number) for number in range(part_count(sweep)))
