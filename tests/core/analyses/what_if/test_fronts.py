"""Fronts against every split of small models, and each point against the plan of its settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.delay_energy import delay_energy_front
from cutwise.analyses.what_if.fronts import FrontAnalysis
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Limits, Scenario
from tests.core.analyses.what_if.small_cells import costs_of, random_cell, splits_of

COLUMNS = {"energy": "energy", "device_memory": "memory"}


def staircase(delays: np.ndarray, others: np.ndarray) -> list[tuple[float, float]]:
    """By hand: splits by rising delay of which each has less of the other than all before."""
    found: list[tuple[float, float]] = []
    for delay, other in sorted(zip(delays.tolist(), others.tolist(), strict=True)):
        if not found or other < found[-1][1] * (1 - 1e-8):
            found.append((delay, other))
    return found


@pytest.mark.parametrize("against", COLUMNS)
@pytest.mark.parametrize("seed", range(10))
def test_the_points_are_all_splits_that_no_other_beats_in_both(
    seed: int, against: str, tmp_path: Path
) -> None:
    question = random_cell(np.random.default_rng([19, seed]), tmp_path)
    costs = costs_of(question, splits_of(question), {})
    found = FrontAnalysis(against=against, points=200).run(question)
    wanted = staircase(costs["delay"], costs[COLUMNS[against]])
    column = {"energy": "energy_j", "device_memory": "device_memory_bytes"}[against]
    points = [(one.delay_s, getattr(one, column)) for one in found.points]
    assert found.complete
    assert np.array(points) == pytest.approx(np.array(wanted), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("against", ["energy", "device_memory", "traffic", "private_layers", "accuracy_loss"])
@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "card"])
def test_what_a_point_says_to_set_gives_that_plan(against: str, scheme: str) -> None:
    devices = (Device(flops_per_s=2e11, samples=300), Device(flops_per_s=8e11, samples=500))
    scenario = changed(Scenario(devices=devices), {"channel.uplink_bps": 3e8, "channel.downlink_bps": 3e8})
    question = Question(graph=cutwise.load_model("sample:vgg16"), scenario=scenario, scheme=scheme)
    found = FrontAnalysis(against=against, points=5).run(question)
    assert found.points
    for one in found.points:
        there = replace(question, scenario=changed(scenario, one.settings))
        plan = shown_plan(there, listed=False)
        assert plan.status != "infeasible"
        assert (plan.delay_s, plan.energy_j) == pytest.approx((one.delay_s, one.energy_j), rel=1e-9)


def test_points_beyond_the_scenario_s_limits_are_marked() -> None:
    graph = cutwise.load_model("sample:resnet18")
    free = FrontAnalysis(against="device_memory").run(Question(graph=graph))
    assert len(free.points) > 2
    middle = free.points[1]
    limits = Limits(deadline_s=middle.delay_s * 1.0001)
    device = Device(memory_bytes=free.points[0].device_memory_bytes * 1.01)
    scenario = Scenario(limits=limits, devices=(device,))
    found = FrontAnalysis(against="device_memory").run(Question(graph=graph, scenario=scenario))
    assert found.limits["delay_s"] == limits.deadline_s
    assert [one.keeps_limits for one in found.points] == [True, True, *[False] * (len(free.points) - 2)]


def test_with_a_clock_the_front_is_that_of_delay_and_energy() -> None:
    scenario = Scenario(devices=(Device(flops_per_s=2e11),))
    question = Question(graph=cutwise.load_model("sample:resnet18"), scenario=scenario, scheme="card")
    found = FrontAnalysis(points=9).run(question)
    known = delay_energy_front(build_problem(question.graph, scenario), points=9)
    points = np.array([(one.delay_s, one.energy_j) for one in found.points])
    wanted = np.array([(one.delay_s, one.energy_j) for one in known])
    assert points == pytest.approx(wanted, rel=1e-9)
    assert "clocks" in found.basis
