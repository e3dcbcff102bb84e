"""What one device does in one round: seconds, joules and bytes by stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from cutwise.arrays import Number
from cutwise.costs.memory.by_kind import MemoryByKind
from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes(Frozen):
    """Seconds, joules and bytes of one device in one round; numbers, or arrays of one shape.

    Labels that are sent up count in `uplink_s`; coding and decoding of compressed tensors in the device's
    times; `waiting_s` is spent while a queueing server works for others. The times, less the `overlap_s` that
    micro-batches save, add up to `delay_s`; the four energies add up to `energy_j`, edges with the server.
    """

    device_forward_s: Number
    uplink_s: Number
    server_compute_s: Number
    downlink_s: Number
    device_backward_s: Number
    model_sync_s: Number
    device_energy_j: Number
    radio_energy_j: Number
    server_energy_j: Number
    network_energy_j: Number
    traffic_bytes: Number
    device_memory: MemoryByKind
    server_memory: MemoryByKind
    edge_compute_s: Number
    backhaul_s: Number
    waiting_s: Number
    edge_memory: MemoryByKind
    overlap_s: Number

    @property
    def delay_s(self) -> Number:
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
    def energy_j(self) -> Number:
        """Joules of all owners."""
        return self.device_energy_j + self.radio_energy_j + self.server_energy_j + self.network_energy_j

    @property
    def numbers(self) -> tuple[Number, ...]:
        """All fields in the order that `of_numbers` takes, memories kind by kind."""
        return (
            self.device_forward_s,
            self.uplink_s,
            self.server_compute_s,
            self.downlink_s,
            self.device_backward_s,
            self.model_sync_s,
            self.device_energy_j,
            self.radio_energy_j,
            self.server_energy_j,
            self.network_energy_j,
            self.traffic_bytes,
            self.edge_compute_s,
            self.backhaul_s,
            self.waiting_s,
            self.overlap_s,
            *self.device_memory.numbers,
            *self.server_memory.numbers,
            *self.edge_memory.numbers,
        )

    @classmethod
    def of_numbers(cls, numbers: Sequence[Number]) -> StageTimes:
        """The stages with these `numbers`."""
        return cls(
            device_forward_s=numbers[0],
            uplink_s=numbers[1],
            server_compute_s=numbers[2],
            downlink_s=numbers[3],
            device_backward_s=numbers[4],
            model_sync_s=numbers[5],
            device_energy_j=numbers[6],
            radio_energy_j=numbers[7],
            server_energy_j=numbers[8],
            network_energy_j=numbers[9],
            traffic_bytes=numbers[10],
            edge_compute_s=numbers[11],
            backhaul_s=numbers[12],
            waiting_s=numbers[13],
            overlap_s=numbers[14],
            device_memory=MemoryByKind.of_numbers(numbers[15:21]),
            server_memory=MemoryByKind.of_numbers(numbers[21:27]),
            edge_memory=MemoryByKind.of_numbers(numbers[27:]),
        )

    def broadcast(self, count: int) -> StageTimes:
        """The same with every field an array of shape (count,)."""
        return StageTimes.of_numbers([np.broadcast_to(np.asarray(one, float), count) for one in self.numbers])

    def rows(self) -> tuple[StageTimes, ...]:
        """One value of plain numbers a device, from fields that are all arrays of shape (devices,)."""
        return tuple(StageTimes.of_numbers(row) for row in np.stack(self.numbers, axis=1).tolist())


Part = Literal["Device computing", "Server computing", "Uplink", "Downlink", "Model exchange"]
PARTS: tuple[Part, ...] = get_args(Part)
"""The parts a delay is drawn in, in the order of the theme's colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a turn: its field's name, its title, the part it is drawn in, and what is done in it."""

    name: str
    title: str
    part: Part
    doing: str
    taken_s: Callable[[StageTimes], Number]


STAGES = (
    Stage(
        name="device_forward_s",
        title="Device forward",
        part="Device computing",
        doing="device computing",
        taken_s=lambda stages: stages.device_forward_s,
    ),
    Stage(
        name="uplink_s",
        title="Uplink",
        part="Uplink",
        doing="sending smashed data",
        taken_s=lambda stages: stages.uplink_s,
    ),
    Stage(
        name="edge_compute_s",
        title="Edge",
        part="Server computing",
        doing="edge computing",
        taken_s=lambda stages: stages.edge_compute_s,
    ),
    Stage(
        name="backhaul_s",
        title="Backhaul",
        part="Uplink",
        doing="relaying to the cloud",
        taken_s=lambda stages: stages.backhaul_s,
    ),
    Stage(
        name="waiting_s",
        title="Waiting for the server",
        part="Server computing",
        doing="waiting for the server",
        taken_s=lambda stages: stages.waiting_s,
    ),
    Stage(
        name="server_compute_s",
        title="Server",
        part="Server computing",
        doing="server computing",
        taken_s=lambda stages: stages.server_compute_s,
    ),
    Stage(
        name="downlink_s",
        title="Downlink",
        part="Downlink",
        doing="receiving gradients",
        taken_s=lambda stages: stages.downlink_s,
    ),
    Stage(
        name="device_backward_s",
        title="Device backward",
        part="Device computing",
        doing="device computing",
        taken_s=lambda stages: stages.device_backward_s,
    ),
    Stage(
        name="model_sync_s",
        title="Model exchange",
        part="Model exchange",
        doing="exchanging the device-side model",
        taken_s=lambda stages: stages.model_sync_s,
    ),
)
"""The stages of a turn in order; less what overlaps they add up to its delay."""
