"""The two axes of the decision map: what the link gives the device, and how fast the device computes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats
from cutwise.errors import SolverError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.problem.conditions import Conditions
from cutwise.problem.powers import above_idle_w
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import pace_given
from cutwise.units import UNITS, facts_of
from cutwise_dashboard.format import rounded

LINK_FIELDS: Mapping[str, str] = FrozenDict({"fixed_rate": "uplink_bps", "shannon": "uplink_bandwidth_hz"})
"""By kind of channel the field that goes from left to right."""
PROFILE_FIELDS: Mapping[str, str] = FrozenDict(
    {
        "memory_bytes": "memory_bytes",
        "memory_bandwidth_bytes_per_s": "memory_bandwidth_bytes_per_s",
        "decoding": "decoding",
        "idle_power_w": "idle_power_w",
    }
)
"""What a device takes from its profile beside the speed, and what the catalogue calls it."""
FIGURES = 3
"""Significant figures of a point: what a click types into the scenario is what was priced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapAxis(Frozen):
    """A field of the scenario on a logarithmic axis, where it is today, and the range that is drawn."""

    path: str
    title: str
    unit: str
    here: float
    low: float
    high: float

    def values(self, count: int) -> Floats:
        """So many points from end to end, as they would be typed."""
        return np.array([rounded(value, FIGURES) for value in np.geomspace(self.low, self.high, count)])


def link_axis(problem: SplitProblem) -> MapAxis:
    """What the channel gives; raises `SolverError` for a channel that has no such field."""
    channel = problem.scenario.channel
    name = LINK_FIELDS.get(channel.kind)
    if name is None:
        raise SolverError(f"there is no map for a channel of kind {channel.kind}")
    return _axis(f"channel.{name}", type(channel), name, getattr(channel, name))


def speed_axis(problem: SplitProblem, device: int) -> MapAxis:
    """How fast the device computes; where it generates text, how fast it reads the prompt."""
    speeds = problem.roofs.device.flops_per_s if problem.roofs else problem.device_flops_per_s
    here = float(np.broadcast_to(np.asarray(speeds, dtype=np.float64), problem.device_count)[device])
    return _axis(f"devices.{device}.flops_per_s", Device, "flops_per_s", here)


def _axis(path: str, owner: type, name: str, here: float) -> MapAxis:
    """Three decades, that of today in the middle, within the bounds of the field."""
    facts = facts_of(owner, name)
    decade = math.floor(math.log10(here))
    low, high = (10.0 ** min(max(decade + step, -300), 300) for step in (-1, 2))
    return MapAxis(
        path=path,
        title=facts["title"],
        unit=UNITS[facts["unit"]],
        here=here,
        low=max(low, facts["ge"]),
        high=min(high, facts["le"]),
    )


def rates_bps(problem: SplitProblem, conditions: Conditions, device: int, values: Floats) -> Floats:
    """The device's uplink rate at each value of the link's field, its share of the band as it is planned."""
    channel = problem.scenario.channel
    name = LINK_FIELDS[channel.kind]
    gain = np.broadcast_to(np.asarray(problem.gain_ratio, dtype=np.float64), problem.device_count)

    def rate(of: Any) -> float:
        return float(
            of.uplink_rate_bps(
                share=float(np.asarray(conditions.link.network_share)),
                distance_m=float(problem.distance_m[device]),
                transmit_power_w=float(problem.transmit_power_w[device]),
                gain_ratio=float(gain[device]),
            )
        )

    here = float(np.asarray(conditions.link.uplink_bps)) / rate(channel)
    return np.array([here * rate(replace(channel, **{name: float(value)})) for value in values])


def kept_beside(scenario: Scenario, position: int) -> dict[str, object]:
    """What else is set when the device's speed is, so that only its speed changes: paths and values.

    A speed takes the place of an efficiency; a device with no profile has the figures of the default one
    only as long as it has no speed of its own.
    """
    device = scenario.devices[position]
    if device.flops_per_s is not None:
        return {}
    usual = device.catalogue_row()
    pace = pace_given(device, usual, scenario.workload.compute)
    found: dict[str, object] = {f"devices.{position}.{name}": value for name, value in pace.items()}
    if device.efficiency_ratio is not None:
        found[f"devices.{position}.efficiency_ratio"] = None
    if device.profile is None:
        known = {field: getattr(usual, name) for field, name in PROFILE_FIELDS.items()}
        known["compute_power_w"] = above_idle_w(usual, scenario.energy.clock)
        missing = {field: value for field, value in known.items() if getattr(device, field) is None}
        found |= {f"devices.{position}.{field}": value for field, value in missing.items()}
    return found


def tick_values(axis: MapAxis) -> list[float]:
    """1 and 3 times powers of ten within the range.

    >>> tick_values(MapAxis(path="p", title="Uplink", unit="bit/s", here=5.0, low=1.0, high=100.0))
    [1.0, 3.0, 10.0, 30.0, 100.0]
    """
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    found = [rounded(base * 10.0**power) for power in powers for base in (1, 3)]
    return [value for value in found if axis.low <= value <= axis.high]
