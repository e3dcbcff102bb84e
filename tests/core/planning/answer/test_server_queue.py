"""`sharing.server = "queue"`: by hand, against SimPy, and what a search over groups makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.errors import SolverError
from cutwise.pipeline import played_round
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario, Sharing
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise.simulation.turns import planned_turns
from tests.core.fleets import random_problem, with_scenario
from tests.core.schemes.divided import four
from tests.core.simulation.simulated_worlds import simpy_makespan_s

PARALLEL = ("split_federated", "gsfl", "cluster_parallel")


def queueing(scenario: Scenario) -> Scenario:
    return replace(scenario, sharing=replace(scenario.sharing, server="queue"))


def test_the_second_of_two_alike_waits_for_the_first_once() -> None:
    """30 + 2 · (40.0008 + 20 + 1.5) + 9 s at full speed, and 0.9 s of the first mini-batch of the other."""
    graph, scenario = four()
    pair = tuple(replace(scenario.devices[0], name=name) for name in ("one", "two"))
    plan = cutwise.plan(graph, queueing(replace(scenario, devices=pair)), "split_federated", cut="a")
    assert sorted(stage.waiting_s for stage in plan.stages) == pytest.approx([0.0, 0.9], abs=1e-9)
    assert plan.delay_s == pytest.approx(162.9016)
    assert plan.server_policy == "queue"
    assert {decision.server_share for decision in plan.decisions} == {1.0}


def test_devices_in_turn_never_wait() -> None:
    graph, scenario = four()
    for scheme in ("fast_split", "split_learning", "first_layer"):
        waited = cutwise.plan(graph, queueing(scenario), scheme)
        alone = cutwise.plan(graph, scenario, scheme)
        assert waited == replace(alone, report=waited.report)
        assert waited.server_policy == "share"


@pytest.mark.parametrize("seed", range(5))
def test_groups_end_when_simpy_says(seed: int) -> None:
    """Different phones around a server as slow as they are together, so that no two come at one instant."""
    rng = np.random.default_rng(seed)
    devices = tuple(
        Device(flops_per_s=float(10 ** rng.uniform(10, 12)), samples=int(rng.integers(20, 400)))
        for _ in range(7)
    )
    cell = Scenario(
        devices=devices,
        server=Server(flops_per_s=1e12),
        channel=FixedRate(uplink_bps=1e10, downlink_bps=1e10),
        sharing=Sharing(server="queue"),
    )
    problem = build_problem(cutwise.load_model("sample:resnet18"), cell)
    for groups, cut in ((7, ""), (3, ""), (3, "maxpool")):
        plan = scheme_with("gsfl", {"groups": groups, "cut": cut}).solve(problem)
        assert len(plan.phases) == 1
        ends_s = simpy_makespan_s(planned_turns(problem, plan), plan.phases[0], capacity=1)
        assert plan.delay_s == pytest.approx(ends_s, rel=1e-9)
        assert any(stage.waiting_s > 0 for stage in plan.stages)


@pytest.mark.parametrize("seed", range(5))
def test_the_simulator_ends_every_scheme_when_the_plan_says(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(10 + seed)
    problem = random_problem(rng, tmp_path, devices=3, measured=seed == 0)
    problem = with_scenario(problem, sharing=replace(problem.scenario.sharing, server="queue"))
    for name in SCHEMES:
        if name in ("centralised", "brute_force"):
            continue
        plan = SCHEMES[name]().solve(problem)
        assert played_round(problem, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-9), name


@pytest.mark.parametrize("name", PARALLEL)
def test_waiting_never_beats_the_bound_and_is_optimal_only_without(name: str, tmp_path: Path) -> None:
    rng, statuses = np.random.default_rng(5), set()
    for _ in range(25):
        problem = random_problem(rng, tmp_path, devices=3)
        problem = with_scenario(problem, sharing=replace(problem.scenario.sharing, server="queue"))
        plan = SCHEMES[name]().solve(problem)
        if plan.report.bound is not None:
            assert plan.report.value >= plan.report.bound * (1 - 1e-9)
        if plan.status == "optimal" and plan.report.bound:
            assert plan.report.value == pytest.approx(plan.report.bound, rel=1e-9)
        statuses.add(plan.status)
    assert statuses == {"optimal", "feasible"}


def test_the_best_number_of_groups_counts_the_waits() -> None:
    graph, scenario = four()
    slow = replace(scenario.server, flops_per_s=scenario.devices[0].flops_per_s)
    cell = queueing(replace(scenario, server=slow))
    rounds = [cutwise.plan(graph, cell, "gsfl", groups=groups).delay_s for groups in (1, 2, 3, 4)]
    assert cutwise.plan(graph, cell, "gsfl").delay_s == min(rounds)


def test_a_swept_queue_equals_one_plan_a_row() -> None:
    graph, scenario = four()
    cell = queueing(scenario)
    rates = [1e6, 8e6, 1e8]
    frame = cutwise.sweep(graph, cell, over={"channel.uplink_bps": rates}, scheme="split_federated")
    for rate, delay_s in zip(rates, frame.delay_s, strict=True):
        there = replace(cell, channel=replace(cell.channel, uplink_bps=rate))
        assert delay_s == cutwise.plan(graph, there, "split_federated").delay_s


def test_a_round_too_long_to_play_is_refused_with_a_remedy() -> None:
    graph, scenario = four()
    long = replace(scenario.workload, local_epochs=None, local_iterations=100_000)
    with pytest.raises(SolverError, match="400,000 iterations a round are too many"):
        cutwise.plan(graph, queueing(replace(scenario, workload=long)), "split_federated")


def test_the_best_band_split_is_priced_with_its_waits() -> None:
    graph, scenario = four()
    cell = replace(scenario, sharing=Sharing(bandwidth="optimised", server="queue"))
    plan = cutwise.plan(graph, cell, "split_federated")
    assert plan.report.value == pytest.approx(plan.delay_s)
    assert cutwise.simulate(graph, cell, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-9)
