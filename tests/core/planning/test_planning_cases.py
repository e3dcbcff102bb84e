"""Certificates of small cases on which one was wrong: the optimum is found by trying every cut by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.costs.workload import Workload
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Privacy, Scenario
from cutwise.scenario.scenario_file import parse_scenario
from tests.core.fleets import load
from tests.core.rounds_by_hand import World

CASES = Path(__file__).parents[4] / "shared" / "cases" / "planning"
KINDS = ("bound-above-value", "not-optimal", "not-proved")
FILES = sorted(file for kind in KINDS for file in CASES.glob(f"{kind}-*.json"))
ONE_BY_ONE = ("fast_split", "block_wise_split", "split_learning", "brute_force")


def scheme_of(file: Path) -> str:
    """`not-optimal-block_wise_split-1.json` is about `block_wise_split`."""
    kind = next(kind for kind in KINDS if file.name.startswith(kind))
    return file.stem.removeprefix(f"{kind}-").rpartition("-")[0]


def check_optimal(world: World, graph: Any, plan: Plan) -> None:
    """Proven, at the price by hand, and no cuts are better."""
    problem = build_problem(graph, world.scenario)
    best = world.best_value(plan, set(np.flatnonzero(problem.pinned).tolist()))
    assert plan.report.value == pytest.approx(best, rel=1e-9)
    assert world.own_value(plan) == pytest.approx(plan.report.value, rel=1e-9)
    assert plan.report.bound is not None
    assert plan.report.bound <= plan.report.value
    assert plan.status == "optimal"


@pytest.mark.skipif(not FILES, reason="the cases are not here")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_case_is_proven_optimal(file: Path, tmp_path: Path) -> None:
    case = json.loads(file.read_text())
    graph = load(tmp_path, case["graph"]["ops"])
    world = World(case["graph"]["ops"], parse_scenario(case["toml"].encode()))
    options = case.get("options", {})
    for scheme in {scheme_of(file), *ONE_BY_ONE}:
        own = options if scheme == scheme_of(file) else {}
        check_optimal(world, graph, cutwise.plan(graph, world.scenario, scheme, **own))


GIANT = [
    {"id": "x", "kind": "input", "output_bytes": 3e5},
    {"id": "body", "inputs": ["x"], "device_forward_s": 0.25, "server_forward_s": 0.5, "output_bytes": 1e5},
    {"id": "giant", "inputs": ["x"], "device_forward_s": 1.0, "server_forward_s": 1e18, "output_bytes": 1e3},
    {
        "id": "head",
        "inputs": ["body"],
        "device_forward_s": 2.0,
        "server_forward_s": 0.125,
        "output_bytes": 10,
    },
]
"""The giant costs a second on the device and 1e18 on the server; the rest is as usual."""
SCALED = ("output_bytes", "device_forward_s", "server_forward_s")
CELL = Scenario(
    workload=Workload(label_bytes=8.0),
    devices=(Device(flops_per_s=1e9, samples=1, compute_power_w=8.0, idle_power_w=2.0),),
    server=Server(flops_per_s=1e9, compute_power_w=250.0, idle_power_w=50.0),
    privacy=Privacy(keep_on_device="raw_allowed"),
)  # fmt: skip


@pytest.mark.parametrize("scheme", [*ONE_BY_ONE, "split_federated", "gsfl", "u_shape"])
def test_one_op_of_1e18_seconds_hides_no_other(scheme: str, tmp_path: Path) -> None:
    """x, body and giant on the device, head at the server; sums with the giant's 1e18 s lose the rest."""
    graph, world = load(tmp_path, GIANT), World(GIANT, CELL)
    check_optimal(world, graph, cutwise.plan(graph, CELL, scheme))


def test_the_giant_by_hand(tmp_path: Path) -> None:
    """32 x (0.25 + 1 + 0.125) s of one mini-batch, 32 x 8e5 bits at 20 Mbit/s, 32 x 64 bits of labels."""
    plan = cutwise.plan(load(tmp_path, GIANT), CELL, "fast_split")
    assert plan.decisions[0].cut.device_ops == ("x", "body", "giant")
    assert plan.delay_s == pytest.approx(32 * (1.375 + 8e5 / 2e7 + 64 / 2e7), rel=1e-12)


@pytest.mark.parametrize("power", [-16, -8, 0, 8, 12])
def test_a_model_proven_at_one_scale_is_proven_at_every_other(power: int, tmp_path: Path) -> None:
    """All seconds and bytes times 10^power change no cut and scale the value."""
    factor, few = 10.0**power, [op for op in GIANT if op["id"] != "giant"]
    ops = [{name: value * factor if name in SCALED else value for name, value in op.items()} for op in few]
    cell = replace(CELL, workload=replace(CELL.workload, label_bytes=0.0))
    graph = load(tmp_path, ops)
    plan = cutwise.plan(graph, cell, "fast_split")
    check_optimal(World(ops, cell), graph, plan)
    assert plan.decisions[0].cut.device_ops == ("x", "body")
    assert plan.delay_s == pytest.approx(factor * 32 * (0.375 + 8e5 / 2e7), rel=1e-12)
