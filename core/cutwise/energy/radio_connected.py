"""Phones' radios: so much while connected, and so much a bit, as measured or recalled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from cutwise.arrays import Number, larger
from cutwise.energy.constants import RADIO_ROWS
from cutwise.energy.radio import RADIOS, RadioDraw
from cutwise.fields.field_values import Settled
from cutwise.units import quantity

ON_5G = RADIO_ROWS["phone_5g"]


def drawn_as_recalled(name: str) -> RadioDraw:
    """What a radio of 2012 draws, on air always what it drew at the rates of then.

    Ten times the rate took no ten times the power, which a price of a bit at those rates would say.

    >>> round(drawn_as_recalled("phone_lte").sending_w, 3)  # 438 mW a Mbit/s at 6 Mbit/s
    2.628
    """
    row = RADIO_ROWS[name]
    return RadioDraw(
        connected_w=row["connected_w"],
        sending_w=row["uplink_j_per_bit"] * row["uplink_bps"],
        receiving_w=row["downlink_j_per_bit"] * row["downlink_bps"],
    )


@RADIOS.named("phone_5g")
@dataclass(frozen=True, slots=True, kw_only=True)
class Phone5g(Settled):
    """A phone's 5G radio: measured, above the phone's base power.

    Mbit/s times 10.6 mW up and 1.8 mW down beside 2.6 W while connected, and 70 mW for every dB that the
    signal is below -80 dBm.

    >>> weak = Phone5g(signal_dbm=-90).draw(transmit_power_w=0.2)
    >>> round(weak.power_w(uplink_bps=1e8, downlink_bps=1e8), 2)  # 2.6 + 0.7 + 1.06 + 0.18
    4.54
    """

    validated: ClassVar[str] = ON_5G["validated"]
    kind: Literal["phone_5g"] = quantity(
        "phone_5g", title="Radio", help="A phone on 5G as measured: while connected, and a bit"
    )
    signal_dbm: float = quantity(
        ON_5G["weak_below_dbm"], unit="dbm", ge=-150, le=-20, symbol="RSRP", title="Signal strength",
        shown=(-120.0, -60.0), help="Reference signal that the device receives; below -80 dBm it draws more",
    )  # fmt: skip

    def draw(self, *, transmit_power_w: Number) -> RadioDraw:
        """By its row, and more where the signal is weak."""
        below_db = larger(0.0, ON_5G["weak_below_dbm"] - self.signal_dbm)
        return RadioDraw(
            connected_w=ON_5G["connected_w"] + ON_5G["weak_signal_w_per_db"] * below_db,
            uplink_j_per_bit=ON_5G["uplink_j_per_bit"],
            downlink_j_per_bit=ON_5G["downlink_j_per_bit"],
        )


@RADIOS.named("phone_lte")
@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLte(Settled):
    """A phone's LTE radio: recalled, not validated."""

    validated: ClassVar[str] = RADIO_ROWS["phone_lte"]["validated"]
    kind: Literal["phone_lte"] = quantity("phone_lte", title="Radio", help="A phone on LTE; recalled")

    def draw(self, *, transmit_power_w: Number) -> RadioDraw:
        """By its row."""
        return drawn_as_recalled("phone_lte")


@RADIOS.named("phone_wifi")
@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneWifi(Settled):
    """A phone's Wi-Fi radio: recalled, not validated."""

    validated: ClassVar[str] = RADIO_ROWS["phone_wifi"]["validated"]
    kind: Literal["phone_wifi"] = quantity("phone_wifi", title="Radio", help="A phone on Wi-Fi; recalled")

    def draw(self, *, transmit_power_w: Number) -> RadioDraw:
        """By its row."""
        return drawn_as_recalled("phone_wifi")
