"""Shannon's rate and each loss of a real link, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cutwise.channels import Shannon
from cutwise.channels.shannon import THERMAL_NOISE_W_PER_HZ

IDEAL = {
    "implementation_ratio": 1,
    "overhead_ratio": 0,
    "uplink_noise_figure_db": 0,
    "downlink_noise_figure_db": 0,
    "ceiling_bps_per_hz": 1000,
    "path_loss_exponent": 0,
}
NOISE_W = THERMAL_NOISE_W_PER_HZ * 1e6
"""In 1 MHz: -114 dBm, 3.98e-15 W."""


def ideal(**changes: float) -> Shannon:
    """A megahertz without losses; 1 W arrives as three times the noise unless the path loss is changed."""
    loss_db = -10 * math.log10(3 * NOISE_W)
    return Shannon(
        **{
            "uplink_bandwidth_hz": 1e6,
            "downlink_bandwidth_hz": 1e6,
            "path_loss_at_1m_db": loss_db,
            **IDEAL,
            **changes,
        }
    )


def up(cell: Shannon, share: float = 1.0, distance_m: float = 1.0, transmit_power_w: float = 1.0) -> float:
    return float(cell.uplink_rate_bps(share=share, distance_m=distance_m, transmit_power_w=transmit_power_w))


def test_thermal_noise_is_minus_114_dbm_in_a_megahertz() -> None:
    assert 10 * math.log10(NOISE_W / 1e-3) == pytest.approx(-114.0)


def test_an_snr_of_3_carries_2_bits_per_hertz() -> None:
    """log2(1 + 3) = 2 in 1 MHz."""
    assert up(ideal()) == pytest.approx(2e6)


def test_a_noise_figure_divides_the_snr() -> None:
    """10 log10(3) dB more noise: log2(1 + 1) = 1."""
    assert up(ideal(uplink_noise_figure_db=10 * math.log10(3))) == pytest.approx(1e6)


def test_implementation_and_overhead_are_factors() -> None:
    """2 Mbit/s x 0.8 x (1 - 0.25)."""
    assert up(ideal(implementation_ratio=0.8, overhead_ratio=0.25)) == pytest.approx(1.2e6)


def test_the_ceiling_stands_before_the_losses() -> None:
    """min(2, 1.5) x 0.5."""
    assert up(ideal(ceiling_bps_per_hz=1.5, implementation_ratio=0.5)) == pytest.approx(0.75e6)


def test_half_the_band_sends_the_whole_power_in_half_the_noise() -> None:
    """SNR 6 in 0.5 MHz: 0.5e6 x log2(7) = 1.404 Mbit/s, more than half of 2."""
    assert up(ideal(), share=0.5) == pytest.approx(0.5e6 * math.log2(7))


def test_down_power_and_band_are_shared_alike() -> None:
    """The SNR stays 3, so a quarter of the band carries a quarter of 2 Mbit/s."""
    cell = ideal(base_station_power_w=1.0)
    assert float(cell.downlink_rate_bps(share=0.25, distance_m=1.0)) == pytest.approx(0.5e6)
    assert float(cell.downlink_rate_bps(share=1.0, distance_m=1.0)) == pytest.approx(2e6)


def test_the_devices_noise_figure_is_that_of_the_downlink() -> None:
    cell = ideal(base_station_power_w=1.0, downlink_noise_figure_db=10 * math.log10(3))
    assert float(cell.downlink_rate_bps(share=1.0, distance_m=1.0)) == pytest.approx(1e6)
    assert up(cell) == pytest.approx(2e6)


def test_path_loss_grows_with_the_exponent_of_the_distance() -> None:
    """40 dB and exponent 3: at 100 m 40 + 60 = 100 dB."""
    cell = Shannon(path_loss_at_1m_db=40, path_loss_exponent=3)
    assert float(cell.gain(distance_m=100.0)) == pytest.approx(1e-10)


def test_nearer_than_a_metre_is_priced_as_a_metre() -> None:
    assert up(ideal(path_loss_exponent=3), distance_m=0.01) == up(ideal(path_loss_exponent=3), distance_m=1.0)


def test_the_farthest_and_weakest_link_still_has_a_rate() -> None:
    """300 + 80 x 5 = 700 dB of loss: hopeless, and not 0."""
    cell = ideal(path_loss_at_1m_db=300, path_loss_exponent=8)
    rate = up(cell, share=1e-12, distance_m=1e5, transmit_power_w=1e-3)
    assert 0 < rate < 1e-30


def test_half_the_bandwidth_in_hertz_belongs_to_half_a_share() -> None:
    cell = Shannon(uplink_bandwidth_hz=1e6, downlink_bandwidth_hz=3e6)
    assert (cell.bandwidth_hz("uplink"), cell.bandwidth_hz("downlink")) == (1e6, 3e6)


def test_arrays_of_devices_broadcast() -> None:
    rates = Shannon().uplink_rate_bps(
        share=np.full(3, 0.1), distance_m=np.array([10.0, 100.0, 1000.0]), transmit_power_w=np.full(3, 0.2)
    )
    assert rates.shape == (3,)
    assert (np.diff(rates) <= 0).all()
