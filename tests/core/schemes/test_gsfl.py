"""Groups at once, devices of a group in turn: by hand, at both ends, and against every grouping."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate, Shannon
from cutwise.options import choices_of, option_hints
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Scenario, Sharing
from cutwise.schemes.gsfl import Gsfl
from cutwise.schemes.options import scheme_with
from tests.bench.shares import fleet
from tests.conftest import Load
from tests.core.fleets import random_problem, with_scenario
from tests.core.schemes.divided import SHARED_S, UPLOADS, four, partitions, shortest_turns_s, uploading

RULES = choices_of(option_hints(Gsfl)["grouping"])


def names_of(plan: cutwise.plans.plan.Plan) -> set[frozenset[str]]:
    return {frozenset(plan.decisions[i].device for i in group) for group in plan.phases[0]}


def test_groups_worked_by_hand() -> None:
    """Turns of 60, 30, 15 and 10 s, all + 141.0016: the slowest and the fastest share a group."""
    plan = cutwise.plan(*four(), scheme="gsfl", groups=2, cut="a")
    assert names_of(plan) == {frozenset({"d1", "d3"}), frozenset({"d0", "d2"})}
    assert plan.delay_s == pytest.approx(60 + 10 + 2 * 2 * SHARED_S)
    assert plan.active == 2
    assert [d.bandwidth_share for d in plan.decisions] == [0.5] * 4
    assert [d.server_share for d in plan.decisions] == [0.5] * 4


def test_by_turns_the_first_and_the_third_longest_share_a_group() -> None:
    plan = cutwise.plan(*four(), scheme="gsfl", groups=2, cut="a", grouping="round_robin")
    assert names_of(plan) == {frozenset({"d1", "d2"}), frozenset({"d0", "d3"})}
    assert plan.delay_s == pytest.approx(60 + 15 + 4 * SHARED_S)


def test_balanced_groups_hold_equal_data(load_ops: Load) -> None:
    """6 + 1 and 3 + 4 samples: 7 each."""
    scenario = uploading()
    devices = tuple(replace(d, samples=n) for d, n in zip(scenario.devices, (6, 1, 3, 4), strict=True))
    plan = cutwise.plan(
        load_ops(UPLOADS), replace(scenario, devices=devices), "gsfl", groups=2, grouping="balanced"
    )
    assert names_of(plan) == {frozenset({"busy", "idle0"}), frozenset({"idle1", "idle2"})}


def test_both_ends_worked_by_hand() -> None:
    """One group adds all turns up; a group a device waits for the last with a quarter of everything."""
    in_turn, at_once = (cutwise.plan(*four(), scheme="gsfl", groups=m, cut="a").delay_s for m in (1, 4))
    assert in_turn == pytest.approx(30 + 60 + 15 + 10 + 4 * SHARED_S)
    assert at_once == pytest.approx(60 + 4 * SHARED_S)


CELLS = {
    "delay": Scenario(devices=fleet(5)),
    "energy": Scenario(devices=fleet(5), objective=Objective(kind="energy")),
    "weighted": Scenario(devices=fleet(5), objective=Objective(kind="weighted"), channel=Shannon()),
    "best shares": Scenario(devices=fleet(5), sharing=Sharing(bandwidth="optimised"), channel=Shannon()),
    "small server": Scenario(devices=fleet(5), server=Server(memory_bytes=4e9)),
    "deadline": Scenario(
        devices=fleet(5), objective=Objective(kind="energy"), limits=Limits(deadline_s=3000.0)
    ),
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("groups", "scheme"), [(1, "split_learning"), (5, "split_federated")])
@pytest.mark.parametrize("options", [{}, {"common_cut": True}, {"cut": "maxpool"}], ids=str)
def test_one_group_and_a_group_a_device_are_the_schemes_of_the_two_ends(
    cell: str, groups: int, scheme: str, options: dict[str, object]
) -> None:
    graph = cutwise.load_model("sample:resnet18")
    plan = cutwise.plan(graph, CELLS[cell], "gsfl", groups=groups, **options)
    end = cutwise.plan(graph, CELLS[cell], scheme, **options)
    for name in ("delay_s", "energy_j", "server_memory_bytes"):
        assert getattr(plan, name) == pytest.approx(getattr(end, name), rel=1e-12)
    assert replace(plan, scheme=scheme) == end


def test_more_groups_than_devices_are_a_group_a_device() -> None:
    assert cutwise.plan(*four(), scheme="gsfl", groups=40) == cutwise.plan(*four(), scheme="gsfl", groups=4)


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_the_server_holds_a_model_for_every_group(groups: int) -> None:
    """10 samples through b, 2 MB of weights and gradients: the same for every device."""
    one = cutwise.plan(*four(), scheme="split_learning", cut="a").server_memory_bytes
    plan = cutwise.plan(*four(), scheme="gsfl", groups=groups, cut="a")
    assert plan.server_memory_bytes == groups * one


def test_where_computing_counts_more_groups_end_sooner() -> None:
    """Twelve phones of 20 to 31 GFLOP/s at 100 Gbit/s: over the divisors of 12 each step is shorter."""
    phones = tuple(Device(name=f"d{i}", flops_per_s=2e10 + 1e9 * i) for i in range(12))
    rates = FixedRate(uplink_bps=1e11, downlink_bps=1e11)
    cell = Scenario(devices=phones, server=Server(flops_per_s=1e17), channel=rates)
    graph = cutwise.load_model("sample:resnet18")
    delays = [cutwise.plan(graph, cell, "gsfl", groups=m, cut="maxpool").delay_s for m in (1, 2, 3, 4, 6, 12)]
    assert delays == sorted(delays, reverse=True)
    assert len(set(delays)) == 6


def test_where_sending_counts_the_best_number_lies_between(load_ops: Load) -> None:
    """With M groups the turns take 8 + 6 M once and 8 + M three times: 41, 30, 26 and 32 s."""
    graph, scenario = load_ops(UPLOADS), uploading()
    delays = [cutwise.plan(graph, scenario, "gsfl", groups=m, cut="a").delay_s for m in (1, 2, 3, 4)]
    assert delays == pytest.approx([41.0, 30.0, 26.0, 32.0])
    best = cutwise.plan(graph, scenario, "gsfl", cut="a")
    assert (best.delay_s, best.active) == (pytest.approx(26.0), 3)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("cell", ["delay", "energy", "best shares", "small server"])
def test_the_best_number_of_groups_is_the_best_of_all(rule: str, cell: str) -> None:
    problem = build_problem(cutwise.load_model("sample:resnet18"), CELLS[cell])
    best = scheme_with("gsfl", {"grouping": rule}).solve(problem)
    each = [scheme_with("gsfl", {"grouping": rule, "groups": m}).solve(problem) for m in range(1, 6)]
    kept = [plan.report.value for plan in each if plan.status != "infeasible"]
    assert best.report.value == pytest.approx(min(kept), rel=1e-12)
    assert best.status != "infeasible"


def test_the_exact_grouping_is_the_best_of_all_groupings(tmp_path: Path) -> None:
    """Every division of up to four devices into every number of groups, each at its best closed set."""
    rng = np.random.default_rng(5)
    for case in range(25):
        problem = random_problem(rng, tmp_path, devices=2 + case % 3, measured=case % 6 == 0)
        problem = with_scenario(problem, objective=Objective())
        least = {}
        for count in range(1, problem.device_count + 1):
            turns_s = shortest_turns_s(problem, problem.conditions(active=count))
            least[count] = min(
                max(turns_s[list(group)].sum() for group in groups)
                for groups in partitions(problem.device_count, count)
            )
            plan = scheme_with("gsfl", {"groups": count, "grouping": "exact"}).solve(problem)
            assert plan.status == "optimal"
            assert plan.delay_s == pytest.approx(least[count], rel=1e-9)
        for rule in RULES:
            plan = scheme_with("gsfl", {"grouping": rule}).solve(problem)
            assert plan.report.bound is not None
            assert plan.report.bound <= min(least.values()) * (1 + 1e-9) <= plan.delay_s * (1 + 2e-9)
            assert plan.status == ("optimal" if plan.report.gap <= 1e-9 else "feasible")
        assert scheme_with("gsfl", {"grouping": "exact"}).solve(problem).status == "optimal"


def test_a_heuristic_grouping_is_feasible_with_a_bound() -> None:
    """Longest first on turns of 5, 4, 3, 3 and 3 s in two groups: 10 s; 5 + 4 and 3 + 3 + 3 is 9."""
    graph, scenario = four()
    devices = tuple(
        Device(name=f"d{s}{i}", flops_per_s=3e11 / s, samples=100) for i, s in enumerate((5, 4, 3, 3, 3))
    )
    rates = FixedRate(uplink_bps=1e15, downlink_bps=1e15)
    cell = replace(scenario, devices=devices, channel=rates, server=Server(flops_per_s=1e20))
    quick, exact = (cutwise.plan(graph, cell, "gsfl", groups=2, grouping=rule) for rule in ("lpt", "exact"))
    assert (quick.delay_s, quick.status) == (pytest.approx(10.0, rel=1e-4), "feasible")
    assert (exact.delay_s, exact.status) == (pytest.approx(9.0, rel=1e-4), "optimal")
    assert quick.report.bound == pytest.approx(9.0, rel=1e-4)


@pytest.mark.parametrize("rule", RULES)
def test_groups_do_not_depend_on_how_devices_are_listed(rule: str) -> None:
    """Twelve devices, three of them alike but for their names."""
    devices = (*fleet(9), *(replace(fleet(1)[0], name=f"twin{i}") for i in range(3)))
    cell = Scenario(devices=devices)
    graph = cutwise.load_model("sample:resnet18")
    for groups in (0, 5):
        plan, again = (
            cutwise.plan(graph, one, "gsfl", groups=groups, grouping=rule)
            for one in (cell, replace(cell, devices=tuple(np.roll(np.array(devices), 5))))
        )
        assert again.delay_s == pytest.approx(plan.delay_s, rel=1e-12)
        assert again.energy_j == pytest.approx(plan.energy_j, rel=1e-12)
        assert again.server_memory_bytes == plan.server_memory_bytes


def test_drawn_groups_follow_the_seed() -> None:
    graph, cell = cutwise.load_model("sample:resnet18"), Scenario(devices=fleet(12))
    one, other = (
        cutwise.plan(graph, replace(cell, seed=seed), "gsfl", groups=4, grouping="random") for seed in (1, 2)
    )
    assert names_of(one) != names_of(other)


def test_of_many_devices_not_every_number_is_tried_and_no_bound_is_claimed() -> None:
    plan = cutwise.plan(cutwise.load_model("sample:resnet18"), Scenario(devices=fleet(80)), "gsfl")
    assert (plan.status, plan.report.bound, plan.report.gap) == ("feasible", None, None)


def test_a_round_that_no_grouping_can_end_in_time_is_infeasible() -> None:
    graph, cell = four()
    plan = cutwise.plan(graph, replace(cell, limits=Limits(deadline_s=1.0)), "gsfl")
    assert plan.status == "infeasible"
    assert [violation.rule for violation in plan.violations] == ["deadline"]


def test_groups_for_which_the_server_is_too_small_are_passed_over() -> None:
    """A server with room for two models of b, pinned cuts: of 1 to 4 groups only 1 and 2 are left."""
    graph, cell = four()
    one = cutwise.plan(graph, cell, "split_learning", cut="a").server_memory_bytes
    small = replace(cell, server=replace(cell.server, memory_bytes=2.5 * one))
    plan = cutwise.plan(graph, small, "gsfl", cut="a")
    assert (plan.status, plan.active) == ("feasible", 2)
