"""Plans of random fleets against enumeration: every closed set of every device, priced by the evaluator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.plans import Plan
from core.problem import SplitProblem
from core.schemes.assemble import AT_ONCE, IN_TURN, Round
from core.schemes.options import scheme_with
from tests.core.schemes.fleets import enumerated, random_limits, random_problem

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
