"""The numbers of a scenario that may be asked about: where each stands, what it is now, how it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, get_args

import numpy as np

from cutwise.analyses.what_if.inputs.written_out import speed_fields, written_out
from cutwise.arrays import Floats
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.fields.field_values import written
from cutwise.frozen import Frozen, FrozenDict
from cutwise.problem.powers import drawn_w
from cutwise.scenario.changes import EVERY, path_parts
from cutwise.scenario.parties import Party
from cutwise.scenario.parts import Scenario
from cutwise.units import facts_of, hints_of

SCALED_UNITS = frozenset({"bps", "hz", "w", "s", "m", "j", "bytes", "bytes_per_s", "flops_per_s"})
"""Units of a channel's numbers that may be so many times what they are; decibels and ratios stay."""
RATE_UNITS = frozenset({"bps", "hz"})
SPEED = "speed"
SPEED_PARTS = {"flops_per_s": 1, "moved_bytes_per_s": 1, "launch_s": -1}
PARTY_FIELDS = ("memory_bytes", "compute_power_w", "idle_power_w")
DEVICE_FIELDS = ("samples", "distance_m", "transmit_power_w", *PARTY_FIELDS)
WORKLOAD_FIELDS = ("batch_size", "local_epochs", "local_iterations", "label_bytes")
BACKHAUL_FIELDS = ("rate_bps", "latency_s")
LIMIT_FIELDS = ("deadline_s", "device_energy_j", "traffic_bytes")
DIGITS = 4
WITHIN = 1e-12
"""Factors keep so far within a field's bounds, which products of rounded numbers would pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityPlace(Frozen):
    """One number of the scenario: its path, what it is now, and whether it grows (1) or shrinks (-1)."""

    path: str
    value: float
    power: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity(Frozen):
    """What may be changed by one factor: `name` is what people type, `title` what they read.

    `value` is what it is now, in `unit`; where devices differ, that of the first. `fixed` has to be set
    beside it so that nothing else changes. Factors lie between `least` and `most`.
    """

    name: str
    title: str
    unit: str
    value: float
    places: tuple[QuantityPlace, ...]
    whole: bool = False
    differs: bool = False
    least: float = 0.0
    most: float = np.inf
    fixed: Mapping[str, Any] = FrozenDict()

    def columns(self, factors: Floats) -> dict[str, Floats]:
        """The values at each of the numbers' paths under these factors."""
        return {one.path: self._taken(one, factors) for one in self.places}

    def settings(self, factor: float) -> dict[str, Any]:
        """What to set in the scenario so that the quantity is so many times what it is now."""
        moved = {path: float(column[0]) for path, column in self.columns(np.array([factor])).items()}
        return {**self.fixed, **{path: round(v) if self.whole else v for path, v in moved.items()}}

    def snapped(self, factors: Floats) -> Floats:
        """The factors that are meant where only whole numbers can be."""
        if not self.whole:
            return factors
        return np.maximum(np.rint(factors * self.value), np.ceil(self.least * self.value)) / self.value

    def _taken(self, place: QuantityPlace, factors: Floats) -> Floats:
        values = place.value * factors**place.power
        return np.maximum(np.rint(values), 1.0) if self.whole else np.asarray(values)

    def amount(self, factor: float) -> str:
        """How much it is at a factor, in words.

        >>> uplink, *_ = quantities_of(Scenario())
        >>> uplink.amount(1.5)
        '30 Mbit/s'
        """
        value = self.snapped(np.array([factor]))[0] * self.value
        return amount_text(float(value), self.unit)

    def told(self, factor: float) -> str:
        """How much it is at a factor; where devices differ, how many times what each has."""
        return f"{factor:.4g} times" if self.differs else self.amount(factor)

    def change(self, factor: float) -> str:
        """The change in words.

        >>> uplink, *_ = quantities_of(Scenario())
        >>> uplink.change(1.5)
        'uplink from 20 Mbit/s to 30 Mbit/s'
        """
        title = self.title[0].lower() + self.title[1:]
        if self.differs:
            return f"{title} {factor:.4g} times what each has"
        return f"{title} from {self.amount(1.0)} to {self.amount(factor)}"


def amount_text(value: float, unit: str) -> str:
    """A number with its unit as people read it, to four digits.

    >>> amount_text(34_123_456.0, "bps"), amount_text(0.0025, "s"), amount_text(32.0, "count")
    ('34.12 Mbit/s', '0.0025 s', '32')
    """
    near = float(f"{value:.{DIGITS}g}")
    return f"{near:g} s" if unit == "s" else written(near, unit)


def quantities_of(scenario: Scenario) -> tuple[Quantity, ...]:
    """The numbers of a scenario that can be so many times what they are: rates, speeds, work, powers, limits.

    What is 0 or absent is left out, and so are decibels and ratios.

    >>> [one.name for one in quantities_of(Scenario())][:3]
    ['channel.uplink_bps', 'channel.downlink_bps', 'channel.network_power_w']
    """
    asked = written_out(scenario)
    edges = _parties(scenario, asked, "edges", PARTY_FIELDS[:1]) if scenario.edges else ()
    backhaul = BACKHAUL_FIELDS if scenario.edges else ()
    found = (
        *_fields(asked, "channel", _scaled(asked.channel)),
        *_parties(scenario, asked, "devices", DEVICE_FIELDS),
        *_parties(scenario, asked, "server", PARTY_FIELDS),
        *edges,
        *_fields(asked, "backhaul", backhaul),
        *_fields(asked, "workload", WORKLOAD_FIELDS),
        *_fields(asked, "limits", LIMIT_FIELDS),
    )
    return tuple(one for one in found if one is not None)


def quantities_named(scenario: Scenario, names: Sequence[str]) -> tuple[Quantity, ...]:
    """The quantities of these names, all of them for none; raises `ScenarioError` for what is no number."""
    known = {one.name: one for one in quantities_of(scenario)}
    return tuple(known[name] if name in known else _of_path(scenario, name) for name in names) or tuple(
        known.values()
    )


def _scaled(owner: Any) -> tuple[str, ...]:
    units = {f.name: facts_of(owner, f.name).get("unit") for f in fields(owner)}
    scaled = [name for name, unit in units.items() if unit in SCALED_UNITS]
    return tuple(sorted(scaled, key=lambda name: units[name] not in RATE_UNITS))


def _fields(scenario: Scenario, part: str, names: Iterable[str]) -> Iterator[Quantity | None]:
    owner = getattr(scenario, part)
    for name in names:
        title = facts_of(owner, name)["title"]
        yield _quantity(f"{part}.{name}", title, name, [(f"{part}.{name}", owner, getattr(owner, name))])


def _parties(given: Scenario, asked: Scenario, part: str, names: Iterable[str]) -> Iterator[Quantity | None]:
    """The numbers of devices, edges or the server: of all at once where there are several."""
    owners = _several(getattr(asked, part))
    star = part if part == "server" else f"{part}.*"
    whose = {"server": "the server", "devices": "the device", "edges": "the edge"}[part]
    whose += "s" if len(owners) > 1 else ""
    yield _speed(given, asked, part, star, whose)
    for name in names:
        rows = [
            (f"{part}.{i}.{name}" if part != "server" else f"server.{name}", owner, _now(owner, name, asked))
            for i, owner in enumerate(owners)
        ]
        yield _quantity(f"{star}.{name}", f"{facts_of(owners[0], name)['title']} of {whose}", name, rows)


def _several(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


def _now(party: Party, name: str, scenario: Scenario) -> float | None:
    """What a party's number is now: given, or that of its catalogue row."""
    if name in ("compute_power_w", "idle_power_w"):
        above_w, idle_w = drawn_w(party, scenario.energy.clock)
        return None if party.power_mode else above_w if name == "compute_power_w" else idle_w
    own = getattr(party, name)
    return party.catalogue_row().memory_bytes if name == "memory_bytes" and own is None else own


def _speed(given: Scenario, asked: Scenario, part: str, star: str, whose: str) -> Quantity | None:
    """The speed of a party in all its parts: FLOP, bytes and kernels a second."""
    owners, own = _several(getattr(asked, part)), _several(getattr(given, part))
    if any(owner.flops_per_s is None for owner in owners):
        return None
    places: list[QuantityPlace] = []
    fixed: dict[str, Any] = {}
    for i, (owner, before) in enumerate(zip(owners, own, strict=True)):
        at = part if part == "server" else f"{part}.{i}"
        fixed |= {f"{at}.{name}": value for name, value in speed_fields(before, given).items()}
        parts = ((name, getattr(owner, name), power) for name, power in SPEED_PARTS.items())
        places += [QuantityPlace(path=f"{at}.{n}", value=v, power=p) for n, v, p in parts if v]
    fixed = {path: value for path, value in fixed.items() if path not in {one.path for one in places}}
    same = len({owner.flops_per_s for owner in owners}) == 1
    return Quantity(
        name=f"{star}.{SPEED}",
        title=f"Speed of {whose}",
        unit="flops_per_s",
        value=owners[0].flops_per_s,
        places=_shared(places, part, len(owners)),
        differs=not same,
        fixed=FrozenDict(fixed),
        least=1e-6,
        most=1e6,
    )


def _quantity(
    name: str, title: str, field: str, rows: Sequence[tuple[str, Any, float | None]]
) -> Quantity | None:
    """The quantity that stands at these paths; None where one is absent, infinite or 0."""
    values = [value for _, _, value in rows]
    if any(value is None or not np.isfinite(value) or value <= 0 for value in values):
        return None
    places = tuple(QuantityPlace(path=path, value=float(value or 0)) for path, _, value in rows)
    owner = rows[0][1]
    facts, hint = facts_of(owner, field), hints_of(type(owner))[field]
    kinds = {hint, *get_args(hint)}
    low, high = facts.get("ge", facts.get("gt", 0.0)), facts.get("le", facts.get("lt", np.inf))
    part = name.split(".")[0]
    whole = int in kinds and float not in kinds
    inside = 0.0 if whole else WITHIN
    return Quantity(
        name=name,
        title=title,
        unit=facts.get("unit", ""),
        value=places[0].value,
        places=_shared(places, part, len(rows)),
        whole=whole,
        differs=len({one.value for one in places}) > 1,
        least=low / min(one.value for one in places) * (1 + inside),
        most=high / max(one.value for one in places) * (1 - inside),
    )


def _shared(places: Sequence[QuantityPlace], part: str, owners: int) -> tuple[QuantityPlace, ...]:
    """One path for all parties where all have the same numbers there."""
    if part not in ("devices", "edges"):
        return tuple(places)
    by_name: dict[str, list[QuantityPlace]] = {}
    for one in places:
        by_name.setdefault(one.path.rsplit(".", 1)[1], []).append(one)
    found: list[QuantityPlace] = []
    for name, many in by_name.items():
        alike = len(many) == owners and len({one.value for one in many}) == 1
        found += [replace(many[0], path=f"{part}.*.{name}")] if alike else many
    return tuple(found)


def _of_path(scenario: Scenario, path: str) -> Quantity:
    """The quantity of one path of the scenario, whatever it is called; of many parties each has its own."""
    parts = path_parts(path)
    rows = list(_rows_at(written_out(scenario), parts, path))
    for _, _, value in rows:
        if isinstance(value, bool) or not isinstance(value, int | float):
            told = "is no number that can be changed; name another, such as"
            raise ScenarioError([f"{path}: {told} {EXAMPLES}"])
    found = _quantity(path, facts_of(rows[0][1], parts[-1])["title"], parts[-1], rows)
    if found is None:
        still = next(value for _, _, value in rows if not np.isfinite(value) or value <= 0)
        raise ScenarioError([f"{path}: is {still:g} now, which no factor changes; name another quantity"])
    return found


def _rows_at(value: Any, parts: Sequence[str], path: str, above: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where a path leads: the path of each place, what it belongs to, and its value."""
    part, rest = parts[0], parts[1:]
    if part not in (known := names_at(value)):
        raise ScenarioError([f"{path}: {UnknownNameError('quantity', part, known)}"])
    chosen = [str(i) for i in range(len(value))] if part == EVERY else [part]
    for one in chosen:
        inner = value[int(one)] if isinstance(value, tuple) else getattr(value, one)
        if rest:
            yield from _rows_at(inner, rest, path, f"{above}{one}.")
        else:
            yield f"{above}{one}", value, inner


def names_at(value: Any) -> list[str]:
    """What a path may name next."""
    if isinstance(value, tuple):
        return [*map(str, range(len(value))), EVERY]
    return [f.name for f in fields(value)] if is_dataclass(value) else []


EXAMPLES = "channel.uplink_bps, server.speed or devices.*.samples"
