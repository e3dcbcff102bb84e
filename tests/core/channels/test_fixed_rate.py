"""A cell of known capacity."""

from __future__ import annotations

import math

import pytest

from cutwise.channels import FixedRate
from cutwise.errors import ScenarioError


def test_a_device_gets_its_share_of_the_capacity_wherever_it_is() -> None:
    cell = FixedRate(uplink_bps=8e6, downlink_bps=2e6)
    for distance_m in (1.0, 1e4):
        assert cell.uplink_rate_bps(share=0.25, distance_m=distance_m, transmit_power_w=0.1) == 2e6
        assert cell.downlink_rate_bps(share=0.5, distance_m=distance_m) == 1e6


def test_it_knows_no_bandwidth() -> None:
    assert FixedRate().bandwidth_hz("uplink") is None


def test_a_capacity_is_not_zero_endless_or_no_number() -> None:
    for wrong in (0.0, -1.0, 1e-300, 1e300, math.inf, math.nan):
        with pytest.raises(ScenarioError, match="uplink_bps"):
            FixedRate(uplink_bps=wrong)
