"""What one device does in one round: seconds, joules and bytes by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cutwise.costs.memory.by_kind import NOTHING_HELD, MemoryByKind
from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes(Frozen):
    """Seconds, joules and bytes of one device in one round; numbers, or arrays of one shape.

    Labels that are sent up count in `uplink_s`; coding and decoding of compressed tensors in the device's
    times; `waiting_s` is spent while a queueing server works for others. The times, less the `overlap_s` that
    micro-batches save, add up to `delay_s`; the four energies add up to `energy_j`, edges with the server.
    """

    device_forward_s: Any
    uplink_s: Any
    server_compute_s: Any
    downlink_s: Any
    device_backward_s: Any
    model_sync_s: Any
    device_energy_j: Any
    radio_energy_j: Any
    server_energy_j: Any
    network_energy_j: Any
    traffic_bytes: Any
    device_memory: MemoryByKind
    server_memory: MemoryByKind
    edge_compute_s: Any = 0.0
    backhaul_s: Any = 0.0
    waiting_s: Any = 0.0
    edge_memory: MemoryByKind = NOTHING_HELD
    overlap_s: Any = 0.0

    @property
    def delay_s(self) -> Any:
        """Seconds from the first stage to the last, one after another but for what overlaps."""
        return (
            self.device_forward_s
            + self.uplink_s
            + self.edge_compute_s
            + self.backhaul_s
            + self.waiting_s
            + self.server_compute_s
            + self.downlink_s
            + self.device_backward_s
            + self.model_sync_s
            - self.overlap_s
        )

    @property
    def energy_j(self) -> Any:
        """Joules of all owners."""
        return self.device_energy_j + self.radio_energy_j + self.server_energy_j + self.network_energy_j


TIMES = (
    "device_forward_s",
    "uplink_s",
    "edge_compute_s",
    "backhaul_s",
    "waiting_s",
    "server_compute_s",
    "downlink_s",
    "device_backward_s",
    "model_sync_s",
)
