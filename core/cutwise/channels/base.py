"""What every channel model answers: the rates of a device that holds a share of the band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from cutwise.arrays import Number
from cutwise.fields.field_values import Settled
from cutwise.registry import Registry
from cutwise.units import quantity


@runtime_checkable
class Channel(Protocol):
    """Rates of one cell. All arguments and answers broadcast as numpy arrays.

    `share` is the part of the band that the device holds, the same part in both directions;
    `distance_m` is how far it is from the base station; `transmit_power_w` is what its antenna radiates;
    `gain_ratio` is the gain of the path over its mean, where it fades.
    Rates grow with the share, and the seconds a byte takes are convex in it. `load_band` is measured over
    predicted rate, about P10 and P90, and `load_source` says what was measured.
    """

    load_band: ClassVar[tuple[float, float]]
    load_source: ClassVar[str]

    @property
    def kind(self) -> str:
        """The registered name of the channel model."""
        ...

    @property
    def uplink_latency_s(self) -> float:
        """Seconds every uplink message takes whatever its size."""
        ...

    @property
    def downlink_latency_s(self) -> float:
        """Seconds every downlink message takes whatever its size."""
        ...

    @property
    def network_power_w(self) -> float:
        """Power of the access point while it sends or receives."""
        ...

    def uplink_rate_bps(
        self, *, share: Number, distance_m: Number, transmit_power_w: Number, gain_ratio: Number = 1.0
    ) -> Number:
        """Bits a second from the device to the server."""
        ...

    def downlink_rate_bps(self, *, share: Number, distance_m: Number, gain_ratio: Number = 1.0) -> Number:
        """Bits a second from the server to the device."""
        ...

    def bandwidth_hz(self, direction: str) -> float | None:
        """Bandwidth of the cell in one direction; None where the model knows rates only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFields(Settled):
    """What the channel kinds share: message latency and the power of the radio access network."""

    uplink_latency_s: float = quantity(
        0.0, unit="s", ge=0, le=60, title="Uplink latency", shown=(0.0, 0.2),
        help="Seconds every uplink message takes whatever its size; one message an iteration",
    )  # fmt: skip
    downlink_latency_s: float = quantity(
        0.0, unit="s", ge=0, le=60, title="Downlink latency", shown=(0.0, 0.2),
        help="Seconds every downlink message takes whatever its size; one message an iteration",
    )  # fmt: skip
    network_power_w: float = quantity(
        6.8, unit="w", ge=0, le=1e5, title="Access point power", shown=(0.0, 200.0),
        help="Power of the access point while this cell sends or receives (a pico cell; recalled)",
    )  # fmt: skip


CHANNELS: Registry[type[Any]] = Registry("channel")
