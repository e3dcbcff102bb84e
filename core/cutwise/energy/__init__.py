"""What parties draw at a clock and what radios draw: registered laws, with what each was held against."""

from __future__ import annotations

from cutwise.energy.clock_law import CLOCK_LAWS, ClockLaw
from cutwise.energy.clock_table import ClockTable
from cutwise.energy.paper_law import PaperLaw
from cutwise.energy.radio import RADIOS, Radio, RadioDraw
from cutwise.energy.radio_amplifier import Amplifier
from cutwise.energy.radio_connected import Phone5g, PhoneLte, PhoneWifi
from cutwise.energy.static_law import StaticLaw

__all__ = [
    "CLOCK_LAWS",
    "RADIOS",
    "Amplifier",
    "ClockLaw",
    "ClockTable",
    "PaperLaw",
    "Phone5g",
    "PhoneLte",
    "PhoneWifi",
    "Radio",
    "RadioDraw",
    "StaticLaw",
]
