"""Rates of the radio link: from a fixed cell capacity, or from bandwidth, power and distance."""

from __future__ import annotations

from cutwise.channels.base import CHANNELS, Channel
from cutwise.channels.fixed_rate import FixedRate
from cutwise.channels.shannon import Shannon

__all__ = ["CHANNELS", "Channel", "FixedRate", "Shannon"]
