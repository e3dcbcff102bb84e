"""ViT-L/16 with adapters as a chain of equal blocks, and P3-like cells; figures by the notes' formulas."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cutwise.channels import Shannon
from cutwise.compression import TopK
from cutwise.costs.workload import Workload
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Compression, Privacy, Scenario
from tests.core.fleets import load

WIDTH, TOKENS, HEADS, RANK, BLOCKS, BATCH = 1024, 197, 16, 16, 24, 64
ADAPTERS = 16 * RANK * WIDTH
FORWARD = 24 * TOKENS * WIDTH**2 + 4 * TOKENS**2 * WIDTH + 2 * TOKENS * ADAPTERS
BACKWARD = 24 * TOKENS * WIDTH**2 + 8 * TOKENS**2 * WIDTH + 4 * TOKENS * ADAPTERS
CUT_BYTES = 4.0 * TOKENS * WIDTH
P3_CODEC = TopK(density_ratio=0.5, value_bits=8, mask_coding="bitmap", encode_bps=1e15, decode_bps=1e15)
"""Coding takes no time, as in the notes' figures."""
SPEEDS = (0.35e12, 0.7e12, 1.4e12, 2.8e12)


def saved_bytes(*, eager: bool = True) -> float:
    """Activations a block keeps for one sample, LoRA on all four linear layers."""
    return 4.0 * TOKENS * (16 * WIDTH + 4 * RANK + HEADS * TOKENS * eager)


@cache
def vit_l(*, eager: bool = True) -> Any:
    ops: list[dict[str, Any]] = [{"id": "image", "kind": "input", "output_bytes": 150528.0 * 4}]
    ops.append({"id": "embedding", "inputs": ["image"], "output_bytes": CUT_BYTES, "gradient_bytes": 0.0,
                "weight_bytes": 4.0 * (768 * WIDTH + TOKENS * WIDTH)})  # fmt: skip
    for block in range(BLOCKS):
        ops.append({
            "id": f"block{block}", "inputs": [ops[-1]["id"]],
            "forward_flops": FORWARD, "backward_flops": BACKWARD,
            "weight_bytes": 4.0 * (12 * WIDTH**2 + 13 * WIDTH + ADAPTERS), "trainable_bytes": 4.0 * ADAPTERS,
            "saved_bytes": saved_bytes(eager=eager), "output_bytes": CUT_BYTES,
        })  # fmt: skip
    ops.append({"id": "head", "inputs": [ops[-1]["id"]], "weight_bytes": 4e5, "trainable_bytes": 4e5})
    with tempfile.TemporaryDirectory() as folder:
        return load(Path(folder), ops, "vit_l")


def cell(
    seed: int, *, band_hz: float = 50e6, both: bool = True, server_flops: float = 60e12, **parts: Any
) -> Scenario:
    """Eight devices at 20 to 200 m of 128.1 + 37.6 log10 km with Rayleigh power, P3's setting."""
    draw = np.random.default_rng(seed)
    speeds, places = draw.choice(SPEEDS, 8), draw.uniform(20, 200, 8)
    fades, memory = draw.exponential(1, 8).clip(0.05), draw.uniform(5e9, 9e9, 8)
    devices = tuple(
        Device(
            name=f"d{i}", flops_per_s=float(f), distance_m=float(d * g ** (-1 / 3.76)),
            memory_bytes=float(m), samples=98 * BATCH,
        )
        for i, (f, d, g, m) in enumerate(zip(speeds, places, fades, memory, strict=True))
    )  # fmt: skip
    channel = Shannon(
        uplink_bandwidth_hz=band_hz, downlink_bandwidth_hz=band_hz, path_loss_at_1m_db=15.3,
        path_loss_exponent=3.76, implementation_ratio=1.0, overhead_ratio=0.0, ceiling_bps_per_hz=99.0,
    )  # fmt: skip
    codec = Compression(codec=P3_CODEC, directions="both" if both else "uplink")
    return Scenario(
        workload=Workload(batch_size=BATCH, optimizer="sgd_momentum", label_bytes=8.0),
        devices=devices, privacy=Privacy(keep_on_device=("block0",)),
        server=Server(flops_per_s=server_flops), channel=channel,
        **{"compression": codec, **parts},
    )  # fmt: skip
