"""Plain numbers that `stage_times` could take for nothing, and what a cut without an edge leaves out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.costs.cut_sums import cut_sums, nested_sums
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import EdgeConditions
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Scenario

CUT = np.array([True, True, False])


@pytest.fixture
def problem(chain: ModelGraph) -> SplitProblem:
    """Six samples that send 50 B each from a to b."""
    return build_problem(chain, Scenario(workload=Workload(batch_size=2, local_iterations=3)))


def test_a_ratio_of_two_sends_twice_and_coding_at_a_second_a_byte_takes_it(problem: SplitProblem) -> None:
    """6 x 50 = 300 B more on the way up, 300 s more of the device."""
    sums, plain = cut_sums(problem.cost, CUT), problem.conditions()
    before = stage_times(sums, plain)
    twice = stage_times(sums, replace(plain, link=replace(plain.link, uplink_compression_ratio=2.0)))
    assert twice.traffic_bytes - before.traffic_bytes == pytest.approx(300)
    coded = stage_times(sums, replace(plain, link=replace(plain.link, encode_s_per_byte=1.0)))
    assert coded.device_forward_s - before.device_forward_s == pytest.approx(300)


def test_an_edge_that_a_cut_leaves_out_does_no_work(problem: SplitProblem) -> None:
    sums, plain = cut_sums(problem.cost, CUT), problem.conditions()
    beside = stage_times(sums, replace(plain, edge=EdgeConditions(power_w=5.0)))
    assert beside.server_energy_j == stage_times(sums, plain).server_energy_j
    assert (beside.edge_compute_s, beside.backhaul_s, beside.edge_memory.total_bytes) == (0, 0, 0)


def test_half_an_edge_takes_twice_as_long(problem: SplitProblem) -> None:
    """b at the edge: 6 x 800 FLOP at 10 a second and half of it: 960 s."""
    sums = nested_sums(problem.cost, CUT, np.ones(3, dtype=bool))
    half = replace(problem.conditions(), edge=EdgeConditions(flops_per_s=10.0, share=0.5))
    assert stage_times(sums, half).edge_compute_s == pytest.approx(960)


def test_half_an_edge_idles_for_half_its_power(problem: SplitProblem) -> None:
    sums = nested_sums(problem.cost, CUT, np.ones(3, dtype=bool))
    busy, idle = (
        stage_times(
            sums,
            replace(problem.conditions(), edge=EdgeConditions(flops_per_s=10.0, share=0.5, idle_power_w=w)),
        )
        for w in (0.0, 2.0)
    )
    assert idle.server_energy_j - busy.server_energy_j == pytest.approx(idle.delay_s)
