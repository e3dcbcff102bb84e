"""A sweep as an Arrow table: names as dictionaries, and the unit of every column in the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pyarrow

from cutwise.channels import CHANNELS
from cutwise.columns.swept_paths import owner_of
from cutwise.scenario.changes import path_parts
from cutwise.scenario.parts import Scenario
from cutwise.units import facts_of

ANSWER_UNITS = {"delay_s": "s", "energy_j": "j"}


def arrow_table(columns: Mapping[str, Any]) -> pyarrow.Table:
    """The columns of a sweep as a table.

    >>> import numpy as np
    >>> arrow_table({"delay_s": np.array([1.0])}).schema.field("delay_s").metadata
    {b'unit': b's'}
    """
    arrays, made = [], []
    for name, column in columns.items():
        array = _array(column)
        arrays.append(array)
        unit = unit_of(name)
        made.append(pyarrow.field(name, array.type, metadata={"unit": unit} if unit else None))
    return pyarrow.table(arrays, schema=pyarrow.schema(made))


def _array(column: Any) -> pyarrow.Array:
    names = getattr(column, "names", None)
    if names is None:
        return pyarrow.array(column)
    places = pyarrow.array(column.places, mask=column.places < 0)
    return pyarrow.DictionaryArray.from_arrays(places, pyarrow.array(list(names)))


def unit_of(path: str) -> str:
    """The unit of a column of a sweep; empty where it has none.

    >>> unit_of("channel.uplink_bps"), unit_of("devices.*.distance_m"), unit_of("cut")
    ('bps', 'm', '')
    """
    if path in ANSWER_UNITS:
        return ANSWER_UNITS[path]
    parts = path_parts(path)
    if parts[0] == "devices" and len(parts) > 1:
        parts[1] = "*"
    for channel in CHANNELS.values():
        owner = owner_of(Scenario(channel=channel()), parts)
        if owner is not None and parts[-1] in {f.name for f in fields(owner)}:
            return str(facts_of(owner, parts[-1]).get("unit", ""))
    return ""
