"""Worlds that are answered in columns of many rows, and maps of schemes, so that their values are made."""

from __future__ import annotations

from typing import Any

import numpy as np

import cutwise
from cutwise.costs.workload import Workload
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Scenario, Sharing
from cutwise.stated.scenario_library import scenario_library

RATES = {"channel.uplink_bps": np.geomspace(1e5, 1e9, 4)}
PAIR = (Device(name="slow", flops_per_s=1e10), Device(name="fast", flops_per_s=1e12))
BEST = Sharing(bandwidth="optimised")
WEIGHTED = Objective(kind="weighted", delay_weight=0.6, energy_weight=0.3)
SHORT = {"devices.*.memory_bytes": np.geomspace(10, 1e3, 4)}


def in_columns(graph: Any) -> list[Any]:
    """Rows of devices that share the best band, cannot hold their cuts, overlap transfers or keep limits."""
    asked: list[tuple[Any, dict[str, Any], str]] = [
        (Scenario(devices=PAIR, sharing=BEST), RATES, "split_federated"),
        (Scenario(devices=PAIR, sharing=BEST, objective=WEIGHTED), RATES, "split_federated"),
        (Scenario(devices=PAIR, objective=WEIGHTED), RATES, "fast_split"),
        (
            Scenario(limits=Limits(device_energy_j=1.0), server=Server(memory_bytes=1e3)),
            RATES | SHORT,
            "fast_split",
        ),
        (Scenario(workload=Workload(micro_batches=2)), RATES, "fast_split"),
    ]
    return [
        [
            cutwise.sweep(model, scenario, over=over, schemes=(scheme,), zip=True)
            for model in (graph, cutwise.load_model("sample:resnet18"))
            for scenario, over, scheme in asked
        ],
        cutwise.analyse(graph, Scenario(devices=PAIR), "map", schemes=("fast_split", "split_federated")),
        list(scenario_library().values()),
    ]
