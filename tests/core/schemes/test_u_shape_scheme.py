"""The label-private split: by hand, against every pair of ends, and what it pays for privacy."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import looped_sums
from cutwise.errors import SolverError
from cutwise.planning.one_device.cut_memory import swept
from cutwise.planning.one_device.device_limits import device_limits, excess_ratio
from cutwise.planning.one_device.objective import score_of
from cutwise.planning.one_device.u_shape_question import output_ops
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Objective
from cutwise.schemes.options import scheme_with
from tests.core.fleets import load, random_ops, random_problem, random_scenario, with_scenario

CHAIN = [
    {"id": "x", "kind": "input", "output_bytes": 1e3},
    {"id": "a", "inputs": ["x"], "forward_flops": 100, "output_bytes": 10, "gradient_bytes": 20},
    {"id": "b", "inputs": ["a"], "forward_flops": 6e3, "output_bytes": 30, "gradient_bytes": 40},
    {"id": "loss", "inputs": ["b"], "forward_flops": 50, "output_bytes": 4},
]


def test_a_chain_worked_by_hand(tmp_path: Path) -> None:
    """Two samples in one iteration: 10 + 40 bytes up, 20 + 30 down, two messages each way."""
    scenario = cutwise.load_scenario("docs/examples/toy.toml")
    graph = load(tmp_path, CHAIN)
    cell = replace(
        scenario,
        devices=(replace(scenario.devices[0], flops_per_s=10.0, samples=2),),
        server=replace(scenario.server, flops_per_s=1000.0),
        workload=replace(scenario.workload, batch_size=2, label_bytes=1e6),
        channel=FixedRate(uplink_bps=8.0, downlink_bps=16.0, uplink_latency_s=0.5, downlink_latency_s=0.25),
        privacy=cutwise.scenario.parts.Privacy(keep_on_device=("a",)),
    )
    plan = cutwise.plan(graph, cell, "u_shape")
    (stage,), (decision,) = plan.stages, plan.decisions
    assert decision.cut.device_ops == ("x", "a")
    assert decision.returned_ops == ("loss",)
    assert stage.device_forward_s == pytest.approx(2 * 150 / 10)
    assert stage.server_compute_s == pytest.approx(2 * 6000 / 1000)
    assert stage.uplink_s == pytest.approx(2 * 50 * 8 / 8 + 2 * 0.5)
    assert stage.downlink_s == pytest.approx(2 * 50 * 8 / 16 + 2 * 0.25)
    assert cutwise.simulate(graph, cell, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-12)


def ends_of(problem: SplitProblem) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of a closed bottom with all pins and a top closed the other way with all outputs."""
    count, edges = len(problem.cost.graph), problem.cost.graph.edges
    pins, outputs = problem.pinned, output_ops(problem)
    pairs = []
    for labels in itertools.product((0, 1, 2), repeat=count):
        part = np.array(labels)
        if any(part[a] > part[b] for a, b in edges) or (part[pins] != 0).any() or (part[outputs] != 2).any():
            continue
        if any(len({bool(part[i] == 1) for i in tie}) > 1 for tie in problem.ties):
            continue
        pairs.append((part == 0, part == 2))
    pairs.append((np.ones(count, dtype=bool), np.zeros(count, dtype=bool)))
    bottoms, tops = zip(*pairs, strict=True)
    return np.stack(bottoms), np.stack(tops)


def speaking_problem(rng: np.random.Generator, folder: Path) -> SplitProblem:
    """Messages that cost from nothing to a second each way, and many tensors of no bytes either way."""
    ops = random_ops(rng, most=6)
    for op in ops:
        if rng.random() < 0.4:
            op["output_bytes"] = 0.0
        if rng.random() < 0.4:
            op["gradient_bytes"] = float(rng.choice([0.0, 1e5]))
    scenario = random_scenario(rng, [op["id"] for op in ops], devices=1)
    up_s, down_s = rng.choice([0.0, 1e-3, 0.05, 1.0], 2).tolist()
    channel = replace(scenario.channel, uplink_latency_s=up_s, downlink_latency_s=down_s)
    return build_problem(load(folder, ops), replace(scenario, channel=channel))


@pytest.mark.parametrize("seed", range(12))
def test_no_pair_of_ends_is_better(seed: int, tmp_path: Path) -> None:
    """Latencies of up to two messages each way included, and tensors of no bytes, which send none."""
    rng = np.random.default_rng(seed)
    for case in range(6):
        problem = random_problem(rng, tmp_path, devices=1, measured=case == 0, most=6)
        if case % 2:
            problem = speaking_problem(rng, tmp_path)
        conditions = problem.conditions().without_labels()
        score = score_of(problem.scenario.objective, spread_of(problem, conditions, IN_TURN))
        bottoms, tops = ends_of(problem)
        stages = stage_times(looped_sums(problem.cost, bottoms, tops), conditions.of(0))
        values = np.broadcast_to(score(stages), len(bottoms))

        plan = scheme_with("u_shape", {}).solve(problem)

        assert plan.report.value == pytest.approx(values.min(), rel=1e-9)
        assert plan.report.bound == pytest.approx(values.min(), rel=1e-9)
        assert plan.status == "optimal"


def test_an_empty_tensor_saves_its_messages_by_hand(tmp_path: Path) -> None:
    """At 1 s a message: behind `a` two go up and two come down; behind the empty `b` only the loss's input
    comes down and its gradient goes up, which is worth the 1.5 s that `b` takes on the device."""
    ops = [
        {"id": "x", "kind": "input", "output_bytes": 1.0},
        {"id": "a", "inputs": ["x"], "forward_flops": 1, "output_bytes": 1.0, "gradient_bytes": 1.0},
        {"id": "b", "inputs": ["a"], "forward_flops": 15, "output_bytes": 0.0, "gradient_bytes": 0.0},
        {"id": "c", "inputs": ["b"], "forward_flops": 1000, "output_bytes": 1.0, "gradient_bytes": 1.0},
        {"id": "loss", "inputs": ["c"]},
    ]
    toy = cutwise.load_scenario("docs/examples/toy.toml")
    cell = replace(
        toy,
        devices=(replace(toy.devices[0], flops_per_s=10.0, samples=1),),
        server=replace(toy.server, flops_per_s=1e9),
        workload=replace(toy.workload, batch_size=1),
        channel=FixedRate(uplink_bps=80.0, downlink_bps=80.0, uplink_latency_s=1.0, downlink_latency_s=1.0),
        privacy=cutwise.scenario.parts.Privacy(keep_on_device=("a",)),
    )
    graph = load(tmp_path, ops)
    plan = cutwise.plan(graph, cell, "u_shape")
    assert plan.decisions[0].cut.device_ops == ("x", "a", "b")
    assert plan.status == "optimal"
    assert plan.delay_s == pytest.approx(0.1 + 1.5 + 2 * (0.1 + 1.0), rel=1e-6)
    silent = replace(cell, channel=replace(cell.channel, uplink_latency_s=0.0, downlink_latency_s=0.0))
    assert cutwise.plan(graph, silent, "u_shape").decisions[0].cut.device_ops == ("x", "a")


@pytest.mark.parametrize("seed", range(4))
def test_where_memory_binds_the_answer_keeps_it(seed: int, tmp_path: Path) -> None:
    """Within the memory where some pair of ends is, and never better than the best that fits."""
    rng, kept = np.random.default_rng(50 + seed), 0
    for _ in range(8):
        problem = random_problem(rng, tmp_path, devices=1, most=6)
        bottoms, tops = ends_of(problem)
        conditions = problem.conditions().without_labels()
        stages = stage_times(looped_sums(problem.cost, bottoms, tops), conditions.of(0))
        stages = swept(stages, problem.cost, bottoms | tops)
        needs = np.sort(stages.device_memory.total_bytes)
        tight = replace(problem.scenario.devices[0], memory_bytes=float(needs[len(needs) // 3]) + 1)
        problem = with_scenario(problem, devices=(tight,))
        score = score_of(problem.scenario.objective, spread_of(problem, conditions, IN_TURN))
        excess = excess_ratio(device_limits(problem), stages, np.array([0]))[0]
        best = np.where(excess > 0, np.inf, np.broadcast_to(score(stages), len(bottoms))).min()
        plan = scheme_with("u_shape", {}).solve(problem)
        if plan.status != "infeasible":
            kept += 1
            assert plan.report.value >= best * (1 - 1e-9)
            assert plan.stages[0].device_memory.total_bytes <= tight.memory_bytes * (1 + 1e-9)
    assert kept > 0


def test_the_head_of_a_sample_stays_and_no_label_is_sent() -> None:
    """Labels of 1 MB a sample change nothing; with the server far faster most of ResNet-18 runs there."""
    graph = cutwise.load_model("sample:resnet18")
    cell = replace(cutwise.Scenario(), channel=FixedRate(uplink_bps=1e10, downlink_bps=1e10))
    loud = replace(cell, workload=replace(cell.workload, label_bytes=1e6))
    plan, again = (cutwise.plan(graph, one, "u_shape") for one in (cell, loud))
    (decision,) = plan.decisions
    assert graph.ops[-1].id in decision.returned_ops
    assert len(decision.cut.device_ops) + len(decision.returned_ops) < len(graph) / 2
    assert plan.status == "optimal"
    assert again.delay_s == plan.delay_s


@pytest.mark.parametrize("kind", ["delay", "energy"])
def test_at_once_every_device_has_its_best_ends(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    for _ in range(5):
        problem = random_problem(rng, tmp_path, devices=3, most=5)
        channel = replace(problem.scenario.channel, uplink_latency_s=0.0, downlink_latency_s=0.0)
        problem = with_scenario(problem, channel=channel, objective=Objective(kind=kind))
        conditions = problem.conditions(active=3).without_labels()
        bottoms, tops = ends_of(problem)
        sums = looped_sums(problem.cost, bottoms, tops)
        score = score_of(problem.scenario.objective, spread_of(problem, conditions, AT_ONCE))
        scores = [score(stage_times(sums, conditions.of(i))) for i in range(3)]
        each = [np.broadcast_to(values, len(bottoms)).min() for values in scores]
        plan = scheme_with("u_shape", {"at_once": True}).solve(problem)
        assert plan.report.value == pytest.approx(max(each) if kind == "delay" else sum(each), rel=1e-9)
        assert plan.status == "optimal"
        assert plan.active == 3


def test_micro_batches_are_refused_with_a_remedy() -> None:
    cell = replace(cutwise.Scenario(), workload=replace(cutwise.Scenario().workload, micro_batches=4))
    with pytest.raises(SolverError, match="set micro_batches to 1"):
        cutwise.plan(cutwise.load_model("sample:resnet18"), cell, "u_shape")
