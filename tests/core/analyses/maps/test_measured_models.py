"""Break-evens of models whose seconds were measured, device by device, against the planner."""

from __future__ import annotations

from pathlib import Path

import pytest

import cutwise
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from tests.core.fleets import load

OPS = [
    {"id": "x", "kind": "input", "inputs": [], "output_bytes": 1e3},
    {"id": "a", "kind": "custom", "inputs": ["x"], "forward_flops": 0.0, "output_bytes": 2e6},
    {"id": "b", "kind": "custom", "inputs": ["a"], "forward_flops": 1e10, "output_bytes": 1e4},
    {"id": "c", "kind": "custom", "inputs": ["b"], "forward_flops": 2e8, "output_bytes": 1e2},
    {
        "id": "d", "kind": "custom", "inputs": ["c"], "output_bytes": 4e6, "device_forward_s": [0.04, 0.0],
        "server_forward_s": 0.0,
    },
]  # fmt: skip
FLEET = Scenario(
    devices=(Device(name="fast", flops_per_s=2e10), Device(name="slow", flops_per_s=1e9, samples=100))
)


@pytest.mark.parametrize("device", ["fast", "slow"])
def test_what_is_best_along_the_size_of_a_mini_batch_is_what_is_planned(tmp_path: Path, device: str) -> None:
    graph = load(tmp_path, OPS)
    path = "workload.batch_size"
    told = cutwise.analyse(graph, FLEET, "break_evens", device=device, along=path).to_frame()
    at = FLEET.device_names.index(device)
    for size in (1, 2, 8, 100, 1000):
        plan = cutwise.plan(graph, changed(FLEET, {path: size}), "fast_split")
        assert told[told["from"] <= size]["cut"].iloc[-1] == plan.decisions[at].cut.label


def test_along_a_deadline_the_cut_of_a_measured_model_is_told(tmp_path: Path) -> None:
    graph = load(tmp_path, OPS)
    found = cutwise.analyse(graph, FLEET, "break_evens", device="slow", along="limits.deadline_s")
    plan = cutwise.plan(graph, FLEET, "fast_split")
    assert found.to_frame()["cut"].iloc[-1] == plan.decisions[1].cut.label


def test_micro_batches_are_at_most_one_a_sample_along_the_size_of_a_mini_batch(tmp_path: Path) -> None:
    graph, path = load(tmp_path, OPS), "workload.batch_size"
    cell = changed(FLEET, {"workload.micro_batches": 4})
    told = cutwise.analyse(graph, cell, "break_evens", device="slow", along=path).to_frame()
    for size in (1, 3, 8, 300):
        plan = cutwise.plan(graph, changed(cell, {path: size}), "fast_split")
        assert told[told["from"] <= size]["cut"].iloc[-1] == plan.decisions[1].cut.label
