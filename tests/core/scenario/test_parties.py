"""Speeds and memories of devices and servers, given or from the catalogue."""

from __future__ import annotations

import math

import pytest

from cutwise.errors import ScenarioError
from cutwise.hardware.profiles import Profile, custom_profile, hardware
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import DEFAULT_DEVICE, DEFAULT_SERVER, Device, Server
from cutwise.scenario.parts import Scenario


def speed(party: Device | Server, dtype: str = "fp32") -> float:
    return party.speed_flops_per_s(party.catalogue_row(), dtype)


def test_an_effective_speed_is_used_as_it_is() -> None:
    assert speed(Device(flops_per_s=3e9)) == 3e9
    assert speed(Device(flops_per_s=3e9, profile="jetson_nano"), "fp16") == 3e9


def test_efficiency_multiplies_the_peak_of_the_profile() -> None:
    nano, half = hardware()["jetson_nano"], Device(profile="jetson_nano", efficiency_ratio=0.5)
    assert speed(half) == pytest.approx(nano.fp32_flops_per_s / 2)
    assert speed(half, "bf16") == pytest.approx(nano.fp16_flops_per_s / 2)


def test_without_either_the_default_profile_runs_at_the_default_efficiency() -> None:
    assert speed(Device()) == pytest.approx(0.4 * hardware()[DEFAULT_DEVICE].fp32_flops_per_s)
    assert speed(Server()) == pytest.approx(0.4 * hardware()[DEFAULT_SERVER].fp32_flops_per_s)


def test_a_speed_and_an_efficiency_contradict_each_other() -> None:
    with pytest.raises(ScenarioError, match="not both"):
        Server(flops_per_s=1.0, efficiency_ratio=0.5)


def test_an_unknown_profile_is_suggested() -> None:
    with pytest.raises(
        ScenarioError, match="profile: unknown hardware profile 'jetson_tx3'; did you mean 'jetson_tx2'"
    ):
        Device(profile="jetson_tx3")


def test_figures_of_its_own_have_no_memory_limit() -> None:
    assert custom_profile("device").memory_bytes == math.inf
    assert Device(flops_per_s=1.0).catalogue_row().name == "custom"


@pytest.mark.parametrize("profile", list(hardware().values()), ids=lambda profile: profile.name)
def test_every_row_of_the_catalogue_is_usable_and_sourced(profile: Profile) -> None:
    assert profile.kind in ("device", "server")
    assert profile.source
    assert profile.title
    for dtype in ("fp32", "fp16", "bf16", "int8"):
        assert profile.peak_flops_per_s(dtype) > 0
    assert profile.memory_bytes > 0
    assert 0 <= profile.idle_power_w < profile.power_w
    assert profile.dynamic_power_w == profile.power_w - profile.idle_power_w
    assert set(profile.recalled) <= set(Profile.__dataclass_fields__)


def test_a_number_format_is_taken_beside_the_speed_that_was_measured_in_it() -> None:
    fast = changed(Scenario(), {"devices.*.flops_per_s": 1e9, "server.flops_per_s": 1e12})
    both = changed(fast, {"devices.0.fitted_dtype": "fp16", "server.fitted_dtype": "bf16"})
    assert both.devices[0].fitted_dtype == "fp16"
    assert both.server.fitted_dtype == "bf16"
    with pytest.raises(ScenarioError, match="give that too, or neither"):
        changed(Scenario(), {"devices.0.fitted_dtype": "fp16"})
