"""Parties and compression as numbers."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.compression import Uncompressed
from cutwise.compression.magnitudes import REFERENCE_COUNT
from cutwise.compression.rate_model import RAW_ELEMENT_BYTES
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import DTYPE_BYTES
from cutwise.scenario.parties import DEFAULT_DEVICE, DEFAULT_SERVER, Device, Server
from cutwise.scenario.parts import Compression


@kept
def device_numbers(devices: tuple[Device, ...], workload: Workload) -> dict[str, Floats]:
    """Speeds, memories, places and powers of the devices as columns."""
    rows = []
    for device in devices:
        profile = device.profile_of(kind="device", default=DEFAULT_DEVICE)
        rows.append(
            {
                "flops_per_s": device.speed_flops_per_s(profile, workload.compute),
                "memory_bytes": _given(device.memory_bytes, profile.memory_bytes),
                "iterations": workload.iterations(device.samples),
                "samples": device.samples,
                "distance_m": device.distance_m,
                "transmit_power_w": device.transmit_power_w,
                "power_w": _given(device.compute_power_w, profile.dynamic_power_w),
                "idle_power_w": _given(device.idle_power_w, profile.idle_power_w),
                "sending_power_w": device.radio_circuit_power_w
                + device.transmit_power_w / device.amplifier_ratio,
                "receive_power_w": device.receive_power_w,
            }
        )
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}


@kept
def server_numbers(server: Server, dtype: str) -> tuple[float, float, dict[str, float]]:
    """Speed, memory and powers of the server."""
    profile = server.profile_of(kind="server", default=DEFAULT_SERVER)
    powers = {
        "server_power_w": _given(server.compute_power_w, profile.dynamic_power_w),
        "server_idle_power_w": _given(server.idle_power_w, profile.idle_power_w),
    }
    memory_bytes = _given(server.memory_bytes, profile.memory_bytes)
    return server.speed_flops_per_s(profile, dtype), memory_bytes, powers


@kept
def compression_numbers(compression: Compression, smashed_dtype: str) -> dict[str, float]:
    """Sent over raw bytes in both directions, and the device's seconds to code and decode a raw byte.

    A codec counts in 32-bit numbers: relative to smaller smashed data it saves less, and takes longer a byte.
    """
    codec = compression.codec
    if isinstance(codec, Uncompressed):
        return {}
    forecast = codec.forecast(element_count=REFERENCE_COUNT)
    element_bytes = DTYPE_BYTES[smashed_dtype]
    ratio = forecast.size_ratio * RAW_ELEMENT_BYTES / element_bytes
    raw_bytes = REFERENCE_COUNT * element_bytes
    both = compression.directions == "both"
    return {
        "uplink_compression_ratio": ratio,
        "downlink_compression_ratio": ratio if both else 1.0,
        "encode_s_per_byte": forecast.encode_s / raw_bytes,
        "decode_s_per_byte": forecast.decode_s / raw_bytes if both else 0.0,
    }


@kept
def accuracy_loss_ratio(compression: Compression) -> float:
    """The accuracy that compression costs, by what the scenario knows of it."""
    codec = compression.codec
    if isinstance(codec, Uncompressed):
        return 0.0
    return compression.accuracy.loss_ratio(codec.forecast(element_count=REFERENCE_COUNT).error_ratio)


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
