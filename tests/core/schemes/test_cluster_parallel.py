"""Clusters in turn, their devices at once: by hand, at both ends, and against every clustering."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.options import choices_of, option_hints
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Objective, Scenario, Sharing
from cutwise.schemes.cluster_parallel import ClusterParallel
from cutwise.schemes.options import scheme_with
from tests.bench.shares import fleet
from tests.core.fleets import random_problem, with_scenario
from tests.core.schemes.divided import SHARED_S, four, partitions, shortest_turns_s

RULES = choices_of(option_hints(ClusterParallel)["clustering"])


def test_clusters_worked_by_hand() -> None:
    """60 and 30 s together, then 15 and 10 s, each with half of everything."""
    plan = cutwise.plan(*four(), scheme="cluster_parallel", clusters=2, cut="a")
    assert {frozenset(plan.decisions[i].device for (i,) in groups) for groups in plan.phases} == {
        frozenset({"d0", "d1"}), frozenset({"d2", "d3"}),
    }  # fmt: skip
    assert plan.delay_s == pytest.approx((60 + 2 * SHARED_S) + (15 + 2 * SHARED_S))


def test_devices_of_a_smaller_cluster_have_larger_shares() -> None:
    """Two, one and one: the pair of 60 and 30 s halves both; 15 s and 10 s have everything alone."""
    plan = cutwise.plan(*four(), scheme="cluster_parallel", clusters=3, cut="a")
    shares = {decision.device: decision.bandwidth_share for decision in plan.decisions}
    assert shares == {"d0": 0.5, "d1": 0.5, "d2": 1.0, "d3": 1.0}
    assert plan.delay_s == pytest.approx((60 + 2 * SHARED_S) + (15 + SHARED_S) + (10 + SHARED_S))


@pytest.mark.parametrize(("clusters", "scheme"), [(1, "split_federated"), (5, "split_learning")])
def test_one_cluster_and_a_cluster_a_device_are_the_schemes_of_the_two_ends(
    clusters: int, scheme: str
) -> None:
    graph = cutwise.load_model("sample:resnet18")
    for cell in (
        Scenario(devices=fleet(5)),
        Scenario(devices=fleet(5), sharing=Sharing(bandwidth="optimised")),
    ):
        plan = cutwise.plan(graph, cell, "cluster_parallel", clusters=clusters)
        assert replace(plan, scheme=scheme) == cutwise.plan(graph, cell, scheme)


def test_the_server_holds_a_model_for_every_device_of_the_largest_cluster() -> None:
    one = cutwise.plan(*four(), scheme="split_learning", cut="a").server_memory_bytes
    for clusters, held in ((1, 4), (2, 2), (3, 2), (4, 1)):
        plan = cutwise.plan(*four(), scheme="cluster_parallel", clusters=clusters, cut="a")
        assert plan.server_memory_bytes == held * one


@pytest.mark.parametrize("policy", ["equal", "time_division", "dedicated"])
@pytest.mark.parametrize("clustering", RULES)
def test_the_simulator_plays_clusters_of_any_size(clustering: str, policy: str) -> None:
    cell = Scenario(devices=fleet(7), sharing=Sharing(bandwidth=policy))
    graph = cutwise.load_model("sample:resnet18")
    for clusters in range(1, 7):
        plan = cutwise.plan(graph, cell, "cluster_parallel", clusters=clusters, clustering=clustering)
        assert sorted(len(groups) for groups in plan.phases) == sorted(
            len(range(k, 7, clusters)) for k in range(clusters)
        )
        assert cutwise.simulate(graph, cell, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-12)


def test_no_clusters_beat_the_bound_and_alike_devices_reach_it(tmp_path: Path) -> None:
    """Every division of up to five devices into clusters whose sizes differ by one at most."""
    rng = np.random.default_rng(6)
    proven = 0
    for case in range(20):
        problem = random_problem(rng, tmp_path, devices=3 + case % 3, measured=case % 6 == 0)
        problem = with_scenario(problem, objective=Objective())
        devices, overall = problem.device_count, np.inf
        turns_s = {k: shortest_turns_s(problem, problem.conditions(active=k)) for k in range(1, devices + 1)}
        for count in range(1, devices + 1):
            allowed = {devices // count, -(-devices // count)}
            least = min(
                sum(turns_s[len(cluster)][list(cluster)].max() for cluster in clusters)
                for clusters in partitions(devices, count)
                if {len(cluster) for cluster in clusters} <= allowed
            )
            overall = min(overall, least)
            plan = scheme_with("cluster_parallel", {"clusters": count}).solve(problem)
            assert plan.report.bound <= least * (1 + 1e-9)
            if plan.status == "optimal":
                assert plan.delay_s == pytest.approx(least, rel=1e-9)
                proven += 1
        best = scheme_with("cluster_parallel", {}).solve(problem)
        assert best.report.bound <= overall * (1 + 1e-9) <= best.delay_s * (1 + 2e-9)
    assert proven > 40


@pytest.mark.parametrize("rule", RULES)
def test_clusters_do_not_depend_on_how_devices_are_listed(rule: str) -> None:
    devices = (*fleet(9), *(replace(fleet(1)[0], name=f"twin{i}") for i in range(3)))
    graph = cutwise.load_model("sample:resnet18")
    for clusters in (0, 5):
        plan, again = (
            cutwise.plan(graph, Scenario(devices=one), "cluster_parallel", clusters=clusters, clustering=rule)
            for one in (devices, (*devices[5:], *devices[:5]))
        )
        assert again.delay_s == pytest.approx(plan.delay_s, rel=1e-12)
        assert again.energy_j == pytest.approx(plan.energy_j, rel=1e-12)


def test_the_best_number_of_clusters_is_the_best_of_all() -> None:
    problem = build_problem(cutwise.load_model("sample:resnet18"), Scenario(devices=fleet(6)))
    for rule in RULES:
        best = scheme_with("cluster_parallel", {"clustering": rule}).solve(problem)
        each = [
            scheme_with("cluster_parallel", {"clustering": rule, "clusters": k}).solve(problem).delay_s
            for k in range(1, 7)
        ]
        assert best.delay_s == pytest.approx(min(each), rel=1e-12)
