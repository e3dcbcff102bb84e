"""Compression of smashed data and gradients: real codecs, and forecasts of their size, error and time."""

from __future__ import annotations

from core.compression.accuracy import ACCURACIES, AccuracyTable, ErrorProxy, Surrogate
from core.compression.codec import CODECS, Codec, Forecast
from core.compression.dead_zone import DeadZone
from core.compression.magnitudes import PROFILES, MagnitudeProfile, profile_of
from core.compression.top_k import TopK
from core.compression.uncompressed import Uncompressed

__all__ = [
    "ACCURACIES",
    "CODECS",
    "PROFILES",
    "AccuracyTable",
    "Codec",
    "DeadZone",
    "ErrorProxy",
    "Forecast",
    "MagnitudeProfile",
    "Surrogate",
    "TopK",
    "Uncompressed",
    "profile_of",
]
