"""What an edge and its backhaul add to a round, every number worked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import nested_sums
from cutwise.costs.workload import Workload
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import STAGES, StageTimes
from cutwise.problem.edge_links import behind_edges
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Backhaul, Privacy, Scenario, Sharing
from tests.conftest import Load
from tests.core.fleets import closed_sets, random_problem, with_scenario

WORK = Workload(batch_size=2, local_iterations=3, label_bytes=5.0)
"""Six samples in three iterations."""


def ops(**of_b: Any) -> list[dict[str, Any]]:
    """x -> a -> b -> c, b with the figures given."""
    b = {
        "id": "b", "inputs": ["a"], "forward_flops": 300, "backward_flops": 500, "output_bytes": 10,
        "weight_bytes": 70, "trainable_bytes": 60, "saved_bytes": 90,
    }  # fmt: skip
    return [
        {"id": "x", "kind": "input", "output_bytes": 1000},
        {
            "id": "a", "inputs": ["x"], "forward_flops": 100, "backward_flops": 200, "output_bytes": 50,
            "weight_bytes": 30, "trainable_bytes": 20, "saved_bytes": 40,
        },
        b | of_b,
        {
            "id": "c", "inputs": ["b"], "forward_flops": 400, "backward_flops": 600, "output_bytes": 8,
            "weight_bytes": 50, "trainable_bytes": 40, "saved_bytes": 16,
        },
    ]  # fmt: skip


def world(workload: Workload = WORK) -> Scenario:
    """User 10, edge 20, cloud 100 FLOP/s; 80 bit/s up, 160 down, 40 behind the edge; latencies both ways."""
    return Scenario(
        workload=workload,
        devices=(Device(flops_per_s=10.0, compute_power_w=4.0, idle_power_w=1.0),),
        edges=(Edge(flops_per_s=20.0, compute_power_w=7.0, idle_power_w=2.0),),
        server=Server(flops_per_s=100.0, compute_power_w=20.0, idle_power_w=8.0),
        channel=FixedRate(uplink_bps=80.0, downlink_bps=160.0, uplink_latency_s=0.25, downlink_latency_s=0.5),
        backhaul=Backhaul(rate_bps=40.0, latency_s=0.125),
        privacy=Privacy(keep_on_device=("a",)),
    )


def priced(load_ops: Load, user: str, edge: str, workload: Workload = WORK, **of_b: Any) -> StageTimes:
    """The round with `user` ops at the user, `edge` ops at the edge, the others in the cloud."""
    graph = load_ops(ops(**of_b))
    problem = build_problem(graph, world(workload))
    near = np.isin([op.id for op in graph.ops], user.split())
    sums = nested_sums(problem.cost, near, near | np.isin([op.id for op in graph.ops], edge.split()))
    return stage_times(sums, behind_edges(problem, problem.conditions(), [0]))


def test_the_edge_computes_its_ops_in_both_directions(load_ops: Load) -> None:
    """6 x (300 + 500) / 20 = 240 s for b; the cloud's c 6 x (400 + 600) / 100 = 60 s."""
    stages = priced(load_ops, "x a", "b")
    assert stages.edge_compute_s == pytest.approx(240)
    assert stages.server_compute_s == pytest.approx(60)


def test_the_backhaul_carries_outputs_labels_and_gradients_each_message_with_its_latency(
    load_ops: Load,
) -> None:
    """Up 6 x (10 + 5) = 90 B, down 6 x 10 = 60 B: 8 x 150 / 40 = 30 s; 3 + 3 messages x 0.125 = 0.75 s."""
    assert priced(load_ops, "x a", "b").backhaul_s == pytest.approx(30.75)


def test_an_edge_without_ops_relays_what_the_user_sends(load_ops: Load) -> None:
    """6 x (50 + 5) up and 6 x 50 down, 630 B: 8 x 630 / 40 = 126 s, and 0.75 s of latency."""
    stages = priced(load_ops, "x a", "")
    assert stages.backhaul_s == pytest.approx(126.75)
    assert stages.edge_compute_s == 0


def test_labels_stay_at_the_edge_where_nothing_runs_in_the_cloud(load_ops: Load) -> None:
    """b and c at the edge: 6 x 1800 / 20 = 540 s, nothing behind it; labels still come up the air.

    8 x 6 x (50 + 5) / 80 + 3 x 0.25 = 33.75 s.
    """
    stages = priced(load_ops, "x a", "b c")
    assert stages.edge_compute_s == pytest.approx(540)
    assert stages.backhaul_s == 0
    assert stages.server_compute_s == 0
    assert stages.uplink_s == pytest.approx(33.75)


def test_labels_are_not_relayed_where_the_device_keeps_them(load_ops: Load) -> None:
    """6 x 10 up and 6 x 10 down: 8 x 120 / 40 + 0.75 = 24.75 s."""
    at_device = replace(WORK, labels_at="device")
    assert priced(load_ops, "x a", "b", at_device).backhaul_s == pytest.approx(24.75)


def test_without_gradients_only_the_way_up_pays_latency(load_ops: Load) -> None:
    """a and b frozen: 8 x 90 / 40 + 3 x 0.125 = 18.375 s; b only goes forward: 6 x 300 / 20 = 90 s."""
    frozen = replace(WORK, frozen=("a", "b"))
    stages = priced(load_ops, "x a", "b", frozen)
    assert stages.backhaul_s == pytest.approx(18.375)
    assert stages.edge_compute_s == pytest.approx(90)
    assert stages.model_sync_s == 0


def test_without_outputs_and_labels_only_the_way_down_pays_latency(load_ops: Load) -> None:
    """b's output has no bytes, its gradient 10: 8 x 60 / 40 + 3 x 0.125 = 12.375 s."""
    quiet = replace(WORK, label_bytes=0.0)
    stages = priced(load_ops, "x a", "b", quiet, output_bytes=0, gradient_bytes=10)
    assert stages.backhaul_s == pytest.approx(12.375)


def test_relayed_messages_smaller_than_a_byte_pay_their_latency(load_ops: Load) -> None:
    """0.6 B each way in all: 8 x 1.2 / 40 + 0.75 = 0.99 s."""
    quiet = replace(WORK, label_bytes=0.0)
    stages = priced(load_ops, "x a", "b", quiet, output_bytes=0.1, gradient_bytes=0.1)
    assert stages.backhaul_s == pytest.approx(0.99)


def test_models_of_user_and_edge_go_over_the_backhaul_down_and_up(load_ops: Load) -> None:
    """On air a's 20 B: 8 x 20 x (1 / 80 + 1 / 160) = 3 s. Behind it 2 x (20 + 60) B: 8 x 160 / 40 = 32 s.

    All on the device: 8 x 120 x (1 / 80 + 1 / 160) + 8 x 240 / 40 = 18 + 48 s. Nothing on the edge: 3 + 8 s.
    """
    assert priced(load_ops, "x a", "b").model_sync_s == pytest.approx(35)
    assert priced(load_ops, "x a b c", "").model_sync_s == pytest.approx(66)
    assert priced(load_ops, "x a", "").model_sync_s == pytest.approx(11)


def test_with_everything_on_the_device_nothing_else_crosses_the_backhaul(load_ops: Load) -> None:
    stages = priced(load_ops, "x a b c", "")
    assert (stages.backhaul_s, stages.edge_compute_s, stages.uplink_s) == (0, 0, 0)


def test_a_round_over_three_tiers_is_the_sum_of_its_stages(load_ops: Load) -> None:
    """60 forward + 33.75 up + 240 edge + 30.75 backhaul + 60 cloud + 16.5 down + 120 backward + 35 models."""
    assert priced(load_ops, "x a", "b").delay_s == pytest.approx(596)


def test_the_edge_holds_its_ops_for_a_batch(load_ops: Load) -> None:
    """70 of weights, 60 of gradients, 2 x 90 saved, 2 x 10 of the widest tensor; without ops nothing."""
    memory = priced(load_ops, "x a", "b").edge_memory
    held = (memory.weights_bytes, memory.gradients_bytes, memory.activations_bytes, memory.buffers_bytes)
    assert held == (70, 60, 180, 20)
    assert memory.total_bytes == 330
    assert priced(load_ops, "x a", "").edge_memory.total_bytes == 0


def test_the_edges_energy_is_its_work_and_its_idling_all_the_turn(load_ops: Load) -> None:
    """Edge 7 x 240 + 2 x 596 = 2872 J, cloud 20 x 60 + 8 x 596 = 5968 J, counted together.

    The device: 4 x (60 + 120) + 1 x 596 = 1316 J. What the backhaul carries is no traffic of the device:
    6 x 55 + 6 x 50 + 2 x 20 = 670 B.
    """
    stages = priced(load_ops, "x a", "b")
    assert stages.server_energy_j == pytest.approx(2872 + 5968)
    assert stages.device_energy_j == pytest.approx(1316)
    assert stages.traffic_bytes == pytest.approx(670)


def test_every_micro_batch_pays_every_message_of_the_backhaul(load_ops: Load) -> None:
    """Two parts: backhaul 30 + 1.5 s, up 33 + 1.5 s, down 15 + 3 s.

    Edge, backhaul and cloud work on a part as one stage of 240 + 31.5 + 60 = 331.5 s. A part's stages are
    30, 17.25, 165.75 and 9 s, the last part ends them at 222 + 165.75 and goes backward for 60 s: 447.75 s in
    place of 564, and 35 s of models.
    """
    stages = priced(load_ops, "x a", "b", replace(WORK, micro_batches=2))
    assert stages.backhaul_s == pytest.approx(31.5)
    assert stages.overlap_s == pytest.approx(564 - 447.75)
    assert stages.delay_s == pytest.approx(482.75)


def test_measured_seconds_of_the_server_are_the_edges_too_with_every_start_paid(load_ops: Load) -> None:
    """Beside its FLOPs b takes [0.5, 0.25] s: 240 + 3 x (0.5 + 2 x 0.25) = 243 s; in two parts 244.5 s."""
    measured = {"server_forward_s": [0.5, 0.25]}
    assert priced(load_ops, "x a", "b", **measured).edge_compute_s == pytest.approx(243)
    parts = replace(WORK, micro_batches=2)
    assert priced(load_ops, "x a", "b", parts, **measured).edge_compute_s == pytest.approx(244.5)


def test_a_tensor_read_at_the_edge_and_beyond_crosses_each_link_once(load_ops: Load) -> None:
    """b at the edge and c in the cloud both read a's 50 B; c reads b's 10 B.

    On air 8 x 6 x 55 / 80 + 0.75 = 33.75 s; behind 8 x (6 x (50 + 10 + 5) + 6 x 60) / 40 + 0.75 = 150.75 s.
    """
    rows = ops()
    rows[3] = rows[3] | {"inputs": ["a", "b"]}
    graph = load_ops(rows)
    problem = build_problem(graph, world())
    sums = nested_sums(
        problem.cost, np.array([True, True, False, False]), np.array([True, True, True, False])
    )
    stages = stage_times(sums, behind_edges(problem, problem.conditions(), [0]))
    assert stages.uplink_s == pytest.approx(33.75)
    assert stages.backhaul_s == pytest.approx(150.75)


@pytest.mark.parametrize(
    ("rate_bps", "edge", "delay_s"),
    [
        # a | b | c as above: 596; a | b c |: 60 + 33.75 + 540 + 16.5 + 120 + 3 + 48 = 821.25; a | | b c:
        # 60 + 33.75 + 126.75 + 6 x 1800 / 100 + 16.5 + 120 + 11 = 476
        (40.0, "", 476.0),
        # the backhaul ten times slower: 596 + 9 x 62 = 1154; 821.25 + 9 x 48 = 1253.25; 476 + 9 x 134 = 1682
        (4.0, "b", 1154.0),
        # forty times slower: 596 + 39 x 62 = 3014; 821.25 + 39 x 48 = 2693.25; 476 + 39 x 134 = 5702
        (1.0, "b c", 2693.25),
    ],
)
def test_the_second_cut_is_the_best_of_those_worked_by_hand(
    load_ops: Load, rate_bps: float, edge: str, delay_s: float
) -> None:
    """With b at the user it alone takes 480 s more: a b | | c 809 s, a b | c | 1034.25 s, all there 1326 s.

    At the slower rates: 1367, 1466.25 and 1758 s; 3227, 2906.25 and 3198 s.
    """
    scenario = replace(
        world(),
        backhaul=Backhaul(rate_bps=rate_bps, latency_s=0.125),
    )
    plan = cutwise.plan(load_ops(ops()), scenario, "split_llm")
    behind = plan.decisions[0].edge_cut
    assert behind is not None
    assert set(behind.device_ops) == {"x", "a", *edge.split()}
    assert plan.delay_s == pytest.approx(delay_s)


def test_stages_behind_an_edge_equal_the_definition_in_plain_python(tmp_path: Path) -> None:
    rng = np.random.default_rng(41)
    for case in range(12):
        problem = random_problem(rng, tmp_path, devices=1, most=5, measured=case % 3 == 0)
        edge = Edge(flops_per_s=2e10, compute_power_w=30.0, idle_power_w=float(rng.choice([0.0, 9.0])))
        backhaul = Backhaul(rate_bps=float(10 ** rng.uniform(5, 9)), latency_s=0.05)
        problem = with_scenario(problem, edges=(edge,), backhaul=backhaul, sharing=Sharing())
        sets = closed_sets(problem)
        given = behind_edges(problem, problem.conditions(), [0])
        for near in sets:
            for far in (wide for wide in sets if not (near & ~wide).any()):
                stages = stage_times(nested_sums(problem.cost, near, far), given)
                for name, value in by_definition(problem, near.tolist(), far.tolist()).items():
                    found = stages.edge_memory.total_bytes if name == "memory" else getattr(stages, name)
                    assert float(np.squeeze(found)) == pytest.approx(value, rel=1e-12, abs=1e-12), name
                parts = sum(float(np.squeeze(stage.taken_s(stages))) for stage in STAGES)
                assert float(np.squeeze(stages.delay_s)) == pytest.approx(parts, rel=1e-12)


def by_definition(problem: SplitProblem, near: list[bool], far: list[bool]) -> dict[str, float]:
    """Seconds and bytes of the edge, with loops over ops and edges."""
    cost, scenario, work = problem.cost, problem.scenario, problem.workload
    edge, backhaul = scenario.edges[0], scenario.backhaul
    rounds = float(problem.iterations[0])
    samples = rounds * work.batch_size
    mine = [op for op in range(len(near)) if far[op] and not near[op]]
    labels = 0.0 if all(far) or work.labels_at == "device" else problem.label_bytes
    relayed = {u for u, v in cost.graph.edges if far[u] and not far[v]}
    up = samples * (sum(cost.output_bytes[u] for u in relayed) + labels)
    down = samples * sum(cost.gradient_bytes[u] for u in relayed)
    flops = sum(
        cost.forward_flops[o] + cost.backward_input_flops[o] + cost.backward_weight_flops[o] for o in mine
    )
    measured = sum(cost.measured_s[o, way] for o in mine for way in (2, 3)) if mine else np.zeros(2)
    models = sum(cost.exchanged_bytes[o] for o in range(len(near)) if far[o])
    on_air = sum(cost.exchanged_bytes[o] for o in range(len(near)) if near[o])
    rates = [float(np.ravel(rate)[0]) for rate in problem.rates_bps(1.0)]
    kept = (cost.weight_bytes, cost.weight_gradient_bytes, cost.optimizer_bytes, cost.buffer_bytes)
    widest = max((cost.transient_bytes[o] for o in mine), default=0.0)
    saved = sum(cost.saved_bytes[o] for o in mine)
    return {
        "edge_compute_s": rounds * measured[0] + samples * (measured[1] + flops / edge.flops_per_s),
        "backhaul_s": 8 * (up + down) / backhaul.rate_bps
        + rounds * (int(up > 0) + int(down > 0)) * backhaul.latency_s,
        "model_sync_s": 8 * on_air * (1 / rates[0] + 1 / rates[1]) + 2 * 8 * models / backhaul.rate_bps,
        "memory": sum(column[o] for column in kept for o in mine) + work.batch_size * (saved + widest),
    }
