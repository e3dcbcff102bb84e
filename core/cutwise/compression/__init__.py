"""Compression of smashed data and gradients: real codecs, and forecasts of their size, error and time."""

from __future__ import annotations

from cutwise.compression.accuracy import ACCURACIES, Accuracy, AccuracyTable, ErrorProxy, Surrogate
from cutwise.compression.codec import CODECS, Codec, Forecast, compressor_names
from cutwise.compression.dead_zone import DeadZone
from cutwise.compression.magnitudes import PROFILES, MagnitudeProfile, profile_of
from cutwise.compression.top_k import TopK
from cutwise.compression.uncompressed import Uncompressed

__all__ = [
    "ACCURACIES",
    "CODECS",
    "PROFILES",
    "Accuracy",
    "AccuracyTable",
    "Codec",
    "DeadZone",
    "ErrorProxy",
    "Forecast",
    "MagnitudeProfile",
    "Surrogate",
    "TopK",
    "Uncompressed",
    "compressor_names",
    "profile_of",
]
