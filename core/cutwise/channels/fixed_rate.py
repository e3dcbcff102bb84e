"""A cell of known capacity: a device that holds a share of the band gets that share of the rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from cutwise.arrays import Number
from cutwise.channels.base import CHANNELS, CellFields
from cutwise.units import quantity


@CHANNELS.named("fixed_rate")
@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRate(CellFields):
    """Known uplink and downlink capacities of the cell, whatever the distance; they do not fade.

    >>> cell = FixedRate(uplink_bps=2e7)
    >>> cell.uplink_rate_bps(share=0.25, distance_m=80.0, transmit_power_w=0.2)
    5000000.0
    """

    kind: Literal["fixed_rate"] = "fixed_rate"
    load_band: ClassVar[tuple[float, float]] = (0.89, 0.99)
    load_source: ClassVar[str] = "TCP over a paced link, our testbed"
    uplink_bps: float = quantity(
        2.0e7, unit="bps", ge=1e-9, le=1e15, symbol="R_U", title="Uplink", scale="log", shown=(1e5, 1e10),
        help="Bits a second that the devices of the cell can send, all together",
    )  # fmt: skip
    downlink_bps: float = quantity(
        4.0e7, unit="bps", ge=1e-9, le=1e15, symbol="R_D", title="Downlink", scale="log", shown=(1e5, 1e10),
        help="Bits a second that the devices of the cell can receive, all together",
    )  # fmt: skip

    def uplink_rate_bps(
        self, *, share: Number, distance_m: Number, transmit_power_w: Number, gain_ratio: Number = 1.0
    ) -> Number:
        """The device's share of the uplink capacity."""
        return share * self.uplink_bps

    def downlink_rate_bps(self, *, share: Number, distance_m: Number, gain_ratio: Number = 1.0) -> Number:
        """The device's share of the downlink capacity."""
        return share * self.downlink_bps

    def bandwidth_hz(self, direction: str) -> float | None:
        """None: this cell is described by rates."""
        return None
