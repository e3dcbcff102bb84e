"""The quantities that are offered to look at, and those that are looked at where none is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis, quantity_axis
from cutwise.errors import ScenarioError, SolverError
from cutwise.frozen import FrozenDict
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Scenario

LINK_FIELDS: Mapping[str, str] = FrozenDict({"fixed_rate": "uplink_bps", "shannon": "uplink_bandwidth_hz"})
"""By kind of channel the field that says most of what it gives."""
OF_DEVICE = ("flops_per_s", "memory_bytes", "samples", "moved_bytes_per_s", "launch_s", "compute_power_w")
OVER_THE_AIR = ("distance_m", "transmit_power_w")
"""Quantities of a device that count where its rate is not given."""
OF_SERVER = ("flops_per_s", "memory_bytes", "moved_bytes_per_s", "compute_power_w")
OF_ALL = ("workload.batch_size", "limits.device_energy_j", "limits.traffic_bytes")


def usual_link(scenario: Scenario) -> str:
    """The path of what the link gives; raises `SolverError` for a channel that has no such field.

    >>> usual_link(Scenario())
    'channel.uplink_bps'
    """
    name = LINK_FIELDS.get(scenario.channel.kind)
    if name is None:
        raise SolverError(f"name a quantity: a channel of kind {scenario.channel.kind} has no usual one")
    return f"channel.{name}"


def usual_speed(device: int) -> str:
    """The path of a device's speed."""
    return f"devices.{device}.flops_per_s"


def offered_quantities(problem: SplitProblem, device: int) -> tuple[QuantityAxis, ...]:
    """Quantities of a scenario with a value today, as axes: of the link, a device, the server, the workload.

    >>> import cutwise
    >>> from cutwise.problem.split_problem import build_problem
    >>> problem = build_problem(cutwise.load_model("sample:vgg16"), Scenario())
    >>> [axis.path for axis in offered_quantities(problem, 0)][:2]
    ['channel.uplink_bps', 'channel.downlink_bps']
    """
    channel = cast(Any, problem.scenario.channel)
    own = (*OF_DEVICE, *(OVER_THE_AIR if channel.bandwidth_hz("uplink") else ()))
    link = [f"channel.{one.name}" for one in fields(channel) if one.name != "kind"]
    first = [path for path in link if path.endswith(("_bps", "_hz"))]
    paths = [
        *first,
        *(f"devices.{device}.{name}" for name in own),
        *(f"server.{name}" for name in OF_SERVER),
        *(path for path in link if path not in first),
        *OF_ALL,
    ]
    return tuple(axis for path in paths if (axis := _axis(problem, path, device)) is not None)


def _axis(problem: SplitProblem, path: str, device: int) -> QuantityAxis | None:
    try:
        axis = quantity_axis(problem, path, device=device)
    except ScenarioError:
        return None
    return axis if axis.here is not None else None
