"""Scenarios made in Python keep the rules of files."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from cutwise.channels import FixedRate, Shannon
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.scenario.checks import choice_mistakes
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import LayerDepth, Limits, Objective, Privacy, Scenario, Sharing


def test_constructors_keep_the_bounds_of_files() -> None:
    for wrong in (
        lambda: Device(samples=0),
        lambda: Device(distance_m=0.0),
        lambda: Device(flops_per_s=-1.0),
        lambda: Device(profile="nano"),
        lambda: Device(flops_per_s=1.0, efficiency_ratio=0.5),
        lambda: Server(memory_bytes=0.0),
        lambda: FixedRate(uplink_bps=0.0),
        lambda: FixedRate(uplink_latency_s=-1.0),
        lambda: Shannon(overhead_ratio=1.0),
        lambda: Sharing(bandwidth="all"),
        lambda: Limits(deadline_s=0.0),
        lambda: Objective(energy_of=("cloud",)),
        lambda: Objective(energy_of=()),
        lambda: Objective(delay_weight=2.0),
        lambda: Objective(kind="weighted", delay_weight=0.0, energy_weight=0.0),
        lambda: Privacy(keep_on_device="all"),
        lambda: LayerDepth(layers=0),
        lambda: Workload(batch_size=0),
        lambda: Scenario(devices=()),
        lambda: Scenario(devices=(Device(name="a"), Device(name="a"))),
        lambda: Scenario(seed=-1),
        lambda: Scenario(rounds=0),
        lambda: Scenario(workload=Workload(mode="x")),
        lambda: FixedRate(uplink_bps=float("nan")),
    ):
        with pytest.raises(ScenarioError):
            wrong()


def test_devices_may_come_in_any_sequence_and_unnamed_ones_are_numbered() -> None:
    scenario = Scenario(devices=[Device(), Device(name="phone"), Device()])
    assert scenario.devices == (Device(), Device(name="phone"), Device())
    assert scenario.device_names == ("device-1", "phone", "device-3")


def test_every_default_is_a_choice_and_within_its_bounds() -> None:
    scenario = Scenario()
    for f in fields(scenario):
        part = getattr(scenario, f.name)
        if is_dataclass(part):
            assert not choice_mistakes(part)
