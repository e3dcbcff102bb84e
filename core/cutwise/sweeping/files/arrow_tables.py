"""Answers as Arrow tables and Parquet: units and titles in the schema, what they answer beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.analyses.sweep_table import ANSWERS, arrow_field, column_facts, named_array
from cutwise.sweeping.answered_rows import AnsweredRows
from cutwise.sweeping.rows.axes import Numbers, SweptAxis
from cutwise.sweeping.sweep_parts import SweepPart
from cutwise.sweeping.whole_sweep import Sweep, described

if TYPE_CHECKING:
    import pandas
    import pyarrow

KEY = "cutwise"
"""Under this key a file's metadata says what is in it, as JSON."""
DRAWN = ("delay_s", "energy_j")
"""Columns whose numbers hardly repeat."""


def part_table(sweep: Sweep, part: SweepPart, columns: Mapping[str, Numbers], answers: AnsweredRows) -> Any:
    """The rows of a part as an Arrow table."""
    import pyarrow as pa

    arrays = [
        _constant(part.model, part.rows),
        *(_axis_array(axis, columns[axis.path]) for axis in sweep.axes),
        _constant(part.scheme, part.rows),
        named_array(answers.status),
        pa.array(answers.delay_s),
        pa.array(answers.energy_j),
        named_array(answers.cut),
    ]
    names = ("model", *(axis.path for axis in sweep.axes), *tuple(ANSWERS)[1:])
    fields = [arrow_field(name, array.type) for name, array in zip(names, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=_said_of(sweep, part)))


def parquet_bytes(sweep: Sweep, table: pyarrow.Table) -> bytes:
    """The table as one row group of a Parquet file; the same table always gives the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=max(1, len(table)), **parquet_options(sweep, table.schema))
    return sink.getvalue().to_pybytes()


def parquet_options(sweep: Sweep, schema: pyarrow.Schema) -> dict[str, Any]:
    """How columns are written: what repeats once in a dictionary, drawn numbers by their bytes."""
    drawn = {*DRAWN, *(axis.path for axis in sweep.axes if axis.is_number and not axis.repeats)}
    return {
        "compression": "zstd",
        "use_dictionary": [name for name in schema.names if name not in drawn],
        "use_byte_stream_split": [name for name in schema.names if name in drawn],
    }


def arrow_of(frame: pandas.DataFrame) -> pyarrow.Table:
    """A table of answers as Arrow has it, with unit and title of every column in its schema."""
    import pyarrow as pa

    texts = [name for name in ("model", "scheme", "status", "cut") if name in frame]
    table = pa.Table.from_pandas(frame.astype(dict.fromkeys(texts, "category")), preserve_index=False)
    fields = [field.with_metadata(column_facts(field.name)) for field in table.schema]
    return table.cast(pa.schema(fields))


def with_units(frame: pandas.DataFrame) -> pandas.DataFrame:
    """The same table, whose `attrs` say the unit of every column that has one."""
    units = {name: unit for name in frame.columns if (unit := column_facts(name).get("unit"))}
    frame.attrs["units"] = units
    return frame


def units_of(schema: pyarrow.Schema) -> dict[str, str]:
    """The unit of every column that has one."""
    said = {field.name: field.metadata or {} for field in schema}
    return {name: facts[b"unit"].decode() for name, facts in said.items() if facts.get(b"unit")}


def _said_of(sweep: Sweep, part: SweepPart) -> dict[str, str]:
    says = {"sweep": sweep.digest, "part": part.number, "first_row": part.first, **described(sweep)}
    return {KEY: json.dumps(says)}


def _constant(text: str, rows: int) -> Any:
    import pyarrow as pa

    codes = pa.array(np.zeros(rows, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array([text]))


def _axis_array(axis: SweptAxis, column: Numbers) -> Any:
    import pyarrow as pa

    if axis.is_number:
        return pa.array(column)
    labels = [_label(value) for value in axis.values]
    known = pa.array(labels)
    if pa.types.is_string(known.type):
        return pa.DictionaryArray.from_arrays(pa.array(column.astype(np.int32)), known)
    return known.take(pa.array(column))


def _label(value: object) -> Any:
    """A value as a file holds it; tables and lists in words."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
