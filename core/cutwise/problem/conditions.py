"""What one device meets in one round, as the evaluator takes it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions(Frozen):
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
