"""Small models and scenarios with figures from 1e-18 to 1e18."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Backhaul, Objective, Privacy, Scenario, Sharing

FIGURES = ("forward_flops", "backward_flops", "output_bytes", "weight_bytes", "exchanged_bytes")
SECONDS = ("device_forward_s", "device_backward_s", "server_forward_s", "server_backward_s")


def wild(rng: np.random.Generator, low: float = -18, high: float = 18) -> float:
    """A number of any magnitude: mostly within a few powers of ten, now and then far off, or 0."""
    kind = rng.random()
    if kind < 0.12:
        return 0.0
    if kind < 0.45:
        return float(10 ** rng.uniform(max(low, -3), min(high, 3)))
    return float(10 ** rng.uniform(low, high))


def wild_ops(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Two to six ops in any order of reading, by FLOPs or by measured seconds, mixed in one model."""
    ops: list[dict[str, Any]] = []
    measured = rng.choice([0.0, 0.5, 1.0])
    for number in range(int(rng.integers(2, 7))):
        readable = [op["id"] for op in ops]
        op: dict[str, Any] = {"id": f"o{number}"}
        if not number and rng.random() < 0.7:
            op |= {"kind": "input", "output_bytes": wild(rng)}
        else:
            count = min(
                len(readable), int(rng.choice([0, 1, 1, 1, 2, 3], p=[0.08, 0.3, 0.2, 0.2, 0.15, 0.07]))
            )
            op["inputs"] = rng.choice(readable, count, replace=False).tolist() if count else []
            op |= {figure: wild(rng) for figure in FIGURES if rng.random() < 0.7}
            if rng.random() < measured:
                op = {name: figure for name, figure in op.items() if not name.endswith("_flops")}
                op |= {name: _seconds(rng) for name in SECONDS}
            op["trainable_bytes"] = float(rng.choice([0.0, op.get("weight_bytes", 0.0)]))
            if rng.random() < 0.2:
                op["gradient_bytes"] = wild(rng)
        ops.append(op)
    return ops


def _seconds(rng: np.random.Generator) -> float | list[float]:
    pair = [wild(rng), wild(rng)]
    return pair if rng.random() < 0.3 else pair[1]


def wild_scenario(rng: np.random.Generator) -> Scenario:
    """One to three devices at any speed and rate, all objectives, policies and latencies, sometimes edges."""
    kind = str(rng.choice(["delay", "energy", "weighted"], p=[0.6, 0.25, 0.15]))
    late = rng.random() < 0.5
    return Scenario(
        seed=int(rng.integers(1000)),
        workload=Workload(
            mode="inference" if rng.random() < 0.1 else "training",
            batch_size=int(rng.choice([1, 2, 8, 32])),
            label_bytes=float(rng.choice([0.0, 8.0, 1e4])),
            labels_at="device" if rng.random() < 0.2 else "server",
        ),
        devices=tuple(
            Device(
                flops_per_s=_speed(rng), samples=int(rng.choice([1, 100, 1000])),
                compute_power_w=float(rng.choice([0.0, 8.0])), idle_power_w=float(rng.choice([0.0, 2.0])),
            )
            for _ in range(int(rng.integers(1, 4)))
        ),
        server=Server(
            flops_per_s=_speed(rng), compute_power_w=float(rng.choice([0.0, 250.0])),
            idle_power_w=float(rng.choice([0.0, 50.0])),
        ),
        edges=tuple(
            Edge(flops_per_s=_speed(rng), compute_power_w=90.0, idle_power_w=9.0, name=f"e{i}")
            for i in range(int(rng.choice([0, 0, 1, 2])))
        ),
        backhaul=Backhaul(rate_bps=_rate(rng), latency_s=0.01 * late),
        channel=FixedRate(
            uplink_bps=_rate(rng), downlink_bps=_rate(rng),
            uplink_latency_s=float(rng.choice([0.0, 1e-3, 1.0])) * late,
            downlink_latency_s=float(rng.choice([0.0, 1e-4, 3.0])) * late,
        ),
        sharing=Sharing(
            bandwidth=str(rng.choice(["dedicated", "equal", "equal", "time_division", "optimised"])),
            server=str(rng.choice(["dedicated", "equal"])),
        ),
        privacy=Privacy(keep_on_device="raw_allowed" if rng.random() < 0.7 else "first_layer"),
        objective=Objective(kind=kind),
    )  # fmt: skip


def _speed(rng: np.random.Generator) -> float:
    return float(10 ** (rng.uniform(9, 14) if rng.random() < 0.6 else rng.uniform(-3, 18)))


def _rate(rng: np.random.Generator) -> float:
    return float(10 ** (rng.uniform(4, 10) if rng.random() < 0.6 else rng.uniform(-7, 14)))
