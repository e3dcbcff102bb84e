"""Compression of smashed data and gradients: real codecs, and forecasts of their size, error and time."""

from __future__ import annotations

from core.compression.codec import CODECS, Codec, Forecast
from core.compression.dead_zone import DeadZone
from core.compression.magnitudes import PROFILES, MagnitudeProfile, profile_of
from core.compression.top_k import TopK

__all__ = [
    "CODECS",
    "PROFILES",
    "Codec",
    "DeadZone",
    "Forecast",
    "MagnitudeProfile",
    "TopK",
    "profile_of",
]
