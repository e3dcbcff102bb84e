"""What one edit makes of a scenario: a field set, set for all devices, or scaled at each."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from operator import attrgetter
from typing import Any, TypeVar, get_args

from cutwise.errors import QuantityError, UnknownNameError
from cutwise.fields.field_values import is_number_field, read_field
from cutwise.fields.typed_number import typed_number
from cutwise.frozen import FrozenDict
from cutwise.problem.edge_links import edge_columns
from cutwise.problem.numbers import device_columns
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Edge, Party
from cutwise.scenario.parts import LayerDepth, Privacy, Scenario
from cutwise.scenario.time_levels import pace_given
from cutwise.units import UNITS, facts_of, hints_of

BARE = re.compile(r"\s*\d+(?:\.\d+)?\s*", re.ASCII)
NO_LARGE = frozenset({"s", "m", "db", "dbm", "w", "j"})
"""Units of which nobody has a million."""
MOST_EDGES = 200
MOST_LAYERS = 100_000
MOST_FACTOR = 1e6
FIRST_ITERATIONS = 100
LAYERS, EDGES, COUNTED, MODE = "privacy.layers", "edge_count", "workload.counted", "workload.mode"
"""Paths of what is edited as one and stands in a scenario as another."""
TEXTS = frozenset({"name", "profile"})
"""Fields of a party that hold whatever text its own checks take."""
PartyT = TypeVar("PartyT", bound=Party)
COLUMNS = (
    "moved_bytes_per_s", "launch_s", "backward_ratio", "time_low_ratio", "time_high_ratio", "fitted_dtype",
)  # fmt: skip
INSTEAD: Mapping[str, tuple[str, ...]] = FrozenDict(
    {
        "flops_per_s": ("efficiency_ratio",),
        "efficiency_ratio": ("flops_per_s", "time_class", *COLUMNS),
        "time_class": ("flops_per_s", "efficiency_ratio", *COLUMNS),
    }
)
"""A party's speed, the share of its profile's peak, its class: whichever is given replaces the others."""


def edited(scenario: Scenario, path: str, value: Any) -> Scenario:
    """The scenario with one field as it was typed, dragged or picked.

    Raises `QuantityError` with the reason where a text is no quantity of the field, `CutwiseError` for a path
    that does not exist and a value that is not allowed there.
    """
    if path in EDITS:
        return EDITS[path](scenario, value)
    return edited_together(scenario, {path: value})


def edited_together(scenario: Scenario, values: Mapping[str, Any]) -> Scenario:
    """The scenario with several fields set at once, in their order; raises as `edited` does."""
    setting: dict[str, Any] = {}
    for path, value in values.items():
        owner, name = owner_of(scenario, path)
        found = _beside(scenario, path, name, value)
        setting |= {beside: other for beside, other in found.items() if beside not in values}
        setting[path] = _read(owner, name, value)
    return changed(scenario, setting)


def _beside(scenario: Scenario, path: str, name: str, value: Any) -> dict[str, Any]:
    """What changes with a party's speed, by path: what it replaces, and what it leaves as it was."""
    if name not in INSTEAD:
        return {}
    party = value_of(scenario, path.removesuffix(f".{name}").replace(".*", ".0"))
    found = _changed_with(party, name, value, scenario.workload.compute)
    return {path.removesuffix(name) + beside: other for beside, other in found.items()}


def _changed_with(party: Party, name: str, value: Any, dtype: str) -> dict[str, Any]:
    """Fields of a party that change with this one; a speed alone leaves bytes and starts as they were."""
    if value in (None, ""):
        return dict.fromkeys(COLUMNS, None) if name == "flops_per_s" else {}
    replaced: dict[str, Any] = dict.fromkeys(INSTEAD[name], None)
    if name == "flops_per_s" and party.flops_per_s is None:
        replaced |= pace_given(party, party.catalogue_row(), dtype)
    return replaced


def party_edited(party: PartyT, name: str, value: Any) -> PartyT:
    """The device or edge with one field as it was typed; raises as `edited` does.

    It takes as long in a fleet of ten thousand as alone.
    """
    if not _is_checked_alone(type(party), name, value):
        parties = "edges" if isinstance(party, Edge) else "devices"
        alone = edited(Scenario(**{parties: (party,)}), f"{parties}.0.{name}", value)
        found: PartyT = getattr(alone, parties)[0]
        return found
    other = _changed_with(party, name, value, "fp32") if name in INSTEAD else {}
    return replace(party, **{**other, name: _read(type(party), name, value)})


def _is_checked_alone(owner: type[Party], name: str, value: Any) -> bool:
    """True for what a party itself checks as strictly as a file is checked."""
    if name in TEXTS or name not in owner.__dataclass_fields__:
        return name in TEXTS and isinstance(value, str)
    is_number = isinstance(value, str | int | float) and not isinstance(value, bool)
    return is_number and is_number_field(owner, name)


def owner_of(scenario: Scenario, path: str) -> tuple[type[Any], str]:
    """The dataclass of a field of the scenario, and the field's name; raises `UnknownNameError`."""
    found: Any = scenario
    *parts, name = path.split(".")
    for part in parts:
        if isinstance(found, tuple):
            at = 0 if part == "*" else int(part) if part.isdigit() else len(found)
            found = found[at] if at < len(found) else None
        else:
            found = getattr(found, part, None)
    if not is_dataclass(found) or name not in {field.name for field in fields(found)}:
        raise UnknownNameError("field", path[:60], [f.name for f in fields(found or scenario)])
    return type(found), name


def value_of(scenario: Scenario, path: str) -> Any:
    """What stands at a path."""
    found: Any = scenario
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, tuple) else getattr(found, part)
    return found


def _read(owner: type[Any], name: str, value: Any) -> Any:
    """The value as the field has it: a text is a quantity, a whole number one, or a list of names."""
    if is_number_field(owner, name):
        return read_field(owner, name, value) if isinstance(value, str) else _number(owner, name, value)
    if isinstance(value, str) and _is_list(owner, name):
        return [word.strip() for word in value.split(",") if word.strip()]
    if isinstance(value, str) and type(None) in get_args(hints_of(owner)[name]):
        return value.strip() or None
    return value


def _number(owner: type[Any], name: str, value: Any) -> Any:
    """A dragged number; raises `QuantityError` where it is none."""
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise QuantityError("that is not a number; give one")
    return read_field(owner, name, repr(value))


def _is_list(owner: type[Any], name: str) -> bool:
    return str(hints_of(owner)[name]).startswith("tuple[")


def _with_layers(scenario: Scenario, value: Any) -> Scenario:
    """So many layers stay on the device."""
    layers = _whole(value, most=MOST_LAYERS, what="layers")
    named: Any = {0: "raw_allowed", 1: "first_layer"}.get(layers) or LayerDepth(layers=layers)
    return replace(scenario, privacy=Privacy(keep_on_device=named))


def _with_edges(scenario: Scenario, value: Any) -> Scenario:
    """So many edges; new ones are like the last."""
    count = _whole(value, most=MOST_EDGES, what="edges")
    new = replace(scenario.edges[-1], name="") if scenario.edges else Edge()
    return replace(scenario, edges=(*scenario.edges[:count], *([new] * (count - len(scenario.edges)))))


def _counted(scenario: Scenario, value: Any) -> Scenario:
    """A round of a device is so many epochs, or so many iterations."""
    by_iterations = value == "iterations"
    if by_iterations == (scenario.workload.local_iterations is not None):
        return scenario
    counts = {
        "local_epochs": None if by_iterations else 1,
        "local_iterations": FIRST_ITERATIONS if by_iterations else None,
    }
    return replace(scenario, workload=replace(scenario.workload, **counts))


def _in_mode(scenario: Scenario, value: Any) -> Scenario:
    """Training or inference; what is trained generates no tokens."""
    return changed(scenario, {"workload.prompt_tokens": None, "workload.new_tokens": None, MODE: value})


EDITS: Mapping[str, Callable[[Scenario, Any], Scenario]] = FrozenDict(
    {LAYERS: _with_layers, EDGES: _with_edges, COUNTED: _counted, MODE: _in_mode}
)


def _whole(value: Any, *, most: int, what: str) -> int:
    number = typed_number(value, "", whole=True) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or number != round(number):
        raise QuantityError(f"that is no whole number of {what}; give one")
    if not 0 <= number <= most:
        raise QuantityError(f"{number:.0f} {what} are not between 0 and {most:,}; give another number")
    return round(number)


def set_for_all(scenario: Scenario, path: str, value: Any) -> Scenario:
    """The same value at every device, or at every edge ("edges.memory_bytes"); raises as `edited` does."""
    parties, name = _parties(path)
    if not getattr(scenario, parties):
        return scenario
    return edited(scenario, f"{parties}.*.{name}", value)


def scaled(scenario: Scenario, path: str, factor: str | float) -> Scenario:
    """Every device's own value, or every edge's, times one factor ("×2"); values without a number stay.

    Raises `QuantityError` for a factor that is not above 0.
    """
    parties, name = _parties(path)
    by = typed_number(factor.removeprefix("×"), "") if isinstance(factor, str) else float(factor)
    if not 0 < by < MOST_FACTOR:
        raise QuantityError("that is no factor; give a number above 0, such as ×2 or ×0.5")
    column = numbers_of(scenario, path)
    scaled_numbers = (max(1, round(by * one)) if name == "samples" else by * one for one in column)
    given = [
        party_edited(party, name, number) if math.isfinite(number) else party
        for party, number in zip(getattr(scenario, parties), scaled_numbers, strict=True)
    ]
    return replace(scenario, **{parties: tuple(given)})


def numbers_of(scenario: Scenario, path: str) -> list[float]:
    """What a field is at every device, or at every edge; `nan` where it is not known."""
    parties, name = _parties(path)
    known: Any = (
        device_columns(scenario.devices, scenario.workload)
        if parties == "devices"
        else edge_columns(scenario.edges, scenario.workload.compute)
    )
    column = getattr(known, name, None)
    if column is not None:
        return [float(number) for number in column]
    given = [attrgetter(name)(party) for party in getattr(scenario, parties)]
    return [math.nan if number is None else float(number) for number in given]


def _parties(path: str) -> tuple[str, str]:
    head, _, rest = path.partition(".")
    return ("edges", rest) if head == "edges" else ("devices", path.removeprefix("devices."))


def party_of(path: str) -> type[Party]:
    """Whose field a path of `set_for_all` is.

    >>> party_of("edges.memory_bytes").__name__, party_of("samples").__name__
    ('Edge', 'Device')
    """
    return Edge if path.startswith("edges.") else Device


def bare_number_note(scenario: Scenario, command: Mapping[str, Any]) -> str:
    """How a typed number without a unit was read, where its field has one; else empty.

    >>> bare_number_note(Scenario(), {"kind": "set", "path": "channel.uplink_bps", "value": "244"})
    'read as 244 bit/s; write 244 Mbit/s for a million times as much'
    """
    text, path = command.get("value"), str(command.get("path", ""))
    if command.get("kind") not in {"set", "all"} or not isinstance(text, str) or not BARE.fullmatch(text):
        return ""
    owner, name = (party_of(path), path.rpartition(".")[2]) if path not in EDITS else (Scenario, "")
    if command["kind"] == "set" and path not in EDITS:
        owner, name = owner_of(scenario, path)
    unit = facts_of(owner, name).get("unit", "") if name in owner.__dataclass_fields__ else ""
    symbol = UNITS.get(unit, "")
    if not symbol:
        return ""
    more = "" if unit in NO_LARGE else f"; write {text.strip()} M{symbol} for a million times as much"
    return f"read as {text.strip()} {symbol}{more}"
