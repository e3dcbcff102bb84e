"""A toy whose groups are worked out by hand, and every way to divide a few devices."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

import cutwise
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Privacy, Scenario
from tests.core.fleets import closed_sets

TOY = "docs/examples/toy.json"
SECONDS = (30.0, 60.0, 15.0, 10.0)
"""What each of four devices computes of op a: 100 samples of 3 GFLOP."""
SHARED_S = 70.5008
"""What a device alone takes for the rest: 40.0008 up with labels, 9 server, 20 down, 1.5 for the model."""


def four() -> tuple[ModelGraph, Scenario]:
    """The toy with four devices; with k active a turn behind cut a takes seconds + k · SHARED_S."""
    scenario = cutwise.load_scenario("docs/examples/toy.toml")
    devices = tuple(
        Device(name=f"d{i}", flops_per_s=3e11 / seconds, samples=100) for i, seconds in enumerate(SECONDS)
    )
    return cutwise.load_model(TOY), replace(scenario, devices=devices)


UPLOADS = [
    {"id": "x", "kind": "input", "output_bytes": 1e6},
    {"id": "a", "inputs": ["x"], "forward_flops": 1e9, "output_bytes": 1e6},
    {"id": "b", "inputs": ["a"], "output_bytes": 8},
]


def uploading() -> Scenario:
    """Devices that compute 8 s each and send for 6, 1, 1 and 1 s on the whole band; no more takes time."""
    devices = [Device(name="busy", flops_per_s=6 * 1.25e8, samples=6)]
    devices += [Device(name=f"idle{i}", flops_per_s=1.25e8, samples=1) for i in range(3)]
    return Scenario(
        devices=tuple(devices),
        workload=Workload(batch_size=1, label_bytes=0.0),
        server=Server(flops_per_s=1e12),
        channel=cutwise.load_scenario("docs/examples/toy.toml").channel,
        privacy=Privacy(keep_on_device=("a",)),
    )


def partitions(devices: int, parts: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every division of devices into so many parts, none of them empty."""
    for owner in itertools.product(range(parts), repeat=devices):
        firsts = list(dict.fromkeys(owner))
        if firsts == list(range(parts)):
            yield tuple(tuple(i for i, part in enumerate(owner) if part == number) for number in range(parts))


def shortest_turns_s(problem: SplitProblem, conditions: Conditions) -> np.ndarray:
    """The least delay of each device over every closed set."""
    sums = cut_sums(problem.cost, closed_sets(problem))
    return np.array(
        [np.min(stage_times(sums, conditions.of(i)).delay_s) for i in range(problem.device_count)]
    )
