"""What every radio answers: the watts it draws while connected, sending and receiving, and joules a bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from cutwise.arrays import Number
from cutwise.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioDraw:
    """What a device's radio draws beside the device's base power.

    `connected_w` all its turn, waits included; `sending_w` and `receiving_w` while on air; and joules for
    every bit sent and received.
    """

    connected_w: Number = 0.0
    sending_w: Number = 0.0
    receiving_w: Number = 0.0
    uplink_j_per_bit: Number = 0.0
    downlink_j_per_bit: Number = 0.0

    def power_w(self, *, uplink_bps: float, downlink_bps: float) -> Number:
        """Watts of a connected radio while bits go both ways at these rates.

        >>> RadioDraw(connected_w=2.6, uplink_j_per_bit=1e-8).power_w(uplink_bps=1e8, downlink_bps=0.0)
        3.6
        """
        bits_w = self.uplink_j_per_bit * uplink_bps + self.downlink_j_per_bit * downlink_bps
        return (
            self.connected_w
            + self.sending_w * (uplink_bps > 0)
            + self.receiving_w * (downlink_bps > 0)
            + bits_w
        )


@runtime_checkable
class Radio(Protocol):
    """A device's radio. `validated` says in words what its figures were held against."""

    validated: ClassVar[str]

    @property
    def kind(self) -> str:
        """The registered name of the radio."""
        ...

    def draw(self, *, transmit_power_w: Number) -> RadioDraw:
        """What it draws where its antenna radiates so much while it sends."""
        ...


RADIOS: Registry[type[Any]] = Registry("radio")
