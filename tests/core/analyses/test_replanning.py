"""P1 on a changing rate: every epoch against its own plan, and never worse than cuts that are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.replanning import drawn_ratios, replan
from cutwise.channels import FixedRate
from cutwise.costs.memory.runtime import Runtime
from cutwise.errors import ScenarioError
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Scenario
from cutwise.schemes.base import SCHEMES
from tests.core.fleets import random_problem, with_scenario

BASELINES = ("device_only", "first_layer", "best_static", "regression", "random_cut")


def at(scenario: Scenario, ratio: float) -> Scenario:
    channel = scenario.channel
    rates = {name: ratio * getattr(channel, name) for name in ("uplink_bps", "downlink_bps")}
    return replace(scenario, channel=replace(channel, **rates))


@pytest.mark.parametrize("name", ["resnet18", "googlenet"])
def test_every_epoch_has_the_plan_of_its_own_rate(name: str) -> None:
    """Check 2.8.7: in every epoch no benchmark is better, and the cut is that of a plan of that epoch."""
    graph = cutwise.load_model(f"sample:{name}")
    cell = Scenario(
        devices=tuple(Device(flops_per_s=f, samples=300) for f in (5e10, 4e11, 2e12)),
        channel=FixedRate(uplink_bps=1e8, downlink_bps=2e8),
    )
    ratios = drawn_ratios(epochs=12, seed=3)
    found = replan(build_problem(graph, cell), ratios)
    for epoch, ratio in enumerate(ratios):
        there = at(cell, float(ratio))
        plan = cutwise.plan(graph, there, "fast_split", certify=False)
        assert found.replanned_s[epoch] == pytest.approx(plan.delay_s, rel=1e-9)
        for baseline in BASELINES:
            assert found.replanned_s[epoch] <= cutwise.plan(graph, there, baseline).delay_s * (1 + 1e-9)
        assert found.device_only_s[epoch] == pytest.approx(cutwise.plan(graph, there, "device_only").delay_s)
        assert found.first_layer_s[epoch] == pytest.approx(cutwise.plan(graph, there, "first_layer").delay_s)
    assert np.all(found.replanned_s <= found.static_s * (1 + 1e-12))
    assert 0 < found.saved_ratio < 1
    assert found.changes > 0
    assert found.to_frame().shape == (12, 10)


@pytest.mark.parametrize("seed", range(4))
def test_on_any_graph_the_epochs_are_those_of_fast_split(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, tmp_path, devices=2)
    scenario = replace(problem.scenario, channel=FixedRate(uplink_bps=1e7, downlink_bps=1e7))
    scenario = replace(scenario, objective=cutwise.scenario.parts.Objective())
    free = with_scenario(replace(problem, ties=()), channel=scenario.channel, objective=scenario.objective)
    ratios = drawn_ratios(epochs=6, seed=seed)
    found = replan(free, ratios)
    for epoch, ratio in enumerate(ratios):
        plan = SCHEMES["fast_split"]().solve(build_problem(free.cost.graph, at(free.scenario, ratio)))
        assert found.replanned_s[epoch] == pytest.approx(plan.delay_s, rel=1e-9)


def test_a_steady_rate_keeps_one_cut_and_saves_nothing() -> None:
    found = replan(build_problem(cutwise.load_model("sample:resnet18"), Scenario()), np.ones(5))
    assert found.saved_ratio == pytest.approx(0.0, abs=1e-12)
    assert found.changes == 0


def test_draws_follow_the_seed_and_have_the_mean_of_the_scenario() -> None:
    one, two, other = (drawn_ratios(epochs=400, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert one.mean() == pytest.approx(1.0)
    logs = np.log10(one)
    assert np.corrcoef(logs[:-1], logs[1:])[0, 1] > 0.7


@pytest.mark.parametrize("rates", [[], [1.0, 0.0], [np.nan]])
def test_rates_that_are_none_are_refused(rates: list[float]) -> None:
    with pytest.raises(ScenarioError, match="at least one number above 0"):
        replan(build_problem(cutwise.load_model("sample:resnet18"), Scenario()), rates)


def test_limits_that_no_cut_keeps_are_named() -> None:
    strict = Scenario(limits=Limits(device_energy_j=1e-9))
    with pytest.raises(ScenarioError, match="no cut keeps them"):
        replan(build_problem(cutwise.load_model("sample:resnet18"), strict), [1.0])


@pytest.mark.parametrize("fade_db", [-1.0, 61.0, float("nan")])
def test_fading_that_cannot_be_is_refused(fade_db: float) -> None:
    with pytest.raises(ScenarioError, match=r"fading: .* dB; give a deviation from 0 to 60"):
        drawn_ratios(epochs=3, seed=1, fade_db=fade_db)


def test_without_fading_every_rate_is_the_mean() -> None:
    assert drawn_ratios(epochs=5, seed=1, fade_db=0.0) == pytest.approx(np.ones(5))


def rules_of(graph: cutwise.graph.model_graph.ModelGraph, scenario: Scenario, scheme: str) -> set[str]:
    return {found.rule for found in cutwise.plan(graph, scenario, scheme).violations}


@pytest.mark.parametrize(
    "limits",
    [{}, {"deadline_s": 3000.0}, {"traffic_bytes": 3e10}, {"device_energy_j": 5e4}],
)
def test_a_baseline_is_marked_with_the_rules_that_its_own_plan_breaks(limits: dict[str, float]) -> None:
    """VGG-16 needs far more than 0.8 GB to be trained whole, whatever the rate."""
    graph = cutwise.load_model("sample:vgg16")
    cell = Scenario(
        devices=(Device(profile="jetson_nano", memory_bytes=8e8, runtime=Runtime(backend="none")),),
        limits=Limits(**limits),
    )
    ratios = (1.0, 2.0, 8.0)
    found = replan(build_problem(graph, cell), ratios)
    for epoch, ratio in enumerate(ratios):
        for name in ("device_only", "first_layer"):
            rules = set(filter(None, found.broken[name][epoch].split(", ")))
            assert rules == rules_of(graph, at(cell, ratio), name)
    assert not found.fits("device_only")
    assert all("device memory" in rules for rules in found.broken["device_only"])
    assert "device only does not fit in 3 of 3 epochs (" in found.summary()
    assert "device_only_breaks" in found.text()
    assert found.plain()["epochs"][0]["device_only_breaks"] == found.broken["device_only"][0]


def test_cuts_kept_for_the_mean_rate_may_break_a_deadline_that_those_chosen_anew_keep() -> None:
    graph = cutwise.load_model("sample:resnet18")
    free = Scenario(devices=(Device(flops_per_s=1e11),), server=Server(flops_per_s=1.5e13))
    ratios = (1.0, 1 / 64)
    found = replan(build_problem(graph, free), ratios)
    assert found.static_s[1] > found.replanned_s[1]
    between = float(found.static_s[1] + found.replanned_s[1]) / 2
    tight = replan(build_problem(graph, replace(free, limits=Limits(deadline_s=between))), ratios)
    assert tight.broken["static"] == ("", "deadline")
    assert tight.fits("replanned")


def test_where_everything_fits_no_rules_are_shown() -> None:
    found = replan(build_problem(cutwise.load_model("sample:resnet18"), Scenario()), np.ones(3))
    assert all(found.fits(name) for name in found.broken)
    assert found.unfit == ()
    assert "breaks" not in found.text()
