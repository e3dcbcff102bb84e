"""A fleet as a table: pasted rows in, devices out, every mistake with its row; and back."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_args

from cutwise.errors import ScenarioError
from cutwise.read_limits import FLEET_DEVICES
from cutwise.scenario.parties import Device
from cutwise.scenario.remedies.substitutes import FileTable
from cutwise.scenario.remedies.unknown_keys import unknown_key
from cutwise.units import hints_of

COLUMNS = (
    "name", "profile", "flops_per_s", "efficiency_ratio", "memory_bytes", "samples", "distance_m",
    "transmit_power_w",
)  # fmt: skip
"""What a pasted table usually gives; every field of `Device` but its tables may be a column."""


def parse_fleet(text: str) -> tuple[Device, ...]:
    """The devices of a pasted table whose first row names fields of `Device`; commas, semicolons or tabs.

    Raises `ScenarioError` with every mistake and its row.

    >>> parse_fleet("name,flops_per_s,samples\\nphone,2e12,500")[0].samples
    500
    """
    rows = [row for row in csv.reader(io.StringIO(text.strip()), delimiter=_delimiter(text)) if any(row)]
    if len(rows) < 2:
        raise ScenarioError(
            [f"fleet: give a first row with column names ({', '.join(COLUMNS)}) and a row a device"]
        )
    if len(rows) - 1 > FLEET_DEVICES:
        raise ScenarioError(
            [f"fleet: has {len(rows) - 1} devices; at most {FLEET_DEVICES} are planned at once"]
        )
    header = [name.strip() for name in rows[0]]
    known = [f.name for f in fields(Device) if not is_dataclass(hints_of(Device)[f.name])]
    table = FileTable(path=("devices",), owner=Device, given={})
    mistakes = [f"fleet: column {name!r}: {unknown_key(table, name)}" for name in header if name not in known]
    if mistakes:
        raise ScenarioError(mistakes)
    return devices_of([dict(zip(header, row, strict=False)) for row in rows[1:]])


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
            mistakes += [f"fleet, row {number}: {mistake}" for mistake in error.mistakes]
    if mistakes:
        raise ScenarioError(mistakes)
    return tuple(devices)


def _delimiter(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _given(value: object) -> bool:
    return value is not None and value == value and str(value).strip() != ""


def _value(name: str, value: Any) -> Any:
    """A cell as its field has it; `Device` reads the typed quantities."""
    hint = hints_of(Device)[name]
    if str in (hint, *get_args(hint)):
        return str(value).strip()
    if isinstance(value, float) and int in (hint, *get_args(hint)) and value == round(value):
        return round(value)
    return value
