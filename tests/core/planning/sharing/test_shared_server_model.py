"""One server-side model for all (version v2): the queue by hand and by an independent recurrence."""

from __future__ import annotations

from dataclasses import replace
from heapq import heapify, heapreplace

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.errors import SolverError
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Scenario
from tests.bench.shares import fleet
from tests.core.schemes.divided import four

V2 = {"scheme": "split_federated", "version": "v2"}


def two() -> tuple[cutwise.graph.model_graph.ModelGraph, Scenario]:
    """Two of the toy's devices: 30 s of op a each, 10 iterations."""
    graph, scenario = four()
    device = scenario.devices[0]
    return graph, replace(scenario, devices=(replace(device, name="one"), replace(device, name="two")))


def test_the_second_of_two_alike_waits_for_the_first_once() -> None:
    """30 + 2 · (40.0008 + 20 + 1.5) + 9 s at full speed, and 0.9 s of the first mini-batch of the other."""
    plan = cutwise.plan(*two(), cut="a", **V2)
    assert sorted(stage.waiting_s for stage in plan.stages) == pytest.approx([0.0, 0.9], abs=1e-9)
    assert [stage.server_compute_s for stage in plan.stages] == pytest.approx([9.0, 9.0])
    assert plan.delay_s == pytest.approx(30 + 2 * 61.5008 + 9 + 0.9)
    v1 = cutwise.plan(*two(), scheme="split_federated", cut="a")
    assert v1.delay_s == pytest.approx(30 + 2 * 61.5008 + 2 * 9)


def test_the_server_holds_one_model_and_the_smashed_data_of_the_others() -> None:
    """10 samples of 4e5 bytes wait for every device but the one that is served."""
    graph, scenario = four()
    one = cutwise.plan(graph, scenario, "split_learning", cut="a").server_memory_bytes
    plan = cutwise.plan(graph, scenario, cut="a", **V2)
    assert plan.server_memory_bytes == one + 3 * 10 * 4e5


def test_waiting_costs_idle_power() -> None:
    """0.9 s at 2 W for the device that waits, and half of the server's 50 W."""
    graph, scenario = two()
    plan = cutwise.plan(graph, scenario, cut="a", **V2)
    first, second = sorted(plan.stages, key=lambda stage: stage.waiting_s)
    assert second.device_energy_j - first.device_energy_j == pytest.approx(0.9 * 2)
    assert second.server_energy_j - first.server_energy_j == pytest.approx(0.9 * 50 / 2)


def queue_end_s(plan: cutwise.plans.plan.Plan, iterations: list[int]) -> float:
    """When the last device is done, from arrivals alone: who comes first is served first."""
    stages = plan.stages
    down = [
        s.model_sync_s * d.uplink_bps / (d.uplink_bps + d.downlink_bps)
        for s, d in zip(stages, plan.decisions, strict=True)
    ]
    lead = [(s.device_forward_s + s.uplink_s) / n for s, n in zip(stages, iterations, strict=True)]
    serve = [s.server_compute_s / n for s, n in zip(stages, iterations, strict=True)]
    back = [(s.downlink_s + s.device_backward_s) / n for s, n in zip(stages, iterations, strict=True)]
    arrivals = [(down[i] + lead[i], i, 1) for i in range(len(stages))]
    heapify(arrivals)
    free_s, end_s = 0.0, 0.0
    while arrivals[0][0] < np.inf:
        arrival, i, number = arrivals[0]
        free_s = max(free_s, arrival) + serve[i]
        again = free_s + back[i]
        if number == iterations[i]:
            end_s = max(end_s, again + stages[i].model_sync_s - down[i])
            heapreplace(arrivals, (np.inf, i, number))
        else:
            heapreplace(arrivals, (again + lead[i], i, number + 1))
    return end_s


@pytest.mark.parametrize("seed", range(6))
def test_the_round_ends_when_a_first_come_queue_does(seed: int) -> None:
    """Different phones around a server as slow as they are together."""
    rng = np.random.default_rng(seed)
    devices = tuple(
        Device(name=f"d{i}", flops_per_s=float(10 ** rng.uniform(10, 12)), samples=int(rng.integers(20, 400)))
        for i in range(7)
    )
    rates = FixedRate(uplink_bps=1e10, downlink_bps=1e10)
    cell = Scenario(devices=devices, server=Server(flops_per_s=1e12), channel=rates)
    graph = cutwise.load_model("sample:resnet18")
    plan = cutwise.plan(graph, cell, cut="maxpool", **V2)
    iterations = [-(-device.samples // cell.workload.batch_size) for device in devices]
    assert sum(stage.waiting_s for stage in plan.stages) > 0
    assert plan.delay_s == pytest.approx(queue_end_s(plan, iterations), rel=1e-9)
    assert cutwise.simulate(graph, cell, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-12)


def test_all_devices_have_one_cut_and_no_cut_named_alone_is_better() -> None:
    """Every op of a small model as the given cut."""
    graph, cell = four()
    best = cutwise.plan(graph, cell, **V2)
    assert len({decision.cut.label for decision in best.decisions}) == 1
    named = [cutwise.plan(graph, cell, cut=op, **V2) for op in ("a", "b")]
    assert best.delay_s == pytest.approx(min(plan.delay_s for plan in named))
    assert best.report.bound <= best.delay_s


def test_where_nobody_waits_it_is_proven() -> None:
    """One device alone: the queue is always empty."""
    graph, cell = four()
    plan = cutwise.plan(graph, replace(cell, devices=cell.devices[:1]), **V2)
    assert plan.status == "optimal"
    assert plan.stages[0].waiting_s == 0.0
    assert plan.delay_s == pytest.approx(cutwise.plan(graph, replace(cell, devices=cell.devices[:1])).delay_s)


def test_it_fits_where_a_model_for_every_device_does_not() -> None:
    graph, cell = four()
    one = cutwise.plan(graph, cell, "split_learning", cut="a").server_memory_bytes
    small = replace(cell, server=replace(cell.server, memory_bytes=one + 12e6))
    assert cutwise.plan(graph, small, cut="a", **V2).status == "feasible"
    assert cutwise.plan(graph, small, "split_federated", cut="a").status == "infeasible"


def test_a_deadline_that_the_wait_breaks_is_named() -> None:
    plan = cutwise.plan(two()[0], replace(two()[1], limits=Limits(deadline_s=162.5)), cut="a", **V2)
    assert [violation.rule for violation in plan.violations] == ["deadline"]


def test_the_order_of_devices_changes_nothing() -> None:
    graph, cell = cutwise.load_model("sample:resnet18"), Scenario(devices=fleet(6))
    turned = replace(cell, devices=cell.devices[::-1])
    plan, again = (cutwise.plan(graph, one, **V2) for one in (cell, turned))
    assert again.delay_s == pytest.approx(plan.delay_s, rel=1e-12)
    assert again.energy_j == pytest.approx(plan.energy_j, rel=1e-12)


def test_a_round_too_long_to_play_is_refused_with_a_remedy() -> None:
    graph, cell = four()
    long = replace(cell, workload=Workload(batch_size=1, local_epochs=None, local_iterations=100_000))
    with pytest.raises(SolverError, match="400,000 iterations a round are too many"):
        cutwise.plan(graph, long, **V2)
