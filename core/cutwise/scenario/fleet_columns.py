"""The columns of a fleet's table: titles with units, as the page shows and pasted tables give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal

from cutwise.errors import QuantityError, shown
from cutwise.fields.column_units import titled
from cutwise.fields.field_values import is_number_field
from cutwise.fields.typed_number import NUMBER, SPACES, typed_number
from cutwise.frozen import Frozen, FrozenDict
from cutwise.scenario.parties import Device
from cutwise.scenario.remedies.substitutes import FileTable
from cutwise.scenario.remedies.unknown_keys import unknown_key
from cutwise.units import PREFIXES, UNITS, facts_of, hints_of

COLUMNS = (
    "name", "profile", "flops_per_s", "efficiency_ratio", "memory_bytes", "samples", "distance_m",
    "transmit_power_w",
)  # fmt: skip
"""What a table usually gives; every field of `Device` but its tables may be a column."""
SHOWN_PREFIX = FrozenDict({"flops_per_s": "G", "bytes": "G", "bytes_per_s": "G"})
"""Unit → the prefix that it is shown with in a table."""
LONGEST_DIGITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetColumn(Frozen):
    """A column of a fleet's table: a field of `Device`, and the unit that its bare numbers are in."""

    field: str
    unit: str = ""

    def text(self, cell: str) -> str:
        """A cell as a quantity; a number with a unit of its own keeps it. Names stay as they are."""
        if not is_number_field(Device, self.field):
            return cell.strip()
        plain = SPACES.sub(" ", cell).strip()
        is_bare = any(map(str.isdigit, plain)) and NUMBER.fullmatch(plain)
        return f"{plain} {self.unit}" if self.unit and is_bare else plain


def column_fields() -> tuple[str, ...]:
    """The fields of `Device` that a column may be."""
    hints = hints_of(Device)
    return tuple(f.name for f in fields(Device) if not is_dataclass(hints[f.name]))


def column_title(name: str) -> str:
    """What stands above a column, its unit behind.

    >>> column_title("memory_bytes"), column_title("distance_m"), column_title("samples")
    ('Memory (GB)', 'Distance (m)', 'Samples')
    """
    unit = shown_unit(name)
    return f"{facts_of(Device, name)['title']} ({unit})" if unit else str(facts_of(Device, name)["title"])


def shown_unit(name: str) -> str:
    """The unit of a column's numbers, as people write it; empty where they have none."""
    unit = facts_of(Device, name)["unit"]
    written = UNITS.get(unit, "")
    return f"{SHOWN_PREFIX.get(unit, '')}{written}" if written else ""


def shown_number(name: str, value: float) -> str:
    """A value in its column's unit, with every digit that it has.

    >>> shown_number("memory_bytes", 2.5e9), shown_number("distance_m", 0.1), shown_number("samples", 500)
    ('2.5', '0.1', '500')
    """
    prefix = SHOWN_PREFIX.get(facts_of(Device, name)["unit"], "")
    number = (Decimal(repr(value)) / Decimal(PREFIXES[prefix])).normalize()
    plain = format(number, "f")
    return plain if len(plain) <= LONGEST_DIGITS else str(number)


def columns_in(header: Sequence[str]) -> tuple[list[FleetColumn], list[str]]:
    """The columns that a table's first row names, by field or by title, and a sentence for each mistake."""
    found: list[FleetColumn] = []
    mistakes: list[str] = []
    for number, cell in enumerate(header, start=1):
        if not cell.strip():
            mistakes.append(f"fleet: column {number} has no name; give it one, or take the column out")
            continue
        try:
            column = _column(cell)
        except QuantityError as error:
            mistakes.append(f"fleet: column {shown(cell)}: {error}")
            continue
        if column.field in {known.field for known in found}:
            mistakes.append(f"fleet: column {shown(cell)} is {column.field} once more; keep one column of it")
        found.append(column)
    return found, mistakes


def _column(cell: str) -> FleetColumn:
    """Raises `QuantityError` for a name that is no column, and for a unit of something else."""
    words = SPACES.sub(" ", cell).strip().lstrip("\ufeff")
    title, units = titled(cell)
    name = _fields_by_title().get(title.lower())
    if name is None:
        table = FileTable(path=("devices",), owner=Device, given={})
        raise QuantityError(unknown_key(table, words))
    if len(units) > 1:
        raise QuantityError(f"has the units {' and '.join(units)}; keep one of them")
    unit = units[0] if units else ""
    if unit and not is_number_field(Device, name):
        raise QuantityError(f"has no unit, as it holds no numbers; write {column_title(name)}")
    if unit:
        typed_number(f"1 {unit}", facts_of(Device, name)["unit"])
    return FleetColumn(field=name, unit=unit)


def _fields_by_title() -> FrozenDict[str, str]:
    titles = {str(facts_of(Device, name)["title"]).lower(): name for name in column_fields()}
    return FrozenDict(titles | {name: name for name in column_fields()})
