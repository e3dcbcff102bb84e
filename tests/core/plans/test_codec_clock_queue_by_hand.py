"""Terms that only some scenarios have, by hand: coding, the clock, waiting, a cut that returns."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.compression import TopK
from cutwise.costs.cut_sums import cut_sums, looped_sums
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Compression, Objective, Scenario, Sharing
from tests.conftest import Load
from tests.core.fleets import AS_PAPERS


@pytest.fixture
def graph(load_ops: Load) -> ModelGraph:
    """x -> a -> b -> c."""
    return load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 1000},
            {
                "id": "a", "inputs": ["x"], "forward_flops": 100, "backward_flops": 200, "output_bytes": 50,
                "weight_bytes": 30, "trainable_bytes": 20,
            },
            {
                "id": "b", "inputs": ["a"], "forward_flops": 300, "backward_flops": 500, "output_bytes": 10,
                "weight_bytes": 70, "trainable_bytes": 60,
            },
            {
                "id": "c", "inputs": ["b"], "forward_flops": 400, "backward_flops": 600, "output_bytes": 8,
                "weight_bytes": 50, "trainable_bytes": 40,
            },
        ]
    )  # fmt: skip


WORLD = Scenario(
    workload=Workload(batch_size=2, local_iterations=3, label_bytes=5.0),
    devices=(Device(flops_per_s=10.0, compute_power_w=4.0, idle_power_w=1.0),),
    server=Server(flops_per_s=100.0, compute_power_w=20.0, idle_power_w=8.0),
    channel=FixedRate(uplink_bps=80.0, downlink_bps=160.0, uplink_latency_s=0.25, downlink_latency_s=0.5),
)
"""Six samples in three iterations."""


@pytest.mark.parametrize(("directions", "decode_s"), [("uplink", 0.0), ("both", 6.0)])
def test_the_device_codes_what_it_sends_and_decodes_what_it_gets(
    graph: ModelGraph, directions: Literal["uplink", "both"], decode_s: float
) -> None:
    """6 x 50 B at 200 bit/s take 12 s beside 60 s forward, at 400 bit/s 6 s beside 120 s backward.

    Only the smashed data shrink: 8 x (300 r + 6 x 5 of labels) / 80 + 0.75 s up.
    """
    coded = Compression(codec=TopK(encode_bps=200.0, decode_bps=400.0), directions=directions)
    plan = cutwise.plan(graph, replace(WORLD, compression=coded), "split_learning", cut="a")
    (stages,), (decision,) = plan.stages, plan.decisions
    up, down = decision.uplink_compression_ratio, decision.downlink_compression_ratio
    assert (stages.device_forward_s, stages.device_backward_s) == pytest.approx((72.0, 120 + decode_s))
    assert 0 < up < 0.5
    assert down == (up if directions == "both" else 1.0)
    assert stages.uplink_s == pytest.approx(8 * (300 * up + 30) / 80 + 0.75)
    assert stages.downlink_s == pytest.approx(8 * 300 * down / 160 + 1.5)
    assert stages.traffic_bytes == pytest.approx(300 * up + 30 + 300 * down + 2 * 20)


def test_half_the_clock_takes_twice_the_time_and_a_quarter_of_the_energy(graph: ModelGraph) -> None:
    """b and c: 6 x 1800 / 100 = 108 s become 216; 20 W / 8 for 216 s are 540 J in place of 2160."""
    frugal = replace(
        WORLD,
        server=replace(WORLD.server, idle_power_w=0.0),
        objective=Objective(kind="energy", energy_of=("server",)),
        energy=AS_PAPERS,
    )
    plan = cutwise.plan(graph, frugal, "card", cut="a", least_frequency_ratio=0.5)
    assert plan.decisions[0].server_frequency_ratio == 0.5
    assert plan.stages[0].server_compute_s == pytest.approx(216)
    assert plan.energy_by_owner_j["server"] == pytest.approx(540)


def test_who_waits_for_the_server_idles_and_the_server_idles_its_half_for_each(graph: ModelGraph) -> None:
    """One iteration: 20 forward, 11 up, 36 at the server, 5 down, 40 backward, 3 of models: 115 s. The second
    device waits 36 s more: 151 s.

    Devices: 2 x 4 x 60 + 115 + 151 = 746 J. Server: 2 x 20 x 36 + 8 / 2 x (115 + 151) = 2504 J.
    """
    pair = replace(
        WORLD,
        workload=replace(WORLD.workload, local_iterations=1),
        devices=tuple(replace(WORLD.devices[0], name=name) for name in ("one", "two")),
        channel=FixedRate(uplink_bps=80.0, downlink_bps=160.0),
        sharing=Sharing(bandwidth="dedicated", server="queue"),
    )
    plan = cutwise.plan(graph, pair, "split_federated", cut="a")
    assert sorted(stage.waiting_s for stage in plan.stages) == pytest.approx([0.0, 36.0])
    assert sorted(stage.delay_s for stage in plan.stages) == pytest.approx([115.0, 151.0])
    assert plan.delay_s == pytest.approx(151)
    assert plan.energy_by_owner_j["device_compute"] == pytest.approx(746)
    assert plan.energy_by_owner_j["server"] == pytest.approx(2504)


def test_a_cut_that_returns_sends_two_messages_each_way(graph: ModelGraph) -> None:
    """Only b at the server. Up a's 50 B and the 10 B of gradient at c: 8 x 360 / 80 + 6 x 0.25 = 37.5 s.

    Down b's 10 B and the 50 B of a's gradient: 8 x 360 / 160 + 6 x 0.5 = 21 s. The device computes a and c,
    300 s forward and 480 backward, and exchanges 60 B: 8 x 60 x (1 / 80 + 1 / 160) = 9 s.
    """
    at_device = replace(WORLD, workload=replace(WORLD.workload, labels_at="device"))
    problem = build_problem(graph, at_device)
    first, last = np.array([True, True, False, False]), np.array([False, False, False, True])
    stages = stage_times(looped_sums(problem.cost, first, last), problem.conditions())
    assert stages.uplink_s == pytest.approx(37.5)
    assert stages.downlink_s == pytest.approx(21.0)
    assert stages.device_forward_s == pytest.approx(300)
    assert stages.device_backward_s == pytest.approx(480)
    assert stages.server_compute_s == pytest.approx(48)
    assert stages.model_sync_s == pytest.approx(9)


def test_a_cut_that_returns_sends_no_message_of_nothing(graph: ModelGraph) -> None:
    """a and b are frozen, so no gradient moves: 8 x 300 / 80 + 0.75 s up, 8 x 60 / 160 + 1.5 s down."""
    work = replace(WORLD.workload, labels_at="device", frozen=("a", "b"))
    problem = build_problem(graph, replace(WORLD, workload=work))
    first, last = np.array([True, True, False, False]), np.array([False, False, False, True])
    stages = stage_times(looped_sums(problem.cost, first, last), problem.conditions())
    assert stages.uplink_s == pytest.approx(30.75)
    assert stages.downlink_s == pytest.approx(4.5)


def test_messages_smaller_than_a_byte_pay_their_latency(load_ops: Load) -> None:
    """0.6 B each way in all: 8 x 0.6 / 80 + 0.75 = 0.81 s up and 8 x 0.6 / 160 + 1.5 = 1.53 s down; where the
    cut returns twice of each.
    """
    small = {"forward_flops": 1, "output_bytes": 0.1, "gradient_bytes": 0.1, "trainable_bytes": 1}
    graph = load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 1},
            {"id": "a", "inputs": ["x"], **small},
            {"id": "b", "inputs": ["a"], **small},
            {"id": "c", "inputs": ["b"], **small},
        ]
    )
    problem = build_problem(graph, replace(WORLD, workload=replace(WORLD.workload, label_bytes=0.0)))
    first, last = np.array([True, True, False, False]), np.array([False, False, False, True])
    once = stage_times(cut_sums(problem.cost, first), problem.conditions())
    twice = stage_times(looped_sums(problem.cost, first, last), problem.conditions())
    assert (float(once.uplink_s[0]), float(once.downlink_s[0])) == pytest.approx((0.81, 1.53))
    assert (float(twice.uplink_s[0]), float(twice.downlink_s[0])) == pytest.approx((1.62, 3.06))
