"""Columns of sweeps as Arrow has them: names as dictionaries, units and titles in the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cutwise.frozen import FrozenDict
from cutwise.scenario.changes import EVERY, path_parts
from cutwise.scenario.remedies.places import places
from cutwise.units import UNITS, facts_of

if TYPE_CHECKING:
    import pyarrow

ANSWERS: Mapping[str, Mapping[str, str]] = FrozenDict(
    {
        "model": {"title": "Model"},
        "scheme": {"title": "Scheme"},
        "status": {"title": "Status"},
        "delay_s": {"title": "Delay", "unit": UNITS["s"]},
        "energy_j": {"title": "Energy", "unit": UNITS["j"]},
        "cut": {"title": "Cut"},
    }
)
"""Columns beside the swept paths, with title and unit."""


def arrow_table(columns: Mapping[str, Any]) -> pyarrow.Table:
    """The columns of a sweep as a table.

    >>> import numpy as np
    >>> arrow_table({"delay_s": np.array([1.0])}).schema.field("delay_s").metadata[b"unit"]
    b's'
    """
    import pyarrow

    arrays = [_array(column) for column in columns.values()]
    fields = [arrow_field(name, array.type) for name, array in zip(columns, arrays, strict=True)]
    return pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields))


def arrow_field(name: str, kind: pyarrow.DataType) -> pyarrow.Field:
    """The field of a column, with what is known of it."""
    import pyarrow

    return pyarrow.field(name, kind, metadata=column_facts(name))


def column_facts(name: str) -> dict[str, str]:
    """Title and unit of a column, as people read them; without what it does not have.

    >>> column_facts("channel.uplink_bps"), column_facts("devices[2].distance_m")["unit"]
    ({'title': 'Uplink', 'unit': 'bit/s'}, 'm')
    >>> column_facts("cut"), column_facts("seed")
    ({'title': 'Cut'}, {'title': 'Seed'})
    """
    if name in ANSWERS:
        return dict(ANSWERS[name])
    path = tuple(part for part in path_parts(name) if part != EVERY and not part.isdigit())
    for place in places().get(path, ()):
        facts = facts_of(place.owner, place.name)
        said = {"title": facts.get("title", ""), "unit": UNITS.get(facts.get("unit", ""), "")}
        return {key: text for key, text in said.items() if text}
    return {}


def named_array(column: Any) -> pyarrow.DictionaryArray:
    """Names by their places, -1 for none, as Arrow keeps them."""
    import pyarrow

    none = column.places < 0
    places_of_names = pyarrow.array(column.places, mask=none if none.any() else None)
    return pyarrow.DictionaryArray.from_arrays(
        places_of_names, pyarrow.array(column.names, type=pyarrow.string())
    )


def _array(column: Any) -> pyarrow.Array:
    import pyarrow

    return pyarrow.array(column) if getattr(column, "names", None) is None else named_array(column)
