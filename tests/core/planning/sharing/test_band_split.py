"""The optimised band split: against equal shares, fine grids, and what a proof must show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate, Shannon
from cutwise.costs.cut_sums import cut_sums
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Scenario, Sharing
from cutwise.schemes.options import scheme_with
from tests.conftest import Load
from tests.core.fleets import closed_sets, random_problem, with_scenario

OPTIMISED = Sharing(bandwidth="optimised")


def at_best_shares(problem: SplitProblem, **options: object) -> Plan:
    server = problem.scenario.sharing.server
    shared = with_scenario(problem, sharing=Sharing(bandwidth="optimised", server=server))
    return scheme_with("split_federated", options).solve(shared)


def at_equal_shares(problem: SplitProblem, **options: object) -> Plan:
    shared = with_scenario(problem, sharing=replace(problem.scenario.sharing, bandwidth="equal"))
    return scheme_with("split_federated", options).solve(shared)


def by_delay(problem: SplitProblem) -> SplitProblem:
    return with_scenario(problem, objective=Objective())


@pytest.mark.parametrize("seed", range(6))
def test_it_never_ends_later_than_equal_shares_and_closes_its_gap(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    for case in range(8):
        problem = by_delay(
            random_problem(rng, tmp_path, devices=int(rng.integers(2, 6)), measured=case % 4 == 0)
        )
        plan, even = at_best_shares(problem), at_equal_shares(problem)
        assert plan.delay_s <= even.delay_s * (1 + 1e-9)
        assert plan.status == "optimal"
        assert plan.report.certificate is not None
        assert plan.report.certificate.bound == pytest.approx(plan.delay_s, rel=1e-9)
        assert sum(decision.bandwidth_share for decision in plan.decisions) <= 1 + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_two_devices_match_a_grid_over_shares_and_every_closed_set(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(50 + seed)
    grid = np.linspace(1e-4, 1 - 1e-4, 1201)
    for _ in range(4):
        problem = by_delay(random_problem(rng, tmp_path, devices=2, most=6))
        sums = cut_sums(problem.cost, closed_sets(problem))
        ends = np.empty((2, len(grid)))
        for number, share in enumerate(grid):
            given = problem.conditions(active=2, share=np.array([share, 1 - share]))
            for device in (0, 1):
                ends[device, number] = np.min(stage_times(sums, given.of(device)).delay_s)
        brute = ends.max(axis=0).min()
        plan = at_best_shares(problem)
        assert plan.delay_s <= brute * (1 + 1e-9)
        assert plan.delay_s == pytest.approx(brute, rel=5e-3)


@pytest.mark.parametrize("seed", range(4))
def test_one_cut_for_all_matches_the_best_of_single_cuts(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(70 + seed)
    for _ in range(4):
        problem = by_delay(random_problem(rng, tmp_path, devices=3, most=6))
        if problem.ties:
            continue
        plan = at_best_shares(problem, common_cut=True)
        names = np.array([op.id for op in problem.cost.graph.ops])
        single = [
            at_best_shares(problem, cut=",".join(names[mask])).delay_s
            for mask in closed_sets(problem)
            if mask.any()
        ]
        assert plan.delay_s == pytest.approx(min(single), rel=1e-8)
        assert len({decision.cut.label for decision in plan.decisions}) == 1


def two_phones(load_ops: Load, **limits: float) -> tuple[object, Scenario]:
    """x -> a -> b; everything that may cross is a's 1000 bytes."""
    graph = load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 1e9},
            {"id": "a", "inputs": ["x"], "forward_flops": 1, "weight_bytes": 10, "output_bytes": 1000},
            {"id": "b", "inputs": ["a"], "forward_flops": 1e6, "weight_bytes": 10, "output_bytes": 1},
        ]
    )
    fleet = (Device(flops_per_s=1e3, samples=32), Device(flops_per_s=1e3, samples=96))
    scenario = Scenario(
        workload=cutwise.Scenario().workload.__class__(label_bytes=0.0),
        devices=fleet, server=Server(flops_per_s=1e15), sharing=OPTIMISED,
        channel=FixedRate(uplink_bps=8e3, downlink_bps=8e3), limits=Limits(**limits),
    )  # fmt: skip
    return graph, scenario


def test_shares_follow_the_bytes_where_only_sending_takes_time(load_ops: Load) -> None:
    """32 kB and 96 kB over 1 kB/s: shares 1/4 and 3/4, both end after 128 s and their own computing."""
    plan = cutwise.plan(*two_phones(load_ops), scheme="split_federated")
    shares = [decision.bandwidth_share for decision in plan.decisions]
    assert shares == pytest.approx([0.25, 0.75], rel=1e-3)
    assert plan.delay_s == pytest.approx(128.0, rel=1e-3)


def test_a_device_that_sends_nothing_leaves_the_band_to_the_other(load_ops: Load) -> None:
    """The first computes everything itself and has no trained weights to exchange."""
    graph, scenario = two_phones(load_ops)
    fast = replace(scenario.devices[0], flops_per_s=1e15)
    plan = cutwise.plan(
        graph, replace(scenario, devices=(fast, scenario.devices[1])), scheme="split_federated"
    )
    assert plan.decisions[0].cut.label == "all on device"
    assert plan.decisions[1].bandwidth_share == pytest.approx(1.0)
    assert plan.delay_s == pytest.approx(96.0, rel=1e-2)


def test_endless_rates_need_no_split(load_ops: Load) -> None:
    graph, scenario = two_phones(load_ops)
    endless = FixedRate(uplink_bps=1e15, downlink_bps=1e15)
    plan = cutwise.plan(graph, replace(scenario, channel=endless), scheme="split_federated")
    assert plan.status == "optimal"
    assert plan.delay_s < 1.0


def test_an_energy_limit_is_kept_by_a_larger_share(load_ops: Load) -> None:
    """The first device's radio needs 8.3 + 0.2/0.35 W, the second's 0.87 W.

    For 128 s on air at a quarter of the band that is 1135 J; with 0.9 of it the first device needs
    0.25 / 0.9 of the band, which leaves 0.7222 for the second: 96 s / 0.7222 = 132.9 s.
    """
    graph, scenario = two_phones(load_ops)
    quiet = [replace(d, idle_power_w=0.0, compute_power_w=1.0) for d in scenario.devices]
    scenario = replace(scenario, devices=(replace(quiet[0], radio_circuit_power_w=8.3), quiet[1]))
    free = cutwise.plan(graph, scenario, scheme="split_federated")
    spent = free.stages[0].device_energy_j + free.stages[0].radio_energy_j
    limited = replace(scenario, limits=Limits(device_energy_j=0.9 * spent))
    plan = cutwise.plan(graph, limited, scheme="split_federated")
    assert spent == pytest.approx(128 * (8.3 + 0.2 / 0.35), rel=1e-3)
    assert plan.status == "optimal"
    assert plan.delay_s == pytest.approx(132.9, rel=1e-3)
    assert plan.stages[0].radio_energy_j < 0.9 * spent


def test_an_energy_limit_that_no_share_keeps_is_broken_openly(load_ops: Load) -> None:
    graph, scenario = two_phones(load_ops, device_energy_j=1e-9)
    plan = cutwise.plan(graph, scenario, scheme="split_federated")
    assert plan.status == "infeasible"
    assert [violation.rule for violation in plan.violations] == ["device energy", "device energy"]


def test_over_a_shannon_channel_near_devices_leave_band_to_far_ones(load_ops: Load) -> None:
    graph, scenario = two_phones(load_ops)
    fleet = tuple(
        replace(d, samples=64, distance_m=m) for d, m in zip(scenario.devices, (20.0, 3000.0), strict=True)
    )
    cell = replace(
        scenario, devices=fleet, channel=Shannon(uplink_bandwidth_hz=1e4, downlink_bandwidth_hz=1e4)
    )
    plan = cutwise.plan(graph, cell, scheme="split_federated")
    even = cutwise.plan(graph, replace(cell, sharing=Sharing()), scheme="split_federated")
    near, far = (decision.bandwidth_share for decision in plan.decisions)
    assert near < far
    assert plan.stages[0].delay_s == pytest.approx(plan.stages[1].delay_s, rel=1e-6)
    assert plan.delay_s < even.delay_s


def test_a_thousand_devices_get_proven_shares() -> None:
    rng = np.random.default_rng(9)
    fleet = tuple(
        Device(
            flops_per_s=float(10 ** rng.uniform(10, 13)),
            distance_m=float(rng.uniform(5, 300)),
            memory_bytes=1e12,
        )
        for _ in range(1000)
    )
    graph = cutwise.load_model("sample:resnet18")
    cell = Scenario(
        devices=fleet,
        channel=Shannon(),
        sharing=OPTIMISED,
        server=Server(memory_bytes=1e15, flops_per_s=1e16),
    )
    plan = cutwise.plan(graph, cell, scheme="split_federated")
    assert plan.status == "optimal"
    ends = np.array([stage.delay_s for stage in plan.stages])
    assert ends.max() == pytest.approx(plan.delay_s)


def test_a_server_too_small_for_all_at_once_gets_cuts_that_fit(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    kept = 0
    for _ in range(12):
        problem = by_delay(random_problem(rng, tmp_path, devices=2, most=6))
        free = at_best_shares(problem)
        tight = replace(problem.scenario.server, memory_bytes=0.9 * max(free.server_memory_bytes, 1.0))
        plan = at_best_shares(with_scenario(problem, server=tight))
        if plan.status != "infeasible":
            kept += 1
            assert plan.server_memory_bytes <= tight.memory_bytes * (1 + 1e-9)
            assert plan.delay_s >= free.delay_s * (1 - 1e-9)
    assert kept


def test_under_another_objective_the_plan_claims_no_optimum() -> None:
    graph = cutwise.load_model("sample:resnet18")
    fleet = (Device(name="a"), Device(name="b", samples=3000))
    cell = Scenario(devices=fleet, sharing=OPTIMISED, objective=Objective(kind="energy"))
    plan = cutwise.plan(graph, cell, scheme="split_federated")
    assert plan.status == "feasible"
    assert plan.report.certificate is None
    assert plan.report.value == pytest.approx(plan.energy_j)


def test_a_given_cut_reports_what_the_free_choice_would_reach() -> None:
    graph = cutwise.load_model("sample:resnet18")
    cell = Scenario(devices=(Device(name="a"), Device(name="b", samples=3000)), sharing=OPTIMISED)
    free = cutwise.plan(graph, cell, scheme="split_federated")
    given = cutwise.plan(graph, cell, scheme="split_federated", cut="maxpool")
    assert given.status == "feasible"
    assert given.report.bound == pytest.approx(free.delay_s, rel=1e-8)
    assert given.delay_s >= free.delay_s * (1 - 1e-9)
