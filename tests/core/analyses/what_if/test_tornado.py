"""What changes most, against plans made one by one."""

from __future__ import annotations

import pytest

import cutwise
from cutwise.analyses.what_if.inputs.changed_quantities import quantities_named, quantities_of
from cutwise.analyses.what_if.tornado import TornadoAnalysis
from cutwise.costs.memory.runtime import Runtime
from cutwise.errors import ScenarioError
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Objective, Scenario

FLEET = (Device(flops_per_s=2e10, samples=400), Device(profile="jetson_tx2", samples=900))


@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "card"])
def test_both_ends_of_every_quantity_are_plans(scheme: str) -> None:
    graph, scenario = cutwise.load_model("sample:vgg16"), Scenario(devices=FLEET)
    found = TornadoAnalysis(change_ratio=0.3).run(Question(graph=graph, scenario=scenario, scheme=scheme))
    known = {one.name: one for one in quantities_of(scenario)}
    assert {one.name for one in found.swings} >= {"channel.uplink_bps", "devices.*.speed", "server.speed"}
    for swing in found.swings[:5]:
        one = known[swing.name]
        for ratio, delay_s, energy_j in (
            (0.7, swing.low_delay_s, swing.low_energy_j),
            (1.3, swing.high_delay_s, swing.high_energy_j),
        ):
            plan = cutwise.plan(graph, changed(scenario, one.settings(ratio)), scheme, certify=False)
            assert (delay_s, energy_j) == pytest.approx((plan.delay_s, plan.energy_j), rel=1e-12)


def test_quantities_stand_by_what_is_minimised_and_those_that_do_nothing_are_named() -> None:
    graph = cutwise.load_model("sample:resnet18")
    for kind, of in (("delay", "delay"), ("energy", "energy")):
        scenario = Scenario(objective=Objective(kind=kind))
        found = TornadoAnalysis().run(Question(graph=graph, scenario=scenario))
        swings = [one.swing_ratio for one in found.swings]
        assert found.of == of
        assert swings == sorted(swings, reverse=True)
        assert "Distance of the device" in found.still
        assert "distance of the device" in found.summary()


def test_twenty_per_cent_more_uplink_saves_a_sixth_of_its_seconds_by_hand() -> None:
    """One cut far from any other: delay is a + b / R; R times 1.2 saves b / 6, R times 0.8 costs b / 4."""
    graph = cutwise.load_model("sample:vgg16")
    scenario = changed(Scenario(), {"channel.uplink_bps": 1e9, "channel.downlink_bps": 1e9})
    plan = cutwise.plan(graph, scenario)
    sent_s = plan.stages[0].uplink_s + plan.stages[0].model_sync_s / 2
    asked = Question(graph=graph, scenario=scenario)
    (swing,) = TornadoAnalysis(quantities=("channel.uplink_bps",)).run(asked).swings
    assert swing.high_delay_s == pytest.approx(plan.delay_s - sent_s / 6, rel=1e-9)
    assert swing.low_delay_s == pytest.approx(plan.delay_s + sent_s / 4, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "says"),
    [("channel.upload", "upload"), ("server.name", "no number"), ("channel.uplink_latency_s", "is 0 now")],
)
def test_what_is_no_quantity_is_refused_by_its_path(name: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        quantities_named(Scenario(), [name])


WITH_RESERVE = (Device(profile="jetson_tx2", runtime=Runtime(backend="cuda")),)


@pytest.mark.parametrize("devices", [(Device(),), FLEET, WITH_RESERVE])
def test_a_speed_that_is_written_out_changes_no_plan(devices: tuple[Device, ...]) -> None:
    graph, scenario = cutwise.load_model("sample:googlenet"), Scenario(devices=devices)
    plan = cutwise.plan(graph, scenario)
    for one in quantities_of(scenario):
        same = cutwise.plan(graph, changed(scenario, one.settings(1.0)))
        assert (same.delay_s, same.energy_j, same.decisions, same.memory) == (
            plan.delay_s, plan.energy_j, plan.decisions, plan.memory,
        )  # fmt: skip
