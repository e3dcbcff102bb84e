"""What every registered channel keeps, whatever its kind."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest

import cutwise
from cutwise import channels
from cutwise.channels import CHANNELS, Channel
from cutwise.channels.base import CellFields
from cutwise.cli.listings import first_line
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario, Sharing
from cutwise.scenario.scenario_file import dump_scenario, parse_scenario
from tests.contracts.families import modules_of

SHARES = np.array([1e-9, 1e-3, 0.1, 0.5, 1.0])
PLACES = np.array([0.5, 10.0, 200.0, 5000.0])

every_channel = pytest.mark.parametrize("kind", list(CHANNELS))


def rates(channel: Channel, share: object, distance_m: object) -> tuple[np.ndarray, np.ndarray]:
    up = channel.uplink_rate_bps(share=share, distance_m=distance_m, transmit_power_w=0.2)
    return np.asarray(up), np.asarray(channel.downlink_rate_bps(share=share, distance_m=distance_m))


@every_channel
def test_it_is_a_frozen_dataclass_whose_kind_is_its_registered_name(kind: str) -> None:
    channel = CHANNELS[kind]()
    assert isinstance(channel, Channel)
    assert isinstance(channel, CellFields)
    assert channel.kind == kind
    assert channel == CHANNELS[kind]()
    hash(channel)


@every_channel
def test_rates_are_positive_and_finite_and_grow_with_the_share(kind: str) -> None:
    for direction in rates(CHANNELS[kind](), SHARES[:, None], PLACES):
        values = np.broadcast_to(direction, (len(SHARES), len(PLACES)))
        assert (values > 0).all()
        assert np.isfinite(values).all()
        assert (np.diff(values, axis=0) > 0).all()


@every_channel
def test_rates_never_grow_with_distance(kind: str) -> None:
    for direction in rates(CHANNELS[kind](), 0.1, PLACES):
        assert (np.diff(np.broadcast_to(direction, len(PLACES))) <= 0).all()


@every_channel
def test_the_seconds_of_a_byte_are_convex_in_the_share(kind: str) -> None:
    shares = np.linspace(0.01, 1, 200)
    for direction in rates(CHANNELS[kind](), shares, 80.0):
        assert (np.diff(1 / direction, n=2) > -1e-12).all()


@every_channel
def test_devices_one_by_one_equal_devices_together(kind: str) -> None:
    channel = CHANNELS[kind]()
    shares, places = np.array([0.1, 0.2, 0.7]), np.array([10.0, 50.0, 500.0])
    together = rates(channel, shares, places)
    for i in range(3):
        for all_of, one in zip(together, rates(channel, shares[i], places[i]), strict=True):
            assert float(all_of[i]) == float(one)


@every_channel
def test_every_field_has_help_and_a_default(kind: str) -> None:
    assert first_line(CHANNELS[kind]).endswith(".")
    hints = get_type_hints(CHANNELS[kind])
    for field in fields(CHANNELS[kind]):
        assert field.name in hints
        assert field.name == "kind" or field.metadata["description"]


@every_channel
def test_files_keep_it_and_plans_use_it(kind: str) -> None:
    graph = cutwise.load_model("sample:vgg16")
    fleet = (Device(name="near", distance_m=20.0), Device(name="far", distance_m=400.0))
    for bandwidth in ("equal", "optimised", "time_division", "dedicated"):
        scenario = Scenario(devices=fleet, channel=CHANNELS[kind](), sharing=Sharing(bandwidth=bandwidth))
        assert parse_scenario(dump_scenario(scenario).encode()) == scenario
        for scheme in ("fast_split", "split_federated"):
            plan = cutwise.plan(graph, scenario, scheme)
            assert plan.status == "optimal"
            assert 0 < plan.delay_s < np.inf


def test_every_module_of_the_family_registers_a_channel() -> None:
    assert modules_of(channels) == {CHANNELS[kind].__module__ for kind in CHANNELS}
