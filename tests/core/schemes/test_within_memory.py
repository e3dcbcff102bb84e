"""Groups and clusters where the server's memory binds: by hand, against every division, and as reported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Privacy, Scenario
from tests.bench.shares import fleet
from tests.core.fleets import load
from tests.core.schemes.every_division import binding_problem, verdict_of

CASES = Path(__file__).parents[4] / "shared" / "cases" / "planning"
HEAVY = [
    {"id": "x", "kind": "input", "output_bytes": 0.0},
    {"id": "body", "inputs": ["x"], "forward_flops": 1e9, "weight_bytes": 1e6, "trainable_bytes": 1e6},
]


def slow_and_fast(memory_bytes: float, **parts: Any) -> Scenario:
    """Phones that compute the body in 1, 10, 10 and 12 s; the half of a server does in 0.01 s. A copy of the
    body there is 2 MB, weights and gradients; to send it takes no time."""
    rate = FixedRate(uplink_bps=1e15, downlink_bps=1e15)
    given = {
        "devices": tuple(
            Device(name=f"d{i}", flops_per_s=1e9 / s, samples=1) for i, s in enumerate((1, 10, 10, 12))
        ),
        "server": Server(flops_per_s=2e11, memory_bytes=memory_bytes),
        "channel": rate,
        "workload": Workload(batch_size=1, local_iterations=1, label_bytes=0.0),
        "privacy": Privacy(keep_on_device="raw_allowed"),
    }
    return Scenario(**(given | parts))


@pytest.mark.parametrize("grouping", ["lpt", "exact", "round_robin", "random", "balanced"])
def test_a_server_with_room_for_one_copy_serves_one_of_two_groups(grouping: str, tmp_path: Path) -> None:
    """The three slow phones take turns at the one copy, 3 · 0.01 s; the fast one computes 1 s by itself."""
    graph = load(tmp_path, HEAVY)
    roomy, tight = slow_and_fast(4e6), slow_and_fast(2.1e6)
    assert cutwise.plan(graph, roomy, "gsfl", groups=2, grouping=grouping).delay_s < 0.1
    plan = cutwise.plan(graph, tight, "gsfl", groups=2, grouping=grouping)
    assert plan.status != "infeasible"
    assert plan.server_memory_bytes == pytest.approx(2e6)
    if grouping in ("lpt", "exact"):
        assert plan.status == "optimal"
        assert plan.delay_s == pytest.approx(1.0, rel=1e-6)
        assert {d.cut.device_ops for d in plan.decisions if d.device == "d0"} == {("x", "body")}


def test_a_server_with_room_for_one_copy_serves_one_of_each_cluster(tmp_path: Path) -> None:
    """One of each pair computes by itself: the fast one, 1 s, and beside the slowest one of 10 s."""
    plan = cutwise.plan(load(tmp_path, HEAVY), slow_and_fast(2.1e6), "cluster_parallel", clusters=2)
    assert plan.status == "optimal"
    assert plan.delay_s == pytest.approx(11.0, rel=1e-3)


@pytest.mark.parametrize("scheme", ["gsfl", "cluster_parallel"])
def test_infeasible_is_said_with_the_least_need_there_is(scheme: str, tmp_path: Path) -> None:
    """Phones too small for the body: one copy, 2 MB, is the least that one group or four clusters need."""
    cell = slow_and_fast(1.9e6)
    small = replace(cell, devices=tuple(replace(d, memory_bytes=1e6) for d in cell.devices))
    plan = cutwise.plan(load(tmp_path, HEAVY), small, scheme)
    (broken,) = plan.violations
    assert plan.status == "infeasible"
    assert (broken.rule, broken.needs) == ("server memory", pytest.approx(2e6))


def test_a_deadline_that_the_rule_misses_is_met_by_other_groups(tmp_path: Path) -> None:
    """Phones of 5, 4, 3, 3 and 3 s by themselves: the longest first ends after 10 s, 5 + 4 and 9 in time."""
    seconds = (5, 4, 3, 3, 3)
    devices = tuple(Device(name=f"d{i}", flops_per_s=1e9 / s, samples=1) for i, s in enumerate(seconds))
    cell = slow_and_fast(
        1e9,
        devices=devices,
        privacy=Privacy(keep_on_device=("body",)),
        limits=Limits(deadline_s=9.5),
    )
    graph = load(tmp_path, HEAVY)
    for kind in ("delay", "energy", "weighted"):
        plan = cutwise.plan(graph, replace(cell, objective=Objective(kind=kind)), "gsfl", groups=2)
        assert plan.status != "infeasible"
        assert plan.delay_s == pytest.approx(9.0, rel=1e-6)


@pytest.mark.parametrize(
    ("scheme", "seed"), [("gsfl", 1), ("gsfl", 2), ("cluster_parallel", 1), ("cluster_parallel", 2)]
)
def test_no_division_of_all_is_better_and_none_is_called_impossible(
    scheme: str, seed: int, tmp_path: Path
) -> None:
    """Random models and fleets: given and best numbers of parts, frozen weights, small devices, deadlines."""
    rng, seen = np.random.default_rng(seed), {"infeasible": 0, "optimal": 0}
    rules = {
        "gsfl": ("grouping", ("lpt", "exact")),
        "cluster_parallel": ("clustering", ("similar", "similar")),
    }
    option, named = rules[scheme]
    for case in range(15):
        problem, count = binding_problem(rng, tmp_path)
        rule = named[case % 2] if case % 5 else "random"
        verdict = verdict_of(problem, scheme, count if case % 4 else 0, **{option: rule})
        assert not verdict.falsely_infeasible
        assert not verdict.wrong
        if rule != "random" and verdict.plan.status != "infeasible":
            # alike turns together are not always best where everybody's own best cut fits
            near = 1e-9 if scheme == "gsfl" else 0.1
            assert verdict.plan.report.value <= verdict.least * (1 + near)
        seen[verdict.plan.status] = seen.get(verdict.plan.status, 0) + 1
    assert seen["infeasible"] > 0
    assert seen["optimal"] > 5


@pytest.mark.parametrize("scheme", ["gsfl", "cluster_parallel"])
def test_many_devices_within_a_small_server_have_a_bound(scheme: str) -> None:
    """Forty devices of a real model in parts: within the memory, and no worse than twice the bound."""
    graph, cell = cutwise.load_model("sample:resnet18"), Scenario(devices=fleet(40))
    count = 5 if scheme == "gsfl" else 8
    options = {"groups" if scheme == "gsfl" else "clusters": count}
    needs = cutwise.plan(graph, cell, scheme, **options).server_memory_bytes
    tight = replace(cell, server=replace(cell.server, memory_bytes=0.6 * needs))
    plan = cutwise.plan(graph, tight, scheme, **options)
    assert plan.status != "infeasible"
    assert plan.server_memory_bytes <= 0.6 * needs * (1 + 1e-9)
    assert plan.report.bound is not None
    assert 0.5 * plan.report.value <= plan.report.bound <= plan.report.value


def shared_case(path: Path, folder: Path) -> tuple[ModelGraph, Scenario, dict[str, Any], float]:
    """Graph, scenario, options, and the optimum by brute force that the message ends with."""
    case = json.loads(path.read_text())
    model, scenario = folder / "model.json", folder / "scenario.toml"
    model.write_text(json.dumps(case["graph"]))
    scenario.write_text(case["toml"])
    value = float(case["msg"].split("mine ")[1].split()[0])
    return cutwise.load_model(model), cutwise.load_scenario(scenario), case.get("kw", {}), value


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not beside the project")
@pytest.mark.parametrize(("pattern", "scheme"), [("gsfl-mem-*", "gsfl"), ("llm-energy-worse-*", "split_llm")])
def test_cases_that_were_answered_wrong_have_their_optimum(pattern: str, scheme: str, tmp_path: Path) -> None:
    paths = sorted(CASES.glob(pattern))
    assert paths
    for path in paths:
        graph, cell, options, value = shared_case(path, tmp_path)
        plan = cutwise.plan(graph, cell, scheme, **options)
        assert plan.report.value == pytest.approx(value, rel=1e-9), path.name
        assert plan.status == "optimal", path.name
