"""What one device meets in one round, as the evaluator takes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from cutwise.arrays import Floats, Ints, Number
from cutwise.costs.generation.steps import Roof
from cutwise.energy import ClockLaw
from cutwise.frozen import Frozen
from cutwise.problem.power_conditions import Merge, PowerConditions

Index: TypeAlias = int | list[int] | Ints | tuple[slice, None]


def _arrays(merged: Callable[[Merge], object]) -> list[Floats]:
    """The arrays among the fields of a value, by how it is merged of one."""
    found: list[Floats] = []

    def looked_at(values: Sequence[Number]) -> Number:
        if isinstance(values[0], np.ndarray):
            found.append(values[0])
        return values[0]

    merged(looked_at)
    return found


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LinkConditions(Frozen):
    """What sending costs: rates, latency of a message, the part of the air that the device has, coding.

    `duty_ratio` is the part of a transfer's seconds that the radio is on (below 1 under time division),
    `network_share` the part of the access point that serves the device. `label_bytes` are a sample's, 0
    where no labels are sent, `returned_bytes` the words that come back for it. The compression ratios are
    sent over raw bytes of what crosses, with the device's seconds a raw byte for coding and decoding.
    """

    uplink_bps: Number
    downlink_bps: Number
    uplink_latency_s: Number
    downlink_latency_s: Number
    duty_ratio: Number
    network_share: Number
    label_bytes: Number
    uplink_compression_ratio: Number = 1.0
    downlink_compression_ratio: Number = 1.0
    encode_s_per_byte: Number = 0.0
    decode_s_per_byte: Number = 0.0
    returned_bytes: Number = 0.0

    @staticmethod
    def merged(links: Sequence[LinkConditions], merge: Merge) -> LinkConditions:
        """One value of many, field by field."""
        return LinkConditions(
            uplink_bps=merge([link.uplink_bps for link in links]),
            downlink_bps=merge([link.downlink_bps for link in links]),
            uplink_latency_s=merge([link.uplink_latency_s for link in links]),
            downlink_latency_s=merge([link.downlink_latency_s for link in links]),
            duty_ratio=merge([link.duty_ratio for link in links]),
            network_share=merge([link.network_share for link in links]),
            label_bytes=merge([link.label_bytes for link in links]),
            uplink_compression_ratio=merge([link.uplink_compression_ratio for link in links]),
            downlink_compression_ratio=merge([link.downlink_compression_ratio for link in links]),
            encode_s_per_byte=merge([link.encode_s_per_byte for link in links]),
            decode_s_per_byte=merge([link.decode_s_per_byte for link in links]),
            returned_bytes=merge([link.returned_bytes for link in links]),
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pace(Frozen):
    """What computing takes beside its FLOPs: the memory's speed and a kernel's start.

    A backward pass takes `backward_ratio` of what its own columns ask for. By default FLOPs alone count.
    """

    bytes_per_s: Number = np.inf
    launch_s: Number = 0.0
    backward_ratio: Number = 1.0

    @staticmethod
    def merged(paces: Sequence[Pace], merge: Merge) -> Pace:
        """One value of many, field by field; plain numbers that are the same for all stay plain."""
        first = paces[0]
        if len(paces) > 1 and first.plain and all(pace.plain == first.plain for pace in paces):
            return first
        return Pace(
            bytes_per_s=merge([pace.bytes_per_s for pace in paces]),
            launch_s=merge([pace.launch_s for pace in paces]),
            backward_ratio=merge([pace.backward_ratio for pace in paces]),
        )

    @property
    def plain(self) -> tuple[float, ...] | None:
        """The fields where they are plain numbers; None where any is an array."""
        fields = (self.bytes_per_s, self.launch_s, self.backward_ratio)
        return None if any(isinstance(one, np.ndarray) for one in fields) else tuple(map(float, fields))

    @property
    def is_flops_alone(self) -> bool:
        """True where nothing but FLOPs takes time."""
        fields = (1 / self.bytes_per_s, self.launch_s, self.backward_ratio - 1.0)
        return not any(np.any(one) for one in fields)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ComputeConditions(Frozen):
    """What is worked on, how often, and how fast by the device and the server.

    `server_frequency_ratio` is the server's clock over its highest, `server_time_ratio` its seconds there
    over those at the highest. A device waits `waiting_s` a round for a server that queues. The
    `micro_batches` of a mini-batch overlap.
    """

    iterations: Number
    batch_size: Number
    device_flops_per_s: Number
    server_flops_per_s: Number
    server_share: Number
    server_frequency_ratio: Number = 1.0
    server_time_ratio: Number = 1.0
    waiting_s: Number = 0.0
    micro_batches: Number = 1.0
    device_pace: Pace = field(default_factory=Pace)
    server_pace: Pace = field(default_factory=Pace)

    @staticmethod
    def merged(computes: Sequence[ComputeConditions], merge: Merge) -> ComputeConditions:
        """One value of many, field by field."""
        return ComputeConditions(
            iterations=merge([compute.iterations for compute in computes]),
            batch_size=merge([compute.batch_size for compute in computes]),
            device_flops_per_s=merge([compute.device_flops_per_s for compute in computes]),
            server_flops_per_s=merge([compute.server_flops_per_s for compute in computes]),
            server_share=merge([compute.server_share for compute in computes]),
            server_frequency_ratio=merge([compute.server_frequency_ratio for compute in computes]),
            server_time_ratio=merge([compute.server_time_ratio for compute in computes]),
            waiting_s=merge([compute.waiting_s for compute in computes]),
            micro_batches=merge([compute.micro_batches for compute in computes]),
            device_pace=Pace.merged([compute.device_pace for compute in computes], merge),
            server_pace=Pace.merged([compute.server_pace for compute in computes], merge),
        )

    @property
    def columns(self) -> list[Floats]:
        """The fields that hold one number a device."""
        return _arrays(lambda merge: ComputeConditions.merged([self], merge))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class EdgeConditions(Frozen):
    """An edge between device and server: its speed, the device's share of it, powers, and the backhaul."""

    flops_per_s: Number = np.inf
    share: Number = 1.0
    power_w: Number = 0.0
    idle_power_w: Number = 0.0
    backhaul_bps: Number = np.inf
    backhaul_latency_s: Number = 0.0
    pace: Pace = field(default_factory=Pace)

    @staticmethod
    def merged(edges: Sequence[EdgeConditions], merge: Merge) -> EdgeConditions:
        """One value of many, field by field."""
        return EdgeConditions(
            flops_per_s=merge([edge.flops_per_s for edge in edges]),
            share=merge([edge.share for edge in edges]),
            power_w=merge([edge.power_w for edge in edges]),
            idle_power_w=merge([edge.idle_power_w for edge in edges]),
            backhaul_bps=merge([edge.backhaul_bps for edge in edges]),
            backhaul_latency_s=merge([edge.backhaul_latency_s for edge in edges]),
            pace=Pace.merged([edge.pace for edge in edges], merge),
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Roofs(Frozen):
    """What bounds device, server and edge where they generate text."""

    device: Roof
    server: Roof
    edge: Roof

    @staticmethod
    def merged(many: Sequence[Roofs], merge: Merge) -> Roofs:
        """One value of many, field by field."""
        return Roofs(
            device=Roof.merged([one.device for one in many], merge),
            server=Roof.merged([one.server for one in many], merge),
            edge=Roof.merged([one.edge for one in many], merge),
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Conditions:
    """What one device meets in one round: numbers, or arrays that broadcast against the cuts."""

    link: LinkConditions
    compute: ComputeConditions
    power: PowerConditions
    edge: EdgeConditions = field(default_factory=EdgeConditions)
    roofs: Roofs | None = None

    @staticmethod
    def merged(many: Sequence[Conditions], merge: Merge) -> Conditions:
        """One value of many: `merge` is given what each has in one field, for every field."""
        return Conditions(
            link=LinkConditions.merged([one.link for one in many], merge),
            compute=ComputeConditions.merged([one.compute for one in many], merge),
            power=PowerConditions.merged([one.power for one in many], merge),
            edge=EdgeConditions.merged([one.edge for one in many], merge),
            roofs=Roofs.merged(roofs, merge) if (roofs := [r for one in many if (r := one.roofs)]) else None,
        )

    def each(self, change: Callable[[Number], Number]) -> Conditions:
        """The conditions with `change` applied to every field."""
        return Conditions.merged([self], lambda values: change(values[0]))

    def of(self, index: Index) -> Conditions:
        """The conditions of some devices: `index` picks from every array, numbers stay as they are.

        `of((slice(None), None))` adds an axis, so that devices broadcast against cuts.
        """
        return self.each(lambda value: value[index] if isinstance(value, np.ndarray) else value)

    @property
    def columns(self) -> list[Floats]:
        """The fields that hold one number a device."""
        return _arrays(lambda merge: Conditions.merged([self], merge))

    def at_rates(self, *, uplink_bps: Number, downlink_bps: Number) -> Conditions:
        """The same at other rates."""
        return replace(self, link=replace(self.link, uplink_bps=uplink_bps, downlink_bps=downlink_bps))

    def at_share(self, network_share: Number, *, uplink_bps: Number, downlink_bps: Number) -> Conditions:
        """The same for devices that hold this share of the band, with the rates it gives."""
        faster = self.at_rates(uplink_bps=uplink_bps, downlink_bps=downlink_bps)
        return replace(faster, link=replace(faster.link, network_share=network_share))

    def at_server_share(self, server_share: Number) -> Conditions:
        """The same for devices that hold this share of the server."""
        return replace(self, compute=replace(self.compute, server_share=server_share))

    def at_clock(self, server_frequency_ratio: Number, law: ClockLaw) -> Conditions:
        """The same with the server's clock at this part of its highest; the law says time and power there."""
        compute, power = self.compute, self.power
        highest_w, idle_w = power.server_power_w, power.server_idle_power_w
        clock_w = law.above_idle_w(server_frequency_ratio, power_w=highest_w, idle_power_w=idle_w)
        drawn = np.divide(clock_w, highest_w, out=np.ones_like(clock_w), where=np.greater(highest_w, 0))
        return replace(
            self,
            compute=replace(
                compute,
                server_frequency_ratio=server_frequency_ratio,
                server_time_ratio=law.time_ratio(server_frequency_ratio),
            ),
            power=replace(power, server_power_ratio=drawn),
        )

    def at_highest_clock(self) -> Conditions:
        """The same with the server's clock at its highest."""
        compute = replace(self.compute, server_frequency_ratio=1.0, server_time_ratio=1.0)
        return replace(self, compute=compute, power=replace(self.power, server_power_ratio=1.0))

    def waiting(self, waiting_s: Number) -> Conditions:
        """The same for devices that wait so long a round for the server."""
        return replace(self, compute=replace(self.compute, waiting_s=waiting_s))

    def idling(self, server_idle_ratio: Number) -> Conditions:
        """The same for devices that answer for this part of the server's idle power."""
        return replace(self, power=replace(self.power, server_idle_ratio=server_idle_ratio))

    def of_one_iteration(self) -> Conditions:
        """The same for a round of one iteration."""
        return replace(self, compute=replace(self.compute, iterations=1.0))

    def of_whole_batches(self) -> Conditions:
        """The same without micro-batches."""
        return replace(self, compute=replace(self.compute, micro_batches=1.0))

    def without_latency(self) -> Conditions:
        """The same with messages that take no time of their own."""
        link = replace(self.link, uplink_latency_s=0.0, downlink_latency_s=0.0)
        return replace(self, link=link, edge=replace(self.edge, backhaul_latency_s=0.0))

    def without_labels(self) -> Conditions:
        """The same where no labels are sent, and no words come back."""
        return replace(self, link=replace(self.link, label_bytes=0.0, returned_bytes=0.0))
