"""How many devices fit, against plans of one device more at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.what_if.alike_devices import of_count, round_of_alike
from cutwise.analyses.what_if.dimensioning import DimensioningAnalysis
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Scenario
from tests.core.analyses.what_if.small_cells import random_cell

CASES = 20
MOST = 24


def plan_of(question: Question, count: int) -> cutwise.Plan:
    return cutwise.plan(question.graph, of_count(question.scenario, count), question.scheme, certify=False)


def counted(question: Question) -> int:
    """By hand: devices are added one at a time until a plan breaks a limit."""
    return next((n for n in range(MOST) if plan_of(question, n + 1).status == "infeasible"), MOST)


@pytest.mark.parametrize("scheme", ["fast_split", "split_federated"])
@pytest.mark.parametrize("seed", range(CASES))
def test_as_many_fit_as_are_planned_one_after_another(seed: int, scheme: str, tmp_path: Path) -> None:
    rng = np.random.default_rng([17, seed])
    asked = replace(random_cell(rng, tmp_path, devices=int(rng.integers(1, 3))), scheme=scheme)
    at = int(rng.integers(2, 10))
    deadline_s = max(plan_of(asked, at).delay_s * float(rng.uniform(0.6, 1.3)), 1e-9)
    limits = {"limits.deadline_s": deadline_s}
    if rng.random() < 0.5:
        held = plan_of(asked, at).server_memory_bytes
        limits["server.memory_bytes"] = max(held * float(rng.uniform(0.4, 1.2)), 1.0)
    asked = replace(asked, scenario=changed(asked.scenario, limits))
    found = DimensioningAnalysis(most=MOST).run(asked)
    assert found.fit == counted(asked)
    assert found.ends == (found.fit < MOST)
    if found.ends:
        assert found.binds == plan_of(asked, found.fit + 1).violations[0].sentence


@pytest.mark.parametrize("scheme", ["fast_split", "split_federated"])
def test_a_round_of_alike_devices_is_the_plan_of_all_of_them(scheme: str) -> None:
    devices = (Device(flops_per_s=2e11, samples=300), Device(profile="jetson_tx2", samples=500))
    asked = Question(
        graph=cutwise.load_model("sample:googlenet"), scenario=Scenario(devices=devices), scheme=scheme
    )
    for count in (1, 2, 7):
        quick, plan = round_of_alike(asked, count, {}), plan_of(asked, count)
        assert quick.delay_s == pytest.approx(plan.delay_s, rel=1e-12)
        assert quick.energy_j == pytest.approx(plan.energy_j, rel=1e-12)
        assert quick.traffic_bytes == pytest.approx(sum(s.traffic_bytes for s in plan.stages), rel=1e-12)


def test_what_ten_more_need_lets_them_in_and_a_thousandth_less_does_not() -> None:
    asked = Question(
        graph=cutwise.load_model("sample:resnet18"),
        scenario=Scenario(devices=(Device(flops_per_s=2e11),)),
        scheme="split_federated",
    )
    found = DimensioningAnalysis(deadline_s=900.0).run(asked)
    assert found.fit > 1
    for need in (one for one in found.needs if one.factor):
        limit = {"limits.deadline_s": 900.0} | need.settings
        more = changed(asked.scenario, limit)
        assert plan_of(replace(asked, scenario=more), found.fit + 10).status != "infeasible"
        less = {path: value / 1.001 for path, value in need.settings.items() if isinstance(value, float)}
        fewer = changed(asked.scenario, limit | less)
        assert plan_of(replace(asked, scenario=fewer), found.fit + 10).status == "infeasible"


def test_the_server_s_memory_may_be_what_binds() -> None:
    scenario = Scenario(
        devices=(Device(flops_per_s=1e10, memory_bytes=4e8),),
        server=Server(flops_per_s=1e13, memory_bytes=4e9),
        limits=Limits(deadline_s=1e5),
    )
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=scenario, scheme="split_federated")
    found = DimensioningAnalysis().run(asked)
    assert 0 < found.fit == counted(asked)
    assert "server memory" in found.binds


def test_money_and_carbon_are_worked_out_from_the_plan() -> None:
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=Scenario(rounds=50))
    priced = DimensioningAnalysis(
        price_per_kwh=0.4, price_per_gb=2.0, price_per_device=100.0, carbon_g_per_kwh=300.0
    )
    (now, *_) = priced.run(asked).loads
    plan = cutwise.plan(asked.graph, asked.scenario)
    kwh = 50 * plan.energy_j / 3.6e6
    traffic_gb = 50 * plan.stages[0].traffic_bytes / 1e9
    assert now.cost == pytest.approx(0.4 * kwh + 2.0 * traffic_gb + 100.0)
    assert now.carbon_g == pytest.approx(300.0 * kwh)
