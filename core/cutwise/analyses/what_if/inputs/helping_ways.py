"""Which way a change of each quantity helps: more or less of it keeps limits that were missed."""

from __future__ import annotations

from cutwise.analyses.what_if.inputs.changed_quantities import LIMIT_FIELDS, SPEED, Quantity
from cutwise.frozen import FrozenDict

WORK = frozenset({"samples", "batch_size", "local_epochs", "local_iterations"})
"""Less of these is less work, which is no remedy unless it is asked for."""
CAPACITIES = (
    "uplink_bps", "downlink_bps", "uplink_bandwidth_hz", "downlink_bandwidth_hz", "rate_bps", SPEED,
    "memory_bytes",
)  # fmt: skip
COSTS = (
    "samples", "local_epochs", "local_iterations", "label_bytes", "distance_m", "uplink_latency_s",
    "downlink_latency_s", "latency_s", "compute_power_w", "idle_power_w", "network_power_w",
)  # fmt: skip
HELPS = FrozenDict({**dict.fromkeys((*CAPACITIES, *LIMIT_FIELDS), 1), **dict.fromkeys(COSTS, -1)})


def field_of(one: Quantity) -> str:
    """The field that a quantity stands in, or `speed`."""
    return one.name.rsplit(".", 1)[-1]


def is_work(one: Quantity) -> bool:
    """True for how much is trained, on what is there."""
    return field_of(one) in WORK


def is_capacity(one: Quantity) -> bool:
    """True for rates, speeds and memories."""
    return field_of(one) in CAPACITIES


def helping_way(one: Quantity) -> int:
    """Whether more (1) or less (-1) of it never harms what is asked for; 0 where either may help.

    >>> from cutwise.analyses.what_if.inputs.changed_quantities import quantities_named
    >>> from cutwise.scenario.parts import Scenario
    >>> names = ["channel.uplink_bps", "devices.*.idle_power_w", "workload.batch_size"]
    >>> [helping_way(one) for one in quantities_named(Scenario(), names)]
    [1, -1, 0]
    """
    return HELPS.get(field_of(one), 0)


def end_of(one: Quantity, way: int, farthest: float) -> float:
    """The factor up or down to which a search goes, within the quantity's bounds."""
    return min(farthest, one.most) if way > 0 else max(1 / farthest, one.least)
