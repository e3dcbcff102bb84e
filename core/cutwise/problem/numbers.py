"""Parties and compression as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cutwise.arrays import Floats, Number, party_column
from cutwise.caches import kept
from cutwise.compression import Uncompressed
from cutwise.compression.magnitudes import REFERENCE_COUNT
from cutwise.compression.rate_model import RAW_ELEMENT_BYTES
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES
from cutwise.problem.conditions import LinkConditions, Pace
from cutwise.scenario.parties import Device, Party, Server
from cutwise.scenario.parts import Compression
from cutwise.scenario.time_levels import ComputeSpeed, speed_of


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DeviceColumns(Frozen):
    """Speeds, memories, work and places of the devices, arrays of shape (devices,)."""

    flops_per_s: Floats
    memory_bytes: Floats
    iterations: Floats
    samples: Floats
    distance_m: Floats
    transmit_power_w: Floats
    idle_power_w: Floats
    runtime: RuntimeFigures
    pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNumbers:
    """Speed, memory and idle power of the server."""

    flops_per_s: Number
    memory_bytes: Number
    idle_power_w: Number
    runtime: RuntimeFigures
    pace: Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """Sent over raw bytes in both directions, and the device's seconds to code and decode a raw byte."""

    uplink_ratio: float
    downlink_ratio: float
    encode_s_per_byte: float
    decode_s_per_byte: float

    def on(self, link: LinkConditions) -> LinkConditions:
        """The link with this coding of what crosses."""
        return replace(
            link,
            uplink_compression_ratio=self.uplink_ratio,
            downlink_compression_ratio=self.downlink_ratio,
            encode_s_per_byte=self.encode_s_per_byte,
            decode_s_per_byte=self.decode_s_per_byte,
        )


RAW = Coding(uplink_ratio=1.0, downlink_ratio=1.0, encode_s_per_byte=0.0, decode_s_per_byte=0.0)


@kept
def device_columns(devices: tuple[Device, ...], workload: Workload) -> DeviceColumns:
    """The devices' numbers; what is not given comes from the catalogue."""
    return columns_of_devices(devices, workload)


def columns_of_devices(devices: tuple[Device, ...], workload: Workload) -> DeviceColumns:
    """The same, kept for nobody: a single device may be given in rows, (rows,) numbers a field."""
    profiles = [device.catalogue_row() for device in devices]
    both = list(zip(devices, profiles, strict=True))
    speeds = [speed_of(one, known, workload.compute) for one, known in both]
    return DeviceColumns(
        flops_per_s=party_column(one.flops_per_s for one in speeds),
        memory_bytes=party_column(_given(one.memory_bytes, known.memory_bytes) for one, known in both),
        iterations=party_column(workload.iterations(one.samples) for one in devices),
        samples=party_column(one.samples for one in devices),
        distance_m=party_column(one.distance_m for one in devices),
        transmit_power_w=party_column(one.transmit_power_w for one in devices),
        idle_power_w=party_column(_given(one.idle_power_w, known.idle_power_w) for one, known in both),
        runtime=runtime_columns(devices),
        pace=pace_columns(speeds),
    )


def pace_columns(speeds: Sequence[ComputeSpeed]) -> Pace:
    """What computing takes beside FLOPs at every party, arrays of shape (parties,); plain where nothing."""
    pace = Pace(
        bytes_per_s=party_column(one.bytes_per_s for one in speeds),
        launch_s=party_column(one.launch_s for one in speeds),
        backward_ratio=party_column(one.backward_ratio for one in speeds),
    )
    return Pace() if pace.is_flops_alone else pace


def runtime_columns(parties: Iterable[Party]) -> RuntimeFigures:
    """What a process takes at every party, arrays of shape (parties,)."""
    figures = [party.runtime_figures for party in parties]
    return RuntimeFigures(
        reserve_bytes=party_column(one.reserve_bytes for one in figures),
        overhead_ratio=party_column(one.overhead_ratio for one in figures),
        largest_ratio=party_column(one.largest_ratio for one in figures),
    )


@kept
def server_numbers(server: Server, dtype: str) -> ServerNumbers:
    """The server's numbers; what is not given comes from the catalogue."""
    return numbers_of_server(server, dtype)


def numbers_of_server(server: Server, dtype: str) -> ServerNumbers:
    """The same, kept for nobody: the server may be given in rows."""
    profile = server.catalogue_row()
    speed = speed_of(server, profile, dtype)
    return ServerNumbers(
        flops_per_s=speed.flops_per_s,
        memory_bytes=_given(server.memory_bytes, profile.memory_bytes),
        idle_power_w=_given(server.idle_power_w, profile.idle_power_w),
        runtime=server.runtime_figures,
        pace=Pace(
            bytes_per_s=speed.bytes_per_s, launch_s=speed.launch_s, backward_ratio=speed.backward_ratio
        ),
    )


@kept
def coding_of(compression: Compression, smashed_dtype: str) -> Coding:
    """What compression does to a raw byte.

    A codec counts in 32-bit numbers: relative to smaller smashed data it saves less, and takes longer a byte.
    """
    codec = compression.codec
    if isinstance(codec, Uncompressed):
        return RAW
    forecast = codec.forecast(element_count=REFERENCE_COUNT)
    element_bytes = DTYPE_BYTES[smashed_dtype]
    ratio = forecast.size_ratio * RAW_ELEMENT_BYTES / element_bytes
    raw_bytes = REFERENCE_COUNT * element_bytes
    both = compression.directions == "both"
    return Coding(
        uplink_ratio=ratio,
        downlink_ratio=ratio if both else 1.0,
        encode_s_per_byte=forecast.encode_s / raw_bytes,
        decode_s_per_byte=forecast.decode_s / raw_bytes if both else 0.0,
    )


@kept
def accuracy_loss_ratio(compression: Compression) -> float:
    """The accuracy that compression costs, by what the scenario knows of it."""
    codec = compression.codec
    if isinstance(codec, Uncompressed):
        return 0.0
    return compression.accuracy.loss_ratio(codec.forecast(element_count=REFERENCE_COUNT).error_ratio)


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
