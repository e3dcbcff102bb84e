"""The parts of a sweep as one Parquet file, a row group a part; never more than one part is held."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from cutwise.disk.begun import begun
from cutwise.disk.bounded_files import shown_name
from cutwise.disk.left_behind import sweep as let_go
from cutwise.disk.written_files import PARTIAL, unwritable
from cutwise.errors import CutwiseError
from cutwise.sweeping.files.arrow_tables import KEY, parquet_options
from cutwise.sweeping.files.part_files import part_files
from cutwise.sweeping.whole_sweep import Sweep, described


def is_joined(sweep: Sweep, target: Path) -> bool:
    """True where the file is there with this sweep's rows; raises `CutwiseError` where it holds others."""
    if not target.exists():
        return False
    if _said_in(target).get("sweep") != sweep.digest:
        raise CutwiseError(
            f"{shown_name(target)}: holds something else; name another file, or remove this one"
        )
    return True


def join_parts(sweep: Sweep, folder: Path, target: Path) -> None:
    """Writes all parts as one file, whole or not at all; raises `CutwiseError` where it cannot be written."""
    let_go(target.parent, PARTIAL)
    spare = target.with_name(f"{PARTIAL}{sweep.digest[:16]}")
    try:
        with begun(spare.unlink):
            _write(sweep, folder, spare)
            os.replace(spare, target)
    except OSError as error:
        raise CutwiseError(unwritable(shown_name(target), error)) from error
    finally:
        spare.unlink(missing_ok=True)


def _write(sweep: Sweep, folder: Path, spare: Path) -> None:
    import pyarrow.parquet as pq

    files = part_files(sweep, folder)
    first = pq.read_schema(part := next(files))
    says = {"sweep": sweep.digest, **described(sweep)}
    schema = first.with_metadata({KEY: json.dumps(says)})
    with pq.ParquetWriter(spare, schema, **parquet_options(sweep, schema)) as writer:
        for file in (part, *files):
            table = pq.read_table(file).replace_schema_metadata(schema.metadata)
            writer.write_table(table, row_group_size=max(1, len(table)))


def _said_in(target: Path) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with suppress(OSError, ValueError, pa.ArrowException):
        found: dict[str, Any] = json.loads((pq.read_schema(target).metadata or {})[KEY.encode()])
        return found
    return {}
