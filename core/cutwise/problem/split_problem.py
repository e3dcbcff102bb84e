"""The problem a scheme solves: a priced graph and a scenario turned into numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwise.compression import Uncompressed
from cutwise.compression.magnitudes import REFERENCE_COUNT
from cutwise.compression.rate_model import RAW_ELEMENT_BYTES
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError, ScenarioError
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph
from cutwise.importers.hugging_face.config_file import SEQUENCE, can_regenerate, regenerate
from cutwise.problem.private_ops import private_ops
from cutwise.scenario.parties import DEFAULT_DEVICE, DEFAULT_SERVER, Device, Server
from cutwise.scenario.parts import Compression, Privacy, Scenario

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
LOSS_ROUNDING = 1e-9
BYTES_OF_A_TARGET = 8
"""A class label or a token to predict is an int64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What one device meets in one round: numbers, or arrays that broadcast against the cuts.

    `label_bytes` is 0 where no labels are sent. `duty_ratio` is the part of a transfer's seconds that the
    radio is on (below 1 under time division), `network_share` the part of the access point that serves it.
    `server_frequency_ratio` is the server's clock over its highest. The compression ratios are sent over
    raw bytes of what crosses, with the device's seconds a raw byte for coding and decoding. An edge between
    device and server has a share of its speed and a backhaul. A device waits `waiting_s` a round for a
    server that queues, and then answers for `server_idle_ratio` of its idle power. The `micro_batches` of
    a mini-batch overlap.
    """

    iterations: Any
    batch_size: Any
    label_bytes: Any
    device_flops_per_s: Any
    server_flops_per_s: Any
    server_share: Any
    uplink_bps: Any
    downlink_bps: Any
    uplink_latency_s: Any
    downlink_latency_s: Any
    duty_ratio: Any
    network_share: Any
    device_power_w: Any
    device_idle_power_w: Any
    sending_power_w: Any
    receiving_power_w: Any
    server_power_w: Any
    server_idle_power_w: Any
    network_power_w: Any
    server_frequency_ratio: Any = 1.0
    uplink_compression_ratio: Any = 1.0
    downlink_compression_ratio: Any = 1.0
    encode_s_per_byte: Any = 0.0
    decode_s_per_byte: Any = 0.0
    edge_flops_per_s: Any = np.inf
    edge_share: Any = 1.0
    edge_power_w: Any = 0.0
    edge_idle_power_w: Any = 0.0
    backhaul_bps: Any = np.inf
    backhaul_latency_s: Any = 0.0
    waiting_s: Any = 0.0
    server_idle_ratio: Any = 1.0
    micro_batches: Any = 1

    def of(self, index: Any) -> Conditions:
        """The conditions of some devices: `index` picks from every array, numbers stay as they are.

        `of((slice(None), None))` adds an axis, so that devices broadcast against cuts.
        """
        picked = {
            f.name: value[index] if isinstance(value := getattr(self, f.name), np.ndarray) else value
            for f in fields(self)
        }
        return Conditions(**picked)


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitProblem:
    """Numbers only: what every device computes, holds, sends and must keep; arrays of shape (devices,).

    `private` (ops,) are the ops that privacy keeps on the device; `pinned` are all that must stay there:
    every op where compression costs more accuracy than allowed, so that nothing may be sent. `ties` are
    groups of ops that stay on one side because they share a weight. `gain_ratio` is each path's gain over
    its mean, where channels fade.
    """

    scenario: Scenario
    cost: GraphCost
    private: Mask
    pinned: Mask
    ties: tuple[tuple[int, ...], ...]
    device_flops_per_s: Floats
    device_memory_bytes: Floats
    iterations: Floats
    samples: Floats
    distance_m: Floats
    transmit_power_w: Floats
    server_flops_per_s: float
    server_memory_bytes: float
    powers: dict[str, Any]
    gain_ratio: Any = 1.0

    @property
    def device_count(self) -> int:
        """How many devices there are."""
        return len(self.iterations)

    @property
    def workload(self) -> Workload:
        """The scenario's workload."""
        return self.scenario.workload

    @property
    def micro_batches(self) -> int:
        """Parts of a mini-batch that overlap, at most one a sample."""
        return min(self.workload.micro_batches, self.workload.batch_size)

    @property
    def input_bytes(self) -> float:
        """Bytes of one raw sample."""
        return float(self.cost.output_bytes[self.cost.is_input].sum())

    @property
    def label_bytes(self) -> float:
        """Bytes of one sample's label; 0 in inference, where nothing is compared."""
        workload = self.workload
        if not workload.training:
            return 0.0
        if workload.label_bytes is not None:
            return workload.label_bytes
        return BYTES_OF_A_TARGET * targets_of(self.cost.graph)

    def rates_bps(self, share: Any) -> tuple[Any, Any]:
        """Uplink and downlink rate of every device that holds `share` of the band."""
        channel = self.scenario.channel
        uplink = channel.uplink_rate_bps(
            share=share,
            distance_m=self.distance_m,
            transmit_power_w=self.transmit_power_w,
            gain_ratio=self.gain_ratio,
        )
        return uplink, channel.downlink_rate_bps(
            share=share, distance_m=self.distance_m, gain_ratio=self.gain_ratio
        )

    def conditions(
        self, *, active: Any = 1, share: Any = None, server_share: float | None = None
    ) -> Conditions:
        """What every device meets when `active` of them are served at once, arrays of shape (devices,).

        `active` is one number, or one a device where clusters differ in size. `share` is the part of the
        band each holds, by the scenario's sharing policy unless given.
        """
        sharing, channel = self.scenario.sharing, self.scenario.channel
        divided = sharing.bandwidth == "time_division" and share is None
        if share is None:
            share = 1.0 if sharing.bandwidth == "dedicated" or divided else 1.0 / active
        duty_ratio = 1.0 / active if divided else 1.0
        uplink, downlink = self.rates_bps(share)
        everyone = np.ones(self.device_count)
        sends_labels = self.workload.labels_at == "server"
        return Conditions(
            iterations=self.iterations,
            batch_size=float(self.workload.batch_size),
            label_bytes=self.label_bytes if sends_labels else 0.0,
            device_flops_per_s=self.device_flops_per_s,
            server_flops_per_s=self.server_flops_per_s,
            server_share=server_share or (1.0 / active if sharing.server == "equal" else 1.0),
            server_idle_ratio=1.0 / active if sharing.server == "queue" else 1.0,
            uplink_bps=duty_ratio * uplink * everyone,
            downlink_bps=duty_ratio * downlink * everyone,
            uplink_latency_s=channel.uplink_latency_s,
            downlink_latency_s=channel.downlink_latency_s,
            duty_ratio=duty_ratio,
            network_share=share * everyone,
            network_power_w=channel.network_power_w,
            micro_batches=self.micro_batches,
            **self.powers,
            **compression_numbers(self.scenario.compression, self.workload.smashed),
        )


def build_problem(graph: ModelGraph, scenario: Scenario) -> SplitProblem:
    """The problem of cutting `graph` under `scenario`.

    Raises `ScenarioError` where the scenario names ops that the model does not have. Parts that were
    turned into numbers before are used again, so that a sweep pays for what changes.
    """
    cost = priced(graph, scenario.workload)
    server_flops_per_s, server_memory_bytes, server_powers = server_numbers(
        scenario.server, scenario.workload.compute
    )
    numbers = device_numbers(scenario.devices, scenario.workload)
    private = _private(cost, scenario.privacy)
    return SplitProblem(
        scenario=scenario,
        cost=cost,
        private=private,
        pinned=pinned_by(private, scenario),
        ties=tied_ops(cost.graph) if scenario.workload.tied_weights == "one_side" else (),
        device_flops_per_s=numbers["flops_per_s"],
        device_memory_bytes=numbers["memory_bytes"],
        iterations=numbers["iterations"],
        samples=numbers["samples"],
        distance_m=numbers["distance_m"],
        transmit_power_w=numbers["transmit_power_w"],
        server_flops_per_s=server_flops_per_s,
        server_memory_bytes=server_memory_bytes,
        powers={
            "device_power_w": numbers["power_w"],
            "device_idle_power_w": numbers["idle_power_w"],
            "sending_power_w": numbers["sending_power_w"],
            "receiving_power_w": numbers["receive_power_w"],
            **server_powers,
        },
    )


@lru_cache(maxsize=256)
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


@lru_cache(maxsize=256)
def server_numbers(server: Server, dtype: str) -> tuple[float, float, dict[str, float]]:
    """Speed, memory and powers of the server."""
    profile = server.profile_of(kind="server", default=DEFAULT_SERVER)
    powers = {
        "server_power_w": _given(server.compute_power_w, profile.dynamic_power_w),
        "server_idle_power_w": _given(server.idle_power_w, profile.idle_power_w),
    }
    memory_bytes = _given(server.memory_bytes, profile.memory_bytes)
    return server.speed_flops_per_s(profile, dtype), memory_bytes, powers


@lru_cache(maxsize=256)
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


@lru_cache(maxsize=256)
def accuracy_loss_ratio(compression: Compression) -> float:
    """The accuracy that compression costs, by what the scenario knows of it."""
    codec = compression.codec
    if isinstance(codec, Uncompressed):
        return 0.0
    return compression.accuracy.loss_ratio(codec.forecast(element_count=REFERENCE_COUNT).error_ratio)


@lru_cache(maxsize=64)
def _private(cost: GraphCost, privacy: Privacy) -> Mask:
    return private_ops(cost, privacy.keep_on_device)


def pinned_by(private: Mask, scenario: Scenario) -> Mask:
    """The ops that must stay on the device: private ones, or all where compression costs too much."""
    allowed = scenario.limits.accuracy_loss_ratio
    lossy = allowed is not None and accuracy_loss_ratio(scenario.compression) > allowed * (1 + LOSS_ROUNDING)
    return np.ones_like(private) if lossy else private


@lru_cache(maxsize=32)
def priced(graph: ModelGraph, workload: Workload) -> GraphCost:
    """The price of `graph` under `workload`, kept for the next question about the same two.

    A graph from a configuration is priced at the length that the workload asks for, made again in
    memory. Raises `ScenarioError` for a length that the model cannot have.
    """
    return price(_at_length(graph, workload.sequence_length), workload)


@lru_cache(maxsize=8)
def _at_length(graph: ModelGraph, tokens: int | None) -> ModelGraph:
    if tokens is None or tokens == graph.dims.get(SEQUENCE) or not can_regenerate(graph):
        return graph
    try:
        return regenerate(graph, sequence=tokens)
    except ModelImportError as error:
        raise ScenarioError([f"workload.sequence_length: {error}"]) from error


def targets_of(graph: ModelGraph) -> int:
    """Targets of one sample: the elements of the last output without its class axis.

    The class axis is the second of four or more (a map of classes), else the last.

    >>> from cutwise.graph.model_graph import Op, TensorSpec
    >>> logits = Op(id="y", kind="linear", output=TensorSpec(shape=(1, 128, 50257)))
    >>> targets_of(ModelGraph(name="m", ops=(logits,)))
    128
    """
    read = {name for op in graph.ops for name in op.inputs}
    outputs = [op for op in graph.ops if op.id not in read]
    shape = outputs[-1].output.shape if outputs else ()
    targets = (shape[0], *shape[2:]) if len(shape) > 3 else shape[:-1]
    return max(1, math.prod(targets) // graph.batch_size)


@lru_cache(maxsize=32)
def tied_ops(graph: ModelGraph) -> tuple[tuple[int, ...], ...]:
    """Groups of op positions that read the same weight."""
    readers: dict[str, list[int]] = {}
    for position, op in enumerate(graph.ops):
        for weight in dict.fromkeys(w.id for w in op.weights):
            readers.setdefault(weight, []).append(position)
    return tuple(sorted({tuple(group) for group in readers.values() if len(group) > 1}))


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
