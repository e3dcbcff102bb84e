"""What was measured and may be shipped, with what the library predicts for the very same runs."""

from __future__ import annotations

from cutwise.measured.decoding_rates import DECODING_RATES, DecodingRate, predicted_rates
from cutwise.measured.memory_runs import MEMORY_RUNS, MemoryRun, predicted_memory

__all__ = [
    "DECODING_RATES",
    "MEMORY_RUNS",
    "DecodingRate",
    "MemoryRun",
    "predicted_memory",
    "predicted_rates",
]
