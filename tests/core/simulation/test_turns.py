from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.errors import SolverError
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario
from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import parallel_tasks, sequential_tasks
from cutwise.simulation.turns import Turns, turns_of
from tests.core.simulation.simulated_worlds import BOARD, PHONE, turns

SCENARIO = Scenario(
    workload=Workload(batch_size=10, labels_at="device"),
    devices=(
        Device(name="phone", flops_per_s=100, samples=20),
        Device(name="board", flops_per_s=50, samples=30),
    ),
    server=Server(flops_per_s=1000),
    channel=FixedRate(uplink_bps=800, downlink_bps=1600, uplink_latency_s=0.5, downlink_latency_s=0.25),
)


def played(graph: ModelGraph, scheme: str) -> tuple[Plan, Turns]:
    plan = cutwise.plan(graph, SCENARIO, scheme=scheme, cut="a")
    channel: Any = SCENARIO.channel
    return plan, turns_of(
        plan,
        iterations=build_problem(graph, SCENARIO).iterations,
        uplink_latency_s=channel.uplink_latency_s,
        downlink_latency_s=channel.downlink_latency_s,
    )


def test_an_iteration_takes_an_equal_part_of_what_the_plan_states(chain: ModelGraph):
    found = played(chain, "split_learning")[1]
    assert found.devices == ("phone", "board")
    assert found.iterations.tolist() == [2, 3]
    # Batches of 10: forward 10 · 100 FLOP at 100 and 50 FLOP/s, backward 10 · 200, server 10 · 800 / 1000.
    assert found.device_forward_s.tolist() == pytest.approx([10, 20])
    assert found.device_backward_s.tolist() == pytest.approx([20, 40])
    assert found.server_s.tolist() == pytest.approx([8, 8])
    # 10 · 50 B = 4000 bit at 800 and 1600 bit/s, and the latency of one message.
    assert found.uplink_s.tolist() == pytest.approx([5.5, 5.5])
    assert found.downlink_s.tolist() == pytest.approx([2.75, 2.75])
    assert found.uplink_latency_s.tolist() == [0.5, 0.5]


def test_the_models_exchange_is_divided_by_the_rates(chain: ModelGraph):
    found = played(chain, "split_learning")[1]
    # 20 B = 160 bit: 0.1 s down at 1600 bit/s, 0.2 s up at 800 bit/s.
    assert found.model_down_s.tolist() == pytest.approx([0.1, 0.1])
    assert found.model_up_s.tolist() == pytest.approx([0.2, 0.2])


def test_alone_the_server_is_as_much_faster_as_its_share_is_small(chain: ModelGraph):
    found = played(chain, "split_federated")[1]
    assert found.server_s.tolist() == pytest.approx([16, 16])
    assert found.server_alone_s.tolist() == pytest.approx([8, 8])


@pytest.mark.parametrize(
    ("scheme", "round_tasks"), [("split_learning", sequential_tasks), ("split_federated", parallel_tasks)]
)
def test_a_plan_that_is_played_takes_the_delay_it_states(chain: ModelGraph, scheme: str, round_tasks: Any):
    plan, found = played(chain, scheme)
    assert simulate(round_tasks(found)).makespan_s == pytest.approx(plan.delay_s, rel=1e-12, abs=0)


def test_a_cut_that_sends_nothing_pays_no_latency(chain: ModelGraph):
    plan = cutwise.plan(chain, SCENARIO, scheme="split_learning", cut="b")
    found = turns_of(plan, iterations=[2, 3], uplink_latency_s=0.5, downlink_latency_s=0.25)
    assert found.uplink_s.tolist() == found.uplink_latency_s.tolist() == [0, 0]
    assert found.server_s.tolist() == [0, 0]


def test_in_inference_no_model_is_exchanged(chain: ModelGraph):
    scenario = replace(SCENARIO, workload=Workload(mode="inference", batch_size=10))
    found = turns_of(cutwise.plan(chain, scenario, scheme="split_learning", cut="a"), iterations=[2, 3])
    assert found.model_down_s.tolist() == found.model_up_s.tolist() == [0, 0]


def test_the_delay_of_a_turn_adds_its_stages_up():
    assert turns(PHONE, BOARD).delay_s.tolist() == [27, 21]


def test_turns_are_equal_when_every_column_is():
    assert turns(PHONE, BOARD) == turns(PHONE, BOARD)
    assert hash(turns(PHONE)) == hash(turns(PHONE))
    assert turns(PHONE, BOARD) != turns(BOARD, PHONE)


def test_a_device_without_iterations_is_refused(chain: ModelGraph):
    with pytest.raises(SolverError, match="device-1 has 0 iterations"):
        turns(PHONE, {**BOARD, "iterations": 0})
    with pytest.raises(SolverError, match="phone has 0 iterations"):
        turns_of(cutwise.plan(chain, SCENARIO, scheme="split_learning"), iterations=[0, 1])


def test_columns_that_do_not_fit_the_devices_are_refused(chain: ModelGraph):
    with pytest.raises(SolverError, match="3 numbers of iterations for 2 devices"):
        turns_of(cutwise.plan(chain, SCENARIO, scheme="split_learning"), iterations=[1, 1, 1])
    with pytest.raises(SolverError, match=r"uplink_s has shape \(1,\)"):
        replace(turns(PHONE, BOARD), uplink_s=[1.0])  # type: ignore[arg-type]
