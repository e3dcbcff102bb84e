"""Plans of random fleets against enumeration: every closed set of every device, priced by the evaluator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cutwise.channels import FixedRate
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN, Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Objective
from cutwise.schemes.options import scheme_with
from tests.core.fleets import enumerated, random_limits, random_problem, with_scenario

IN_TURN_SCHEMES = ("fast_split", "split_learning", "brute_force")
EXACT = 1e-9


def check(plan: Plan, problem: SplitProblem, round_of: Round, *, common_cut: bool = False) -> bool:
    """Asserts that the plan has the enumerated optimum and proves it; True where there is one at all."""
    active = problem.device_count if round_of.parallel else 1
    found = enumerated(problem, round_of, problem.conditions(active=active), common_cut=common_cut)
    feasible = bool(np.isfinite(found.value))
    assert (plan.status == "infeasible") == (not feasible), (plan.status, plan.violations, found)
    if feasible:
        assert plan.report.value == pytest.approx(found.value, rel=EXACT)
        assert plan.status == "optimal", plan.report
        assert plan.report.certificate is not None
        assert plan.report.certificate.value == pytest.approx(found.value, rel=EXACT)
        assert plan.report.certificate.bound == pytest.approx(found.value, rel=EXACT)
    else:
        assert plan.violations
    return feasible


@pytest.mark.parametrize("seed", range(10))
def test_free_fleets_get_the_enumerated_optimum(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    for case in range(10):
        problem = random_problem(rng, tmp_path, devices=int(rng.integers(1, 6)), measured=case % 4 == 0)
        for name in IN_TURN_SCHEMES:
            check(scheme_with(name, {}).solve(problem), problem, IN_TURN)


@pytest.mark.parametrize("seed", range(10))
def test_parallel_fleets_get_the_enumerated_optimum(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(100 + seed)
    for case in range(10):
        problem = random_problem(
            rng, tmp_path, devices=int(rng.integers(1, 4)), measured=case % 4 == 0, most=6
        )
        check(scheme_with("split_federated", {}).solve(problem), problem, AT_ONCE)


@pytest.mark.parametrize("seed", range(15))
def test_limits_in_turn_are_kept_at_the_enumerated_optimum(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(200 + seed)
    feasible = 0
    for case in range(10):
        problem = random_problem(
            rng, tmp_path, devices=int(rng.integers(1, 4)), measured=case % 5 == 0, most=6
        )
        problem = random_limits(rng, problem, IN_TURN, problem.conditions())
        for name in ("fast_split", "brute_force"):
            feasible += check(scheme_with(name, {}).solve(problem), problem, IN_TURN)
    assert feasible > 0


@pytest.mark.parametrize("seed", range(15))
def test_limits_at_once_are_kept_at_the_enumerated_optimum(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(300 + seed)
    feasible = 0
    for case in range(10):
        problem = random_problem(
            rng, tmp_path, devices=int(rng.integers(1, 4)), measured=case % 5 == 0, most=6
        )
        conditions = problem.conditions(active=problem.device_count)
        problem = random_limits(rng, problem, AT_ONCE, conditions)
        feasible += check(scheme_with("split_federated", {}).solve(problem), problem, AT_ONCE)
    assert feasible > 0


@pytest.mark.parametrize("seed", range(8))
def test_one_cut_for_all_is_the_best_common_one(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(400 + seed)
    for _ in range(10):
        problem = random_problem(rng, tmp_path, devices=int(rng.integers(1, 4)))
        for name, round_of in (("split_learning", IN_TURN), ("split_federated", AT_ONCE)):
            active = problem.device_count if round_of.parallel else 1
            limited = random_limits(rng, problem, round_of, problem.conditions(active=active))
            for one in (problem, limited):
                plan = scheme_with(name, {"common_cut": True}).solve(one)
                check(plan, one, round_of, common_cut=True)
                assert len({decision.cut.label for decision in plan.decisions}) == 1


@pytest.mark.parametrize("seed", range(6))
def test_the_papers_algorithms_find_the_enumerated_optimum_under_limits_too(
    seed: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(500 + seed)
    for case in range(8):
        problem = random_problem(rng, tmp_path, devices=int(rng.integers(1, 4)), measured=case == 0, most=6)
        problem = random_limits(rng, problem, IN_TURN, problem.conditions())
        for method in ("max_flow", "block_wise"):
            plan = scheme_with("fast_split", {"method": method}).solve(problem)
            check(plan, problem, IN_TURN)
        check(scheme_with("block_wise_split", {}).solve(problem), problem, IN_TURN)


@pytest.mark.parametrize("seed", range(6))
def test_speeds_and_rates_many_decades_apart_are_still_proven(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(600 + seed)
    for _ in range(10):
        problem = random_problem(rng, tmp_path, devices=2, most=6)
        scenario = problem.scenario
        far_apart = with_scenario(
            problem,
            devices=tuple(replace(d, flops_per_s=float(10 ** rng.uniform(4, 18))) for d in scenario.devices),
            server=replace(scenario.server, flops_per_s=float(10 ** rng.uniform(6, 16))),
            channel=FixedRate(
                uplink_bps=float(10 ** rng.uniform(1, 13)), downlink_bps=float(10 ** rng.uniform(1, 13))
            ),
        )
        check(scheme_with("fast_split", {}).solve(far_apart), far_apart, IN_TURN)


@pytest.mark.parametrize("seed", range(6))
def test_where_the_pool_is_too_large_nothing_is_claimed_that_is_not_proven(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise PoolTooLarge("as if")

    monkeypatch.setattr("cutwise.planning.one_device.cut_table.candidates_of", too_large)
    rng = np.random.default_rng(700 + seed)
    for _ in range(8):
        problem = random_problem(rng, tmp_path, devices=int(rng.integers(1, 4)), most=6)
        for name, round_of in (("fast_split", IN_TURN), ("split_federated", AT_ONCE)):
            conditions = problem.conditions(active=problem.device_count if round_of.parallel else 1)
            limited = random_limits(rng, problem, round_of, conditions)
            best = enumerated(limited, round_of, conditions).value
            plan = scheme_with(name, {}).solve(limited)
            if plan.status == "optimal":
                assert plan.report.value == pytest.approx(best, rel=EXACT)
            if plan.status != "infeasible":
                assert plan.report.value >= best * (1 - EXACT)
                assert "max-flow" in plan.report.method
        free = with_scenario(problem, objective=Objective())
        check(scheme_with("fast_split", {}).solve(free), free, IN_TURN)
