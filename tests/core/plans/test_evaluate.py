"""Every term of a round, worked out by hand, and a second evaluator in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cutwise.costs.cut_sums import cut_sums, nested_sums
from cutwise.costs.workload import Workload
from cutwise.energy import CLOCK_LAWS, PaperLaw, StaticLaw
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import STAGES, StageTimes
from cutwise.problem.conditions import ComputeConditions, Conditions, EdgeConditions, LinkConditions, Pace
from cutwise.problem.power_conditions import PowerConditions
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Scenario
from tests.core.fleets import closed_sets, random_problem

HALF = Conditions(
    link=LinkConditions(
        uplink_bps=80.0, downlink_bps=160.0, uplink_latency_s=0.25, downlink_latency_s=0.5,
        duty_ratio=1.0, network_share=0.5, label_bytes=5.0,
    ),
    compute=ComputeConditions(
        iterations=3.0, batch_size=2.0, device_flops_per_s=10.0, server_flops_per_s=100.0, server_share=0.5,
    ),
    power=PowerConditions(
        device_power_w=4.0, device_idle_power_w=1.0, sending_power_w=2.0, receiving_power_w=3.0,
        server_power_w=20.0, server_idle_power_w=8.0, network_power_w=6.0,
    ),
)  # fmt: skip
"""Three iterations of two samples, half of the server and of the access point."""


def half(**changed: Any) -> Conditions:
    """HALF with some fields of its values changed."""
    return replace(
        HALF,
        **{
            part.name: replace(value, **{name: changed[name] for name in changed if hasattr(value, name)})
            for part in fields(HALF)
            if (value := getattr(HALF, part.name)) is not None
        },
    )


def flat(conditions: Conditions) -> SimpleNamespace:
    """All fields of the values of `conditions` under their own names."""
    parts = (conditions.link, conditions.compute, conditions.power)
    found = {one.name: getattr(part, one.name) for part in parts for one in fields(part)}
    paces = {f"{name}_{one.name}": getattr(pace, one.name) for name, pace in found.items()
             if isinstance(pace, Pace) for one in fields(pace)}  # fmt: skip
    plain = {name: value for name, value in found.items() if not isinstance(value, Pace)}
    return SimpleNamespace(**plain, **paces)


def priced(graph: ModelGraph, device_ops: str, given: Conditions = HALF, **workload: Any) -> StageTimes:
    """One cut of `graph`; `device_ops` are ids parted by spaces."""
    cost = build_problem(graph, Scenario(workload=Workload(**workload))).cost
    mask = np.isin([op.id for op in graph.ops], device_ops.split())
    return stage_times(cut_sums(cost, mask).reshaped(lambda column: column[0]), given)


def test_device_seconds_are_flops_of_all_samples_over_the_speed(chain: ModelGraph) -> None:
    """3 iterations x 2 samples x 100 FLOP / 10 FLOP/s = 60 s forward, twice that backward."""
    stages = priced(chain, "x a")
    assert stages.device_forward_s == 60
    assert stages.device_backward_s == 120


def test_server_seconds_count_both_directions_and_its_share(chain: ModelGraph) -> None:
    """3 x 2 x (300 + 500) / 100 = 48 s on the whole server, 96 s on half of it."""
    assert priced(chain, "x a").server_compute_s == 96


def test_uplink_carries_smashed_data_labels_and_a_latency_an_iteration(chain: ModelGraph) -> None:
    """8 x 3 x 2 x (50 + 5) / 80 = 33 s, and 3 x 0.25 s of latency: T_lab is the 3 s in it."""
    assert priced(chain, "x a").uplink_s == pytest.approx(33.75)
    assert priced(chain, "x a", half(label_bytes=0.0)).uplink_s == pytest.approx(30.75)


def test_downlink_carries_the_gradient_and_a_latency_an_iteration(chain: ModelGraph) -> None:
    """8 x 3 x 2 x 50 / 160 = 15 s, and 3 x 0.5 s."""
    assert priced(chain, "x a").downlink_s == pytest.approx(16.5)


def test_the_device_side_model_is_exchanged_once_a_round(chain: ModelGraph) -> None:
    """8 x 20 x (1/80 + 1/160) = 3 s, whatever the iterations."""
    assert priced(chain, "x a").model_sync_s == pytest.approx(3.0)
    assert priced(chain, "x a", half(iterations=9.0)).model_sync_s == pytest.approx(3.0)


def test_device_only_still_exchanges_its_model_and_sends_nothing_else(chain: ModelGraph) -> None:
    """8 x (20 + 60) x (1/80 + 1/160) = 12 s; no labels, no messages, no server."""
    stages = priced(chain, "x a b")
    assert stages.model_sync_s == pytest.approx(12.0)
    assert (stages.uplink_s, stages.downlink_s, stages.server_compute_s) == (0.0, 0.0, 0.0)


def test_labels_at_the_device_are_never_sent(chain: ModelGraph) -> None:
    """The scenario's label bytes become 0 in the conditions: 8 x 32 x 50 / 2e7 s of smashed data only."""
    workload = Workload(batch_size=32, local_iterations=1, labels_at="device", label_bytes=1e6)
    problem = build_problem(chain, Scenario(workload=workload))
    mask = np.array([True, True, False])
    stages = stage_times(cut_sums(problem.cost, mask), problem.conditions())
    assert stages.uplink_s == pytest.approx(8 * 32 * 50 / 2e7)


def test_labels_of_the_default_size_are_an_integer_for_each_target(chain: ModelGraph) -> None:
    """One target of 8 bytes: 8 x 32 x (50 + 8) / 2e7 bit/s."""
    problem = build_problem(chain, Scenario(workload=Workload(batch_size=32, local_iterations=1)))
    stages = stage_times(cut_sums(problem.cost, np.array([True, True, False])), problem.conditions())
    assert stages.uplink_s == pytest.approx(8 * 32 * 58 / 2e7)


def test_a_tensor_with_two_readers_crosses_once(diamond: ModelGraph) -> None:
    """Only a's 64 bytes: 8 x 6 x (64 + 5) / 80 + 0.75 = 42.15 s up, 8 x 6 x 64 / 160 + 1.5 = 20.7 s down."""
    stages = priced(diamond, "x a")
    assert stages.uplink_s == pytest.approx(42.15)
    assert stages.downlink_s == pytest.approx(20.7)


def test_a_tensor_with_one_reader_on_each_side_crosses(diamond: ModelGraph) -> None:
    """a (c reads it at the server) and b: 64 + 40 + 5 of labels; 8 x 6 x 109 / 80 + 0.75 = 66.15 s."""
    assert priced(diamond, "x a b").uplink_s == pytest.approx(66.15)


def test_both_branches_cross_when_the_merge_is_at_the_server(diamond: ModelGraph) -> None:
    """b and c: 8 x 6 x (40 + 30 + 5) / 80 + 0.75 = 45.75 s."""
    assert priced(diamond, "x a b c").uplink_s == pytest.approx(45.75)


def test_no_gradient_comes_back_where_nothing_on_the_device_is_trained(chain: ModelGraph) -> None:
    """The input's ancestors train nothing: no bytes down and no message, so no latency either."""
    stages = priced(chain, "x")
    assert stages.downlink_s == 0.0
    assert stages.uplink_s == pytest.approx(8 * 6 * (1000 + 5) / 80 + 0.75)


def test_a_frozen_front_gets_no_gradient(chain: ModelGraph) -> None:
    """a is frozen, so nothing on the device trains: no backward work there, no gradient, no exchange."""
    stages = priced(chain, "x a", frozen=("a",))
    assert (stages.downlink_s, stages.device_backward_s, stages.model_sync_s) == (0.0, 0.0, 0.0)


def test_inference_is_the_forward_pass_only(chain: ModelGraph) -> None:
    """Up 8 x 6 x 50 / 80 + 0.75 = 30.75 s (no labels are compared), server 3 x 2 x 300 / 100 / 0.5 = 36 s."""
    stages = priced(chain, "x a", half(label_bytes=0.0), mode="inference")
    assert stages.uplink_s == pytest.approx(30.75)
    assert stages.server_compute_s == 36
    assert (stages.device_backward_s, stages.downlink_s, stages.model_sync_s) == (0.0, 0.0, 0.0)


def test_inference_asks_for_no_labels(chain: ModelGraph) -> None:
    problem = build_problem(chain, Scenario(workload=Workload(mode="inference", label_bytes=1e6)))
    assert problem.conditions().link.label_bytes == 0.0


def test_measured_seconds_are_used_as_they_are(load_ops: Callable[..., ModelGraph]) -> None:
    """Device [0.5, 0.25]: 3 x (0.5 + 2 x 0.25) = 3 s at any speed; server twice that on half of it."""
    graph = load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 10},
            {
                "id": "a", "inputs": ["x"], "device_forward_s": [0.5, 0.25], "device_backward_s": 1,
                "server_forward_s": 9, "output_bytes": 10,
            },
            {"id": "b", "inputs": ["a"], "device_forward_s": 7, "server_forward_s": 0.125,
             "server_backward_s": [2, 0.5], "output_bytes": 1},
        ]
    )  # fmt: skip
    for speed in (1.0, 1e12):
        stages = priced(graph, "x a", half(device_flops_per_s=speed, server_flops_per_s=speed))
        assert stages.device_forward_s == 3.0
        assert stages.device_backward_s == 3 * 2 * 1
        assert stages.server_compute_s == pytest.approx(3 * (2 * 0.125 + 2 + 2 * 0.5) / 0.5)


def test_endless_rates_take_no_time_but_latency(chain: ModelGraph) -> None:
    stages = priced(chain, "x a", half(uplink_bps=math.inf, downlink_bps=math.inf))
    assert (stages.uplink_s, stages.downlink_s, stages.model_sync_s) == (0.75, 1.5, 0.0)


def test_a_message_without_bytes_is_not_sent(load_ops: Callable[..., ModelGraph]) -> None:
    """a's output and gradient have 0 bytes: with labels one message up, without none at all."""
    graph = load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 10},
            {"id": "a", "inputs": ["x"], "trainable_bytes": 4, "output_bytes": 0},
            {"id": "b", "inputs": ["a"], "output_bytes": 1},
        ]
    )
    assert priced(graph, "x a").uplink_s == pytest.approx(8 * 6 * 5 / 80 + 0.75)
    silent = priced(graph, "x a", half(label_bytes=0.0))
    assert (silent.uplink_s, silent.downlink_s) == (0.0, 0.0)


def test_device_energy_is_work_above_idle_and_idling_all_its_turn(chain: ModelGraph) -> None:
    """4 W x (60 + 120) s + 1 W x (60 + 33.75 + 96 + 16.5 + 120 + 3) s = 720 + 329.25 J."""
    assert priced(chain, "x a").device_energy_j == pytest.approx(1049.25)


def test_radio_energy_counts_time_on_air_and_no_latency(chain: ModelGraph) -> None:
    """On air up 33 + 2 s at 2 W, down 15 + 1 s at 3 W: 70 + 48 = 118 J."""
    assert priced(chain, "x a").radio_energy_j == pytest.approx(118.0)


def test_a_connected_radio_draws_all_the_turn_and_pays_for_every_bit(chain: ModelGraph) -> None:
    """On air 118 J; connected 2 W x 329.25 s; up 8 x (330 + 20) B at 0.01 J, down 8 x (300 + 20) at 0.001."""
    given = half(radio_connected_w=2.0, uplink_j_per_bit=0.01, downlink_j_per_bit=0.001)
    assert priced(chain, "x a", given).radio_energy_j == pytest.approx(118 + 658.5 + 28 + 2.56)


def test_a_connected_radio_draws_while_its_device_waits(chain: ModelGraph) -> None:
    """Ten seconds more in the queue of the server are 2 W x 10 s more, and no time on air."""
    waits, works = (priced(chain, "x a", half(radio_connected_w=2.0, waiting_s=s)) for s in (10.0, 0.0))
    assert waits.radio_energy_j - works.radio_energy_j == pytest.approx(20.0)


def test_a_device_that_does_all_the_work_is_connected_while_models_move(chain: ModelGraph) -> None:
    """12 s of the model both ways at 2 W; on air 8 s at 2 W and 4 s at 3 W."""
    given = half(radio_connected_w=2.0)
    assert priced(chain, "x a b", given).radio_energy_j == pytest.approx(24 + 16 + 12)


def test_bits_cost_the_same_at_any_rate_and_share_of_the_time(chain: ModelGraph) -> None:
    free = {"sending_power_w": 0.0, "receiving_power_w": 0.0, "uplink_j_per_bit": 0.01}
    for changed in ({"uplink_bps": 800.0}, {"duty_ratio": 1 / 3}):
        assert priced(chain, "x a", half(**free, **changed)).radio_energy_j == pytest.approx(28.0)


def test_a_clock_stretches_the_servers_work_and_changes_what_it_draws_above_idle(chain: ModelGraph) -> None:
    """Static law at half the clock, 20 W above 8 W: 0.35 x 28 - 8 = 1.8 W stay, 18.2 / 8 W with the cube.

    48 s of the whole server become 96, on half of it 192; the turn 425.25 s, of which it idles half.
    """
    stages = priced(chain, "x a", HALF.at_clock(0.5, StaticLaw()))
    assert stages.server_compute_s == pytest.approx(192.0)
    assert stages.server_energy_j == pytest.approx((1.8 + 2.275) * 96 + 8 * 0.5 * 425.25)


def test_the_paper_law_at_half_the_clock_takes_an_eighth_of_the_power_for_twice_the_time(
    chain: ModelGraph,
) -> None:
    """20 / 8 W x 96 s, and idle for half of 425.25 s."""
    stages = priced(chain, "x a", HALF.at_clock(0.5, PaperLaw()))
    assert stages.server_energy_j == pytest.approx(240 + 8 * 0.5 * 425.25)


def test_the_highest_clock_is_the_same_under_every_law(chain: ModelGraph) -> None:
    plain = priced(chain, "x a")
    for law in CLOCK_LAWS.values():
        slow = HALF.at_clock(0.6, law())
        for highest in (HALF.at_clock(1.0, law()), slow.at_highest_clock()):
            stages = priced(chain, "x a", highest)
            assert float(stages.server_energy_j) == pytest.approx(plain.server_energy_j, rel=1e-12)
            assert float(stages.delay_s) == pytest.approx(plain.delay_s, rel=1e-12)


def test_under_time_division_the_radio_is_on_for_its_part_of_the_transfer(chain: ModelGraph) -> None:
    """A third of the time on air: 118 / 3 J, and the access point 6 W x (35 + 16) / 3 s = 102 J."""
    given = half(duty_ratio=1 / 3, network_share=1.0)
    assert priced(chain, "x a", given).radio_energy_j == pytest.approx(118 / 3)
    assert priced(chain, "x a", given).network_energy_j == pytest.approx(102.0)


def test_server_energy_is_its_own_work_and_its_share_of_idling(chain: ModelGraph) -> None:
    """20 W x 48 s of the whole server + 8 W x half x 329.25 s = 960 + 1317 J."""
    assert priced(chain, "x a").server_energy_j == pytest.approx(2277.0)


def test_network_energy_is_the_share_of_the_access_point_while_on_air(chain: ModelGraph) -> None:
    """6 W x half x (35 + 16) s = 153 J."""
    assert priced(chain, "x a").network_energy_j == pytest.approx(153.0)


def test_traffic_is_all_bytes_both_ways(chain: ModelGraph) -> None:
    """6 x (50 + 5) up + 6 x 50 down + 2 x 20 of model = 670 B."""
    assert priced(chain, "x a").traffic_bytes == pytest.approx(670.0)


def test_memory_of_both_sides_by_kind(chain: ModelGraph) -> None:
    """Device: 30 of weights, 20 of gradients, SGD keeps no state, 2 x 40 saved, 2 x the input's 1000.

    Server: 70, 60, 2 x 90, and the wider of b's output and gradient: 2 x 8.
    """
    stages = priced(chain, "x a")
    device, server = stages.device_memory, stages.server_memory
    assert (device.weights_bytes, device.gradients_bytes, device.optimizer_bytes) == (30, 20, 0)
    assert (device.activations_bytes, device.buffers_bytes, device.total_bytes) == (80, 2000, 2130)
    assert (server.weights_bytes, server.gradients_bytes, server.optimizer_bytes) == (70, 60, 0)
    assert (server.activations_bytes, server.buffers_bytes, server.total_bytes) == (180, 16, 326)


def test_an_optimiser_with_state_is_held_for_trained_weights(chain: ModelGraph) -> None:
    """Adam keeps two fp32 numbers for each trained fp32 one: 2 x 20 and 2 x 60."""
    stages = priced(chain, "x a", optimizer="adam")
    assert stages.device_memory.optimizer_bytes == 40
    assert stages.server_memory.optimizer_bytes == 120


def test_the_breakdown_adds_up_to_the_totals(chain: ModelGraph) -> None:
    stages = priced(chain, "x a")
    assert stages.delay_s == pytest.approx(sum(stage.taken_s(stages) for stage in STAGES))
    assert stages.delay_s == pytest.approx(60 + 33.75 + 96 + 16.5 + 120 + 3)
    assert stages.energy_j == pytest.approx(1049.25 + 118 + 2277 + 153)


def test_one_call_for_many_devices_and_cuts_equals_calls_one_by_one(tmp_path: Any) -> None:
    rng = np.random.default_rng(5)
    for case in range(12):
        problem = random_problem(rng, tmp_path, devices=3, measured=case % 3 == 0)
        masks = closed_sets(problem)
        conditions = problem.conditions(active=3)
        together = stage_times(cut_sums(problem.cost, masks), conditions.of((slice(None), None)))
        for device in range(3):
            for row, mask in enumerate(masks):
                one = stage_times(cut_sums(problem.cost, mask), conditions.of(device))
                for name in (
                    *(stage.name for stage in STAGES),
                    "device_energy_j",
                    "radio_energy_j",
                    "server_energy_j",
                    "traffic_bytes",
                ):
                    found = np.broadcast_to(getattr(together, name), (3, len(masks)))[device, row]
                    assert found == pytest.approx(float(np.squeeze(getattr(one, name))), rel=1e-12), name


def test_the_evaluator_equals_the_definition_in_plain_python(tmp_path: Any) -> None:
    rng = np.random.default_rng(6)
    for case in range(25):
        problem = random_problem(rng, tmp_path, devices=2, measured=case % 3 == 0)
        conditions = problem.conditions(active=2)
        for device in range(2):
            given = conditions.of(device)
            for mask in closed_sets(problem):
                stages = stage_times(cut_sums(problem.cost, mask), given)
                expected = by_definition(problem, mask.tolist(), given)
                for name, value in expected.items():
                    found = stages
                    for part in name.split("."):
                        found = getattr(found, part)
                    assert float(np.squeeze(found)) == pytest.approx(value, rel=1e-12, abs=1e-12), name


def by_definition(problem: SplitProblem, on_device: list[bool], conditions: Conditions) -> dict[str, float]:
    """The design's formulas with loops over ops and edges."""
    cost, ops = problem.cost, range(len(problem.cost.graph))
    c = flat(conditions)
    batch, rounds = c.batch_size, c.iterations
    crossing = {u for u, v in cost.graph.edges if on_device[u] and not on_device[v]}
    server = any(not on for on in on_device)

    def seconds(op: int, column: int, flops: float, speed: float) -> float:
        fixed, each = cost.measured_s[op, column]
        return rounds * (fixed + batch * (each + flops / speed))

    forward = back = alone = 0.0
    for op in ops:
        backward_flops = cost.backward_input_flops[op] + cost.backward_weight_flops[op]
        if on_device[op]:
            forward += seconds(op, 0, cost.forward_flops[op], c.device_flops_per_s)
            back += seconds(op, 1, backward_flops, c.device_flops_per_s)
        else:
            alone += seconds(op, 2, cost.forward_flops[op], c.server_flops_per_s)
            alone += seconds(op, 3, backward_flops, c.server_flops_per_s)
    up = rounds * batch * (sum(cost.output_bytes[u] for u in crossing) + (c.label_bytes if server else 0.0))
    down = rounds * batch * sum(cost.gradient_bytes[u] for u in crossing)
    model = sum(cost.exchanged_bytes[op] for op in ops if on_device[op])
    uplink = 8 * up / c.uplink_bps + (rounds * c.uplink_latency_s if up else 0.0)
    downlink = 8 * down / c.downlink_bps + (rounds * c.downlink_latency_s if down else 0.0)
    sync = 8 * model * (1 / c.uplink_bps + 1 / c.downlink_bps)
    delay = forward + back + uplink + downlink + alone / c.server_share + sync
    sending = c.duty_ratio * 8 * (up + model) / c.uplink_bps
    receiving = c.duty_ratio * 8 * (down + model) / c.downlink_bps

    def memory(side: bool) -> float:
        mine = [op for op in ops if on_device[op] is side]
        columns = (cost.weight_bytes, cost.buffer_bytes, cost.weight_gradient_bytes, cost.optimizer_bytes)
        kept = sum(column[op] for op in mine for column in columns)
        widest = max((cost.transient_bytes[op] for op in mine), default=0.0)
        return kept + batch * (sum(cost.saved_bytes[op] for op in mine) + widest)

    return {
        "device_forward_s": forward, "device_backward_s": back, "server_compute_s": alone / c.server_share,
        "uplink_s": uplink, "downlink_s": downlink, "model_sync_s": sync, "delay_s": delay,
        "device_energy_j": c.device_power_w * (forward + back) + c.device_idle_power_w * delay,
        "radio_energy_j": c.sending_power_w * sending + c.receiving_power_w * receiving
        + c.radio_connected_w * (delay if server else sync)
        + 8 * c.uplink_j_per_bit * (up + model)
        + 8 * c.downlink_j_per_bit * (down + model),
        "server_energy_j": c.server_power_w * alone + c.server_idle_power_w * c.server_share * delay,
        "network_energy_j": c.network_power_w * c.network_share * (sending + receiving),
        "traffic_bytes": up + down + 2 * model,
        "device_memory.total_bytes": memory(True), "server_memory.total_bytes": memory(False),
    }  # fmt: skip


def test_conditions_pick_devices_and_leave_numbers_alone() -> None:
    given = half(uplink_bps=np.array([1.0, 2.0, 3.0]))
    assert given.of(1).link.uplink_bps == 2.0
    assert given.of((slice(None), None)).link.uplink_bps.shape == (3, 1)
    assert vars(flat(given.of(1))) | {"uplink_bps": 80.0} == vars(flat(HALF))


def test_an_edge_idles_for_its_share_of_the_turn_and_computes_slower_by_it(chain: ModelGraph) -> None:
    """Op a is on the edge: 3 x 2 x (100 + 200) FLOP / 10 FLOP/s = 180 s alone, 720 s with a quarter of it.

    It draws 2 W above idle for 180 s, and a quarter of 8 W for the whole turn.
    """
    cost = build_problem(chain, Scenario()).cost
    sums = nested_sums(cost, np.array([[True, False, False]]), np.array([[True, True, False]]))
    edge = EdgeConditions(flops_per_s=10.0, share=0.25, power_w=2.0, idle_power_w=8.0, backhaul_bps=80.0)
    cold = replace(edge, power_w=0.0, idle_power_w=0.0)
    warm, still = (stage_times(sums, replace(HALF, edge=one)) for one in (edge, cold))

    alone_s = (
        3
        * 2
        * float(cost.forward_flops[1] + (cost.backward_input_flops + cost.backward_weight_flops)[1])
        / 10
    )
    assert np.ravel(warm.edge_compute_s).tolist() == pytest.approx([alone_s / 0.25])
    spent_j = np.ravel(warm.server_energy_j - still.server_energy_j)
    assert spent_j == pytest.approx(2 * 180 + 8 * 0.25 * np.ravel(warm.delay_s))
