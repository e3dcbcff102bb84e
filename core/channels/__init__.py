"""Rates of the radio link: from a fixed cell capacity, or from bandwidth, power and distance."""

from __future__ import annotations

from core.channels.base import CHANNELS, Channel
from core.channels.fixed_rate import FixedRate
from core.channels.shannon import Shannon

__all__ = ["CHANNELS", "Channel", "FixedRate", "Shannon"]
