"""What all draw, as the evaluator takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cutwise.arrays import Number
from cutwise.frozen import Frozen

Merge: TypeAlias = Callable[[Sequence[Number]], Number]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PowerConditions(Frozen):
    """What device, radio, access point and server draw; powers of computing are above idle.

    A radio draws `radio_connected_w` while it is connected, other watts while on air, and joules for every
    bit. `server_power_w` is that at the server's highest clock, `server_power_ratio` that at its clock over
    it. The device answers for `server_idle_ratio` of the server's idle power.
    """

    device_power_w: Number
    device_idle_power_w: Number
    sending_power_w: Number
    receiving_power_w: Number
    network_power_w: Number
    server_power_w: Number
    server_idle_power_w: Number
    radio_connected_w: Number = 0.0
    uplink_j_per_bit: Number = 0.0
    downlink_j_per_bit: Number = 0.0
    server_power_ratio: Number = 1.0
    server_idle_ratio: Number = 1.0

    @staticmethod
    def merged(powers: Sequence[PowerConditions], merge: Merge) -> PowerConditions:
        """One value of many, field by field."""
        return PowerConditions(
            device_power_w=merge([power.device_power_w for power in powers]),
            device_idle_power_w=merge([power.device_idle_power_w for power in powers]),
            sending_power_w=merge([power.sending_power_w for power in powers]),
            receiving_power_w=merge([power.receiving_power_w for power in powers]),
            network_power_w=merge([power.network_power_w for power in powers]),
            server_power_w=merge([power.server_power_w for power in powers]),
            server_idle_power_w=merge([power.server_idle_power_w for power in powers]),
            radio_connected_w=merge([power.radio_connected_w for power in powers]),
            uplink_j_per_bit=merge([power.uplink_j_per_bit for power in powers]),
            downlink_j_per_bit=merge([power.downlink_j_per_bit for power in powers]),
            server_power_ratio=merge([power.server_power_ratio for power in powers]),
            server_idle_ratio=merge([power.server_idle_ratio for power in powers]),
        )
