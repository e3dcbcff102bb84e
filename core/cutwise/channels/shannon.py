"""Shannon's formula with the losses of a real link: noise figure, implementation, overhead, a ceiling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.channels.base import CHANNELS, CellFields
from cutwise.units import quantity

THERMAL_NOISE_W_PER_HZ = 10 ** (-174 / 10) / 1000
"""Noise density at 290 K, -174 dBm/Hz."""
MINIMUM_DISTANCE_M = 1.0
"""The path-loss law has its reference there; nearer devices are priced as at one metre."""


@CHANNELS.named("shannon")
@dataclass(frozen=True, slots=True, kw_only=True)
class Shannon(CellFields):
    r"""Rates from bandwidth, power and distance.

    $R = \alpha (1 - \mathrm{OH})\, W \min\{\log_2(1 + P h / (N_0 F W)),\ \eta_{max}\}$ with
    $h = 10^{-PL/10}$ and $PL = PL_0 + 10 n \log_{10} d$ (P1 and P5 use the first factor only; set both
    factors to 1, the noise figure to 0 dB and no ceiling for that form). A device with share $\beta$ of
    the band sends its whole power in $\beta W$; the base station's power is shared with the band, so
    downlink rates scale with the share.

    Worked example: 1 MHz, no losses, 1e-13 W received over noise 4e-15 W is an SNR of about 25.1, so
    log2(26.1) = 4.71 bit/s/Hz.

    >>> cell = Shannon(uplink_bandwidth_hz=1e6, uplink_noise_figure_db=0, implementation_ratio=1,
    ...                overhead_ratio=0, path_loss_at_1m_db=130, path_loss_exponent=0)
    >>> round(float(cell.uplink_rate_bps(share=1.0, distance_m=1.0, transmit_power_w=1.0)) / 1e6, 2)
    4.71
    """

    kind: Literal["shannon"] = "shannon"
    load_band: ClassVar[tuple[float, float]] = (0.13, 0.82)
    load_source: ClassVar[str] = "speed tests in 5G cells of 100 MHz that others use too"
    uplink_bandwidth_hz: float = quantity(
        2.0e7, unit="hz", ge=1e-3, le=1e13, symbol="W", title="Uplink bandwidth", scale="log",
        shown=(1e5, 1e9),
        help="Bandwidth of the cell from the devices to the base station",
    )  # fmt: skip
    downlink_bandwidth_hz: float = quantity(
        2.0e7, unit="hz", ge=1e-3, le=1e13, symbol="W", title="Downlink bandwidth", scale="log",
        shown=(1e5, 1e9),
        help="Bandwidth of the cell from the base station to the devices",
    )  # fmt: skip
    base_station_power_w: float = quantity(
        10.0, unit="w", ge=1e-15, le=1000, symbol="P", title="Base station power", scale="log",
        shown=(0.1, 100),
        help="Power the base station radiates over its whole band",
    )  # fmt: skip
    path_loss_at_1m_db: float = quantity(
        43.3, unit="db", ge=0, le=300, symbol="PL", title="Path loss at 1 m", shown=(20.0, 80.0),
        help="Loss at the reference distance; 43.3 dB is free space at 3.5 GHz",
    )  # fmt: skip
    path_loss_exponent: float = quantity(
        3.0, ge=0, le=8, symbol="n", title="Path-loss exponent", shown=(1.6, 5.0),
        help="How fast the loss grows with distance: 2 free space, 2.7 to 3.5 urban",
    )  # fmt: skip
    uplink_noise_figure_db: float = quantity(
        5.0, unit="db", ge=0, le=30, title="Base station noise figure", shown=(0.0, 15.0),
        help="Noise the base station's receiver adds",
    )  # fmt: skip
    downlink_noise_figure_db: float = quantity(
        9.0, unit="db", ge=0, le=30, title="Device noise figure", shown=(0.0, 15.0),
        help="Noise the device's receiver adds",
    )  # fmt: skip
    implementation_ratio: float = quantity(
        0.88, unit="ratio", ge=1e-3, le=1, symbol="α", title="Implementation factor", shown=(0.3, 1.0),
        help="Share of Shannon's bound that real coding reaches (fitted to LDPC tables: 0.87 to 0.88)",
    )  # fmt: skip
    overhead_ratio: float = quantity(
        0.14, unit="ratio", ge=0, lt=1, title="Overhead", shown=(0.0, 0.5),
        help="Share of the symbols that carries control and pilots",
    )  # fmt: skip
    ceiling_bps_per_hz: float = quantity(
        7.4063, ge=1e-3, le=1000, title="Spectral-efficiency ceiling", shown=(1.0, 12.0),
        help="Highest bit/s/Hz before losses (256-QAM, 38.214 table 2); 1000 is as good as none",
    )  # fmt: skip

    def uplink_rate_bps(
        self, *, share: Number, distance_m: Number, transmit_power_w: Number, gain_ratio: Number = 1.0
    ) -> Number:
        """Rate of a device that sends all its power in its share of the band."""
        return self._rate_bps(
            bandwidth_hz=np.asarray(share, dtype=np.float64) * self.uplink_bandwidth_hz,
            received_w=transmit_power_w * gain_ratio * self.gain(distance_m=distance_m),
            noise_figure_db=self.uplink_noise_figure_db,
        )

    def downlink_rate_bps(self, *, share: Number, distance_m: Number, gain_ratio: Number = 1.0) -> Number:
        """Rate to a device that gets the same share of the band and of the base station's power."""
        return self._rate_bps(
            bandwidth_hz=np.asarray(share, dtype=np.float64) * self.downlink_bandwidth_hz,
            received_w=np.asarray(share, dtype=np.float64)
            * self.base_station_power_w
            * gain_ratio
            * self.gain(distance_m=distance_m),
            noise_figure_db=self.downlink_noise_figure_db,
        )

    def bandwidth_hz(self, direction: str) -> float | None:
        """Bandwidth of the cell in "uplink" or "downlink"."""
        return {"uplink": self.uplink_bandwidth_hz, "downlink": self.downlink_bandwidth_hz}[direction]

    def gain(self, *, distance_m: Number) -> Number:
        """Power gain of the path, below 1.

        >>> Shannon(path_loss_at_1m_db=40, path_loss_exponent=3).gain(distance_m=10.0).round(12)
        np.float64(1e-07)
        """
        priced_m: Number = np.maximum(distance_m, MINIMUM_DISTANCE_M)
        decades: Number = np.log10(priced_m)
        loss_db = self.path_loss_at_1m_db + 10 * self.path_loss_exponent * decades
        gain: Number = 10 ** (-loss_db / 10)
        return gain

    def _rate_bps(self, *, bandwidth_hz: Floats, received_w: Number, noise_figure_db: float) -> Floats:
        noise_w = THERMAL_NOISE_W_PER_HZ * 10 ** (noise_figure_db / 10) * bandwidth_hz
        shannon_bps_per_hz: Floats = np.log1p(received_w / noise_w) / np.log(2)
        efficiency: Floats = np.minimum(shannon_bps_per_hz, self.ceiling_bps_per_hz)
        return self.implementation_ratio * (1 - self.overhead_ratio) * bandwidth_hz * efficiency
