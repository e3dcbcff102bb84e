"""A fleet as a table: pasted rows in, devices out, every mistake with its row; and back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args

from cutwise.budgets import beyond, bounded, most
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import is_number_field
from cutwise.plain import FORMULA
from cutwise.scenario.fleet_columns import (
    COLUMNS,
    FleetColumn,
    column_fields,
    column_title,
    columns_in,
    shown_number,
)
from cutwise.scenario.parties import Device
from cutwise.units import hints_of

TWO_LINES = "a cell in quotation marks goes over several lines; close the mark on the first, or leave it out"
OPEN_MARK = "a quotation mark is open; close it, or leave it out"
ALWAYS = ("name", "samples")
"""No row may be empty, and every device has samples."""


EITHER_POINT = re.compile(r"([+\-−]?[1-9]\d{0,2})\.(\d{3})(?![\d.,])")
DECIMAL_POINT = re.compile(r"[+\-−]?(?:0\.|\d+\.(?!\d{3}(?!\d))\d|\d{4,}\.)")
"""A point that may be a decimal or a thousand's, and one that is a decimal one."""


def parse_fleet(text: str) -> tuple[Device, ...]:
    """The devices of a pasted table; commas, semicolons or tabs.

    Its first row names fields of `Device`, or their titles with the unit of the numbers below, as the page
    shows and `fleet_text` writes them; a cell may have a unit of its own. Where nothing in the table says
    whether a point is a decimal one, 1.000 is refused. Raises `ScenarioError` with every mistake and its row.

    >>> parse_fleet("name,flops_per_s,samples\\nphone,2e12,500")[0].samples
    500
    >>> parse_fleet("Name;Memory (GB)\\nphone;1,5\\nboard;512 MiB")[0].memory_bytes
    1500000000.0
    """
    header, *rows = _rows(text)
    columns, mistakes = columns_in(header)
    mistakes += [
        f"{_where(number)}: cells: {len(row)}, column names: {len(header)}; give one cell under each name"
        for number, row in enumerate(rows, start=1)
        if len(row) != len(header)
    ]
    mistakes += _unclear_points(rows, columns, _delimiter(text))
    if mistakes:
        raise bounded(mistakes)
    return devices_of([_given_in(row, columns) for row in rows])


def fleet_text(devices: Sequence[Device]) -> str:
    """The devices as a table with tabs, which `parse_fleet` reads back: the usual columns and those given.

    Tables inside a device (its runtime) have no columns.

    >>> print(fleet_text([Device(name="phone", memory_bytes=2e9)]).replace("\\t", " | "), end="")
    Name | Memory (GB) | Samples
    phone | 2 | 1000
    """
    defaults = {f.name: f.default for f in fields(Device)}
    names = [
        name
        for name in sorted(column_fields(), key=lambda name: (*COLUMNS, name).index(name))
        if name in ALWAYS or any(getattr(device, name) != defaults[name] for device in devices)
    ]
    written = io.StringIO()
    table = csv.writer(written, delimiter="\t", lineterminator="\n")
    table.writerow([column_title(name) for name in names])
    table.writerows([_cell(name, getattr(device, name)) for name in names] for device in devices)
    return written.getvalue()


def devices_of(rows: Sequence[Mapping[str, object]]) -> tuple[Device, ...]:
    """A device for each row of values or text; empty ones take the default.

    Raises `ScenarioError` with every mistake and its row.
    """
    devices, mistakes = [], []
    for number, row in enumerate(rows, start=1):
        try:
            devices.append(
                Device(**{name: _value(name, value) for name, value in row.items() if _given(value)})
            )
        except ScenarioError as error:
            mistakes += [f"{_where(number)}: {mistake}" for mistake in error.mistakes]
    if mistakes:
        raise bounded(mistakes)
    return tuple(devices)


def _unclear_points(
    rows: Sequence[Sequence[str]], columns: Sequence[FleetColumn], delimiter: str
) -> Iterator[str]:
    """A sentence for each number whose point may be a thousand's: no other number of the table says so.

    Who separates cells with commas writes no decimal commas.
    """
    cells = [
        (number, column, cell.strip())
        for number, row in enumerate(rows, start=1)
        for column, cell in zip(columns, row, strict=False)
        if is_number_field(Device, column.field)
    ]
    if delimiter == "," or any(DECIMAL_POINT.match(cell) for _, _, cell in cells):
        return
    for number, column, cell in cells:
        if found := EITHER_POINT.match(cell):
            whole, rest = found[1], found[2]
            yield (
                f"{_where(number)}: {column.field}: “{cell}” can mean {whole}{rest} or {whole}.{rest}; write "
                f"{whole}{rest}, or {whole}.{rest}0"
            )


def _rows(text: str) -> list[list[str]]:
    """The rows that hold anything, the column names first."""
    if len(text) > most("text_bytes"):
        raise ScenarioError([f"fleet: {beyond('text_bytes', len(text))}"])
    lines = text.strip("\r\n")
    table = csv.reader(io.StringIO(lines, newline=""), delimiter=_delimiter(lines), strict=True)
    rows: list[list[str]] = []
    try:
        for row in table:
            if any(cell.strip() for cell in row):
                _check_size(row, len(rows))
                rows.append(row)
    except csv.Error as error:
        reason = beyond("fleet_cell_characters") if "field larger" in str(error) else OPEN_MARK
        raise ScenarioError([f"{_where(len(rows))}: {reason}"]) from None
    if len(rows) < 2:
        names = ", ".join(COLUMNS)
        raise ScenarioError([f"fleet: give a first row with column names ({names}) and a row a device"])
    return rows


def _check_size(row: Sequence[str], number: int) -> None:
    """Raises `ScenarioError` for the row behind the last one that is read, and for a cell that runs on."""
    if number > most("fleet_devices"):
        raise ScenarioError([f"fleet: {beyond('fleet_devices')}"])
    longest = max(map(len, row))
    if any("\n" in cell or "\r" in cell for cell in row):
        raise ScenarioError([f"{_where(number)}: {TWO_LINES}"])
    if longest > most("fleet_cell_characters"):
        raise ScenarioError([f"{_where(number)}: {beyond('fleet_cell_characters', longest)}"])


def _where(number: int) -> str:
    """A row as messages name it; row 0 has the column names."""
    return f"fleet, row {number}" if number else "fleet, column names"


def _delimiter(text: str) -> str:
    """What stands between the column names; a tab where there is only one."""
    first = text.strip("\r\n").partition("\n")[0]
    return max("\t,;", key=first.count)


def _given_in(row: Sequence[str], columns: Sequence[FleetColumn]) -> dict[str, str]:
    pairs = zip(columns, row, strict=True)
    return {column.field: column.text(_bare(cell)) for column, cell in pairs}


def _cell(name: str, value: Any) -> str:
    """A value as its cell; a text that a spreadsheet would compute has an apostrophe before it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        number = shown_number(name, value)
        return f"{number}0" if EITHER_POINT.fullmatch(number) else number
    return f"'{value}" if value.lstrip("'").startswith(FORMULA) else value


def _bare(cell: str) -> str:
    """A cell without the apostrophe that says that it is a text."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA) else text


def _given(value: object) -> bool:
    return value is not None and value == value and str(value).strip() != ""


def _value(name: str, value: Any) -> Any:
    """A cell as its field has it; `Device` reads typed quantities and numbers."""
    hint = hints_of(Device)[name]
    return str(value).strip() if str in (hint, *get_args(hint)) else value
