"""What the table of the fleet shows, as plain values: columns of texts that can be typed back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, get_args

from cutwise.errors import QuantityError
from cutwise.fields.field_values import is_number_field
from cutwise.fields.typed_number import typed_number
from cutwise.hardware.profile_words import class_text, figures_text
from cutwise.hardware.profiles import Profile, hardware
from cutwise.problem.numbers import device_columns
from cutwise.scenario.fleet_csv import COLUMNS
from cutwise.scenario.parties import DEFAULT_DEVICE, Device
from cutwise.scenario.parts import Scenario
from cutwise.units import UNITS, facts_of, hints_of
from cutwise_dashboard.caches import kept
from cutwise_dashboard.desk.history import Refusal
from cutwise_dashboard.format import scale_of
from cutwise_dashboard.strip.values import value_text

EXAMPLE = "name\tprofile\tmemory_bytes\tsamples\tdistance_m\ncamera-1\tjetson_nano\t2 GB\t1200\t40 m"
KNOWN = ("flops_per_s", "memory_bytes")
"""Fields that a profile fills in where nothing is given."""


def fleet_data(scenario: Scenario, refused: Mapping[str, Refusal]) -> dict[str, Any]:
    """The columns with their cells from the first device to the last, and what was refused."""
    known = _known_texts(scenario)
    return {
        "rows": len(scenario.devices),
        "columns": [
            {
                **_facts(name),
                "texts": _folded([cell_text(name, getattr(device, name)) for device in scenario.devices]),
                "known": _folded(known.get(name, [""])),
            }
            for name in COLUMNS
        ],
        "refused": {
            path: {"text": one.text, "reason": one.reason, "where": where(path, scenario)}
            for path, one in refused.items()
            if path.startswith(("devices.", "fleet"))
        },
        "example": EXAMPLE,
    }


def where(path: str, scenario: Scenario) -> str:
    """Row and column of a refused cell, for people.

    >>> where("devices.2.memory_bytes", Scenario())
    'Row 3, Memory'
    """
    _, _, place = path.partition(".")
    row, _, name = place.partition(".")
    if not row.isdigit():
        return ""
    title = facts_of(Device, name).get("title", name) if name in Device.__dataclass_fields__ else ""
    at = int(row)
    called = (
        f" ({scenario.devices[at].name})" if at < len(scenario.devices) and scenario.devices[at].name else ""
    )
    return f"Row {at + 1}{called}" + (f", {title}" if title else "")


def _facts(name: str) -> dict[str, Any]:
    facts = facts_of(Device, name)
    choices = [[one.name, _searched(one)] for one in hardware().values()] if name == "profile" else []
    optional = type(None) in get_args(hints_of(Device)[name]) and not is_number_field(Device, name)
    return {
        "name": name,
        "title": facts.get("title") or name.replace("_", " ").capitalize(),
        "help": facts["help"],
        "choices": choices,
        "isText": not is_number_field(Device, name),
        "emptyIsNone": optional,
    }


def _searched(profile: Profile) -> str:
    """What a browser shows beside a profile's name, and searches."""
    kind = class_text(profile)
    return f"{profile.title}, {profile.vendor}, {profile.kind}, {kind}: {figures_text(profile)}"


def _known_texts(scenario: Scenario) -> dict[str, list[str]]:
    """What holds where a cell is empty: the number of the device, its profile, and what that says."""
    columns = device_columns(scenario.devices, scenario.workload)
    found = {
        name: [
            cell_text(name, number) if getattr(device, name) is None else ""
            for device, number in zip(scenario.devices, getattr(columns, name).tolist(), strict=True)
        ]
        for name in KNOWN
    }
    profiles = ["own" if device.flops_per_s is not None else DEFAULT_DEVICE for device in scenario.devices]
    return found | {"name": list(scenario.device_names), "profile": profiles}


def _folded(texts: Sequence[str]) -> list[str]:
    """One text where all are the same: a browser repeats it as well."""
    return [texts[0]] if len(set(texts)) == 1 else list(texts)


@kept
def cell_text(name: str, value: Any) -> str:
    """A value as it stands in a cell: short where that reads back as the value itself, else with all digits.

    >>> cell_text("memory_bytes", 2e9), cell_text("memory_bytes", 2.123456789e9), cell_text("samples", 1200)
    ('2 GB', '2.123456789 GB', '1200')
    >>> cell_text("memory_bytes", None), cell_text("distance_m", 1500.0)
    ('', '1.5 km')
    """
    if value is None or isinstance(value, str):
        return value or ""
    if not math.isfinite(value):
        return "no limit"
    unit = facts_of(Device, name).get("unit", "")
    short = value_text(value, unit)
    return short if _reads_as(short, unit, value) else _exact(value, UNITS.get(unit, ""))


def _reads_as(text: str, unit: str, value: float) -> bool:
    try:
        return typed_number(text, unit) == value
    except QuantityError:
        return False


def _exact(value: float, symbol: str) -> str:
    """All digits, under the prefix that suits."""
    factor, prefix = scale_of(value) if symbol else (1.0, "")
    return f"{(Decimal(repr(value)) / Decimal(repr(factor))).normalize():f} {prefix}{symbol}".strip()
