"""What a played round says beside its picture, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

import cutwise
from cutwise.pipeline import played_round
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question, shown_plan
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario, Sharing
from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import parallel_tasks, sequential_tasks
from cutwise_dashboard.views.simulate.played_figures import PlayedFigures, played_figures
from tests.dashboard.test_gantt import alike

EQUAL = Sharing()
MODEL = cutwise.load_model("sample:resnet18")


def planned(count: int, *, share: float, policy: str = "share", delay_s: float) -> Plan:
    """A real plan of so many devices with these shares and this delay in place of its own."""
    scenario = Scenario(devices=tuple(Device(name=f"d{i}") for i in range(count)))
    found = shown_plan(Question(graph=MODEL, scenario=scenario))
    decisions = tuple(replace(one, bandwidth_share=share, server_share=share) for one in found.decisions)
    return replace(found, decisions=decisions, server_policy=policy, delay_s=delay_s)


def test_two_devices_in_turn_each_hold_all_of_server_and_band() -> None:
    """6 s each, of which 1 up, 2 on the server, 1 down, 2 computing: of 12 s the server works 4."""
    trace = simulate(sequential_tasks(alike(2)))

    found = played_figures(trace, planned(2, share=1.0, delay_s=12.0), EQUAL)

    assert found == PlayedFigures(
        played_s=12.0, planned_s=12.0, devices_ratio=pytest.approx(2 / 12),
        uplink_ratio=pytest.approx(2 / 12), downlink_ratio=pytest.approx(2 / 12),
        server_ratio=pytest.approx(4 / 12),
        waited_s=0.0, longest_wait_s=0.0, waits_longest="",
    )  # fmt: skip
    assert found.beside_plan == "as planned"


def test_two_devices_at_once_hold_a_half_each() -> None:
    """All in 6 s: half the band for 1 s each is 1 s of all of it."""
    trace = simulate(parallel_tasks(alike(2)))

    found = played_figures(trace, planned(2, share=0.5, delay_s=6.0), EQUAL)

    assert (found.uplink_ratio, found.server_ratio) == (pytest.approx(1 / 6), pytest.approx(2 / 6))
    assert found.devices_ratio == pytest.approx(2 / 6)


def test_a_band_for_each_device_is_used_as_much_as_each_uses_its_own() -> None:
    own = Sharing(bandwidth="dedicated", server="dedicated")
    trace = simulate(parallel_tasks(alike(2)))

    found = played_figures(trace, planned(2, share=1.0, delay_s=6.0), own)

    assert (found.uplink_ratio, found.server_ratio) == (pytest.approx(1 / 6), pytest.approx(2 / 6))


def test_in_a_queue_the_second_waits_while_the_first_is_served() -> None:
    """Both arrive at 2 s; the second starts at 4 and ends at 8, a third later than planned."""
    trace = simulate(parallel_tasks(alike(2), server="queue"))

    found = played_figures(trace, planned(2, share=0.5, policy="queue", delay_s=6.0), EQUAL)

    assert (found.played_s, found.waited_s, found.longest_wait_s) == (8.0, 2.0, 2.0)
    assert found.waits_longest == "d1"
    assert found.server_ratio == pytest.approx(4 / 8)
    assert found.beside_plan == "33.3 % more than the planned 6 s"


def test_a_plan_without_contention_is_played_in_its_own_time() -> None:
    scenario = Scenario(devices=(Device(name="a", samples=64), Device(name="b", samples=96)))
    plan = shown_plan(Question(graph=MODEL, scenario=scenario))

    found = played_figures(played_round(build_problem(MODEL, scenario), plan), plan, scenario.sharing)

    assert found.beside_plan == "as planned"
    assert found.devices_ratio + found.uplink_ratio + found.server_ratio > 0
