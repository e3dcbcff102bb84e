"""Plans of parties whose work is FLOPs, bytes and launches at once, against enumeration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutwise.planning.one_device.cut_table import groups_of
from cutwise.planning.one_device.objective import delay
from cutwise.planning.one_device.work.compute_features import MOST_OWN
from cutwise.planning.one_device.work.work_columns import priced_work
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario
from cutwise.schemes.options import scheme_with
from tests.core.fleets import enumerated, random_limits, random_problem, with_scenario
from tests.core.planning.whole_round.test_fleet_optima import check


def pace(rng: np.random.Generator, flops_per_s: float) -> dict[str, Any]:
    """Bytes and launches that take about as long as the FLOPs of these models, or far longer."""
    drawn = {
        "moved_bytes_per_s": float(flops_per_s * 10 ** rng.uniform(-6, 0)),
        "launch_s": float(10 ** rng.uniform(-6, -2)) if rng.random() < 0.7 else 0.0,
        "backward_ratio": float(rng.uniform(0.5, 3)),
    }
    return {name: value for name, value in drawn.items() if rng.random() < 0.8}


def paced(rng: np.random.Generator, problem: SplitProblem) -> SplitProblem:
    """The problem with all or some parties that start kernels and move bytes."""
    scenario = problem.scenario
    devices = tuple(replace(one, **pace(rng, float(one.flops_per_s or 0))) for one in scenario.devices)
    server = scenario.server
    if rng.random() < 0.8:
        server = replace(server, **pace(rng, float(server.flops_per_s or 0)))
    return with_scenario(problem, devices=devices, server=server)


@pytest.mark.parametrize("seed", range(12))
def test_plans_in_turn_are_the_enumerated_optimum(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(7000 + seed)
    for _ in range(6):
        problem = paced(rng, random_problem(rng, tmp_path, devices=int(rng.integers(1, 4)), most=7))
        for name in ("fast_split", "brute_force"):
            check(scheme_with(name, {}).solve(problem), problem, IN_TURN)
        limited = random_limits(rng, problem, IN_TURN, problem.conditions())
        check(scheme_with("fast_split", {}).solve(limited), limited, IN_TURN)


@pytest.mark.parametrize("seed", range(6))
def test_plans_at_once_are_the_enumerated_optimum(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(7100 + seed)
    for _ in range(5):
        problem = paced(rng, random_problem(rng, tmp_path, devices=int(rng.integers(1, 4)), most=6))
        check(scheme_with("split_federated", {}).solve(problem), problem, AT_ONCE)


@pytest.mark.parametrize("seed", range(4))
def test_the_papers_algorithms_agree_where_work_is_three_columns(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(7200 + seed)
    for _ in range(5):
        problem = paced(rng, random_problem(rng, tmp_path, devices=2, most=7))
        for method in ("max_flow", "block_wise"):
            check(scheme_with("fast_split", {"method": method}).solve(problem), problem, IN_TURN)


@pytest.mark.parametrize("seed", range(6))
def test_micro_batches_are_planned_as_enumerated(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(7300 + seed)
    for _ in range(4):
        problem = paced(rng, random_problem(rng, tmp_path, devices=2, most=6))
        workload = replace(problem.workload, batch_size=8, micro_batches=int(rng.integers(2, 5)))
        problem = with_scenario(problem, workload=workload)
        found = enumerated(problem, IN_TURN, problem.conditions())
        plan = scheme_with("fast_split", {}).solve(problem)
        assert plan.report.value == pytest.approx(found.value, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_pool_for_many_unlike_devices_holds_the_best_cut_of_each(seed: int, tmp_path: Path) -> None:
    """More devices than get a pool of their own, some dearer than the server in one column alone."""
    rng = np.random.default_rng(7400 + seed)
    problem = random_problem(rng, tmp_path, devices=3 * MOST_OWN, most=7)
    problem = paced(rng, problem)
    plan = scheme_with("fast_split", {}).solve(problem)
    found = enumerated(problem, IN_TURN, problem.conditions())
    assert plan.report.value == pytest.approx(found.value, rel=1e-9)


def test_columns_of_one_price_are_one() -> None:
    """FLOPs alone are one; bytes and starts that cost both sides the same are one beside them; else six."""
    graph = _graph()
    alone = _problem(graph, {}, {})
    both = _problem(graph, *2 * [{"moved_bytes_per_s": 1e9, "launch_s": 1e-5, "backward_ratio": 1.5}])
    unlike = _problem(
        graph,
        {"moved_bytes_per_s": 1e9, "launch_s": 1e-5, "backward_ratio": 2.0},
        {"moved_bytes_per_s": 2e11, "launch_s": 1e-6, "backward_ratio": 1.5},
    )
    counts = [len(priced_work(p.cost, p.conditions(), delay, 1).columns) for p in (alone, both, unlike)]
    assert counts == [1, 2, 6]


def test_priced_columns_add_up_to_the_evaluators_seconds() -> None:
    graph = _graph()
    problem = _problem(graph, {"moved_bytes_per_s": 3e9, "launch_s": 2e-5, "backward_ratio": 1.7}, {})
    conditions = problem.conditions()
    work = priced_work(problem.cost, conditions, delay, 1)
    groups, _ = groups_of(problem, conditions, delay)
    stages = stage_times(groups[0].sums, conditions.without_latency())
    computing = stages.device_forward_s + stages.device_backward_s + stages.server_compute_s
    inside = groups[0].masks.astype(float)
    own = inside @ (work.device_price[0] @ work.columns) + (1 - inside) @ (
        work.server_price[0] @ work.columns
    )
    assert own == pytest.approx(np.asarray(computing), rel=1e-12)


def _graph() -> Any:
    import cutwise

    return cutwise.load_model("sample:vgg16")


def _problem(graph: Any, device: dict[str, float], server: dict[str, float]) -> SplitProblem:
    from cutwise.problem.split_problem import build_problem

    return build_problem(
        graph,
        Scenario(
            devices=(Device(flops_per_s=1e11, **device),),  # type: ignore[arg-type]
            server=Server(flops_per_s=1e13, **server),  # type: ignore[arg-type]
        ),
    )
