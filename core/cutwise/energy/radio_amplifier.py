"""The radio of the papers: what is radiated over the amplifier's efficiency, and circuits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from cutwise.arrays import Number
from cutwise.energy.constants import RADIO_ROWS
from cutwise.energy.radio import RADIOS, RadioDraw
from cutwise.fields.field_values import Settled
from cutwise.units import quantity


@RADIOS.named("amplifier")
@dataclass(frozen=True, slots=True, kw_only=True)
class Amplifier(Settled):
    r"""Radiated power over the amplifier's efficiency and the circuits' while on air; nothing between.

    Sending draws $P_c + P/\eta$.

    >>> round(Amplifier(amplifier_ratio=0.4, circuit_power_w=0.3).draw(transmit_power_w=0.2).sending_w, 6)
    0.8
    """

    validated: ClassVar[str] = RADIO_ROWS["amplifier"]["validated"]
    kind: Literal["amplifier"] = quantity(
        "amplifier", title="Radio", help="Radiated power over the amplifier's efficiency, and circuits"
    )
    amplifier_ratio: float = quantity(
        0.35, unit="ratio", ge=1e-3, le=1, symbol="η", title="Amplifier efficiency", shown=(0.1, 1.0),
        help="Radiated over consumed power while it sends (0.3 to 0.45; recalled)",
    )  # fmt: skip
    circuit_power_w: float = quantity(
        0.3, unit="w", ge=0, le=100, title="Radio circuit power", shown=(0.0, 3.0),
        help="Power of the radio's circuits while it sends (0.1 to 0.5 W; recalled)",
    )  # fmt: skip
    receive_power_w: float = quantity(
        0.7, unit="w", ge=0, le=100, title="Receive power", shown=(0.0, 3.0),
        help="Power of the radio while it receives (0.5 to 1 W; recalled)",
    )  # fmt: skip

    def draw(self, *, transmit_power_w: Number) -> RadioDraw:
        """Watts while on air alone."""
        sending_w = self.circuit_power_w + transmit_power_w / self.amplifier_ratio
        return RadioDraw(sending_w=sending_w, receiving_w=self.receive_power_w)
