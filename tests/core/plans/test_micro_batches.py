"""Micro-batches that overlap: by hand, in the simulator, and the best cut against every cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.workload import Workload
from cutwise.pipeline import played_round
from cutwise.planning.one_device.cut_table import listed_table
from cutwise.planning.one_device.objective import score_of
from cutwise.planning.whole_round.round_value import round_value, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import IN_TURN
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Objective, Privacy, Scenario, Sharing
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.options import scheme_with
from tests.core.fleets import closed_sets, load, random_problem, with_scenario

OPS = [
    {"id": "x", "kind": "input", "output_bytes": 100},
    {"id": "a", "inputs": ["x"], "forward_flops": 100, "backward_flops": 200, "output_bytes": 10,
     "gradient_bytes": 10, "weight_bytes": 4, "trainable_bytes": 4, "exchanged_bytes": 0},
    {"id": "b", "inputs": ["a"], "forward_flops": 400, "backward_flops": 400, "output_bytes": 4},
]  # fmt: skip


def problem_of(folder: Path, *, parts: int, latency_s: float = 0.0, devices: int = 1) -> SplitProblem:
    """Four samples an iteration: f 4 s, u 8 s, s 16 s, d 4 s, b 8 s, and a latency each way."""
    scenario = Scenario(
        workload=Workload(batch_size=4, local_iterations=3, label_bytes=0.0, micro_batches=parts),
        devices=tuple(Device(flops_per_s=100.0, memory_bytes=1e9) for _ in range(devices)),
        server=Server(flops_per_s=200.0, memory_bytes=1e9),
        channel=FixedRate(
            uplink_bps=40.0, downlink_bps=80.0, uplink_latency_s=latency_s, downlink_latency_s=latency_s
        ),
        sharing=Sharing(bandwidth="dedicated", server="dedicated"),
        privacy=Privacy(keep_on_device=("a",)),
    )
    return build_problem(load(folder, OPS), scenario)


@pytest.mark.parametrize(
    ("parts", "latency_s", "iteration_s"),
    [
        (1, 0.0, 4 + 8 + 16 + 4 + 8),
        # a part: 1, 2, 4, 1, 2 s; the server works 4 x 4 s without a break after 3 s; then 1 + 2
        (4, 0.0, 1 + 2 + 4 * 4 + 1 + 2),
        # two parts: 2, 4, 8, 2, 4 s: the server from second 6 to 22
        (2, 0.0, 2 + 4 + 2 * 8 + 2 + 4),
        # every message of four pays 3 s: 1, 5, 4, 4, 2 s; the uplink from second 1 to 21, then 4 + 4 + 2
        (4, 3.0, 1 + 4 * 5 + 4 + 4 + 2),
    ],
)
def test_an_iteration_worked_by_hand(
    tmp_path: Path, parts: int, latency_s: float, iteration_s: float
) -> None:
    plan = scheme_with("fast_split", {"method": "pool"}).solve(
        problem_of(tmp_path, parts=parts, latency_s=latency_s)
    )
    forced = scheme_with("split_learning", {"cut": "a"}).solve(
        problem_of(tmp_path, parts=parts, latency_s=latency_s)
    )
    assert forced.delay_s == pytest.approx(3 * iteration_s, rel=1e-12)
    assert plan.delay_s <= forced.delay_s * (1 + 1e-12)


def test_backward_passes_wait_for_the_last_forward_pass(tmp_path: Path) -> None:
    """Nothing but the device takes time: no overlap, whatever the number of parts."""
    slow = problem_of(tmp_path, parts=4)
    fast_net = FixedRate(uplink_bps=1e15, downlink_bps=1e15)
    server = replace(slow.scenario.server, flops_per_s=1e15)
    problem = with_scenario(slow, channel=fast_net, server=server)
    plan = scheme_with("split_learning", {"cut": "a"}).solve(problem)
    assert plan.delay_s == pytest.approx(3 * (4 + 8), rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_the_simulator_ends_every_scheme_when_the_plan_says(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(4):
        problem = random_problem(rng, tmp_path, devices=3, measured=seed == 0)
        work = replace(problem.workload, mode="training", micro_batches=int(rng.integers(2, 6)))
        problem = with_scenario(problem, workload=work)
        for name in ("fast_split", "split_federated", "gsfl", "cluster_parallel", "first_layer", "federated"):
            plan = SCHEMES[name]().solve(problem)
            assert played_round(problem, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-9), name
        queued = scheme_with("split_federated", {"version": "v2"}).solve(problem)
        assert played_round(problem, queued).makespan_s == pytest.approx(queued.delay_s, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_no_closed_set_is_better_when_parts_overlap(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(40 + seed)
    for case in range(8):
        problem = random_problem(rng, tmp_path, devices=1, measured=case % 4 == 0)
        work = replace(problem.workload, micro_batches=int(rng.integers(2, 9)), batch_size=8)
        problem = with_scenario(problem, workload=work)
        conditions = problem.conditions()
        spread = spread_of(problem, conditions, IN_TURN)
        masks = closed_sets(problem)
        table = listed_table(problem, conditions, score_of(problem.scenario.objective, spread), masks)
        least = min(
            round_value(problem, table, np.array([k]), IN_TURN, spread)
            for k in np.flatnonzero(table.excess[0] <= 0)
        )

        plan = scheme_with("fast_split", {}).solve(problem)

        assert plan.report.value == pytest.approx(least, rel=1e-9)
        assert plan.status == "optimal"
        assert plan.report.certificate is not None
        assert plan.report.certificate.method == "every cut that can be optimal"


def test_the_published_algorithms_are_no_better_than_the_pool(tmp_path: Path) -> None:
    """They cut for stages one after another; what overlaps is priced afterwards."""
    rng = np.random.default_rng(3)
    worse = 0
    for _ in range(30):
        problem = random_problem(rng, tmp_path, devices=2)
        work = replace(problem.workload, micro_batches=8, batch_size=8)
        problem = with_scenario(problem, workload=work, objective=Objective())
        best = scheme_with("fast_split", {}).solve(problem)
        for plan in (scheme_with("block_wise_split", {}).solve(problem),
                     scheme_with("fast_split", {"method": "max_flow"}).solve(problem)):  # fmt: skip
            assert plan.report.value >= best.report.value * (1 - 1e-9)
            assert (plan.status == "optimal") == (plan.report.value <= best.report.value * (1 + 1e-9))
            worse += plan.status != "optimal"
    assert worse > 0


def test_one_part_is_the_round_without_overlap(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, parts=1, devices=3)
    sums = cut_sums(problem.cost, closed_sets(problem))
    assert np.all(stage_times(sums, problem.conditions().of((slice(None), None))).overlap_s == 0)


def test_parts_are_at_most_the_samples_of_a_mini_batch() -> None:
    few, many = (
        cutwise.plan(
            cutwise.load_model("sample:resnet18"), Scenario(workload=Workload(batch_size=4, micro_batches=m))
        )
        for m in (4, 64)
    )
    assert few.delay_s == many.delay_s


def test_best_shares_fall_back_to_equal_ones_when_parts_overlap() -> None:
    graph = cutwise.load_model("sample:resnet18")
    cell = Scenario(
        workload=Workload(micro_batches=4), devices=tuple(Device(flops_per_s=f) for f in (1e11, 1e12))
    )
    best = cutwise.plan(
        graph, replace(cell, sharing=Sharing(bandwidth="optimised")), scheme="split_federated"
    )
    even = cutwise.plan(graph, replace(cell, sharing=Sharing(bandwidth="equal")), scheme="split_federated")
    assert best.delay_s == even.delay_s
    assert {decision.bandwidth_share for decision in best.decisions} == {0.5}
