"""The rows that a sweep wrote as one table, where that fits into memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cutwise.budgets import beyond, most
from cutwise.errors import CutwiseError, UnknownNameError

if TYPE_CHECKING:
    import pyarrow

PLACE_BYTES = 4
"""Of a name, which a table has once and then by its place; of what is no number."""


def table_of(out: str, columns: Sequence[str] | None) -> pyarrow.Table:
    """The rows of a file or folder, all columns or these.

    Raises `UnknownNameError` for a column that is not there, `CutwiseError` for more than `table_bytes`.
    """
    import pyarrow.dataset

    rows = pyarrow.dataset.dataset(out, format="parquet")
    for name in columns or ():
        if name not in rows.schema.names:
            raise UnknownNameError("column", str(name), rows.schema.names)
    kinds = [rows.schema.field(name).type for name in columns or rows.schema.names]
    size_bytes = rows.count_rows() * sum(map(_bytes_of, kinds))
    if size_bytes > most("table_bytes"):
        raise CutwiseError(f"{out}: {beyond('table_bytes', size_bytes)}")
    table: pyarrow.Table = rows.to_table(columns=None if columns is None else list(columns))
    return table


def _bytes_of(kind: pyarrow.DataType) -> float:
    import pyarrow

    numbers = pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind)
    return kind.bit_width / 8 if numbers else PLACE_BYTES
