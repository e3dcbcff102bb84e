"""A scenario of one device in rows: arrays where quantities take many values, put in unchecked.

Values were checked as ends of an axis, so that none between them is out of bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cutwise.arrays import Floats
from cutwise.fields.checked_columns import with_checked
from cutwise.scenario.changes import EVERY, path_parts
from cutwise.scenario.parts import Scenario

IN_ROWS = (
    "devices.*.flops_per_s", "devices.*.moved_bytes_per_s", "devices.*.launch_s", "devices.*.backward_ratio",
    "devices.*.memory_bytes", "devices.*.compute_power_w", "devices.*.idle_power_w", "devices.*.samples",
    "devices.*.distance_m", "devices.*.transmit_power_w", "server.flops_per_s", "server.moved_bytes_per_s",
    "server.launch_s", "server.backward_ratio", "server.memory_bytes", "server.compute_power_w",
    "server.idle_power_w", "channel.*", "limits.device_energy_j", "limits.traffic_bytes",
    "workload.batch_size", "workload.local_epochs", "workload.local_iterations", "workload.label_bytes",
)  # fmt: skip
"""Quantities that the formulas take as arrays."""


def in_rows(path: str) -> bool:
    """True for a quantity that may stand in rows.

    >>> in_rows("devices.2.flops_per_s"), in_rows("channel.uplink_bps"), in_rows("workload.sequence_length")
    (True, True, False)
    """
    parts = path_parts(path)
    starred = ".".join(EVERY if part.isdigit() else part for part in parts)
    return starred in IN_ROWS or (parts[0] == "channel" and len(parts) == 2)


def scenario_in_rows(scenario: Scenario, device: int, columns: Mapping[str, Floats]) -> Scenario:
    """The scenario with one of its devices alone, and these columns in it.

    >>> import numpy as np
    >>> found = scenario_in_rows(Scenario(), 0, {"channel.uplink_bps": np.array([1e6, 2e6])})
    >>> found.channel.uplink_bps.tolist()
    [1000000.0, 2000000.0]
    """
    found = with_checked(scenario, {"devices": (scenario.devices[device],)})
    for path, values in columns.items():
        head, *rest = path_parts(path)
        if head != "devices":
            found = _with(found, [head, *rest], values)
        elif rest[0] in (EVERY, str(device)):
            found = _with(found, [head, "0", *rest[1:]], values)
    return found


def _with(owner: Any, parts: Sequence[str], values: Floats) -> Any:
    head, *rest = parts
    if isinstance(owner, tuple):
        return tuple(_with(one, rest, values) if str(at) == head else one for at, one in enumerate(owner))
    return with_checked(owner, {head: _with(getattr(owner, head), rest, values) if rest else values})
